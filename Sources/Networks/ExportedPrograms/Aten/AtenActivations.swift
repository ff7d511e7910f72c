import Autodiff
import Tensors

extension AtenLowering {
  /// Functions of each element.
  static let activations: [String: AtenLowering] = [
    "aten.relu.default": unary { x, graph throws(InputError) in try graph.relu(x) },
    "aten.tanh.default": unary { x, graph throws(InputError) in try graph.apply(.tanh, x) },
    "aten.sigmoid.default": unary { x, graph throws(InputError) in try graph.apply(.logistic, x) },
    "aten.silu.default": unary { x, graph throws(InputError) in try graph.silu(x) },
    "aten.exp.default": unary { x, graph throws(InputError) in try graph.apply(.exponential, x) },
    "aten.expm1.default": unary { x, graph throws(InputError) in try graph.apply(.exponentialMinusOne, x) },
    "aten.log.default": unary { x, graph throws(InputError) in try graph.apply(.log, x) },
    "aten.log1p.default": unary { x, graph throws(InputError) in try graph.apply(.logPlusOne, x) },
    "aten.erf.default": unary { x, graph throws(InputError) in try graph.apply(.erf, x) },
    "aten.sqrt.default": unary { x, graph throws(InputError) in try graph.apply(.sqrt, x) },
    "aten.rsqrt.default": unary { x, graph throws(InputError) in try graph.apply(.rsqrt, x) },
    "aten.abs.default": unary { x, graph throws(InputError) in try graph.apply(.absolute, x) },
    "aten.neg.default": unary { x, graph throws(InputError) in try graph.negate(x) },
    "aten.square.default": unary { x, graph throws(InputError) in try graph.multiply(x, x) },
    "aten.log_sigmoid.default": unary { x, graph throws(InputError) in
      try graph.negate(graph.softplus(graph.negate(x)))
    },
    "aten.selu.default": unary { x, graph throws(InputError) in
      try graph.elu(x, alpha: 1.6732632423543772848170429916717, scale: 1.0507009873554804934193349852946)
    },
    "aten.leaky_relu.default": AtenLowering(["self", "negative_slope"]) { call, graph throws(InputError) in
      .tensor(try graph.leakyReLU(call.tensor("self"), slope: call.number("negative_slope", default: 0.01)))
    },
    "aten.elu.default": AtenLowering(["self", "alpha", "scale", "input_scale"]) { call, graph throws(InputError) in
      .tensor(
        try graph.elu(
          call.tensor("self"), alpha: call.number("alpha", default: 1), scale: call.number("scale", default: 1),
          inputScale: call.number("input_scale", default: 1)))
    },
    "aten.celu.default": AtenLowering(["self", "alpha"]) { call, graph throws(InputError) in
      let alpha = try call.number("alpha", default: 1)
      guard alpha != 0 else { throw InputError("celu needs an alpha other than 0") }
      return .tensor(try graph.elu(call.tensor("self"), alpha: alpha, inputScale: 1 / alpha))
    },
    "aten.gelu.default": AtenLowering(["self", "approximate"]) { call, graph throws(InputError) in
      let name = try call.text("approximate", default: "none")
      guard let approximation: GELU.Approximation = ["none": .erf, "tanh": .tanh][name] else {
        throw InputError("gelu with approximate='\(name)' is not known")
      }
      return .tensor(try graph.gelu(call.tensor("self"), approximation))
    },
    "aten.softplus.default": AtenLowering(["self", "beta", "threshold"]) { call, graph throws(InputError) in
      .tensor(
        try graph.softplus(
          call.tensor("self"), beta: call.number("beta", default: 1),
          threshold: call.number("threshold", default: 20)))
    },
  ]

  /// An operator of one tensor and nothing else.
  static func unary(
    _ function: @escaping @Sendable (Value, inout Graph) throws(InputError) -> Value
  ) -> AtenLowering {
    AtenLowering(["self"]) { call, graph throws(InputError) in .tensor(try function(call.tensor("self"), &graph)) }
  }
}
