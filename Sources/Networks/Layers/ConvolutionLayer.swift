import Autodiff
import Tensors

/// What the four convolution layers share: they differ in the number of spatial axes and in direction.
struct ConvolutionLayer: Sendable {
  let name: String
  let rank: Int
  let inputs: Int
  let outputs: Int
  let filter: [Int]
  let stride: [Int]
  let padding: ConvolutionPadding
  let dilation: [Int]
  let groups: Int
  let hasBias: Bool
  let initializer: Initializer
  /// Of a transposed convolution.
  var outputPadding: [Int]?

  /// Parameters in PyTorch's layout: weight [out, in / groups, …], for transposed convolutions [in, out / groups, …].
  func declaration(of layer: some Layer, input: [Int]) throws(InputError) -> LayerDeclaration {
    guard inputs > 0, outputs > 0, groups > 0, inputs % groups == 0, outputs % groups == 0,
      inputs <= WindowSizes.largest, outputs <= WindowSizes.largest
    else {
      throw InputError("\(name)(\(inputs), \(outputs)) in \(groups) groups needs channels that the groups divide")
    }
    guard input.count == rank + 1, input[0] == inputs else {
      throw InputError(
        "\(name)(\(inputs), \(outputs)) reads samples of \(inputs) channels and \(rank) further dimensions, "
          + "got shape \(input)")
    }
    let taps = try WindowSizes.spread(filter, "filter", rank: rank, from: 1)
    let area = taps.reduce(1, *)
    let (first, second) = outputPadding == nil ? (outputs, inputs / groups) : (inputs, outputs / groups)
    try WindowSizes.requireSize([1, first, second] + taps)
    // As PyTorch counts: the second dimension of the weight is taken for what an output sums over, whatever the direction.
    let (fanIn, fanOut) = (second * area, first * area)
    var parameters = [
      ParameterDeclaration(
        name: "weight", shape: [first, second] + taps, fanIn: fanIn, fanOut: fanOut, initializer: initializer)
    ]
    if hasBias {
      parameters.append(
        ParameterDeclaration(
          name: "bias", shape: [outputs], fanIn: fanIn, fanOut: fanOut,
          initializer: initializer == .torch ? .torch : .zeros))
    }
    return LayerDeclaration(
      parameters: parameters, output: try layer.outputShape(input: input, parameters: parameters))
  }

  func lower(
    _ x: Value, parameters: inout ParameterReader, in graph: inout Graph
  ) throws(InputError) -> Value {
    let weight = try parameters.next()
    let bias = hasBias ? try parameters.next() : nil
    if let outputPadding {
      return try graph.transposedConvolutionLayer(
        x, filter: weight, bias: bias, stride: stride, padding: padding, outputPadding: outputPadding,
        dilation: dilation, groups: groups)
    }
    return try graph.convolutionLayer(
      x, filter: weight, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
  }
}
