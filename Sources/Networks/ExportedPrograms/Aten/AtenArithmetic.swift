import Autodiff
import Tensors

extension AtenLowering {
  /// Sums, differences, products and quotients, tensors broadcast to each other, numbers for either.
  static let arithmetic: [String: AtenLowering] = [
    "aten.add.Tensor": sum(sign: 1), "aten.add.Scalar": sum(sign: 1),
    "aten.sub.Tensor": sum(sign: -1), "aten.sub.Scalar": sum(sign: -1),
    "aten.mul.Tensor": product, "aten.mul.Scalar": product,
    "aten.div.Tensor": quotient, "aten.div.Scalar": quotient,
    "aten.rsub.Tensor": reversedDifference, "aten.rsub.Scalar": reversedDifference,
  ]

  /// self ± alpha · other
  private static func sum(sign: Double) -> AtenLowering {
    AtenLowering(["self", "other", "alpha"]) { call, graph throws(InputError) in
      let x = try call.tensor("self")
      let factor = sign * (try call.number("alpha", default: 1))
      if let number = call.arguments["other"]?.number { return .tensor(try graph.add(x, factor * number)) }
      let (left, right) = try graph.broadcastTogether(x, call.tensor("other"))
      if factor == -1 { return .tensor(try graph.subtract(left, right)) }
      return .tensor(try graph.add(left, graph.scaled(right, by: factor)))
    }
  }

  /// other − alpha · self
  private static let reversedDifference = AtenLowering(["self", "other", "alpha"]) { call, graph throws(InputError) in
    let x = try graph.scaled(call.tensor("self"), by: call.number("alpha", default: 1))
    if let number = call.arguments["other"]?.number { return .tensor(try graph.subtract(number, x)) }
    let (left, right) = try graph.broadcastTogether(call.tensor("other"), x)
    return .tensor(try graph.subtract(left, right))
  }

  private static let product = AtenLowering(["self", "other"]) { call, graph throws(InputError) in
    let x = try call.tensor("self")
    if let number = call.arguments["other"]?.number { return .tensor(try graph.multiply(x, number)) }
    let (left, right) = try graph.broadcastTogether(x, call.tensor("other"))
    return .tensor(try graph.multiply(left, right))
  }

  private static let quotient = AtenLowering(["self", "other"]) { call, graph throws(InputError) in
    let x = try call.tensor("self")
    if let number = call.arguments["other"]?.number {
      return .tensor(try graph.divide(x, graph.constant(number, graph.shape(of: x))))
    }
    let (left, right) = try graph.broadcastTogether(x, call.tensor("other"))
    return .tensor(try graph.divide(left, right))
  }
}
