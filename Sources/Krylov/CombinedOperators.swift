import Tensors

/// a A + b B of two symmetric operators on one space.
public struct OperatorSum<A: LinearOperator, B: LinearOperator>: LinearOperator where A.Space == B.Space {
  public let first: A
  public let firstFactor: Double
  public let second: B
  public let secondFactor: Double

  /// - Precondition: both have one dimension.
  public init(_ first: A, _ second: B, factors: (first: Double, second: Double) = (1, 1)) {
    precondition(first.dimension == second.dimension)
    self.first = first
    firstFactor = factors.first
    self.second = second
    secondFactor = factors.second
  }

  public var space: A.Space { first.space }

  public func apply(_ vectors: [A.Space.Vector]) throws -> [A.Space.Vector] {
    var products = try first.checkedProducts(vectors)
    for (index, other) in try second.checkedProducts(vectors).enumerated() {
      if firstFactor != 1 { space.scale(firstFactor, &products[index]) }
      space.axpy(secondFactor, other, &products[index])
    }
    return products
  }
}

extension OperatorSum: Sendable where A: Sendable, B: Sendable {}

/// a A of a symmetric operator.
public struct ScaledOperator<A: LinearOperator>: LinearOperator {
  public let operation: A
  public let factor: Double

  public init(_ operation: A, by factor: Double) {
    self.operation = operation
    self.factor = factor
  }

  public var space: A.Space { operation.space }

  public func apply(_ vectors: [A.Space.Vector]) throws -> [A.Space.Vector] {
    var products = try operation.checkedProducts(vectors)
    for index in products.indices { space.scale(factor, &products[index]) }
    return products
  }
}

extension ScaledOperator: Sendable where A: Sendable {}

extension LinearOperator {
  /// A + B
  public static func + <B: LinearOperator>(first: Self, second: B) -> OperatorSum<Self, B> where B.Space == Space {
    OperatorSum(first, second)
  }

  /// A − B
  public static func - <B: LinearOperator>(first: Self, second: B) -> OperatorSum<Self, B> where B.Space == Space {
    OperatorSum(first, second, factors: (1, -1))
  }

  /// a A
  public static func * (factor: Double, operation: Self) -> ScaledOperator<Self> {
    ScaledOperator(operation, by: factor)
  }
}
