import Foundation
import Reports
import Testing

/// docs/result-schema.md names every key of a complete result, and no other.
@Suite struct SchemaDocumentTests {
  /// Objects whose keys are free text.
  private let maps: Set<String> = ["conventions", "tool.libraries"]

  private func paths(_ value: Any, _ prefix: String) -> Set<String> {
    if let members = value as? [String: Any], !maps.contains(prefix) {
      return members.reduce(into: []) { found, member in
        let path = prefix.isEmpty ? member.key : prefix + "." + member.key
        found.insert(path)
        found.formUnion(paths(member.value, path))
      }
    }
    if let elements = value as? [Any] {
      return elements.reduce(into: []) { $0.formUnion(paths($1, prefix + "[]")) }
    }
    return []
  }

  @Test func everyKeyIsDocumented() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let document = try String(contentsOf: root.appendingPathComponent("docs/result-schema.md"), encoding: .utf8)
    let part = document.components(separatedBy: "\n## arrays.npz").first ?? ""
    let documented = part.split(separator: "\n").filter { $0.hasPrefix("| `") }.compactMap { line in
      line.split(separator: "`").dropFirst().first.map(String.init)
    }
    let keys = Set(documented)
    let written = try JSONSerialization.jsonObject(with: ResultFile.encode(Fixture.complete()))
    let encoded = paths(written, "")
    #expect(encoded.subtracting(keys).sorted() == [])
    #expect(keys.subtracting(encoded).sorted() == [])
    #expect(documented.count == keys.count)
  }
}
