import Autodiff
import Tensors

extension AtenLowering {
  /// Softmax and its logarithm.
  static let normalizedExponentials: [String: AtenLowering] = [
    "aten.softmax.int": softmax, "aten._softmax.default": softmax,
    "aten.log_softmax.int": logSoftmax, "aten._log_softmax.default": logSoftmax,
  ]

  private static let softmax = AtenLowering(
    ["self", "dim"], ignoring: ["dtype", "half_to_float"]
  ) { call, graph throws(InputError) in
    let x = try call.tensor("self")
    return .tensor(try graph.softmax(x, dimension: call.dimension("dim", rank: graph.shape(of: x).count)))
  }

  private static let logSoftmax = AtenLowering(
    ["self", "dim"], ignoring: ["dtype", "half_to_float"]
  ) { call, graph throws(InputError) in
    let x = try call.tensor("self")
    return .tensor(try graph.logSoftmax(x, dimension: call.dimension("dim", rank: graph.shape(of: x).count)))
  }
}
