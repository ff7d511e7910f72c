import Foundation
import Testing

@testable import Tensors

@Suite struct ProcessMemoryTests {
  /// A directory of limits, by group.
  private func limits(_ files: [String: String]) throws -> String {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("ritz-" + UUID().uuidString).path
    for (path, text) in files {
      let file = URL(fileURLWithPath: root + "/" + path)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return root
  }

  @Test(
    arguments: [
      // Version 2: the least of the group and those above it, "max" for none.
      (["memory.max": "max\n", "a/memory.max": "3000\n", "a/b/memory.max": "5000\n"], "0::/a/b\n", 3000),
      (["a/memory.max": "max\n"], "0::/a\n", nil),
      // Version 1, beside hierarchies of other controllers.
      (
        ["memory/memory.limit_in_bytes": "9223372036854771712\n", "memory/a/memory.limit_in_bytes": "7000\n"],
        "5:cpuset:/b\n4:cpu,memory:/a\n0::/\n", 7000
      ),
      // In a container whose group is mounted as the root.
      (["memory.max": "4096\n"], "0::/docker/f00\n", 4096), ([:], "4:memory:/a\nnonsense\n", nil),
    ] as [([String: String], String, Int?)])
  func leastLimit(files: [String: String], membership: String, expected: Int?) throws {
    let root = try limits(files)
    defer { try? FileManager.default.removeItem(atPath: root) }
    #expect(ProcessMemory.controlGroupLimit(membership: membership, root: root) == expected)
  }

  @Test func ofThisProcess() {
    #expect(ProcessMemory.bytes > 0 && ProcessMemory.bytes <= Int(clamping: ProcessInfo.processInfo.physicalMemory))
  }
}
