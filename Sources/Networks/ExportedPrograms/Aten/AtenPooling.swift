import Autodiff
import Tensors

extension AtenLowering {
  /// Pooling over windows of sequences and images. Of the operators that also return places, the places are not read.
  static let pooling: [String: AtenLowering] = [
    "aten.max_pool1d.default": maximum(rank: 1) { .tensor($0) },
    "aten.max_pool2d.default": maximum(rank: 2) { .tensor($0) },
    "aten.max_pool1d_with_indices.default": maximum(rank: 1) { .first($0) },
    "aten.max_pool2d_with_indices.default": maximum(rank: 2) { .first($0) },
    "aten.avg_pool1d.default": average(rank: 1), "aten.avg_pool2d.default": average(rank: 2),
    "aten.adaptive_avg_pool1d.default": adaptiveAverage(rank: 1),
    "aten.adaptive_avg_pool2d.default": adaptiveAverage(rank: 2),
    "aten._adaptive_avg_pool2d.default": adaptiveAverage(rank: 2),
    "aten.adaptive_max_pool1d.default": adaptiveMaximum(rank: 1),
    "aten.adaptive_max_pool2d.default": adaptiveMaximum(rank: 2),
  ]

  private static func maximum(
    rank: Int, _ result: @escaping @Sendable (Value) -> ProgramValue
  ) -> AtenLowering {
    AtenLowering(["self", "kernel_size", "stride", "padding", "dilation", "ceil_mode"]) {
      call, graph throws(InputError) in
      result(try graph.maximumPoolLayer(call.tensor("self"), window(call), rank: rank))
    }
  }

  private static func average(rank: Int) -> AtenLowering {
    AtenLowering([
      "self", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override",
    ]) { call, graph throws(InputError) in
      let divisor = call.arguments["divisor_override"] == nil ? nil : try call.integer("divisor_override")
      return .tensor(
        try graph.averagePoolLayer(
          call.tensor("self"), window(call), rank: rank,
          countsPadding: call.flag("count_include_pad", default: true), divisor: divisor))
    }
  }

  private static func adaptiveAverage(rank: Int) -> AtenLowering {
    AtenLowering(["self", "output_size"]) { call, graph throws(InputError) in
      .tensor(
        try graph.adaptiveAveragePoolLayer(call.tensor("self"), sizes: call.integers("output_size"), rank: rank))
    }
  }

  private static func adaptiveMaximum(rank: Int) -> AtenLowering {
    AtenLowering(["self", "output_size"]) { call, graph throws(InputError) in
      .first(
        try graph.adaptiveMaximumPoolLayer(call.tensor("self"), sizes: call.integers("output_size"), rank: rank))
    }
  }

  private static func window(_ call: AtenCall) throws(InputError) -> SlidingWindow {
    SlidingWindow(
      size: try call.integers("kernel_size"), stride: try call.integers("stride", default: []),
      padding: try call.integers("padding", default: [0]), dilation: try call.integers("dilation", default: [1]),
      roundsUp: try call.flag("ceil_mode", default: false))
  }
}
