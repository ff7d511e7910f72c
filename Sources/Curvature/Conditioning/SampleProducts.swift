import Autodiff
import Networks
import Tensors

/// How the gradient of a sample with respect to one parameter is made, found in the graph of Jᵀu.
///
/// The gradient of a dense layer's weight ends in δᵀx over the rows of the samples: a sample's own part is δᵢ ⊗ xᵢ, and
/// inner products of two samples' parts are (δᵢ·δⱼ)(xᵢ·xⱼ), without either being formed. That of a bias ends in a row
/// sum of δ: its part is δᵢ, with x = 1. Others, such as several positions of a sample, have the part itself at hand,
/// and some, such as convolutions', do not.
struct SampleProducts {
  /// δᵢ ⊗ xᵢ
  struct Part {
    /// Rows that depend on u.
    var derivative: Value
    /// Rows that do not; `nil` for the number 1.
    var activation: Value?
  }

  var squares: SampleSquares
  /// Whether a node depends on u.
  private let isLinear: [Bool]

  init(graph: Graph, samples: Int, direction: Value) {
    squares = SampleSquares(graph: graph, samples: samples)
    isLinear = graph.dependents(of: [direction])
  }

  /// The parts of a gradient; `nil` where they are not at hand.
  mutating func part(of gradient: Value) throws(InputError) -> Part? {
    let node = squares.graph[gradient]
    if node.primitive is Reshape { return try part(of: node.operands[0]) }
    if let product = node.primitive as? DotGeneral, product.contracted == 1, squares.isOverSamples(product, node) {
      let flags = node.operands.map { isLinear[$0.index] }
      if flags == [true, false] { return Part(derivative: node.operands[0], activation: node.operands[1]) }
      if flags == [false, true] { return Part(derivative: node.operands[1], activation: node.operands[0]) }
      return nil
    }
    guard let rows = try squares.rows(of: gradient) else { return nil }
    return Part(derivative: rows, activation: nil)
  }
}

/// The gradients of single samples with respect to all selected parameters, in the form in which each is at hand.
struct SampleProductPlan: Sendable {
  /// Parameters whose parts are products of rows with one δ: a dense layer's weight and bias.
  struct Layer: Sendable {
    /// Positions among the selected parameters; all have the same δ, that of the first.
    var parameters: [Int]
    /// Elements of δ for a sample.
    var derivativeWidth: Int
    /// Those of the parameters that have an x, and how many elements it has.
    var activations: [(parameter: Int, width: Int)]
    /// The number of parameters with x = 1.
    var units: Int

    /// Elements of the x, taken together.
    var activationWidth: Int { activations.reduce(units) { $0 + $1.width } }
  }

  /// A parameter whose parts are formed.
  struct Explicit: Sendable {
    var parameter: Int
    var width: Int
    /// Whether they are at hand whatever the microbatch; else every sample is a microbatch of its own.
    var hasRows: Bool
  }

  var layers: [Layer] = []
  var explicit: [Explicit] = []

  /// A row of δ with more elements than this is taken to be a parameter's part itself, to be formed in blocks.
  static let widestDerivative = 8192

  /// Every parameter's part formed, each with so many elements.
  init(forming counts: [Int]) {
    explicit = counts.enumerated().map { Explicit(parameter: $0, width: $1, hasRows: false) }
  }

  init(graph: inout ObjectiveGraph, microbatch: Int) throws(InputError) {
    var (gradients, products) = try graph.sampleProducts(microbatch)
    var layerOfDerivative: [Value: Int] = [:]
    for (index, gradient) in gradients.enumerated() {
      let count = products.squares.graph.type(of: gradient).count
      if products.squares.graph.splat(gradient) == 0 { continue }
      guard let part = try products.part(of: gradient) else {
        explicit.append(Explicit(parameter: index, width: count, hasRows: false))
        continue
      }
      func width(_ value: Value) -> Int { products.squares.graph.type(of: value).count / max(1, microbatch) }
      if part.activation == nil, width(part.derivative) > Self.widestDerivative {
        explicit.append(Explicit(parameter: index, width: count, hasRows: true))
        continue
      }
      let position = layerOfDerivative[part.derivative] ?? layers.count
      if position == layers.count {
        layerOfDerivative[part.derivative] = position
        layers.append(
          Layer(parameters: [], derivativeWidth: width(part.derivative), activations: [], units: 0))
      }
      layers[position].parameters.append(index)
      if let activation = part.activation {
        layers[position].activations.append((index, width(activation)))
      } else {
        layers[position].units += 1
      }
    }
    gradients = []
  }
}

extension ObjectiveGraph {
  private static var samplesNotAtHand: InputError {
    InputError("the gradients of single samples are not at hand in this network at this batch size")
  }

  /// Jᵀu with u a row for each sample, and what its samples' parts are.
  mutating func sampleProducts(_ microbatch: Int) throws(InputError) -> ([Value], SampleProducts) {
    let direction = graph.source(.vectorRows, type: graph.type(of: outputs))
    let gradients = try graph.pullBack([outputs], cotangents: [direction], at: parameters)
    return (gradients, SampleProducts(graph: graph, samples: microbatch, direction: direction))
  }

  /// The rows of δ of a parameter.
  mutating func derivativeRows(of parameter: Int, _ microbatch: Int) throws(InputError) -> [(Value, ResultDestination)]
  {
    var (gradients, products) = try sampleProducts(microbatch)
    guard let part = try products.part(of: gradients[parameter]) else { throw Self.samplesNotAtHand }
    graph = products.squares.graph
    gradients = []
    return [(part.derivative, .linearRows)]
  }

  /// The rows of x of a parameter.
  mutating func activationRows(of parameter: Int, _ microbatch: Int) throws(InputError) -> [(Value, ResultDestination)]
  {
    var (gradients, products) = try sampleProducts(microbatch)
    guard let activation = try products.part(of: gradients[parameter])?.activation else { throw Self.samplesNotAtHand }
    graph = products.squares.graph
    gradients = []
    return [(activation, .primalRows)]
  }

  /// The gradient of a single sample with respect to a parameter, as one row.
  mutating func gradientRow(of parameter: Int) throws(InputError) -> [(Value, ResultDestination)] {
    let direction = graph.source(.vectorRows, type: graph.type(of: outputs))
    let gradient = try graph.pullBack([outputs], cotangents: [direction], at: [parameters[parameter]])[0]
    return [(gradient, .linearRows)]
  }
}
