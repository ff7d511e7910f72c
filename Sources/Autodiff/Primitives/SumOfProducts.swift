import Tensors

/// The sum of two products of the same shape: a · b + c · d, the second added to the first in place.
///
/// The tangent of a product is such a sum. Made by the pass ``Function/fusingSumsOfProducts()``.
struct SumOfProducts: Primitive {
  let first: any Product
  let second: any Product

  var name: String { "sum_of_products" }

  static func == (left: SumOfProducts, right: SumOfProducts) -> Bool {
    AnyHashable(left.first) == AnyHashable(right.first) && AnyHashable(left.second) == AnyHashable(right.second)
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(AnyHashable(first))
    hasher.combine(AnyHashable(second))
  }

  func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard operands.count == 4 else { throw InputError("\(name) takes four operands, got \(operands)") }
    let one = try first.resultType(of: Array(operands[..<2]))
    let other = try second.resultType(of: Array(operands[2...]))
    guard one == other else { throw InputError("\(name) adds \(one) and \(other)") }
    return one
  }

  func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? {
    let one = try first.tangent(
      of: result, operands: Array(operands[..<2]), tangents: Array(tangents[..<2]), in: &graph)
    let other = try second.tangent(
      of: result, operands: Array(operands[2...]), tangents: Array(tangents[2...]), in: &graph)
    guard let one, let other else { return one ?? other }
    return try graph.add(one, other)
  }

  func transpose(
    cotangent: Value, operands: [Value], linear: [Bool], of result: Value, in graph: inout Graph
  ) throws(InputError) -> [Value?] {
    var parts: [Value?] = []
    for (product, range) in [(first, 0..<2), (second, 2..<4)] as [(any Product, Range<Int>)] {
      guard linear[range].contains(true) else {
        parts += [nil, nil]
        continue
      }
      parts += try product.transpose(
        cotangent: cotangent, operands: Array(operands[range]), linear: Array(linear[range]), of: result, in: &graph)
    }
    return parts
  }

  var lowering: Lowering { .products(first, second) }
}

/// The kernel of a sum of two products.
struct SumOfProductKernels: OpaqueKernel {
  var first: any OpaqueKernel
  var second: any OpaqueKernel

  var canAccumulate: Bool { true }
  var operationCount: Double { first.operationCount + second.operationCount }
  var scratchCount: Int { max(first.scratchCount, second.scratchCount) }

  func run<Scalar: Real>(
    operands: [UnsafePointer<Scalar>], result: UnsafeMutablePointer<Scalar>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    first.run(operands: [operands[0], operands[1]], result: result, accumulate: accumulate, scratch: scratch)
    second.run(operands: [operands[2], operands[3]], result: result, accumulate: true, scratch: scratch)
  }
}
