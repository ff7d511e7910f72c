import Autodiff
import Networks
import Tensors
import Testing

/// Built-in networks: sizes known from elsewhere, and names that are none.
struct ZooTests {
  /// Parameters of torchvision's networks, of those of the papers, and of networks written out by hand.
  @Test(arguments: [
    ("lenet5", 61_706), ("resnet8", 78_042), ("resnet20", 272_474), ("resnet32", 466_906), ("resnet56", 855_770),
    ("resnet20-no-bn", 271_690), ("resnet20-no-skip", 269_722), ("resnet20-no-bn-no-skip", 269_034),
    ("resnet18", 11_689_512), ("resnet18:cifar", 11_173_962), ("resnet50", 25_557_032),
    ("vgg11:cifar", 9_225_610), ("vgg11-bn:cifar", 9_231_114), ("linear:16-12-12-4,skip=0.5", 384),
  ])
  func parameterCounts(name: String, count: Int) throws {
    let network = try Network(named: name, seed: 0)
    #expect(network.parameterCount == count)
    #expect(network.source == name && Network.isBuiltIn(name))
    #expect((network.batchNormalization == nil) == (network.literals.isEmpty))
    var graph = Graph()
    let instance = try network.instantiate(batch: 2, in: &graph)
    #expect(graph.shape(of: instance.outputs).count == 2)
  }

  /// The two largest without drawing their parameters.
  @Test func vgg11() throws {
    for (name, count) in [("vgg11", 132_863_336), ("vgg11-bn", 132_868_840)] {
      #expect(try Network.parameterCount(ofBuiltIn: name) == count)
    }
  }

  @Test func options() throws {
    let network = try Network(named: "resnet8-no-bn:classes=7,image=1x16x16,init=xavier-uniform", seed: 1)
    #expect(network.input.sampleShape == [1, 16, 16] && network.batchNormalization == nil)
    var graph = Graph()
    let outputs = try network.instantiate(batch: 3, in: &graph).outputs
    #expect(graph.shape(of: outputs) == [3, 7])
    #expect(network.parameters[0].name == "0.weight" && network.parameters[0].shape == [16, 1, 3, 3])
    #expect(try Network(named: "resnet20", seed: 0).batchNormalization == .running)
    #expect(Network.builtInName("resnet20", adding: ["init=torch"]) == "resnet20:init=torch")
    #expect(Network.builtInName("mlp:3-2", adding: ["init=torch"]) == "mlp:3-2,init=torch")
    #expect(!Network.isBuiltIn("resnet20.pt2") && !Network.isBuiltIn("models/resnet20"))
  }

  @Test(arguments: [
    "resnet21", "resnet20-bn", "resnet20-no-no", "resnet20:", "resnet20:tanh", "resnet20:classes=0",
    "resnet20:classes=99999999999999999999", "resnet20:image=3x32", "resnet20:image=3x0x32", "resnet20:cifar",
    "lenet5:image=1x5x5", "lenet5:image=4096x4096x4096,classes=1000000", "lenet5-no-bn", "vgg11-no-bn",
    "vgg11:image=3x8x8",
    "resnet20:init=ones", "mlp:3-2,skip=1", "linear:3-3,skip=many", "linear:3-3,skip=inf", "linear-no-bn:3-3",
  ])
  func wrongNames(_ name: String) {
    #expect(throws: InputError.self) { try Network(named: name, seed: 0) }
  }

  /// (W₂ + βI)(W₁ + βI) x on square layers.
  @Test func skipsOfLinearNetworks() throws {
    let beta = 0.75
    let network = try Network(named: "linear:2-2-2-1,skip=\(beta)", seed: 3)
    let x = [0.3, -2.0]
    let values = network.parameters.map { $0.values.values(as: Double.self) }
    var h = x
    for w in values.dropLast() { h = [(w[0] + beta) * h[0] + w[1] * h[1], w[2] * h[0] + (w[3] + beta) * h[1]] }
    let expected = values[2][0] * h[0] + values[2][1] * h[1]
    let output = try ExportedProgramTests.outputs(network, batch: 1, x)[0]
    #expect(abs(output - expected) < 1e-14)
    #expect(network.parameters.map(\.name) == ["0.weight", "1.weight", "2.weight"])
  }
}
