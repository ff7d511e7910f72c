import Tensors

/// A product of two arrays, summed over contracted dimensions and kept apart over batch dimensions.
///
/// Both operands begin with the same `batch` dimensions. What follows is a group of contracted dimensions and a group of free
/// ones; `contractsFirst` tells which group comes first. The result is [batch…, free of the left…, free of the right…].
/// So a dense layer x Wᵀ with W stored [out, in] contracts the last dimension of both, and all four products of a
/// derivative stay in this form: no operand is ever transposed in memory.
public struct DotGeneral: Product {
  /// The number of leading batch dimensions of both operands.
  public let batch: Int
  /// The number of contracted dimensions.
  public let contracted: Int
  public let leftContractsFirst: Bool
  public let rightContractsFirst: Bool

  public init(batch: Int = 0, contracted: Int = 1, leftContractsFirst: Bool = false, rightContractsFirst: Bool = true) {
    self.batch = batch
    self.contracted = contracted
    self.leftContractsFirst = leftContractsFirst
    self.rightContractsFirst = rightContractsFirst
  }

  public var name: String { "dot_general" }

  private struct Groups {
    var batch: ArraySlice<Int>
    var contracted: ArraySlice<Int>
    var free: ArraySlice<Int>
  }

  private func groups(_ shape: [Int], contractsFirst: Bool) -> Groups {
    let rest = shape[batch...]
    let split = contractsFirst ? contracted : rest.count - contracted
    let (first, second) = (rest.prefix(split), rest.dropFirst(split))
    return Groups(
      batch: shape[..<batch], contracted: contractsFirst ? first : second, free: contractsFirst ? second : first)
  }

  public func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard operands.count == 2, operands.allSatisfy({ $0.element == .real && $0.rank >= batch + contracted }) else {
      throw InputError("dot_general takes two real operands of rank \(batch + contracted) or more, got \(operands)")
    }
    let left = groups(operands[0].shape, contractsFirst: leftContractsFirst)
    let right = groups(operands[1].shape, contractsFirst: rightContractsFirst)
    guard left.batch.elementsEqual(right.batch), left.contracted.elementsEqual(right.contracted) else {
      throw InputError("matrices do not fit: \(operands[0]) times \(operands[1])")
    }
    return TensorType(Array(left.batch + left.free + right.free))
  }

  public func transpose(
    cotangent: Value, operands: [Value], linear: [Bool], of result: Value, in graph: inout Graph
  ) throws(InputError) -> [Value?] {
    guard linear[0] != linear[1] else { throw InputError("dot_general is linear in one operand at a time") }
    let leftFree = graph.shape(of: operands[0]).count - batch - contracted
    let rightFree = graph.shape(of: operands[1]).count - batch - contracted
    // The cotangent is [batch, left free, right free]; contract the free group of the other operand.
    if linear[0] {
      let other = (operands[1], !rightContractsFirst)
      let own = (cotangent, false)
      let (first, second) = leftContractsFirst ? (other, own) : (own, other)
      return [try dot(first, second, contracted: rightFree, in: &graph), nil]
    }
    let other = (operands[0], !leftContractsFirst)
    let own = (cotangent, true)
    let (first, second) = rightContractsFirst ? (other, own) : (own, other)
    return [nil, try dot(first, second, contracted: leftFree, in: &graph)]
  }

  private func dot(
    _ left: (Value, Bool), _ right: (Value, Bool), contracted: Int, in graph: inout Graph
  ) throws(InputError) -> Value {
    let product = DotGeneral(
      batch: batch, contracted: contracted, leftContractsFirst: left.1, rightContractsFirst: right.1)
    return try graph.append(product, [left.0, right.0])
  }

  public func kernel(_ left: [Int], _ right: [Int]) -> any OpaqueKernel { matrixProduct(left, right) }

  /// The product as a batch of matrix products.
  public func matrixProduct(_ left: [Int], _ right: [Int]) -> MatrixProduct {
    let a = groups(left, contractsFirst: leftContractsFirst)
    let b = groups(right, contractsFirst: rightContractsFirst)
    return MatrixProduct(
      batch: a.batch.reduce(1, *), m: a.free.reduce(1, *), n: b.free.reduce(1, *), k: a.contracted.reduce(1, *),
      transposeLeft: leftContractsFirst, transposeRight: !rightContractsFirst)
  }
}

/// A batch of products C = op(A) op(B) of row-major matrices, op(A) m × k and op(B) k × n.
public struct MatrixProduct: OpaqueKernel, Hashable {
  public let batch: Int
  public let m: Int
  public let n: Int
  public let k: Int
  public let transposeLeft: Bool
  public let transposeRight: Bool

  public var canAccumulate: Bool { true }
  public var operationCount: Double { 2 * Double(batch) * Double(m) * Double(n) * Double(k) }

  public func run<Scalar: Real>(
    operands: [UnsafePointer<Scalar>], result: UnsafeMutablePointer<Scalar>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    if k == 0 {
      if !accumulate { result.clear(count: batch * m * n) }
      return
    }
    for b in 0..<batch {
      Scalar.gemm(
        transposeA: transposeLeft, transposeB: transposeRight, m: m, n: n, k: k, alpha: 1,
        operands[0] + b * m * k, transposeLeft ? m : k, operands[1] + b * k * n, transposeRight ? k : n,
        beta: accumulate ? 1 : 0, result + b * m * n, n)
    }
  }
}

extension Graph {
  /// x Wᵀ: the last dimension of `x` contracted with the last of `weight` [out, in].
  public mutating func dense(_ x: Value, weight: Value) throws(InputError) -> Value {
    try append(DotGeneral(rightContractsFirst: false), [x, weight])
  }

  /// The matrix product of `x` [m, k] and `y` [k, n].
  public mutating func matrixProduct(_ x: Value, _ y: Value) throws(InputError) -> Value {
    try append(DotGeneral(), [x, y])
  }
}
