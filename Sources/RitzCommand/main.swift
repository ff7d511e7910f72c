import Foundation
import Ritz

func load<S: Real>(_ name: String, as: S.Type) throws {
  let dir = "/work/shared/reference/cases/" + name
  let zip = try ZipArchive(contentsOf: dir + "/model.pt2")
  let network: Network
  switch name {
  case "mlp-tanh-ce": network = try Network(input: [64], seed: 0) { Dense(64, 12); Tanh(); Dense(12, 8); Tanh(); Dense(8, 10) }
  case "mlp-relu-mse": network = try Network(input: [64], seed: 0) { Dense(64, 10); ReLU(); Dense(10, 10) }
  case "mlp-sigmoid-init-ce": network = try Network(input: [64], seed: 0) { Dense(64, 10); Sigmoid(); Dense(10, 10) }
  case "linear-deep-mse": network = try Network(input: [16], seed: 0) { Dense(16, 12, bias: false); Dense(12, 12, bias: false); Dense(12, 12, bias: false); Dense(12, 4, bias: false) }
  default: network = try Network(input: [64], seed: 0) { Dense(64, 12); Residual { Dense(12, 12); GELU(); Dense(12, 12) }; GELU(); Dense(12, 10) }
  }
  var all: [StoredValues] = []
  for (i, p) in network.parameters.enumerated() {
    let member = try zip.member(named: "model/data/weights/weight_\(i)")
    let bytes = Array(member)
    let d = bytes.withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
    precondition(d.count == p.count)
    all.append(.double(d))
  }
  let net = try network.withParameters(all)
  let data = try Dataset.load(dir + "/data.npz")
  let expected = try NumpyArchive(contentsOf: dir + "/expected.npz").arrays()
  for microbatch in [256, 64, 7] {
    let objective = try Objective<S>(network: net, dataset: data, loss: name.hasSuffix("mse") ? .squaredError : .crossEntropy, options: ExecutionOptions(microbatch: microbatch), pool: WorkerPool(count: 2))
    let (loss, gradient) = try objective.lossAndGradient()
    func err(_ a: Vector<S>, _ e: String) throws -> Double {
      let x = try expected[e]!.doubles()
      var d = 0.0, n = 0.0
      for i in 0..<x.count { d += (Double(a[i]) - x[i]) * (Double(a[i]) - x[i]); n += x[i] * x[i] }
      return (d / n).squareRoot()
    }
    let v = Vector(try expected["v"]!.doubles()).converted(to: S.self)
    print(name, S.precisionName, microbatch, abs(loss - (try expected["loss"]!.doubles()[0])), try err(gradient, "grad"), try err(try objective.hessian().apply(v), "hv"), try err(try objective.gaussNewton().apply(v), "ggnv"))
  }
}
if CommandLine.arguments.count > 1 {
  let sizes = CommandLine.arguments[1].split(separator: "-").map { Int($0)! }
  let micro = Int(CommandLine.arguments[2])!
  let tasks = Int(CommandLine.arguments[3])!
  let n = Int(CommandLine.arguments[4])!
  let network = try Network(named: "mlp:" + CommandLine.arguments[1], seed: 0)
  var x = [Float](repeating: 0, count: n * sizes[0]); var r = RandomStream(seed: 1, purpose: "x")
  for i in x.indices { x[i] = Float(RandomStream.unitInterval(r.next()) * 3.4 - 1.7) }
  let y = (0..<n).map { _ in Int32(r.next() % 10) }
  let data = try Dataset(inputs: NumpyArray(shape: [n, sizes[0]], elements: .float32(x)), targets: NumpyArray(shape: [n], elements: .int32(y)))
  for kept in [2 << 30, 0] {
    let objective = try Objective<Float>(network: network, dataset: data, loss: .crossEntropy, options: ExecutionOptions(microbatch: micro, tasks: tasks, residualBytes: kept), pool: WorkerPool(count: 2))
    let h = try objective.hessian()
    let v = h.space.random(.gaussian, from: RandomStream(seed: 2, purpose: "v"))
    _ = try h.apply(v)
    var times: [Double] = []
    for _ in 0..<15 { let s = ContinuousClock.now; _ = try h.apply(v); times.append(Double((ContinuousClock.now - s).components.attoseconds) * 1e-15) }
    times.sort()
    print("kept", kept, "hvp ms min/median", times[0], times[7])
  }
} else {
for name in ["mlp-tanh-ce", "mlp-relu-mse", "mlp-sigmoid-init-ce", "linear-deep-mse", "mlp-gelu-residual-ce"] {
  try load(name, as: Double.self)
  try load(name, as: Float.self)
}
}
