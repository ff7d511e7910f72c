import Archives
import Curvature
import Datasets
import Foundation
import Networks
import Tensors
import Testing

@testable import Training

@Suite struct TrainingTests {
  static func digits(_ count: Int) throws -> Dataset {
    try .load("digits", options: DatasetOptions(samples: count))
  }

  /// Three steps of torch.nn (Linear, BatchNorm1d, Tanh, Linear) with SGD of lr 0.1 and momentum 0.5 in float64.
  @Test func batchNormalizationAsPyTorch() throws {
    let layers = try Network(input: [3], seed: 1) {
      Dense(3, 4)
      BatchNormalization(4)
      Tanh()
      Dense(4, 2)
    }
    let start = Vector((1...layers.parameterCount).map { 0.5 * sin(Double($0)) })
    let network = try layers.withParameters(start).withBatchNormalization(.batch)
    var optimizer = OptimizerSettings(.heavyBall)
    optimizer.momentum = 0.5
    var run = try TrainingRun<Double>(
      network: network, dataset: LeastSquares.dataset(), loss: .squaredError,
      settings: TrainingSettings(optimizer: optimizer, learningRate: 0.1, batchSize: 4, steps: 3),
      pool: WorkerPool(count: 2))
    var losses: [Double] = []
    while !run.isFinished { losses.append(try run.advance().loss) }
    #expect(
      LeastSquares.distance(losses, [0.7608188386603971, 0.6517256325365273, 0.5169627586624633]) < 1e-13)
    let expected = [
      0.44575021078722243, 0.42538094023995804, 0.102469608144676, -0.34136607414444303, -0.5181145675009525,
      -0.10035580061165723, 0.32669995120838446, 0.49674129052396004, 0.2039560765944348, -0.22455200036245404,
      -0.5477036388948023, -0.22208398083029612, 0.21008351841332046, 0.4953036778474352, 0.3251439200785584,
      -0.14395165833253265, -0.43674414933265615, -0.5544380617052118, 0.19638985157129282, 0.5131480362427145,
      0.4013152282372181, 0.0014802887330453804, -0.369273701153598, -0.3996220625608127, -0.07888194620907261,
      0.44896508330029916, 0.4300223863532616, 0.012476168459386506, -0.1920941511335334, -0.601602299609322,
      -0.2670318927213679, 0.3382143995702701, 0.6639428768974621, 0.3745470963668673,
    ]
    #expect(LeastSquares.distance(run.parameters.elements, expected) < 1e-12)
    #expect(
      LeastSquares.distance(
        run.averages[0].mean,
        [0.1966004625282659, -0.01215782063541621, 0.24287668091450698, -0.19550728847620888]) < 1e-14)
    #expect(
      LeastSquares.distance(
        run.averages[0].variance,
        [0.9537048603580163, 0.9174928182640055, 0.8680627489337264, 0.8279366691024203]) < 1e-14)
    // Groups of two samples: another function, whose averages are those of the groups.
    var grouped = try TrainingRun<Double>(
      network: network, dataset: LeastSquares.dataset(), loss: .squaredError, settings: run.settings,
      options: ExecutionOptions(batchNormGroup: 2), pool: WorkerPool(count: 2))
    _ = try grouped.advance()
    #expect(LeastSquares.distance(grouped.averages[0].mean, firstMeans(start.elements)) < 1e-14)
    // With statistics that are constants nothing is averaged.
    var frozen = try TrainingRun<Double>(
      network: network.withBatchNormalization(.running), dataset: LeastSquares.dataset(), loss: .squaredError,
      settings: run.settings, pool: WorkerPool(count: 2))
    _ = try frozen.advance()
    #expect(frozen.averages.isEmpty && frozen.literals.isEmpty)
  }

  /// A tenth of the means of the first layer's outputs.
  private func firstMeans(_ start: [Double]) -> [Double] {
    var means = [Double](repeating: 0, count: 4)
    for output in 0..<4 {
      for sample in 0..<4 {
        var value = start[12 + output]
        for input in 0..<3 { value += start[output * 3 + input] * LeastSquares.inputs[sample * 3 + input] }
        means[output] += 0.1 * value / 4
      }
    }
    return means
  }

  private func settings(_ rule: OptimizerSettings.Rule, steps: Int = 12) -> TrainingSettings {
    TrainingSettings(
      optimizer: OptimizerSettings(rule), learningRate: 0.02,
      schedule: LearningRateSchedule(.cosine(final: 0.1), warmUp: 3), weightDecay: 1e-3, clipNorm: 1, batchSize: 24,
      steps: steps, augmentation: Augmentation(flip: true, crop: 1), seed: 7)
  }

  private func start<Scalar: Real>(
    _ settings: TrainingSettings, workers: Int, as type: Scalar.Type = Float.self
  ) throws -> TrainingRun<Scalar> {
    let network = try Network(input: [1, 8, 8], seed: 3) {
      Convolution2D(1, 4, filter: 3)
      BatchNormalization(4)
      ReLU()
      Flatten()
      Dense(144, 10)
    }
    return try TrainingRun<Scalar>(
      network: network.withBatchNormalization(.batch), dataset: Self.digits(100).reshaped(toSample: [1, 8, 8]),
      loss: .crossEntropy, settings: settings, pool: WorkerPool(count: workers))
  }

  /// Stored in the middle and restored, and run by other numbers of workers, a run ends with the same bits.
  @Test(arguments: OptimizerSettings.Rule.allCases)
  func resumedRunsHaveTheSameBits(_ rule: OptimizerSettings.Rule) throws {
    try resume(rule, as: Float.self)
    try resume(rule, as: Double.self)
  }

  private func resume<Scalar: Real>(_ rule: OptimizerSettings.Rule, as type: Scalar.Type) throws {
    let settings = settings(rule)
    var whole = try start(settings, workers: 1, as: type)
    var losses: [Double] = []
    while !whole.isFinished { losses.append(try whole.advance().loss) }
    let path = FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString).safetensors"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var seen: [Double] = []
    for session in 0..<4 {
      var run = try start(settings, workers: session + 1, as: type)
      if session > 0 { try run.restore(SafetensorsFile(contentsOf: path)) }
      #expect(run.step == 3 * session)
      for _ in 0..<3 { seen.append(try run.advance().loss) }
      try SafetensorsFile.write(run.state, to: path)
      if session == 3 {
        #expect(run.parameters == whole.parameters)
        #expect(run.averages.map(\.mean) == whole.averages.map(\.mean))
        #expect(run.averages.map(\.variance) == whole.averages.map(\.variance))
        for (mine, other) in zip(run.optimizer.state, whole.optimizer.state) { #expect(mine.vector == other.vector) }
      }
    }
    #expect(seen == losses)
  }

  @Test func statesOfOtherRuns() throws {
    let path = FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString).safetensors"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var run = try start(settings(.adam), workers: 1)
    _ = try run.advance()
    let kept = run.parameters
    for (name, change) in [
      ("parameters", NumpyArray([Float](repeating: 0, count: 3))), ("optimizer.mean", NumpyArray([1.0])),
      ("step", NumpyArray([Int64(99)])), ("averages.0.mean", NumpyArray([Float](repeating: 0, count: 3))),
    ] {
      var arrays = run.state
      let index = try #require(arrays.firstIndex { $0.name == name })
      arrays[index].array = change
      try SafetensorsFile.write(arrays, to: path)
      #expect(throws: InputError.self) { try run.restore(SafetensorsFile(contentsOf: path)) }
      arrays.remove(at: index)
      try SafetensorsFile.write(arrays, to: path)
      #expect(throws: InputError.self) { try run.restore(SafetensorsFile(contentsOf: path)) }
    }
    #expect(run.parameters == kept && run.step == 1)
  }

  @Test func checkpointsHoldWhatWasTrained() throws {
    let path = FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString).safetensors"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var run = try start(settings(.heavyBall), workers: 1)
    for _ in 0..<3 { _ = try run.advance() }
    try Checkpoint.write(run, to: path)
    let file = try SafetensorsFile(contentsOf: path)
    #expect(file.metadata["step"] == "3")
    let read = try Checkpoint.network(run.network, at: file)
    #expect(read.parameterVector(as: Float.self) == run.parameters)
    let trained = try run.trainedNetwork()
    for (mine, other) in zip(read.literals, trained.literals) {
      #expect(mine.values.values(as: Double.self) == other.values.values(as: Double.self))
    }
    #expect(read.literals[0].values.values(as: Float.self) == run.averages[0].mean)
    #expect(Checkpoint.fileName(step: 12) == "step-000012.safetensors")
    let other = try Network(named: "mlp:64-16-10", seed: 0)
    #expect(throws: InputError.self) { try Checkpoint.network(other, at: file) }
  }

  @Test func lossesThatAreNotFinite() throws {
    var run = try TrainingRun<Float>(
      network: Network(named: "mlp:64-16-10", seed: 0), dataset: Self.digits(40), loss: .crossEntropy,
      settings: TrainingSettings(
        optimizer: OptimizerSettings(.gradientDescent), learningRate: 1e30, batchSize: 20, steps: 100),
      pool: WorkerPool(count: 1))
    #expect(throws: InputError.self) { while !run.isFinished { _ = try run.advance() } }
    #expect(!run.isFinished)
  }
}
