import Archives
import Autodiff
import Datasets
import Krylov
import Networks
import Tensors
import TestSupport
import Testing

@testable import Curvature

/// The modes of batch normalisation as objectives: groups, populations, and what cannot be.
struct BatchNormalizationTests {
  static let samples = 24

  static func network(_ mode: BatchNormalizationMode) throws -> Network {
    try Network(input: [2, 5, 5], seed: 3) {
      Convolution2D(2, 3, filter: 3, stride: 2, padding: 1, bias: false)
      BatchNormalization(3)
      Tanh()
      Convolution2D(3, 4, filter: 2)
      BatchNormalization(4)
      Softplus()
      AdaptiveAveragePooling2D(1)
      Flatten()
      Dense(4, 3)
    }.withBatchNormalization(mode)
  }

  static func data(_ rows: [Int]? = nil) throws -> Dataset {
    let whole = try Dataset(
      inputs: SmallProblem.numbers([samples, 2, 5, 5], seed: 1), targets: SmallProblem.labels(samples, classes: 3))
    guard let rows else { return whole }
    let x = whole.inputs(as: Double.self)
    let labels = SmallProblem.labels(samples, classes: 3)
    let y = try labels.integers()
    return try Dataset(
      inputs: NumpyArray(rows.flatMap { x[$0 * 50..<($0 + 1) * 50] }, shape: [rows.count, 2, 5, 5]),
      targets: NumpyArray(rows.map { Int64(y[$0]) }))
  }

  static func objective(
    _ mode: BatchNormalizationMode, _ options: ExecutionOptions = ExecutionOptions(), workers: Int = 1
  ) throws -> Objective<Double> {
    try SmallProblem.objective(network(mode), data(), .crossEntropy, options: options, workers: workers)
  }

  private func quantities(_ objective: Objective<Double>) throws -> [Vector<Double>] {
    let v = randomVector(objective.dimension, seed: 2, as: Double.self)
    let (loss, gradient) = try objective.lossAndGradient()
    return [
      Vector([loss]), gradient, try objective.hessian().apply(v), try objective.gaussNewton().apply(v),
    ]
  }

  /// The objective of groups is the mean of the objectives of each group, cut after the shuffle.
  @Test(arguments: [4, 6, 8]) func groups(size: Int) throws {
    let options = ExecutionOptions(batchNormGroup: size, seed: 11)
    let objective = try Self.objective(.batch, options)
    #expect(objective.schedule.group == size)
    let order = try #require(
      ScheduleRule.order(samples: Self.samples, network: Self.network(.batch), options: options))
    #expect(order.sorted() == Array(0..<Self.samples) && order != order.sorted())
    var means: [[Double]] = []
    for start in stride(from: 0, to: Self.samples, by: size) {
      let group = try SmallProblem.objective(
        Self.network(.batch), Self.data(Array(order[start..<start + size])), .crossEntropy)
      let found = try quantities(group).map { $0.elements.map { $0 * Double(size) / Double(Self.samples) } }
      means = means.isEmpty ? found : zip(means, found).map { zip($0, $1).map { $0 + $1 } }
    }
    for (vector, expected) in zip(try quantities(objective), means) { #expect(relativeError(vector, expected) < 1e-12) }
    let other = try Self.objective(.batch, ExecutionOptions(batchNormGroup: size, seed: 12))
    #expect(try other.lossAndGradient().loss != objective.lossAndGradient().loss)
  }

  /// Rows of samples stand in the order of the data, whatever order the groups are cut in.
  @Test func rowsOfGroups() throws {
    let options = ExecutionOptions(batchNormGroup: 8, seed: 11)
    let objective = try Self.objective(.batch, options)
    let order = try #require(
      ScheduleRule.order(samples: Self.samples, network: Self.network(.batch), options: options))
    let (outputs, losses) = (try objective.outputs(), try objective.sampleLosses())
    let jacobian = try objective.jacobian()
    let v = randomVector(objective.dimension, seed: 2, as: Double.self)
    let u = randomVector(jacobian.codomain.dimension, seed: 3, as: Double.self)
    let image = try jacobian.apply([v])[0]
    var pulled = Vector<Double>(zeros: objective.dimension)
    for start in stride(from: 0, to: Self.samples, by: 8) {
      let rows = Array(order[start..<start + 8])
      let group = try SmallProblem.objective(Self.network(.batch), Self.data(rows), .crossEntropy, as: Double.self)
      func given(_ values: Vector<Double>, _ width: Int) -> [Double] {
        rows.flatMap { row in (0..<width).map { values[row * width + $0] } }
      }
      #expect(relativeError(try group.outputs(), given(outputs, 3)) < 1e-13)
      #expect(relativeError(try group.sampleLosses(), given(losses, 1)) < 1e-13)
      let other = try group.jacobian()
      #expect(relativeError(try other.apply([v])[0], given(image, 3)) < 1e-12)
      objective.space.axpy(1, try other.applyTransposed([Vector(given(u, 3))])[0], &pulled)
    }
    #expect(relativeError(try jacobian.applyTransposed([u])[0], pulled.elements) < 1e-12)
    // A sample's gradient runs through its group, so that its square is nothing a formula knows.
    for kind in [OperatorKind.gaussNewton, .gradientSecondMoment] {
      #expect(try objective.exactDiagonal(of: kind) == nil)
    }
  }

  @Test func sameBitsForAnyNumberOfWorkers() throws {
    let options = ExecutionOptions(batchNormGroup: 4)
    let one = try quantities(Self.objective(.batch, options))
    for workers in [2, 4] { #expect(try quantities(Self.objective(.batch, options, workers: workers)) == one) }
    let population = try quantities(Self.objective(.population, ExecutionOptions(microbatch: 5)))
    for workers in [2, 4] {
      #expect(
        try quantities(Self.objective(.population, ExecutionOptions(microbatch: 5), workers: workers)) == population)
    }
  }

  /// All samples are one group unless told, in the order of the data.
  @Test func oneGroup() throws {
    let whole = try Self.objective(.batch)
    #expect(whole.schedule.group == Self.samples && whole.schedule.rounds == 1)
    #expect(try quantities(whole) == quantities(Self.objective(.batch, ExecutionOptions(batchNormGroup: 24))))
    #expect(try quantities(whole) == quantities(Self.objective(.populationDifferentiated)))
  }

  /// A group cut into slices that meet at the statistics is the group, whatever the operator, the slices and the workers.
  @Test(arguments: [(24, 12), (24, 2), (12, 4), (12, 3), (8, 2)]) func slices(group: Int, slice: Int) throws {
    func all(_ options: ExecutionOptions, _ workers: Int = 1) throws -> [Vector<Double>] {
      let objective = try Self.objective(.batch, options, workers: workers)
      let v = randomVector(objective.dimension, seed: 2, as: Double.self)
      let jacobian = try objective.jacobian()
      let u = randomVector(jacobian.codomain.dimension, seed: 3, as: Double.self)
      return try quantities(objective) + [
        objective.outputs(), objective.gradientSecondMoment().apply(v), jacobian.apply([v])[0],
        jacobian.applyTransposed([u])[0],
      ] + objective.hessian().apply([v, randomVector(objective.dimension, seed: 4, as: Double.self)])
    }
    let whole = try all(ExecutionOptions(microbatch: group, batchNormGroup: group))
    let sliced = ExecutionOptions(microbatch: slice, batchNormGroup: group)
    #expect(try Self.objective(.batch, sliced).schedule.slices == group / slice)
    let found = try all(sliced)
    for (vector, expected) in zip(found, whole) { #expect(relativeError(vector, expected.elements) < 1e-12) }
    for workers in [2, 4] { #expect(try all(sliced, workers) == found) }
    var nothingKept = sliced
    nothingKept.residualBytes = 0
    #expect(try all(nothingKept, 2) == found)
    // Some of a group's residuals in memory are none.
    nothingKept.residualBytes = 5000
    #expect(try all(nothingKept, 2) == found)
  }

  @Test func slicesThatDoNotDivideTheGroup() throws {
    #expect(throws: InputError.self) { try Self.objective(.batch, ExecutionOptions(microbatch: 5, batchNormGroup: 24)) }
    #expect(throws: InputError.self) { try Self.objective(.batch, ExecutionOptions(microbatch: 1, batchNormGroup: 24)) }
  }

  /// Statistics of all samples: the loss is that of one group, derivatives are those of a network that has these
  /// statistics stored.
  @Test(arguments: [1, 5, 24, 100]) func population(microbatch: Int) throws {
    let objective = try Self.objective(.population, ExecutionOptions(microbatch: microbatch))
    let through = try Self.objective(.populationDifferentiated)
    let found = try quantities(objective)
    let coupled = try quantities(through)
    #expect(relativeError(found[0], coupled[0]) < 1e-12)
    #expect(relativeError(found[1], coupled[1]) > 1e-3)
    let stored = try SmallProblem.objective(
      objective.network.withBatchNormalization(.running), Self.data(), .crossEntropy, as: Double.self)
    for (vector, expected) in zip(found, try quantities(stored)) { #expect(relativeError(vector, expected) < 1e-12) }
    // Elsewhere the statistics are others.
    let moved = randomVector(objective.dimension, seed: 8, as: Double.self)
    let (loss, expected) = (
      try objective.at(moved).lossAndGradient().loss, try through.at(moved).lossAndGradient().loss
    )
    #expect(abs(loss - expected) < 1e-12 * expected)
  }

  @Test func microbatchesOfRunningStatistics() throws {
    let whole = try quantities(Self.objective(.running, ExecutionOptions(microbatch: 24)))
    for size in [1, 7] {
      for (vector, expected) in zip(try quantities(Self.objective(.running, ExecutionOptions(microbatch: size))), whole)
      {
        #expect(relativeError(vector, expected) < 1e-12)
      }
    }
  }

  @Test func whatIsRefused() throws {
    func problem(_ mode: BatchNormalizationMode, _ options: ExecutionOptions) -> String {
      let error = #expect(throws: InputError.self) { try Self.objective(mode, options) }
      return error?.description ?? ""
    }
    #expect(
      problem(.batch, ExecutionOptions(batchNormGroup: 7)).contains(
        "24 samples cannot be cut into groups of 7: the last would have 3"))
    #expect(problem(.batch, ExecutionOptions(batchNormGroup: 1)).contains("would normalise it away"))
    #expect(problem(.batch, ExecutionOptions(microbatch: 5)).contains("does not divide the group of 24 samples"))
    #expect(problem(.running, ExecutionOptions(batchNormGroup: 4)).contains("statistics are running"))
    #expect(problem(.population, ExecutionOptions(batchNormGroup: 4)).contains("statistics are population"))
    let plain = #expect(throws: InputError.self) {
      try SmallProblem.standard(options: ExecutionOptions(batchNormGroup: 4))
    }
    #expect(plain?.description.contains("has no batch normalisation") == true)
  }

  /// A network that uses one layer's statistics twice has no population of it; one without statistics neither.
  @Test(.enabled(if: Reference.isAvailable, "needs the reference cases")) func fixedBatches() throws {
    let reference = try ReferenceCase.load("resnet-bn-train-ce")
    let network = try Network(exportedProgram: reference.staticModelPath)
    let data = try Dataset.load(reference.dataPath)
    let half = try Dataset.load(reference.dataPath, options: DatasetOptions(samples: 80))
    #expect(throws: InputError.self) { try SmallProblem.objective(network, half, .crossEntropy, as: Double.self) }
    // The statistics of 80 samples, found at a batch size of 160: the repeated ones do not count.
    let fixed = try SmallProblem.objective(
      network.withBatchNormalization(.population), half, .crossEntropy, as: Double.self)
    let dynamic = try SmallProblem.objective(
      Network(exportedProgram: reference.modelPath), half, .crossEntropy, as: Double.self)
    let (loss, expected) = (try fixed.lossAndGradient().loss, try dynamic.lossAndGradient().loss)
    #expect(abs(loss - expected) < 1e-12 * expected)
    let whole = try SmallProblem.objective(
      network.withBatchNormalization(.population), data, .crossEntropy, as: Float.self)
    let reported = try reference.doubles("loss")[0]
    #expect(abs(try whole.lossAndGradient().loss - reported) < 1e-5 * reported)
  }

  /// A Hessian-vector product passes over the images of a layer 16 times: for the tangents of the statistics it reads x
  /// and ẋ; for the normalised tangent these, the mask, and writes one; for the sums of the cotangents it reads both
  /// cotangents, x, ẋ and the mask and writes one; for the cotangent of the input it reads that, x and ẋ, and writes
  /// one.
  @Test func passesOverMemory() throws {
    let samples = 4
    func elements(_ layers: Int) throws -> Double {
      let network = try Network(input: [8, 16, 16], seed: 3) {
        for _ in 0..<layers {
          Convolution2D(8, 8, filter: 3, padding: 1, bias: false)
          BatchNormalization(8)
          ReLU()
        }
        AdaptiveAveragePooling2D(1)
        Flatten()
        Dense(8, 3)
      }.withBatchNormalization(.batch)
      let data = try Dataset(
        inputs: SmallProblem.numbers([samples, 8, 16, 16], seed: 1), targets: SmallProblem.labels(samples, classes: 3))
      let objective = try SmallProblem.objective(network, data, .crossEntropy)
      let plans = try objective.plans { graph throws(InputError) in try graph.product(of: .hessian, blocks: nil) }
      return plans.reduce(0) { $0 + ($1.value.elementCounts[.linear] ?? 0) / Double($1.key) }
    }
    let passes = try (elements(4) - elements(3)) / Double(8 * 16 * 16)
    #expect(passes >= 16 && passes < 16.5, "\(passes)")
  }
}
