import Autodiff
import Networks
import Tensors
import TestSupport
import Testing

/// Convolution and pooling layers against their definitions, element by element.
struct ConvolutionLayerTests {
  typealias Image = NaiveImages.Image
  typealias Window = NaiveImages.Window

  static func numbers(_ count: Int, seed: UInt64) -> [Double] {
    var stream = RandomStream(seed: seed, purpose: "images of a test")
    return (0..<count).map { _ in 2 * RandomStream.unitInterval(stream.next()) - 1 }
  }

  /// A layer alone on two samples; the parameters in its order, and the outputs of each sample.
  static func run(_ layer: any Layer, input: [Int], _ x: [Double]) throws -> (
    parameters: [[Double]], outputs: [[Double]]
  ) {
    let network = try Network(input: input, seed: 7, layers: Sequential([layer]))
    var graph = Graph()
    let instance = try network.instantiate(batch: 2, in: &graph)
    var sources = parameterSources(network)
    sources[.data(.inputs)] = x
    let values = try NaiveInterpreter(graph, sources: sources).evaluate([instance.outputs])[0]
    let half = values.count / 2
    return (
      network.parameters.map { $0.values.values(as: Double.self) }, [Array(values[..<half]), Array(values[half...])]
    )
  }

  private func check(
    _ layer: any Layer, _ image: (Int, Int, Int), isSequence: Bool = false, _ expected: (Image, [[Double]]) -> Image
  ) throws {
    let (c, h, w) = image
    let input = isSequence ? [c, w] : [c, h, w]
    let x = Self.numbers(2 * c * h * w, seed: 3)
    let (parameters, outputs) = try Self.run(layer, input: input, x)
    for (sample, output) in outputs.enumerated() {
      let own = Image(c, h, w, Array(x[sample * c * h * w..<(sample + 1) * c * h * w]))
      #expect(relativeError(output, expected(own, parameters).pixels) < 1e-14)
    }
  }

  struct Shape: Sendable, CustomTestStringConvertible {
    var inputs = 4
    var outputs = 6
    var image = (7, 8)
    var filter = (3, 3)
    var stride = (1, 1)
    var padding = (0, 0)
    var dilation = (1, 1)
    var groups = 1
    var bias = true
    var extra = (0, 0)
    var testDescription: String { "\(self)" }

    func sizes(_ pair: (Int, Int)) -> SpatialSizes { SpatialSizes([pair.0, pair.1]) }
    var window: Window {
      Window(filter: filter, stride: stride, low: padding, high: padding, dilation: dilation, groups: groups)
    }
  }

  static let shapes = [
    Shape(), Shape(filter: (1, 1)), Shape(filter: (2, 3), padding: (1, 0), bias: false),
    Shape(stride: (2, 3), padding: (1, 2)), Shape(padding: (2, 1), dilation: (2, 3)), Shape(groups: 2),
    Shape(inputs: 6, stride: (2, 1), padding: (1, 1), groups: 6), Shape(inputs: 1, outputs: 1, image: (3, 3)),
    Shape(image: (1, 9), filter: (1, 4), stride: (1, 2)),
  ]

  @Test(arguments: shapes) func convolution(_ shape: Shape) throws {
    let layer = Convolution2D(
      shape.inputs, shape.outputs, filter: shape.sizes(shape.filter), stride: shape.sizes(shape.stride),
      padding: .zeros([shape.padding.0, shape.padding.1]), dilation: shape.sizes(shape.dilation), groups: shape.groups,
      bias: shape.bias)
    try check(layer, (shape.inputs, shape.image.0, shape.image.1)) { x, parameters in
      let bias = shape.bias ? parameters[1] : [Double](repeating: 0, count: shape.outputs)
      return NaiveImages.convolution(x, parameters[0], outputs: shape.outputs, bias: bias, shape.window)
    }
  }

  @Test(arguments: [
    Shape(), Shape(stride: (2, 2), extra: (1, 1)), Shape(stride: (2, 3), padding: (1, 1), extra: (1, 2)),
    Shape(filter: (2, 4), stride: (2, 1), dilation: (1, 2), groups: 2, bias: false),
    Shape(inputs: 6, padding: (1, 1), groups: 6),
  ])
  func transposedConvolution(_ shape: Shape) throws {
    let layer = TransposedConvolution2D(
      shape.inputs, shape.outputs, filter: shape.sizes(shape.filter), stride: shape.sizes(shape.stride),
      padding: .zeros([shape.padding.0, shape.padding.1]), outputPadding: shape.sizes(shape.extra),
      dilation: shape.sizes(shape.dilation), groups: shape.groups, bias: shape.bias)
    try check(layer, (shape.inputs, shape.image.0, shape.image.1)) { x, parameters in
      let bias = shape.bias ? parameters[1] : [Double](repeating: 0, count: shape.outputs)
      return NaiveImages.transposedConvolution(
        x, parameters[0], outputs: shape.outputs, bias: bias, shape.window, extra: shape.extra)
    }
  }

  /// The odd zero is at the end.
  @Test func samePadding() throws {
    for (taps, dilation) in [(3, 1), (4, 1), (2, 3), (5, 2)] {
      let total = dilation * (taps - 1)
      let layer = Convolution2D(
        2, 3, filter: SpatialSizes([taps]), padding: .same, dilation: SpatialSizes([dilation]), bias: true)
      try check(layer, (2, 6, 7)) { x, parameters in
        let window = Window(
          filter: (taps, taps), low: (total / 2, total / 2), high: (total - total / 2, total - total / 2),
          dilation: (dilation, dilation))
        let y = NaiveImages.convolution(x, parameters[0], outputs: 3, bias: parameters[1], window)
        #expect(y.rows == 6 && y.columns == 7)
        return y
      }
    }
  }

  @Test func sequences() throws {
    try check(
      Convolution1D(4, 6, filter: 3, stride: 2, padding: 2, dilation: 2, groups: 2), (4, 1, 9), isSequence: true
    ) { x, parameters in
      NaiveImages.convolution(
        x, parameters[0], outputs: 6, bias: parameters[1],
        Window(filter: (1, 3), stride: (1, 2), low: (0, 2), high: (0, 2), dilation: (1, 2), groups: 2))
    }
    try check(
      TransposedConvolution1D(4, 6, filter: 3, stride: 3, padding: 1, outputPadding: 2, groups: 2), (4, 1, 5),
      isSequence: true
    ) { x, parameters in
      NaiveImages.transposedConvolution(
        x, parameters[0], outputs: 6, bias: parameters[1],
        Window(filter: (1, 3), stride: (1, 3), low: (0, 1), high: (0, 1), groups: 2), extra: (0, 2))
    }
    let maximum = { (pixels: [Double], _: Int) in pixels.max() ?? 0 }
    try check(MaxPooling1D(3, stride: 2, padding: 1), (2, 1, 9), isSequence: true) { x, _ in
      NaiveImages.pool(x, Window(filter: (1, 3), stride: (1, 2), low: (0, 1)), maximum)
    }
    try check(AveragePooling1D(2), (2, 1, 9), isSequence: true) { x, _ in
      NaiveImages.pool(x, Window(filter: (1, 2), stride: (1, 2))) { $0.reduce(0, +) / Double($1) }
    }
  }

  @Test(arguments: [false, true]) func pooling(roundsUp: Bool) throws {
    for (filter, stride, padding) in [((2, 2), (2, 2), (0, 0)), ((3, 2), (2, 3), (1, 1)), ((3, 3), (1, 2), (1, 0))] {
      for rows in 4...7 {
        let window = Window(filter: filter, stride: stride, low: padding)
        let sizes = (
          SpatialSizes([filter.0, filter.1]), SpatialSizes([stride.0, stride.1]), SpatialSizes([padding.0, padding.1])
        )
        try check(
          MaxPooling2D(sizes.0, stride: sizes.1, padding: sizes.2, roundsUp: roundsUp), (3, rows, 7)
        ) { x, _ in
          NaiveImages.pool(x, window, roundsUp: roundsUp) { pixels, _ in pixels.max() ?? 0 }
        }
        for countsPadding in [false, true] {
          try check(
            AveragePooling2D(
              sizes.0, stride: sizes.1, padding: sizes.2, roundsUp: roundsUp, countsPadding: countsPadding),
            (3, rows, 7)
          ) { x, _ in
            NaiveImages.pool(x, window, roundsUp: roundsUp) { pixels, counted in
              pixels.reduce(0, +) / Double(countsPadding ? counted : pixels.count)
            }
          }
        }
      }
    }
    try check(MaxPooling2D(2, stride: 1, dilation: [2, 3], roundsUp: roundsUp), (2, 6, 7)) { x, _ in
      NaiveImages.pool(x, Window(filter: (2, 2), dilation: (2, 3)), roundsUp: roundsUp) { pixels, _ in pixels.max() ?? 0
      }
    }
  }

  @Test func adaptivePooling() throws {
    func adaptive(_ x: Image, _ counts: (Int, Int), _ combine: ([Double]) -> Double) -> Image {
      var y = Image(x.channels, counts.0, counts.1)
      for c in 0..<x.channels {
        for i in 0..<counts.0 {
          for j in 0..<counts.1 {
            var pixels: [Double] = []
            for row in i * x.rows / counts.0..<((i + 1) * x.rows + counts.0 - 1) / counts.0 {
              for column in j * x.columns / counts.1..<((j + 1) * x.columns + counts.1 - 1) / counts.1 {
                pixels.append(x[c, row, column])
              }
            }
            y[c, i, j] = combine(pixels)
          }
        }
      }
      return y
    }
    let mean = { (pixels: [Double]) in pixels.reduce(0, +) / Double(pixels.count) }
    let maximum = { (pixels: [Double]) in pixels.max() ?? 0 }
    for counts in [(1, 1), (2, 3), (7, 5), (9, 1)] {
      let sizes = SpatialSizes([counts.0, counts.1])
      try check(AdaptiveAveragePooling2D(sizes), (2, 7, 5)) { x, _ in adaptive(x, counts, mean) }
      try check(AdaptiveMaxPooling2D(sizes), (2, 7, 5)) { x, _ in adaptive(x, counts, maximum) }
    }
    for count in [1, 4, 9] {
      try check(AdaptiveAveragePooling1D(count), (2, 1, 9), isSequence: true) { x, _ in adaptive(x, (1, count), mean) }
      try check(AdaptiveMaxPooling1D(count), (2, 1, 9), isSequence: true) { x, _ in adaptive(x, (1, count), maximum) }
    }
  }

  static let impossible: [(any Layer, [Int])] = [
    (Convolution2D(3, 4, filter: 3, groups: 2), [3, 8, 8]), (Convolution2D(3, 4, filter: 0), [3, 8, 8]),
    (Convolution2D(3, 4, filter: 9), [3, 8, 8]), (Convolution2D(3, 4, filter: 3, stride: 0), [3, 8, 8]),
    (Convolution2D(3, 4, filter: 3, padding: -1), [3, 8, 8]), (Convolution2D(3, 4, filter: 3), [2, 8, 8]),
    (Convolution2D(3, 4, filter: 3), [3, 8]), (Convolution2D(3, 4, filter: [1, 2, 3]), [3, 8, 8]),
    (Convolution2D(3, 4, filter: 3, stride: 2, padding: .same), [3, 8, 8]),
    (Convolution2D(3, 4, filter: 3, groups: 0), [3, 8, 8]), (Convolution2D(0, 4, filter: 3), [0, 8, 8]),
    (Convolution2D(1, 1, filter: 3, dilation: SpatialSizes([.max])), [1, 8, 8]),
    (Convolution2D(1, 1, filter: SpatialSizes([.max])), [1, 8, 8]),
    (Convolution2D(1, 1, filter: 1, padding: .zeros([.max])), [1, 8, 8]),
    (Convolution2D(1, 1, filter: 1, padding: .zeros([1 << 20])), [1, 8, 8]),
    (Convolution2D(.max, .max, filter: 1), [.max, 8, 8]),
    (TransposedConvolution2D(3, 4, filter: 3, outputPadding: 1), [3, 8, 8]),
    (TransposedConvolution2D(3, 4, filter: 3, stride: SpatialSizes([1 << 20])), [3, 1 << 14, 8]),
    (TransposedConvolution2D(3, 4, filter: 3, padding: 20), [3, 8, 8]),
    (MaxPooling2D(3, padding: 2), [3, 8, 8]), (MaxPooling2D(9), [3, 8, 8]), (MaxPooling2D(2, stride: 0), [3, 8, 8]),
    (MaxPooling2D(2), [3, 8]), (AveragePooling1D(3), [3, 8, 8]), (AdaptiveAveragePooling2D(0), [3, 8, 8]),
    (AdaptiveAveragePooling2D(SpatialSizes([1 << 20])), [3, 8, 8]),
    (BatchNormalization(4), [3, 8, 8]), (BatchNormalization(0), [0]), (GroupNormalization(groups: 2, channels: 3), [3]),
    (InstanceNormalization(3), [3]), (LayerNormalization(4), [3]),
  ]

  @Test func whatDoesNotFit() {
    for (index, (layer, input)) in Self.impossible.enumerated() {
      #expect(throws: InputError.self, "case \(index)") { try layer.declaration(input: input) }
    }
  }

  /// Fan-in and fan-out count the taps: torch's initialiser of a 3 × 3 convolution of 4 channels draws from ±1/6.
  @Test func initialization() throws {
    let layer = Convolution2D(4, 8, filter: 3, groups: 2)
    let declaration = try layer.declaration(input: [4, 5, 5])
    #expect(declaration.parameters.map(\.shape) == [[8, 2, 3, 3], [8]])
    #expect(declaration.parameters.map(\.fanIn) == [18, 18] && declaration.parameters[0].fanOut == 72)
    let network = try Network(input: [4, 5, 5], seed: 1) { Convolution2D(4, 64, filter: 3) }
    let weights = network.parameters[0].values.values(as: Double.self)
    let largest = weights.map(abs).max() ?? 0
    #expect(largest <= 1.0 / 6 && largest > 0.99 / 6)
    let transposed = try TransposedConvolution2D(4, 6, filter: 2, groups: 2).declaration(input: [4, 3, 3])
    #expect(transposed.parameters[0].shape == [4, 3, 2, 2] && transposed.output == [6, 4, 4])
  }
}
