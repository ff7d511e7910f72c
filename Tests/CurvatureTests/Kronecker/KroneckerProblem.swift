import Archives
import Autodiff
import Curvature
import Datasets
import Krylov
import Networks
import Tensors

/// Networks that multiply many rows with one weight, and what their blocks are.
enum KroneckerProblem {
  /// Sequences of 5 positions with 4 numbers each, 3 outputs for every position.
  static func positions(isMean: Bool, isLinear: Bool, seed: UInt64 = 1) throws -> Network {
    try Network(input: [5, 4], seed: seed) {
      Dense(4, 6)
      if !isLinear { Tanh() }
      Dense(6, 5, bias: false)
      if isMean { PositionMean() }
      Dense(5, 3)
    }
  }

  /// Convolutions of every kind on images of 2 channels, 7 × 6 pixels.
  static func convolutions(seed: UInt64 = 2) throws -> Network {
    try Network(input: [2, 7, 6], seed: seed) {
      Convolution2D(2, 4, filter: 3, stride: 2, padding: 1)
      Tanh()
      Convolution2D(4, 6, filter: 3, padding: 2, dilation: 2, groups: 2)
      Tanh()
      TransposedConvolution2D(6, 4, filter: 2, stride: 2)
      Tanh()
      Convolution2D(4, 4, filter: 2, groups: 4, bias: false)
      Tanh()
      Convolution2D(4, 3, filter: 1)
      AdaptiveAveragePooling2D(2)
      Flatten()
      Dense(12, 3)
    }
  }

  static func images(samples: Int, shape: [Int] = [2, 7, 6], classes: Int = 3, seed: UInt64 = 1) throws -> Dataset {
    try Dataset(
      inputs: SmallProblem.numbers([samples] + shape, seed: seed),
      targets: SmallProblem.labels(samples, classes: classes))
  }

  /// The block of an operator over a layer's [W b], in full.
  static func denseBlock(
    _ objective: Objective<Double>, _ layer: SharedLinearLayer, _ kind: OperatorKind = .gaussNewton
  ) throws -> DenseMatrix {
    let part = PartOperator(try objective.curvature(kind), places: layer.elementPlaces)
    return DenseMatrix(
      rows: layer.dimension, columns: layer.dimension,
      elements: try ExactSpectrum.symmetricMatrix(part).matrix)
  }

  /// Rows that are orthonormal.
  static func rotation(_ order: Int, seed: UInt64) throws -> DenseMatrix {
    let random = DenseMatrix(
      rows: order, columns: order, elements: randomVector(order * order, seed: seed, as: Double.self).elements)
    return try (random + random.transposed).descendingEigen().vectors
  }

  /// diag(Q A Qᵀ)
  static func diagonal(_ matrix: DenseMatrix, in rows: DenseMatrix) throws -> [Double] {
    let product = try rows * matrix
    return (0..<rows.rows).map { i in (0..<rows.columns).reduce(0) { $0 + product[i, $1] * rows[i, $1] } }
  }

  static func frobenius(_ matrix: DenseMatrix) -> Double {
    matrix.elements.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  /// ‖A − B‖_F/‖A‖_F
  static func relative(_ a: DenseMatrix, _ b: DenseMatrix) -> Double {
    frobenius(a + b.scaled(by: -1)) / frobenius(a)
  }
}

/// The mean over the positions of [batch, positions, width].
struct PositionMean: Layer {
  func declaration(input: [Int]) throws(InputError) -> LayerDeclaration { LayerDeclaration(output: [input[1]]) }

  func lower(_ x: Value, parameters: inout ParameterReader, in graph: inout Graph) throws(InputError) -> Value {
    try graph.multiply(graph.reduce(.sum, x, over: [1]), 1 / Double(graph.shape(of: x)[1]))
  }
}

/// [batch, channels, rows, columns] to [batch, pixels, channels].
struct PixelPositions: Layer {
  func declaration(input: [Int]) throws(InputError) -> LayerDeclaration {
    LayerDeclaration(output: [input[1] * input[2], input[0]])
  }

  func lower(_ x: Value, parameters: inout ParameterReader, in graph: inout Graph) throws(InputError) -> Value {
    let shape = graph.shape(of: x)
    return try graph.reshape(
      graph.transpose(x, permutation: [0, 2, 3, 1]), to: [shape[0], shape[2] * shape[3], shape[1]])
  }
}

/// W tanh(W x + b) + b: one weight and one bias at two places.
struct TiedDense: Layer {
  let width: Int

  func declaration(input: [Int]) throws(InputError) -> LayerDeclaration {
    try Dense(width, width).declaration(input: input)
  }

  func lower(_ x: Value, parameters: inout ParameterReader, in graph: inout Graph) throws(InputError) -> Value {
    let (weight, bias) = (try parameters.next(), try parameters.next())
    let hidden = try graph.apply(.tanh, graph.linear(x, weight: weight, bias: bias))
    return try graph.linear(hidden, weight: weight, bias: bias)
  }
}

/// x W with W stored [inputs, outputs].
struct StoredByInputs: Layer {
  let inputs: Int
  let outputs: Int

  func declaration(input: [Int]) throws(InputError) -> LayerDeclaration {
    LayerDeclaration(
      parameters: [
        ParameterDeclaration(
          name: "weight", shape: [inputs, outputs], fanIn: inputs, fanOut: outputs, initializer: .torch)
      ], output: [outputs])
  }

  func lower(_ x: Value, parameters: inout ParameterReader, in graph: inout Graph) throws(InputError) -> Value {
    try graph.matrixProduct(x, parameters.next())
  }
}

/// A dense layer on [positions, batch, width], the positions first and perhaps both in one dimension, and back.
struct DensePositionsFirst: Layer {
  let dense: Dense
  let isFlat: Bool

  func declaration(input: [Int]) throws(InputError) -> LayerDeclaration { try dense.declaration(input: input) }

  func lower(_ x: Value, parameters: inout ParameterReader, in graph: inout Graph) throws(InputError) -> Value {
    var rows = try graph.transpose(x, permutation: [1, 0, 2])
    let shape = graph.shape(of: rows)
    if isFlat { rows = try graph.reshape(rows, to: [shape[0] * shape[1], shape[2]]) }
    let result = try dense.lower(rows, parameters: &parameters, in: &graph)
    let apart = try graph.reshape(result, to: [shape[0], shape[1], dense.outputs])
    return try graph.transpose(apart, permutation: [1, 0, 2])
  }
}
