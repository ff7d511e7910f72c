import Autodiff
import Tensors

extension AtenLowering {
  /// Dense layers and products of matrices.
  static let matrixProducts: [String: AtenLowering] = [
    "aten.linear.default": AtenLowering(["input", "weight", "bias"]) { call, graph throws(InputError) in
      let (x, weight) = (try call.tensor("input"), try call.tensor("weight"))
      let bias = try call.optionalTensor("bias")
      let (shape, weightShape) = (graph.shape(of: x), graph.shape(of: weight))
      guard weightShape.count == 2, shape.last == weightShape[1] else {
        throw InputError("a weight of shape \(weightShape) does not fit an input of shape \(shape)")
      }
      if let bias, graph.shape(of: bias) != [weightShape[0]] {
        throw InputError("a bias of shape \(graph.shape(of: bias)) does not fit a weight of shape \(weightShape)")
      }
      return .tensor(try graph.linear(x, weight: weight, bias: bias))
    },
    "aten.mm.default": AtenLowering(["self", "mat2"]) { call, graph throws(InputError) in
      .tensor(try matrixProduct(call.tensor("self"), call.tensor("mat2"), in: &graph))
    },
    "aten.addmm.default": AtenLowering(["self", "mat1", "mat2", "beta", "alpha"]) { call, graph throws(InputError) in
      let product = try matrixProduct(call.tensor("mat1"), call.tensor("mat2"), in: &graph)
      let scaledProduct = try graph.scaled(product, by: call.number("alpha", default: 1))
      let summand = try graph.scaled(call.tensor("self"), by: call.number("beta", default: 1))
      return .tensor(try graph.add(graph.broadcast(summand, to: graph.shape(of: product)), scaledProduct))
    },
    "aten.matmul.default": AtenLowering(["self", "other"]) { call, graph throws(InputError) in
      let (x, y) = (try call.tensor("self"), try call.tensor("other"))
      let (left, right) = (graph.shape(of: x), graph.shape(of: y))
      if left.count >= 2, right.count == 2 { return .tensor(try graph.matrixProduct(x, y)) }
      guard left.count >= 3, left.count == right.count, left.dropLast(2) == right.dropLast(2) else {
        throw InputError("a product of shapes \(left) and \(right) is not supported: batch dimensions must be equal")
      }
      return .tensor(try graph.append(DotGeneral(batch: left.count - 2), [x, y]))
    },
  ]

  private static func matrixProduct(_ x: Value, _ y: Value, in graph: inout Graph) throws(InputError) -> Value {
    guard graph.shape(of: x).count == 2, graph.shape(of: y).count == 2 else {
      throw InputError("expected two matrices, got shapes \(graph.shape(of: x)) and \(graph.shape(of: y))")
    }
    return try graph.matrixProduct(x, y)
  }
}
