import Foundation
import Tensors

/// The element types of the safetensors format that are read; the raw value is the format's name.
enum SafetensorsType: String, Codable, Sendable {
  case bool = "BOOL"
  case int8 = "I8"
  case int16 = "I16"
  case int32 = "I32"
  case int64 = "I64"
  case uint8 = "U8"
  case uint16 = "U16"
  case uint32 = "U32"
  case uint64 = "U64"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case float32 = "F32"
  case float64 = "F64"

  /// The type that holds such elements; of bfloat16 their bits, the upper half of those of a float32.
  var storage: NumpyArray.ElementType {
    switch self {
    case .bool: .bool
    case .int8: .int8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .uint8: .uint8
    case .uint16, .bfloat16: .uint16
    case .uint32: .uint32
    case .uint64: .uint64
    case .float16: .float16
    case .float32: .float32
    case .float64: .float64
    }
  }

  init(_ type: NumpyArray.ElementType) {
    switch type {
    case .bool: self = .bool
    case .int8: self = .int8
    case .int16: self = .int16
    case .int32: self = .int32
    case .int64: self = .int64
    case .uint8: self = .uint8
    case .uint16: self = .uint16
    case .uint32: self = .uint32
    case .uint64: self = .uint64
    case .float16: self = .float16
    case .float32: self = .float32
    case .float64: self = .float64
    }
  }
}

/// The description at the beginning of a safetensors file, checked against the bytes that follow it.
struct SafetensorsHeader: Sendable {
  struct Entry: Sendable {
    let name: String
    let type: SafetensorsType
    let shape: [Int]
    /// Of its bytes, counted from the end of the header.
    let range: Range<Int>
  }

  /// In the order of their bytes.
  let entries: [Entry]
  let metadata: [String: String]
  /// Bytes before the first array.
  let dataOffset: Int

  /// The longest description read, in bytes: the format's own limit.
  static let largestCount = 100_000_000
  static let metadataKey = "__metadata__"

  init(_ bytes: ArraySlice<UInt8>) throws(InputError) {
    let reader = LittleEndianReader(bytes)
    let remedy = "give a file written in the safetensors format"
    guard let count = reader.u64(0) else {
      throw InputError(place: "header", "the file is too short to hold one, or its length is no number", remedy: remedy)
    }
    guard count <= Self.largestCount else {
      throw InputError(
        place: "header", "is said to be \(count) bytes long, more than the \(Self.largestCount) the format allows",
        remedy: remedy)
    }
    guard let text = reader.slice(8, count: count), text.first == UInt8(ascii: "{") else {
      throw InputError(place: "header", "its \(count) bytes are not there, or are no JSON object", remedy: remedy)
    }
    let content: Content
    do {
      content = try JSONDecoder().decode(Content.self, from: Data(text))
    } catch let error as InputError {
      throw error
    } catch {
      throw InputError(place: "header", "is not the JSON of the format", remedy: remedy)
    }
    metadata = content.metadata
    dataOffset = 8 + count
    entries = try Self.checked(content.entries, dataCount: bytes.count - dataOffset)
  }

  /// The entries in the order of their bytes, which must cover the data without gap or overlap.
  private static func checked(
    _ described: [String: Content.Entry], dataCount: Int
  ) throws(InputError) -> [Entry] {
    var entries: [Entry] = []
    for (name, entry) in described {
      guard let type = SafetensorsType(rawValue: entry.dtype) else {
        throw InputError(
          place: name, "has element type '\(entry.dtype)', which is not read here",
          remedy: "convert it to float32 before it is saved")
      }
      let offsets = entry.offsets
      guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= dataCount else {
        throw InputError(
          place: name, "has data_offsets \(offsets), which reach beyond the \(dataCount) bytes of data",
          remedy: "copy or write the file again")
      }
      var expected = type.storage.width
      for length in entry.shape {
        let (product, overflows) = expected.multipliedReportingOverflow(by: length)
        guard length >= 0, !overflows else {
          throw InputError(place: name, "has shape \(entry.shape), which no array has")
        }
        expected = product
      }
      guard expected == offsets[1] - offsets[0] else {
        throw InputError(
          place: name,
          "holds \(offsets[1] - offsets[0]) bytes, but \(type.rawValue) of shape \(entry.shape) takes \(expected)",
          remedy: "copy or write the file again")
      }
      entries.append(Entry(name: name, type: type, shape: entry.shape, range: offsets[0]..<offsets[1]))
    }
    entries.sort {
      ($0.range.lowerBound, $0.range.upperBound, $0.name) < ($1.range.lowerBound, $1.range.upperBound, $1.name)
    }
    var end = 0
    for entry in entries {
      guard entry.range.lowerBound == end else {
        let problem = entry.range.lowerBound < end ? "overlaps the array before it" : "leaves a gap before it"
        throw InputError(
          place: entry.name, "its data begin at byte \(entry.range.lowerBound) instead of \(end): \(problem)",
          remedy: "copy or write the file again")
      }
      end = entry.range.upperBound
    }
    guard end == dataCount else {
      throw InputError("has \(dataCount - end) bytes behind the last array", remedy: "copy or write the file again")
    }
    return entries
  }

  /// The header of a file with these arrays one after the other, padded with blanks to a multiple of 8 bytes.
  static func encoded(
    _ arrays: [(name: String, array: NumpyArray)], metadata: [String: String]
  ) throws(InputError) -> [UInt8] {
    var content = Content(entries: [:], metadata: metadata)
    var offset = 0
    for (name, array) in arrays {
      let end = offset + array.count * array.elementType.width
      let entry = Content.Entry(
        dtype: SafetensorsType(array.elementType).rawValue, shape: array.shape, offsets: [offset, end])
      guard name != metadataKey, content.entries.updateValue(entry, forKey: name) == nil else {
        throw InputError(place: name, "cannot be the name of an array here, or is that of another one")
      }
      offset = end
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var text: [UInt8]
    do {
      text = try [UInt8](encoder.encode(content))
    } catch {
      throw InputError(place: "header", "cannot be written: \(error)")
    }
    text += [UInt8](repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
    var bytes: [UInt8] = []
    bytes.appendLittleEndian(UInt64(text.count))
    return bytes + text
  }
}

/// The header's JSON: an object with an entry for each array, and one of texts.
private struct Content: Codable {
  struct Entry: Codable {
    var dtype: String
    var shape: [Int]
    var offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }
  }

  struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  var entries: [String: Entry]
  var metadata: [String: String]

  init(entries: [String: Entry], metadata: [String: String]) {
    self.entries = entries
    self.metadata = metadata
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Name.self)
    entries = [:]
    metadata = [:]
    for key in container.allKeys {
      do {
        if key.stringValue == SafetensorsHeader.metadataKey {
          metadata = try container.decode([String: String].self, forKey: key)
        } else {
          entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
        }
      } catch {
        throw InputError(
          place: key.stringValue, "is not described by dtype, shape and data_offsets",
          remedy: "give a file written in the safetensors format")
      }
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Name.self)
    for (name, entry) in entries { try container.encode(entry, forKey: Name(stringValue: name)) }
    if !metadata.isEmpty {
      try container.encode(metadata, forKey: Name(stringValue: SafetensorsHeader.metadataKey))
    }
  }
}
