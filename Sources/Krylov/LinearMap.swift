/// A linear map A from one vector space to another that can be applied both ways.
public protocol LinearMap<Domain, Codomain> {
  associatedtype Domain: VectorSpace
  associatedtype Codomain: VectorSpace

  /// The space of the vectors A takes.
  var domain: Domain { get }
  /// The space of the vectors A gives.
  var codomain: Codomain { get }

  /// A v for each of the vectors, in their order. A product must not depend on the other vectors of its call.
  func apply(_ vectors: [Domain.Vector]) throws -> [Codomain.Vector]

  /// Aᵀu for each of the vectors, in their order.
  func applyTransposed(_ vectors: [Codomain.Vector]) throws -> [Domain.Vector]
}

extension LinearMap {
  /// A v
  public func apply(_ vector: Domain.Vector) throws -> Codomain.Vector { try apply([vector])[0] }

  /// Aᵀu
  public func applyTransposed(_ vector: Codomain.Vector) throws -> Domain.Vector { try applyTransposed([vector])[0] }

  /// Aᵀ as a map.
  public var transposed: TransposedMap<Self> { TransposedMap(self) }
}

/// The transpose of a linear map.
public struct TransposedMap<Map: LinearMap>: LinearMap {
  public let map: Map

  public init(_ map: Map) { self.map = map }

  public var domain: Map.Codomain { map.codomain }
  public var codomain: Map.Domain { map.domain }

  public func apply(_ vectors: [Map.Codomain.Vector]) throws -> [Map.Domain.Vector] { try map.applyTransposed(vectors) }
  public func applyTransposed(_ vectors: [Map.Domain.Vector]) throws -> [Map.Codomain.Vector] { try map.apply(vectors) }
}

extension TransposedMap: Sendable where Map: Sendable {}

/// AᵀA, on the domain of A; of the transposed map it is A Aᵀ.
public struct GramOperator<Map: LinearMap>: LinearOperator {
  public let map: Map

  public init(_ map: Map) { self.map = map }

  public var space: Map.Domain { map.domain }

  public func apply(_ vectors: [Map.Domain.Vector]) throws -> [Map.Domain.Vector] {
    try map.applyTransposed(map.apply(vectors))
  }
}

extension GramOperator: Sendable where Map: Sendable {}
