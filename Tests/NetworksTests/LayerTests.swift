import Autodiff
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

struct LayerTests {
  @Test func namesAndShapes() throws {
    let network = try Network(input: [2, 3], seed: 1) {
      Flatten()
      Dense(6, 5, bias: false)
      Residual(activation: Tanh()) {
        Dense(5, 4)
        ReLU()
        Residual { Dense(4, 4) }
        Dense(4, 5)
      }
      for _ in 0..<2 { Dense(5, 5) }
      Sequential {
        Softplus()
        Dense(5, 2)
      }
    }
    #expect(
      network.parameters.map(\.name) == [
        "1.weight", "2.body.0.weight", "2.body.0.bias", "2.body.2.body.0.weight", "2.body.2.body.0.bias",
        "2.body.3.weight", "2.body.3.bias", "3.weight", "3.bias", "4.weight", "4.bias", "5.1.weight", "5.1.bias",
      ])
    #expect(network.parameters[1].shape == [4, 5] && network.parameters[2].shape == [4])
    #expect(network.parameterCount == 30 + 24 + 20 + 25 + 60 + 12)
    var graph = Graph()
    let instance = try network.instantiate(batch: 7, in: &graph)
    #expect(graph.type(of: instance.inputs) == TensorType([7, 2, 3]))
    #expect(graph.type(of: instance.outputs) == TensorType([7, 2]))
    #expect(network.batch == .dynamic && network.literals.isEmpty && network.ending == .linear)
  }

  /// A residual network by hand.
  @Test func values() throws {
    let network = try Network(input: [2], seed: 5) {
      Dense(2, 3)
      Residual(activation: ReLU()) { Dense(3, 3, bias: false) }
    }
    var graph = Graph()
    let instance = try network.instantiate(batch: 2, in: &graph)
    var sources = parameterSources(network)
    let x = [0.5, -1, 2, 3]
    sources[.data(.inputs)] = x
    let outputs = try NaiveInterpreter(graph, sources: sources).evaluate([instance.outputs])[0]
    let (w, b, v) = (
      network.parameters[0].values.values(as: Double.self), network.parameters[1].values.values(as: Double.self),
      network.parameters[2].values.values(as: Double.self)
    )
    for row in 0..<2 {
      var h = b
      for i in 0..<3 { for k in 0..<2 { h[i] += w[2 * i + k] * x[2 * row + k] } }
      for i in 0..<3 {
        var sum = h[i]
        for k in 0..<3 { sum += v[3 * i + k] * h[k] }
        #expect(abs(outputs[3 * row + i] - max(0, sum)) < 1e-15)
      }
    }
  }

  @Test func errorsNameTheLayer() {
    let error = #expect(throws: InputError.self) {
      try Network(input: [4], seed: 0) {
        Dense(4, 3)
        Residual {
          ReLU()
          Dense(5, 3)
        }
      }
    }
    #expect(error?.place == "layer 1.body.1")
    #expect(throws: InputError.self) { try Network(input: [4], seed: 0) { Residual { Dense(4, 3) } } }
    #expect(throws: InputError.self) { try Network(input: [4], seed: 0) { Dense(4, 0) } }
  }

  @Test func endings() throws {
    func ending(@LayerBuilder _ last: () -> [any Layer]) throws -> OutputEnding {
      try Network(input: [2], seed: 0, layers: Sequential([Dense(2, 2)] + last())).ending
    }
    #expect(try ending { Softmax() } == .softmax)
    #expect(try ending { LogSoftmax() } == .logSoftmax)
    #expect(
      try ending {
        Sigmoid()
        Identity()
        Flatten()
      } == .sigmoid)
    #expect(try ending { ReLU() } == .linear)
    #expect(try ending { Sequential([]) } == .linear)
  }

  @Test func replacedParameters() throws {
    let network = try Network(named: "mlp:3-2-1", seed: 0)
    let theta: Vector<Double> = network.parameterVector()
    var changed = theta
    changed[7] = 0.125
    let other = try network.withParameters(changed)
    #expect(other.parameterVector(as: Double.self) == changed)
    #expect(other.parameters[1].values.values(as: Float.self)[1] == 0.125)
    #expect(network.parameterVector(as: Double.self) == theta)
    let single = try network.withParameters(theta.converted(to: Float.self))
    #expect(single.parameters[0].values.precisionName == "single")
    #expect(throws: InputError.self) { try network.withParameters(Vector<Double>(zeros: 3)) }
    #expect(throws: InputError.self) { try network.withParameters([.double([1])]) }
  }

  @Test func namedNetworks() throws {
    let network = try Network(named: "mlp:784-200-10,tanh,init=xavier-normal", seed: 3)
    #expect(network.parameters.map(\.name) == ["0.weight", "0.bias", "2.weight", "2.bias"])
    #expect(network.input.sampleShape == [784] && network.source == "mlp:784-200-10,tanh,init=xavier-normal")
    let linear = try Network(named: "linear:16-12-4", seed: 3)
    #expect(linear.parameters.map(\.name) == ["0.weight", "1.weight"])
    #expect(try Network(named: "mlp:3-2,no-bias", seed: 0).parameters.count == 1)
    #expect(Network.isBuiltIn("mlp:3") && !Network.isBuiltIn("models/mlp.pt2"))
  }

  @Test(arguments: [
    "", "mlp", "mlp:", "mlp:3", "mlp:3-", "mlp:3--4", "mlp:0-4", "mlp:-3-4", "mlp:3-4,sine", "mlp:3-4,",
    "linear:3-4,tanh",
    "mlp:99999999999999999999-2", "mlp:1000000-1000000", "lenet", "mlp:3-4,init=ones", "mlp:3x4",
  ])
  func wrongNames(_ name: String) {
    let error = #expect(throws: InputError.self) { try Network(named: name, seed: 0) }
    #expect(error?.place == name)
  }
}
