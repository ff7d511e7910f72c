import Autodiff
import Tensors

/// Convolutions and pooling for ``PrimitiveRuleTests``: every role with strides, padding, dilation and groups.
enum ConvolutionExamples {
  typealias Example = PrimitiveRuleTests.Example

  /// Distances of pixels from each other beyond the reach of a finite difference, so that the largest stays the largest.
  private static func apart(_ graph: inout Graph, _ x: Value) throws -> Value {
    let shape = graph.shape(of: x)
    let places = try graph.reshape(graph.append(Iota(count: shape[3]), []), to: [shape[3]])
    let even = try graph.compare(
      graph.broadcast(places, to: shape, dimensions: [3]), .lessEqual, graph.constant(1, shape, .int32))
    return try graph.select(even, x, graph.multiply(x, 0.5))
  }

  static let all: [Example] = [
    Example(testDescription: "convolution", shapes: [[2, 3, 5, 4], [4, 3, 3, 2]]) { graph, x in
      try graph.convolution(x[0], filter: x[1], window: ConvolutionWindow(rank: 2, padding: [1, 1]))
    },
    Example(testDescription: "convolution stride dilation groups", shapes: [[2, 4, 7, 6], [6, 2, 2, 3]]) { graph, x in
      try graph.convolution(
        x[0], filter: x[1],
        window: ConvolutionWindow(rank: 2, stride: [2, 1], padding: [1, 2], dilation: [3, 1]), groups: 2)
    },
    Example(testDescription: "depthwise convolution", shapes: [[1, 3, 5, 5], [3, 1, 3, 3]]) { graph, x in
      try graph.convolution(
        x[0], filter: x[1], window: ConvolutionWindow(rank: 2, stride: [2], padding: [1]), groups: 3)
    },
    Example(testDescription: "convolution of one axis", shapes: [[2, 2, 7], [3, 2, 3]]) { graph, x in
      try graph.convolution(x[0], filter: x[1], window: ConvolutionWindow(rank: 1, stride: [2], padding: [1]))
    },
    Example(testDescription: "pointwise convolution", shapes: [[2, 3, 2, 3], [4, 3, 1, 1]]) { graph, x in
      try graph.convolution(x[0], filter: x[1], window: ConvolutionWindow(rank: 2))
    },
    Example(testDescription: "transposed convolution", shapes: [[2, 4, 3, 3], [4, 2, 3, 3]]) { graph, x in
      try graph.transposedConvolution(
        x[0], filter: x[1], window: ConvolutionWindow(rank: 2, stride: [2], padding: [1]), outputPadding: [1],
        groups: 2)
    },
    Example(testDescription: "filter gradient", shapes: [[2, 3, 4, 4], [2, 3, 3, 3], [2, 2, 4, 4]]) { graph, x in
      let y = try graph.convolution(x[0], filter: x[1], window: ConvolutionWindow(rank: 2, padding: [1]))
      return try graph.pullBack([y], cotangents: [x[2]], at: [x[1]])[0]
    },
    Example(testDescription: "max pooling", shapes: [[2, 2, 5, 4]], point: { _, x in 3 * x }) { graph, x in
      try graph.maximumPool(
        apart(&graph, x[0]),
        PoolingWindows(
          rows: .sliding(over: 5, size: 3, stride: 2, padding: 1), columns: .sliding(over: 4, size: 2, stride: 1)))
    },
    Example(testDescription: "average pooling cut off by the edge", shapes: [[2, 2, 5, 4]]) { graph, x in
      try graph.averagePool(
        x[0],
        PoolingWindows(
          rows: .sliding(over: 5, size: 3, stride: 2, padding: 1, roundsUp: true),
          columns: .sliding(over: 4, size: 2, stride: 3, roundsUp: true)))
    },
    Example(testDescription: "adaptive average pooling", shapes: [[1, 2, 5, 7]]) { graph, x in
      try graph.averagePool(
        x[0], PoolingWindows(rows: .adaptive(over: 5, count: 3), columns: .adaptive(over: 7, count: 2)))
    },
  ]
}
