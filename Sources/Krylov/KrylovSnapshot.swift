import Tensors

/// The state of a method as plain data: named lists of numbers and of vectors, and nested parts.
///
/// Made to be written as arrays: each entry is one array of integers, of Double, or of rows of a scalar type. Vectors
/// are shared with the running method, not copied. A method resumed from its snapshot goes on with the same bits.
public struct KrylovSnapshot<Scalar: Real>: Sendable, Equatable {
  /// Which method the state belongs to, with the version of its layout.
  public var kind: String
  public var integers: [String: [Int]] = [:]
  public var numbers: [String: [Double]] = [:]
  public var vectors: [String: [Vector<Scalar>]] = [:]
  public var parts: [KrylovSnapshot] = []

  public init(kind: String) { self.kind = kind }

  /// The memory the vectors take, those of the parts included.
  public var bytes: Int {
    vectors.values.joined().reduce(0) { $0 + $1.count * MemoryLayout<Scalar>.stride }
      + parts.reduce(0) { $0 + $1.bytes }
  }
}

extension KrylovSnapshot {
  /// - Throws: ``InputError`` when the state belongs to another method or layout.
  func requireKind(_ expected: String) throws(InputError) {
    guard kind == expected else { throw damaged("it is of kind '\(kind)', expected '\(expected)'") }
  }

  func integers(_ name: String, count: Int? = nil) throws(InputError) -> [Int] {
    guard let values = integers[name] else { throw damaged("'\(name)' is missing") }
    if let count, values.count != count { throw damaged("'\(name)' has \(values.count) elements, expected \(count)") }
    return values
  }

  /// A single integer in `range`.
  func integer(_ name: String, in range: ClosedRange<Int> = 0...Int.max) throws(InputError) -> Int {
    let value = try integers(name, count: 1)[0]
    guard range.contains(value) else { throw damaged("'\(name)' is \(value)") }
    return value
  }

  /// Finite numbers.
  func numbers(_ name: String, count: Int? = nil) throws(InputError) -> [Double] {
    guard let values = numbers[name] else { throw damaged("'\(name)' is missing") }
    if let count, values.count != count { throw damaged("'\(name)' has \(values.count) elements, expected \(count)") }
    guard values.allSatisfy(\.isFinite) else { throw damaged("'\(name)' holds a number that is not finite") }
    return values
  }

  func number(_ name: String) throws(InputError) -> Double { try numbers(name, count: 1)[0] }

  /// The vectors of that name, as vectors of `space`.
  func vectors<Space: VectorSpace>(
    _ name: String, count: Int? = nil, in space: Space
  ) throws -> [Space.Vector] where Space.Scalar == Scalar {
    guard let values = vectors[name] else { throw damaged("'\(name)' is missing") }
    if let count, values.count != count { throw damaged("'\(name)' has \(values.count) vectors, expected \(count)") }
    return try values.map { try space.vector(of: $0) }
  }

  func damaged(_ problem: String) -> InputError {
    InputError(place: "stored state", problem, remedy: "start the run anew")
  }
}

extension KrylovSnapshot: Codable {
  private enum CodingKeys: String, CodingKey { case kind, integers, numbers, vectors, parts }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    kind = try container.decode(String.self, forKey: .kind)
    integers = try container.decode([String: [Int]].self, forKey: .integers)
    numbers = try container.decode([String: [Double]].self, forKey: .numbers)
    vectors = try container.decode([String: [[Scalar]]].self, forKey: .vectors).mapValues { $0.map { Vector($0) } }
    parts = try container.decode([KrylovSnapshot].self, forKey: .parts)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(kind, forKey: .kind)
    try container.encode(integers, forKey: .integers)
    try container.encode(numbers, forKey: .numbers)
    try container.encode(vectors.mapValues { $0.map(\.elements) }, forKey: .vectors)
    try container.encode(parts, forKey: .parts)
  }
}

extension VectorSpace {
  /// All vectors of a basis, for a snapshot.
  func elements(of basis: Basis) -> [Tensors.Vector<Scalar>] { (0..<basis.count).map { elements(of: basis[$0]) } }

  func basis(of vectors: [Vector]) -> Basis {
    var result = basis()
    for vector in vectors { result.append(vector) }
    return result
  }
}
