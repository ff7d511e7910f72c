import Autodiff
import Tensors

/// A neural network: its parameters with their values, and a function from a batch size to a graph of its outputs.
///
/// Where it comes from, a model file, the layers of a ``Sequential`` or a built-in name, makes no difference afterwards.
///
///     let network = try Network(input: [784], seed: 0) {
///       Dense(784, 200)
///       ReLU()
///       Dense(200, 10)
///     }
///     var graph = Graph()
///     let instance = try network.instantiate(batch: 32, in: &graph)
public struct Network: Sendable {
  /// One trainable array.
  public struct Parameter: Sendable {
    public let name: String
    public let shape: [Int]
    public let values: StoredValues
    /// Further names of the same array in the model, where weights are tied.
    public let aliases: [String]

    public init(name: String, shape: [Int], values: StoredValues, aliases: [String] = []) {
      self.name = name
      self.shape = shape
      self.values = values
      self.aliases = aliases
    }

    /// The number of elements.
    public var count: Int { values.count }
  }

  /// An array of the model that is not trained: a buffer, a constant, a frozen weight.
  public struct Literal: Sendable {
    public let name: String
    public let shape: [Int]
    public let element: ElementType
    public let values: StoredValues

    public init(name: String, shape: [Int], element: ElementType = .real, values: StoredValues) {
      self.name = name
      self.shape = shape
      self.element = element
      self.values = values
    }

    public var type: TensorType { TensorType(shape, element) }
  }

  /// What the network reads.
  public struct Input: Sendable, Hashable {
    /// The shape of one sample; the batch dimension comes before it.
    public let sampleShape: [Int]
    public let element: ElementType

    public init(sampleShape: [Int], element: ElementType = .real) {
      self.sampleShape = sampleShape
      self.element = element
    }

    public func type(batch: Int) -> TensorType { TensorType([batch] + sampleShape, element) }
  }

  /// The batch sizes a network can be built at.
  public enum BatchSize: Sendable, Hashable {
    /// Every size from 1.
    case dynamic
    /// The size the model was exported at, and no other.
    case fixed(Int)
  }

  /// In the order of the file, or of the layers.
  public let parameters: [Parameter]
  public let literals: [Literal]
  public let input: Input
  public let batch: BatchSize
  /// Where the network comes from, for reports: `PyTorch export (torch 2.15.0)`, `mlp:784-200-10`.
  public let source: String
  /// What the network ends in, where that changes what a loss means.
  public let ending: OutputEnding
  /// Where batch normalisations take their statistics from; `nil` for a network without any.
  public let batchNormalization: BatchNormalizationMode?
  /// Whether that was chosen with ``withBatchNormalization(_:)``, for all layers, and is not the model's own way.
  private let isBatchNormalizationChosen: Bool
  let definition: any NetworkDefinition

  /// - Parameter batchNormalization: what the model itself does, as far as one mode says it.
  public init(
    parameters: [Parameter], literals: [Literal] = [], input: Input, batch: BatchSize = .dynamic, source: String,
    ending: OutputEnding = .linear, batchNormalization: BatchNormalizationMode? = nil,
    definition: any NetworkDefinition
  ) {
    self.init(
      parameters: parameters, literals: literals, input: input, batch: batch, source: source, ending: ending,
      batchNormalization: batchNormalization, isBatchNormalizationChosen: false, definition: definition)
  }

  private init(
    parameters: [Parameter], literals: [Literal], input: Input, batch: BatchSize, source: String,
    ending: OutputEnding, batchNormalization: BatchNormalizationMode?, isBatchNormalizationChosen: Bool,
    definition: any NetworkDefinition
  ) {
    self.parameters = parameters
    self.literals = literals
    self.input = input
    self.batch = batch
    self.source = source
    self.ending = ending
    self.batchNormalization = batchNormalization
    self.isBatchNormalizationChosen = isBatchNormalizationChosen
    self.definition = definition
  }

  /// P, the number of trainable numbers.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }

  /// The outputs for `inputs` [batch, …], appended to `graph`: usually [batch, classes].
  ///
  /// - Parameters:
  ///   - parameters: a value for each of ``parameters``, of its shape.
  ///   - literals: a value for each of ``literals``, of its type.
  ///   - normalization: keeps account of the batch normalisations.
  /// - Throws: where the batch size is not one of ``batch``, or the model's shapes do not fit.
  private func outputs(
    batch size: Int, in graph: inout Graph, inputs: Value, parameters: [Value], literals: [Value],
    normalization: inout BatchNormalizationContext
  ) throws(InputError) -> Value {
    guard size >= 1 else { throw InputError("a batch has at least one sample, not \(size)") }
    if case .fixed(let exported) = batch, size != exported {
      throw InputError(
        "\(source) was exported at the fixed batch size \(exported) and cannot run at \(size)",
        remedy: "use that size, or export the model with a dynamic batch dimension")
    }
    return try definition.outputs(
      in: &graph, inputs: inputs, parameters: parameters, literals: literals, normalization: &normalization)
  }

  /// The values of a network in a graph.
  public struct Instance: Sendable {
    public let inputs: Value
    public let parameters: [Value]
    public let outputs: Value
    /// The batch normalisations, in the order in which they are computed.
    public let normalizations: [BatchNormalizationSite]
  }

  /// The network appended to `graph` with sources for its inputs, parameters and literals.
  ///
  /// - Parameter slices: graphs like this one that a group of samples is cut into, where statistics are those of a group.
  public func instantiate(batch size: Int, slices: Int = 1, in graph: inout Graph) throws(InputError) -> Instance {
    let inputs = graph.source(.data(.inputs), type: input.type(batch: size))
    let parameters = self.parameters.enumerated().map { index, parameter in
      graph.source(.parameter(index), type: TensorType(parameter.shape))
    }
    let literals = self.literals.enumerated().map { index, literal in
      graph.source(.literal(index), type: literal.type)
    }
    var normalization = BatchNormalizationContext(
      mode: isBatchNormalizationChosen ? batchNormalization : nil, batch: size, slices: slices)
    let outputs = try outputs(
      batch: size, in: &graph, inputs: inputs, parameters: parameters, literals: literals,
      normalization: &normalization)
    return Instance(
      inputs: inputs, parameters: parameters, outputs: outputs, normalizations: normalization.sites)
  }

  /// The same network with its batch normalisations in one mode.
  ///
  /// - Throws: where there are none.
  public func withBatchNormalization(_ mode: BatchNormalizationMode) throws(InputError) -> Network {
    guard batchNormalization != nil else {
      throw InputError(
        place: "--batch-norm \(mode.rawValue)", "\(source) has no batch normalisation", remedy: "leave the flag out")
    }
    return Network(
      parameters: parameters, literals: literals, input: input, batch: batch, source: source, ending: ending,
      batchNormalization: mode, isBatchNormalizationChosen: true, definition: definition)
  }

  /// The same network with other values for some of its literals, by their positions.
  public func withLiterals(_ values: [Int: [Double]]) throws(InputError) -> Network {
    var replaced = literals
    for (index, array) in values {
      guard literals.indices.contains(index), literals[index].values.count == array.count else {
        throw InputError("literal \(index) of \(source) does not take \(array.count) numbers")
      }
      replaced[index] = Literal(
        name: literals[index].name, shape: literals[index].shape, element: literals[index].element,
        values: .double(array))
    }
    return Network(
      parameters: parameters, literals: replaced, input: input, batch: batch, source: source, ending: ending,
      batchNormalization: batchNormalization, isBatchNormalizationChosen: isBatchNormalizationChosen,
      definition: definition)
  }

  /// The same network with further literals behind its own, read by another definition.
  func adding(_ further: [Literal], definition: any NetworkDefinition) -> Network {
    Network(
      parameters: parameters, literals: literals + further, input: input, batch: batch, source: source, ending: ending,
      batchNormalization: batchNormalization, isBatchNormalizationChosen: isBatchNormalizationChosen,
      definition: definition)
  }

  /// The same network at other parameter values, one array for each of ``parameters``.
  public func withParameters(_ values: [StoredValues]) throws(InputError) -> Network {
    guard values.count == parameters.count else {
      throw InputError("\(values.count) arrays for the \(parameters.count) parameters of \(source)")
    }
    var replaced: [Parameter] = []
    for (parameter, array) in zip(parameters, values) {
      guard array.count == parameter.count else {
        throw InputError(
          place: parameter.name, "\(array.count) numbers for a parameter of shape \(parameter.shape)")
      }
      replaced.append(
        Parameter(name: parameter.name, shape: parameter.shape, values: array, aliases: parameter.aliases))
    }
    return Network(
      parameters: replaced, literals: literals, input: input, batch: batch, source: source, ending: ending,
      batchNormalization: batchNormalization, isBatchNormalizationChosen: isBatchNormalizationChosen,
      definition: definition)
  }

  /// The same network with its parameters read from `vector`, one after the other in their order.
  public func withParameters<Scalar: Real>(_ vector: Vector<Scalar>) throws(InputError) -> Network {
    guard vector.count == parameterCount else {
      throw InputError("\(vector.count) numbers for the \(parameterCount) parameters of \(source)")
    }
    let elements = vector.elements
    var start = 0
    var values: [StoredValues] = []
    for parameter in parameters {
      let range = start..<start + parameter.count
      if let single = elements as? [Float] {
        values.append(.single(Array(single[range])))
      } else {
        values.append(.double(elements[range].map { Double($0) }))
      }
      start = range.upperBound
    }
    return try withParameters(values)
  }

  /// θ: the parameters one after the other.
  public func parameterVector<Scalar: Real>(as type: Scalar.Type = Scalar.self) -> Vector<Scalar> {
    var elements: [Scalar] = []
    elements.reserveCapacity(parameterCount)
    for parameter in parameters { elements += parameter.values.values(as: type) }
    return Vector(elements)
  }
}

/// A function from a batch of inputs to a graph: what a model file or a stack of layers is, apart from its numbers.
public protocol NetworkDefinition: Sendable {
  /// Appends the network to `graph`; operands have been checked against the network's declared types.
  func outputs(
    in graph: inout Graph, inputs: Value, parameters: [Value], literals: [Value],
    normalization: inout BatchNormalizationContext
  ) throws(InputError) -> Value
}

/// What a network ends in. Probabilities instead of logits move the split point of the Gauss-Newton matrix.
public enum OutputEnding: String, Sendable, Hashable {
  /// Anything without a name here: outputs are taken as logits or predictions.
  case linear
  case softmax
  case logSoftmax = "log-softmax"
  case sigmoid
}
