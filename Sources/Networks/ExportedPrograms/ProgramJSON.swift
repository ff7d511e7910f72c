import Archives
import Foundation
import Tensors

/// Decoding of the archive's JSON members, with bounds on what a hostile one can ask for.
enum ProgramJSON {
  /// The largest member read, in bytes. Exports of networks with 10⁹ parameters stay below a tenth of it.
  static let largestMember = 1 << 27
  /// The deepest nesting of arrays and objects. Exports need about 15.
  static let deepestNesting = 64

  static func decode<Content: Decodable>(
    _ type: Content.Type, member: String, of archive: ZipArchive
  ) throws(InputError) -> Content {
    if let size = archive.size(of: member), size > largestMember {
      throw InputError(
        place: member, "is \(size) bytes long, more than the \(largestMember) such a description may have")
    }
    let bytes = try archive.contents(of: member)
    guard nesting(of: bytes) <= deepestNesting else {
      throw InputError(place: member, "nests more than \(deepestNesting) deep", remedy: "export the model again")
    }
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch let error as DecodingError {
      throw InputError(place: member, error.summary, remedy: "write the file with torch.export.save")
    } catch {
      throw InputError(place: member, "is not readable as JSON", remedy: "write the file with torch.export.save")
    }
  }

  /// How deep brackets outside of strings nest.
  private static func nesting(of bytes: ArraySlice<UInt8>) -> Int {
    var (depth, deepest) = (0, 0)
    var (isInString, isEscaped) = (false, false)
    for byte in bytes {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
        deepest = max(deepest, depth)
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      default: break
      }
    }
    return deepest
  }
}

extension ZipArchive {
  /// ``slice(named:)`` with its error typed.
  func contents(of member: String) throws(InputError) -> ArraySlice<UInt8> {
    do {
      return try slice(named: member)
    } catch let error as InputError {
      throw error
    } catch {
      throw InputError(place: member, "cannot be read: \(error)")
    }
  }
}

/// A key of a JSON object whose keys are data.
struct AnyKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension KeyedDecodingContainer where Key == AnyKey {
  /// The only key of an object that says by its key which alternative it holds, as the format writes unions.
  func alternative() throws -> AnyKey {
    guard allKeys.count == 1, let key = allKeys.first else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: codingPath, debugDescription: "expected an object with one key, got \(allKeys.count)"))
    }
    return key
  }
}

extension DecodingError {
  /// Where and what in one line.
  fileprivate var summary: String {
    let (path, problem): ([any CodingKey], String) =
      switch self {
      case .typeMismatch(let type, let context): (context.codingPath, "expected \(type)")
      case .valueNotFound(let type, let context): (context.codingPath, "expected \(type), found null")
      case .keyNotFound(let key, let context): (context.codingPath, "'\(key.stringValue)' is missing")
      case .dataCorrupted(let context): (context.codingPath, context.debugDescription)
      @unknown default: ([], "cannot be decoded")
      }
    let keys = path.map { key in key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)" }.joined()
    return keys.isEmpty ? problem : "\(keys.drop { $0 == "." }): \(problem)"
  }
}
