import Archives
import Autodiff
import Networks
import Tensors
import TestSupport
import Testing

/// The imported networks against what PyTorch computed for them.
@Suite(.enabled(if: Reference.isAvailable))
struct ReferenceCaseTests {
  static let names = Reference.cases("mlp-", "linear-", "lenet-", "resnet-bn-eval")
  static let files = ["model.pt2", "static.pt2"]

  @Test(arguments: names + Reference.cases("resnet-bn-train"), files)
  func outputsLossAndGradient(name: String, file: String) throws {
    let reference = try ReferenceCase.load(name)
    let network = try Network(exportedProgram: reference.directory + "/" + file)
    #expect(network.parameters.map(\.name) == reference.parameters.map(\.name))
    #expect(network.parameters.map(\.shape) == reference.parameters.map(\.shape))
    #expect(network.parameterCount == reference.parameterCount)
    #expect(network.batch == (file == "model.pt2" ? .dynamic : .fixed(reference.samples)))
    #expect(network.source.hasPrefix("PyTorch export (torch "))
    #expect(network.ending == .linear)

    let run = try Run(network, reference: reference)
    #expect(relativeError(run.outputs, try reference.doubles("outputs")) < 1e-12)
    let loss = try reference.doubles("loss")[0]
    #expect(abs(run.loss - loss) <= 1e-12 * abs(loss))
    #expect(relativeError(run.gradient, try reference.doubles("grad")) < 1e-10)
  }

  /// A batch of one, which exports refuse with their recorded minimum of two, gives the rows of the whole batch.
  @Test(arguments: names)
  func singleSamples(name: String) throws {
    let reference = try ReferenceCase.load(name)
    let network = try Network(exportedProgram: reference.modelPath)
    let outputs = try reference.doubles("outputs")
    let columns = reference.outputs
    let x = try #require(reference.data["x"]).doubles()
    for sample in [0, reference.samples - 1] {
      var graph = Graph()
      let instance = try network.instantiate(batch: 1, in: &graph)
      let size = network.input.sampleShape.reduce(1, *)
      var sources = parameterSources(network)
      sources[.data(.inputs)] = Array(x[sample * size..<(sample + 1) * size])
      let row = try NaiveInterpreter(graph, sources: sources).evaluate([instance.outputs])[0]
      let expected = Array(outputs[sample * columns..<(sample + 1) * columns])
      #expect(relativeError(row, expected) < 1e-12)
    }
  }

  @Test func fixedBatchRefusesOthers() throws {
    let network = try Network(exportedProgram: ReferenceCase.load("mlp-tanh-ce").staticModelPath)
    var graph = Graph()
    #expect(throws: InputError.self) { try network.instantiate(batch: 1, in: &graph) }
  }

  /// A residual network of our own layers at the file's parameters is the file's network.
  @Test func layersAreTheExportedNetwork() throws {
    let reference = try ReferenceCase.load("mlp-gelu-residual-ce")
    let imported = try Network(exportedProgram: reference.modelPath)
    let fresh = try Network(input: [64], seed: 3) {
      Dense(64, 12)
      Residual {
        Dense(12, 12)
        GELU()
        Dense(12, 12)
      }
      GELU()
      Dense(12, 10)
    }
    #expect(fresh.parameters.map(\.name) == reference.parameters.map(\.name))
    let network = try fresh.withParameters(imported.parameterVector(as: Double.self))
    let run = try Run(network, reference: reference)
    #expect(relativeError(run.gradient, try reference.doubles("grad")) < 1e-10)
  }

  /// Networks of layers not read yet name every operator with its node.
  @Test(arguments: Reference.cases("transformer"))
  func unsupportedOperatorsAreAllNamed(name: String) throws {
    let path = try ReferenceCase.load(name).modelPath
    do {
      _ = try Network(exportedProgram: path)
    } catch {
      #expect(error.file == path)
      #expect(error.problem.contains("unsupported operators: aten."))
      #expect(error.problem.contains("at node '"))
      #expect(error.remedy != nil)
    }
  }

  /// A file says how its batch normalisations work.
  @Test(arguments: ["model.pt2", "static.pt2"]) func batchNormalization(file: String) throws {
    func network(_ name: String) throws -> Network {
      try Network(exportedProgram: ReferenceCase.load(name).directory + "/" + file)
    }
    #expect(try network("lenet-ce").batchNormalization == nil)
    #expect(try network("resnet-bn-eval-ce").batchNormalization == .running)
    let training = try network("resnet-bn-train-ce")
    #expect(training.batchNormalization == .batch)
    // What counts batches is not read, running statistics are.
    #expect(training.literals.count == 8 && training.literals.allSatisfy { $0.element == .real })
    let told = try network("resnet-bn-eval-ce").withBatchNormalization(.batch)
    let reference = try ReferenceCase.load("resnet-bn-train-ce")
    let run = try Run(told.withParameters(training.parameterVector(as: Double.self)), reference: reference)
    #expect(relativeError(run.outputs, try reference.doubles("outputs")) < 1e-12)
    #expect(relativeError(run.gradient, try reference.doubles("grad")) < 1e-10)
  }

  @Test func otherSamples() throws {
    let path = Reference.path("reference/real/mnist-784-200-200-10/model.pt2")
    let network = try Network(exportedProgram: path)
    #expect(network.parameterCount == 784 * 200 + 200 + 200 * 200 + 200 + 200 * 10 + 10)
    _ = try Network(exportedProgram: Reference.path("bench/cases/mlp/model.pt2"))
  }
}

/// A network's outputs, mean loss and gradient on the data of a case.
struct Run {
  let outputs: [Double]
  let loss: Double
  let gradient: [Double]

  init(_ network: Network, reference: ReferenceCase) throws {
    let x = try #require(reference.data["x"]).doubles()
    let y = try #require(reference.data["y"])
    let loss = reference.loss == "mse" ? Loss.squaredError : .crossEntropy
    try self.init(network, batch: reference.samples, inputs: x, targets: y, loss: loss)
  }

  init(_ network: Network, batch: Int, inputs: [Double], targets: NumpyArray, loss: Loss) throws {
    var graph = Graph()
    let instance = try network.instantiate(batch: batch, in: &graph)
    let element: ElementType = targets.elementType.isFloatingPoint ? .real : .int32
    let target = graph.source(.data(.targets), type: TensorType(targets.shape, element))
    let losses = try loss.perSample(instance.outputs, targets: target, in: &graph)
    let sum = try graph.reduce(.sum, losses, over: [0])
    let mean = try graph.multiply(sum, 1 / Double(graph.shape(of: losses)[0]))
    let gradient = try graph.gradient(of: mean, at: instance.parameters)
    var sources = parameterSources(network)
    sources[.data(.inputs)] = inputs
    sources[.data(.targets)] = try targets.doubles()
    let values = try NaiveInterpreter(graph, sources: sources).evaluate([instance.outputs, mean] + gradient)
    outputs = values[0]
    self.loss = values[1][0]
    self.gradient = values[2...].flatMap { $0 }
  }
}

func parameterSources(_ network: Network) -> [Source: [Double]] {
  var sources: [Source: [Double]] = [:]
  for (index, parameter) in network.parameters.enumerated() {
    sources[.parameter(index)] = parameter.values.values(as: Double.self)
  }
  for (index, literal) in network.literals.enumerated() {
    sources[.literal(index)] = literal.values.values(as: Double.self)
  }
  return sources
}

/// ‖x − y‖ / ‖y‖, infinite where the lengths differ.
func relativeError(_ x: [Double], _ y: [Double]) -> Double {
  guard x.count == y.count else { return .infinity }
  let difference = zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  let norm = y.reduce(0) { $0 + $1 * $1 }
  return difference == 0 ? 0 : (difference / norm).squareRoot()
}
