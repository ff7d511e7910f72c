/// A `Double` that survives JSON, which has no way to write NaN or infinity: a value that is not finite is written as
/// `null` and read back as NaN.
///
///     struct Measurement: Codable { @ReportedNumber var residual: Double }
///
/// What does *not* survive is which of the non-finite values it was.
@propertyWrapper
public struct ReportedNumber: Codable, Sendable, Equatable {
  public var wrappedValue: Double

  public init(wrappedValue: Double) { self.wrappedValue = wrappedValue }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    wrappedValue = container.decodeNil() ? .nan : try container.decode(Double.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if wrappedValue.isFinite { try container.encode(wrappedValue) } else { try container.encodeNil() }
  }

  /// Equality of what is written: all values that are not finite are one.
  public static func == (first: Self, second: Self) -> Bool {
    first.wrappedValue == second.wrappedValue || (!first.wrappedValue.isFinite && !second.wrappedValue.isFinite)
  }
}

/// An array of `ReportedNumber`s, under one name.
@propertyWrapper
public struct ReportedNumbers: Codable, Sendable, Equatable {
  public var wrappedValue: [Double]

  public init(wrappedValue: [Double]) { self.wrappedValue = wrappedValue }

  public init(from decoder: any Decoder) throws {
    wrappedValue = try [ReportedNumber](from: decoder).map(\.wrappedValue)
  }

  public func encode(to encoder: any Encoder) throws {
    try wrappedValue.map(ReportedNumber.init(wrappedValue:)).encode(to: encoder)
  }

  public static func == (first: Self, second: Self) -> Bool {
    first.wrappedValue.map(ReportedNumber.init(wrappedValue:))
      == second.wrappedValue.map(ReportedNumber.init(wrappedValue:))
  }
}

/// Rows of numbers, not necessarily of one length (one row a probe, which may end early).
@propertyWrapper
public struct ReportedRows: Codable, Sendable, Equatable {
  public var wrappedValue: [[Double]]

  public init(wrappedValue: [[Double]]) { self.wrappedValue = wrappedValue }

  public init(from decoder: any Decoder) throws {
    wrappedValue = try [ReportedNumbers](from: decoder).map(\.wrappedValue)
  }

  public func encode(to encoder: any Encoder) throws {
    try wrappedValue.map(ReportedNumbers.init(wrappedValue:)).encode(to: encoder)
  }

  public static func == (first: Self, second: Self) -> Bool {
    first.wrappedValue.map(ReportedNumbers.init(wrappedValue:))
      == second.wrappedValue.map(ReportedNumbers.init(wrappedValue:))
  }
}

/// A number that may be missing altogether (its key is then left out) or not finite (`null`).
@propertyWrapper
public struct OptionalReportedNumber: Codable, Sendable, Equatable {
  public var wrappedValue: Double?

  public init(wrappedValue: Double?) { self.wrappedValue = wrappedValue }

  public init(from decoder: any Decoder) throws {
    wrappedValue = try ReportedNumber(from: decoder).wrappedValue
  }

  public func encode(to encoder: any Encoder) throws {
    try ReportedNumber(wrappedValue: wrappedValue ?? .nan).encode(to: encoder)
  }

  public static func == (first: Self, second: Self) -> Bool {
    first.wrappedValue.map(ReportedNumber.init(wrappedValue:))
      == second.wrappedValue.map(ReportedNumber.init(wrappedValue:))
  }
}

// The synthesised Codable conformances pick these overloads up: a missing number has no key at all.
extension KeyedEncodingContainer {
  mutating func encode(_ value: OptionalReportedNumber, forKey key: Key) throws {
    guard let number = value.wrappedValue else { return }
    try encode(ReportedNumber(wrappedValue: number), forKey: key)
  }
}

extension KeyedDecodingContainer {
  func decode(_ type: OptionalReportedNumber.Type, forKey key: Key) throws -> OptionalReportedNumber {
    guard contains(key) else { return OptionalReportedNumber(wrappedValue: nil) }
    return OptionalReportedNumber(wrappedValue: try decode(ReportedNumber.self, forKey: key).wrappedValue)
  }
}
