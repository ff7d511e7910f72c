import Autodiff
import Networks
import Tensors

/// The sum over the samples of the squares of each sample's own part of a gradient, found in the graph of the gradient.
///
/// A gradient with respect to a parameter sums over the samples in its last steps: a matrix product δᵀx over the rows,
/// or a row sum. Where they are such steps, and rows of different samples do not mix, each sample's part is at hand: δᵢ
/// ⊗ xᵢ, whose squares sum to (δ ⊙ δ)ᵀ(x ⊙ x), or the row itself.
struct SampleSquares {
  var graph: Graph
  /// The leading dimension of values with a row for each sample.
  let samples: Int

  /// Σᵢ gᵢ ⊙ gᵢ; `nil` where the samples' parts are not at hand.
  mutating func sum(of gradient: Value) throws(InputError) -> Value? {
    let node = graph[gradient]
    if graph.splat(gradient) == 0 { return gradient }
    if node.primitive is Reshape {
      guard let inner = try sum(of: node.operands[0]) else { return nil }
      return try graph.reshape(inner, to: node.type.shape)
    }
    if let product = node.primitive as? DotGeneral, isOverSamples(product, node), product.contracted == 1 {
      let squares = [try square(node.operands[0]), try square(node.operands[1])]
      return try graph.append(product, squares)
    }
    guard let parts = try rows(of: gradient) else { return nil }
    return try graph.reduce(.sum, square(parts), over: [0])
  }

  /// The samples' parts of a gradient, a row each.
  mutating func rows(of gradient: Value) throws(InputError) -> Value? {
    let node = graph[gradient]
    switch node.primitive {
    case let operation as ElementwiseBinary where operation == .add:
      guard let left = try rows(of: node.operands[0]), let right = try rows(of: node.operands[1]) else { return nil }
      return try graph.add(left, right)
    case let reduce as Reduce where reduce.reduction == .sum && reduce.dimensions.first == 0:
      guard graph.shape(of: node.operands[0])[0] == samples else { return nil }
      return try graph.reduce(.sum, node.operands[0], over: Array(reduce.dimensions.dropFirst()))
    case let product as DotGeneral where isOverSamples(product, node):
      // Over the rest of the contracted dimensions; the samples are kept apart.
      if product.contracted > 1 {
        let apart = DotGeneral(
          batch: 1, contracted: product.contracted - 1, leftContractsFirst: true, rightContractsFirst: true)
        return try graph.append(apart, node.operands)
      }
      let shapes = node.operands.map { graph.shape(of: $0) }
      let whole = [samples] + shapes[0].dropFirst() + shapes[1].dropFirst()
      let left = try graph.broadcast(node.operands[0], to: whole, dimensions: Array(0..<shapes[0].count))
      let right = try graph.broadcast(
        node.operands[1], to: whole, dimensions: [0] + Array(shapes[0].count..<whole.count))
      return try graph.multiply(left, right)
    case let operation as ElementwiseBinary where operation == .multiply || operation == .divide:
      // A multiple of a sum is the sum of the multiples.
      guard let left = try rows(of: node.operands[0]) else {
        guard operation == .multiply, let right = try rows(of: node.operands[1]) else { return nil }
        return try graph.multiply(right, repeated(node.operands[0]))
      }
      if operation == .multiply, try rows(of: node.operands[1]) != nil { return nil }
      let factor = try repeated(node.operands[1])
      return try operation == .multiply ? graph.multiply(left, factor) : graph.divide(left, factor)
    case let operation as ElementwiseUnary where operation == .negate:
      guard let inner = try rows(of: node.operands[0]) else { return nil }
      return try graph.negate(inner)
    case is Reshape:
      guard let inner = try rows(of: node.operands[0]) else { return nil }
      return try graph.reshape(inner, to: [samples] + node.type.shape)
    default: return nil
    }
  }

  /// A value for each of the samples.
  private mutating func repeated(_ value: Value) throws(InputError) -> Value {
    let shape = graph.shape(of: value)
    return try graph.broadcast(value, to: [samples] + shape, dimensions: Array(1..<shape.count + 1))
  }

  func isOverSamples(_ product: DotGeneral, _ node: Graph.Node) -> Bool {
    product.batch == 0 && product.leftContractsFirst && product.rightContractsFirst
      && node.operands.allSatisfy { graph.shape(of: $0).first == samples }
  }

  private mutating func square(_ value: Value) throws(InputError) -> Value { try graph.multiply(value, value) }
}
