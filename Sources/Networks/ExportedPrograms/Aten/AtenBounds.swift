import Autodiff
import Tensors

extension AtenLowering {
  /// Functions with bounds: clamp, hardtanh and what is made of them.
  static let bounds: [String: AtenLowering] = [
    "aten.clamp.default": clamp, "aten.clip.default": clamp,
    "aten.clamp_min.default": AtenLowering(["self", "min"]) { call, graph throws(InputError) in
      .tensor(try graph.clip(call.tensor("self"), from: call.number("min"), to: nil))
    },
    "aten.clamp_max.default": AtenLowering(["self", "max"]) { call, graph throws(InputError) in
      .tensor(try graph.clip(call.tensor("self"), from: nil, to: call.number("max")))
    },
    "aten.hardtanh.default": AtenLowering(["self", "min_val", "max_val"]) { call, graph throws(InputError) in
      let (least, most) = (try call.number("min_val", default: -1), try call.number("max_val", default: 1))
      guard least <= most else { throw InputError("the bounds \(least) and \(most) are in the wrong order") }
      return .tensor(try graph.clip(call.tensor("self"), from: least, to: most))
    },
    "aten.relu6.default": unary { x, graph throws(InputError) in try graph.clip(x, from: 0, to: 6) },
    "aten.hardswish.default": unary { x, graph throws(InputError) in
      try graph.multiply(x, graph.hardsigmoid(x))
    },
    "aten.hardsigmoid.default": unary { x, graph throws(InputError) in try graph.hardsigmoid(x) },
  ]

  private static let clamp = AtenLowering(["self", "min", "max"]) { call, graph throws(InputError) in
    let least = call.arguments["min"] == nil ? nil : try call.number("min")
    let most = call.arguments["max"] == nil ? nil : try call.number("max")
    return .tensor(try graph.clip(call.tensor("self"), from: least, to: most))
  }
}
