import Autodiff
import Tensors

extension AtenLowering {
  /// Convolutions of sequences and images and their transposes.
  static let convolutions: [String: AtenLowering] = [
    "aten.conv1d.default": convolution(rank: 1), "aten.conv1d.padding": convolution(rank: 1),
    "aten.conv2d.default": convolution(rank: 2), "aten.conv2d.padding": convolution(rank: 2),
    "aten.conv_transpose1d.default": transposed(rank: 1), "aten.conv_transpose2d.input": transposed(rank: 2),
    "aten.convolution.default": general, "aten._convolution.default": general,
  ]

  private static func convolution(rank: Int) -> AtenLowering {
    AtenLowering(["input", "weight", "bias", "stride", "padding", "dilation", "groups"]) {
      call, graph throws(InputError) in
      let x = try call.tensor("input")
      try requireRank(x, rank, graph)
      return .tensor(
        try graph.convolutionLayer(
          x, filter: call.tensor("weight"), bias: call.optionalTensor("bias"),
          stride: call.integers("stride", default: [1]), padding: padding(call),
          dilation: call.integers("dilation", default: [1]), groups: call.integer("groups", default: 1)))
    }
  }

  private static func transposed(rank: Int) -> AtenLowering {
    AtenLowering(["input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation"]) {
      call, graph throws(InputError) in
      let x = try call.tensor("input")
      try requireRank(x, rank, graph)
      return try transposed(call, x, in: &graph)
    }
  }

  private static let general = AtenLowering(
    ["input", "weight", "bias", "stride", "padding", "dilation", "transposed", "output_padding", "groups"],
    ignoring: ["benchmark", "deterministic", "cudnn_enabled", "allow_tf32"]
  ) { call, graph throws(InputError) in
    let x = try call.tensor("input")
    if try call.flag("transposed") { return try transposed(call, x, in: &graph) }
    return .tensor(
      try graph.convolutionLayer(
        x, filter: call.tensor("weight"), bias: call.optionalTensor("bias"), stride: call.integers("stride"),
        padding: padding(call), dilation: call.integers("dilation"), groups: call.integer("groups")))
  }

  private static func transposed(_ call: AtenCall, _ x: Value, in graph: inout Graph) throws(InputError) -> ProgramValue
  {
    .tensor(
      try graph.transposedConvolutionLayer(
        x, filter: call.tensor("weight"), bias: call.optionalTensor("bias"),
        stride: call.integers("stride", default: [1]), padding: padding(call),
        outputPadding: call.integers("output_padding", default: [0]),
        dilation: call.integers("dilation", default: [1]), groups: call.integer("groups", default: 1)))
  }

  /// Numbers, or the words 'same' and 'valid'.
  private static func padding(_ call: AtenCall) throws(InputError) -> ConvolutionPadding {
    guard case .text(let word)? = call.arguments["padding"] else {
      return .zeros(try call.integers("padding", default: [0]))
    }
    guard let padding: ConvolutionPadding = ["same": .same, "valid": .valid][word] else {
      throw InputError("padding '\(word)' is not known")
    }
    return padding
  }

  private static func requireRank(_ x: Value, _ rank: Int, _ graph: Graph) throws(InputError) {
    let shape = graph.shape(of: x)
    guard shape.count == rank + 2 else {
      throw InputError("expected [batch, channels, …] of \(rank + 2) dimensions, got shape \(shape)")
    }
  }
}
