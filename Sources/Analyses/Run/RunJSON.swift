import Foundation

/// JSON as the files of a run have it, with sorted keys.
enum RunJSON {
  /// - Parameter isForPeople: on several lines.
  static func encode(_ value: some Encodable, isForPeople: Bool) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if isForPeople { encoder.outputFormatting.insert(.prettyPrinted) }
    return try [UInt8](encoder.encode(value)) + [UInt8(ascii: "\n")]
  }
}

extension DecodingError {
  /// What is wrong, without the decoder's stack.
  public var shortDescription: String {
    switch self {
    case .keyNotFound(let key, _): "no key '\(key.stringValue)'"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      context.debugDescription
    @unknown default: "unreadable"
    }
  }
}
