import Analyses
import Archives
import Curvature
import Datasets
import Foundation
import Krylov
import Networks
import Tensors
import Testing
import Training

/// The observer against dense answers along gradient descent of a small network.
@Suite struct TrajectoryObserverTests {
  static func network() throws -> Network {
    try Network(input: [4], seed: 11) {
      Dense(4, 5)
      Tanh()
      Dense(5, 3)
    }
  }

  static func data(_ samples: Int = 30) throws -> Dataset {
    let labels: [Int64] = (0..<samples).map { sample in Int64((sample * 5 + sample / 4) % 3) }
    return try Dataset(inputs: SmallObjective.numbers([samples, 4], seed: 1), targets: .init(labels))
  }

  static func observer(_ settings: TrajectorySettings, batchSize: Int? = nil) throws -> TrajectoryObserver<Double> {
    try TrajectoryObserver(
      network: network(), dataset: data(), loss: .crossEntropy, settings: settings, batchSize: batchSize,
      pool: WorkerPool(count: 1))
  }

  /// θ after some steps of gradient descent.
  static func trajectory(_ steps: [Int], learningRate: Double = 0.5) throws -> [Vector<Double>] {
    let objective: Objective<Double> = try SmallObjective.make()
    return try steps.map { steps in
      try MomentumDescent(learningRate: learningRate, momentum: 0, steps: steps).train(objective) { _, _ in }
    }
  }

  static func moment(
    _ step: Int, _ parameters: Vector<Double>, optimizer: OptimizerContext<Double>? = nil
  ) -> TrajectoryMoment<Double> {
    TrajectoryMoment(step: step, epoch: Double(step), reason: .schedule, parameters: parameters, optimizer: optimizer)
  }

  struct Exact {
    var values: [Double]
    var vectors: [[Double]]
    var gradient: [Double]
    var loss: Double

    init(at parameters: Vector<Double>) throws {
      let objective: Objective<Double> = try SmallObjective.make().at(parameters)
      let (matrix, _) = try ExactSpectrum.symmetricMatrix(objective.hessian())
      let n = objective.dimension
      let eigen = try DenseMatrix(rows: n, columns: n, elements: matrix).symmetricEigen()
      values = Array(eigen.values.reversed())
      vectors = (0..<n).reversed().map { Array(eigen.vector($0)) }
      let (loss, gradient) = try objective.lossAndGradient()
      self.loss = loss
      self.gradient = gradient.elements
    }
  }

  static func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }

  @Test func agreesWithDenseAnswersAlongATrajectory() throws {
    var observer = try Self.observer(
      TrajectorySettings(top: 6, bottom: 2, tolerance: 1e-8, traceProbes: 4, subspace: 3))
    var earlier: Exact?
    for (step, parameters) in zip([0, 5, 10, 20], try Self.trajectory([0, 5, 10, 20])) {
      let exact = try Exact(at: parameters)
      let update = Vector(exact.gradient.map { -0.5 * $0 })
      let context = OptimizerContext(
        learningRate: 0.5, edge: .heavyBall(momentum: 0.9), update: update, updateIsNext: true)
      let result = try observer.measure(at: Self.moment(step, parameters, optimizer: context)).measurements[0]
      #expect(abs((result.loss ?? 0) - exact.loss) < 1e-12)
      for (value, expected) in zip(result.top, exact.values) { #expect(abs(value - expected) < 1e-9) }
      for (value, expected) in zip(result.bottom, exact.values.reversed()) { #expect(abs(value - expected) < 1e-9) }
      #expect(result.edge == 2 * 1.9 / 0.5 && result.sharpness == result.top[0])
      let inside = exact.vectors[..<3].reduce(0) { $0 + pow(Self.dot($1, exact.gradient), 2) }
      let fraction = inside / Self.dot(exact.gradient, exact.gradient)
      let measured = try #require(result.gradientFraction)
      #expect(abs(measured.value - fraction) < 1e-6 && measured.isBound && (measured.error ?? 1) < 1e-6)
      #expect(abs((result.updateFraction?.value ?? 0) - fraction) < 1e-6)
      #expect(result.fractionByChance == 3.0 / 43)
      if let earlier {
        let overlap = try #require(result.overlap)
        var expected = 0.0
        for u in earlier.vectors[..<3] { for v in exact.vectors[..<3] { expected += pow(Self.dot(u, v), 2) / 3 } }
        #expect(abs(overlap.value - expected) < 1e-6 && (overlap.error ?? 1) < 1e-5)
        #expect(abs((result.overlapByChance ?? 0) - 3.0 / 43) < 1e-15)
      } else {
        #expect(result.overlap == nil)
      }
      earlier = exact
    }
  }

  @Test func densityDeflatesWhatIsFollowed() throws {
    let parameters = try Self.trajectory([15])[0]
    let exact = try Exact(at: parameters)
    var observer = try Self.observer(
      TrajectorySettings(top: 4, tolerance: 1e-8, quadrature: QuadratureOptions(probes: 6, steps: 43)))
    let result = try observer.measure(at: Self.moment(3, parameters)).measurements[0]
    let density = try #require(result.density)
    #expect(density.deflated.count == 6 && density.grid.count == 400 && density.steps <= 43)
    let highest = density.density.max() ?? 0
    for (x, height) in zip(density.grid, density.density) {
      let value = try #require(density.density(at: x, dimension: exact.values.count))
      #expect(abs(value - height) < 1e-12 * highest)
    }
    let trace = try #require(result.trace)
    #expect(abs(trace.value - exact.values.reduce(0, +)) < 5 * (trace.error ?? 0) + 1e-9)
    let mass = exact.values.reduce(0) { $0 + Swift.max(0, -$1) } / exact.values.reduce(0) { $0 + abs($1) }
    #expect(abs((result.negativeMass ?? 1) - mass) < 0.15)
    let without = try observer.measure(at: Self.moment(4, parameters), includesDensity: false)
    #expect(without.measurements[0].density == nil && without.operations > 0)
  }

  /// Training of a quadratic by heavy ball and Nesterov's method with weight decay is the noisy quadratic model itself;
  /// a step's change of the loss is its second-order expansion.
  @Test(arguments: [SharpnessEdge.heavyBall(momentum: 0.8), .nesterov(momentum: 0.8), .gradientDescent])
  func quadraticsAreAsPredicted(_ edge: SharpnessEdge) throws {
    let network = try Network(input: [4], seed: 2) { Dense(4, 1) }
    let inputs = SmallObjective.numbers([30, 4], seed: 1)
    let targets = try Dataset(
      inputs: inputs, targets: .init(SmallObjective.numbers([30, 1], seed: 5)))
    let pool = WorkerPool(count: 1)
    var observer = try TrajectoryObserver<Double>(
      network: network, dataset: targets, loss: .squaredError,
      settings: TrajectorySettings(top: 3, tolerance: 1e-10, lossChange: true, directions: true), pool: pool)
    let objective = try Objective<Double>(network: network, dataset: targets, loss: .squaredError, pool: pool)
    let (rate, decay) = (0.02, 0.3)
    var parameters = network.parameterVector(as: Double.self).elements
    var velocity = [Double](repeating: 0, count: 5)
    for step in 0..<12 {
      let plain = try objective.gradientFunction()(Vector(parameters)).gradient
      let gradient = plain.elements.indices.map { plain[$0] + decay * parameters[$0] }
      var update = gradient.map { -rate * $0 }
      var momentum: Vector<Double>?
      if edge != .gradientDescent {
        velocity = zip(velocity, gradient).map { 0.8 * $0 + $1 }
        if case .heavyBall = edge { update = velocity.map { -rate * $0 } }
        if case .nesterov = edge { update = zip(gradient, velocity).map { -rate * ($0 + 0.8 * $1) } }
        momentum = Vector(velocity)
      }
      if step == 3 || step == 11 {
        let context = OptimizerContext<Double>(
          learningRate: rate, batchSize: 30, sampleCount: 30, edge: edge, weightDecay: .coupled(decay),
          update: Vector(update), updateIsNext: true, velocity: momentum)
        let result = try observer.measure(at: Self.moment(step, Vector(parameters), optimizer: context)).measurements[0]
        let top = try #require(result.top.first)
        #expect(abs((result.sharpness ?? 0) - top - decay) < 1e-9 && result.edge == edge.value(learningRate: rate))
        let change = try #require(result.updateChange)
        #expect(abs(change.predicted.value - change.observed.value) < 1e-10)
        let gradientStep = try #require(result.lossChange)
        #expect(abs(gradientStep.predicted.value - gradientStep.observed.value) < 1e-10)
        if step == 11 {
          let directions = try #require(result.directions)
          for (predicted, observed) in zip(directions.earlierPredicted, directions.earlierObserved) {
            #expect(abs(predicted - observed) < 1e-8)
          }
          #expect(directions.earlierPredicted.count == 3)
        }
      }
      parameters = zip(parameters, update).map(+)
    }
  }

  /// At μ = −1 of the step's matrix, decoupled decay multiplying θ by 1 − ηλ.
  @Test func edgesUnderDecoupledDecay() {
    let (rate, decay) = (0.1, 0.4)
    for edge in [
      SharpnessEdge.gradientDescent, .heavyBall(momentum: 0.7), .nesterov(momentum: 0.7), .adam(beta1: 0.7),
    ] {
      let value = edge.value(learningRate: rate) - edge.shift(decoupledDecay: decay)
      var (theta, velocity) = (1.0, 0.0)
      // The vector that changes its sign in every step: v′ = −v.
      switch edge {
      case .gradientDescent: break
      case .heavyBall, .nesterov: velocity = -value / 1.7
      case .adam: velocity = -(0.3 * value) / 1.7
      }
      let start = (theta, velocity)
      var step = value * theta
      switch edge {
      case .gradientDescent: break
      case .heavyBall:
        velocity = 0.7 * velocity + step
        step = velocity
      case .nesterov:
        velocity = 0.7 * velocity + step
        step += 0.7 * velocity
      case .adam:
        velocity = 0.7 * velocity + 0.3 * step
        step = velocity
      }
      theta = (1 - rate * decay) * theta - rate * step
      #expect(abs(theta + start.0) < 1e-12 && abs(velocity + start.1) < 1e-12)
    }
  }

  /// Without mini-batches given, those that noise needs are drawn; a step with all samples has none.
  @Test func noiseIsMeasuredWhereItIsNeeded() throws {
    let settings = TrajectorySettings(top: 2, lossChange: true, directions: true)
    let parameters = try Self.trajectory([10])[0]
    let context = OptimizerContext<Double>(learningRate: 0.1, batchSize: 3, sampleCount: 30, edge: .gradientDescent)
    var noisy = try Self.observer(settings, batchSize: 3)
    let measured = try noisy.measure(at: Self.moment(0, parameters, optimizer: context)).measurements[0]
    #expect((measured.lossChange?.predicted.error ?? 0) > 0 && measured.directions?.noise.allSatisfy { $0 > 0 } == true)
    var quiet = try Self.observer(settings)
    let whole = try quiet.measure(at: Self.moment(0, parameters, optimizer: context)).measurements[0]
    #expect(whole.lossChange?.quantiles.isEmpty == true && whole.directions?.noise == [0, 0])
    #expect((whole.lossChange?.predicted.value ?? 0) < (measured.lossChange?.predicted.value ?? 0))
    #expect(throws: InputError.self) {
      try Self.observer(TrajectorySettings(kind: .gaussNewton, top: 2, lossChange: true))
    }
    var other = try Self.observer(TrajectorySettings(kind: .gaussNewton, top: 2))
    let ggn = try other.measure(at: Self.moment(0, parameters, optimizer: context)).measurements[0]
    #expect(ggn.edge == nil && ggn.sharpness == ggn.top.first)
  }

  @Test func sharpnessOfAdamIsThatOfThePreconditionedMatrix() throws {
    let parameters = try Self.trajectory([10])[0]
    let objective: Objective<Double> = try SmallObjective.make().at(parameters)
    let n = objective.dimension
    let preconditioner = (0..<n).map { 0.1 + 0.05 * Double($0 % 7) }
    let (matrix, _) = try ExactSpectrum.symmetricMatrix(objective.hessian())
    let scaled = (0..<n * n).map { matrix[$0] / (preconditioner[$0 / n] * preconditioner[$0 % n]).squareRoot() }
    let expected = try DenseMatrix(rows: n, columns: n, elements: scaled).symmetricEigenvalues()[n - 1]
    var observer = try Self.observer(TrajectorySettings(top: 2, tolerance: 1e-8))
    for _ in 0..<2 {
      let context = OptimizerContext(
        learningRate: 0.01, edge: .adam(beta1: 0.9), preconditioner: Vector(preconditioner))
      let result = try observer.measure(at: Self.moment(1, parameters, optimizer: context)).measurements[0]
      #expect(abs((result.sharpness ?? 0) - expected) < 1e-9)
      #expect(abs((result.edge ?? 0) - 2 * 1.9 / (0.1 * 0.01)) < 1e-9)
    }
  }

  @Test func layersAreDiagonalBlocks() throws {
    let parameters = try Self.trajectory([10])[0]
    var observer = try Self.observer(TrajectorySettings(top: 1, tolerance: 1e-8, layerTop: 2))
    for _ in 0..<2 {
      let measurements = try observer.measure(at: Self.moment(1, parameters)).measurements
      #expect(measurements.count == 3 && measurements[0].block == nil)
      let objective: Objective<Double> = try SmallObjective.make().at(parameters)
      for (measurement, block) in zip(measurements.dropFirst(), objective.blocks(.layer)) {
        #expect(measurement.block == block.name)
        let (matrix, _) = try ExactSpectrum.symmetricMatrix(objective.hessian())
        let indices = Array(block.ranges.joined())
        let part = indices.flatMap { row in indices.map { matrix[row * objective.dimension + $0] } }
        let values = try DenseMatrix(rows: indices.count, columns: indices.count, elements: part).symmetricEigenvalues()
        for (value, expected) in zip(measurement.top, values.reversed()) { #expect(abs(value - expected) < 1e-9) }
      }
    }
  }

  @Test func goesOnWithTheSameBitsAfterRestoring() throws {
    let settings = TrajectorySettings(
      top: 4, bottom: 1, quadrature: QuadratureOptions(probes: 2, steps: 10), batches: 4, batchSize: 8,
      lossChange: true,
      directions: true, layerTop: 1)
    let points = try Self.trajectory([0, 3, 6, 9])
    let context = OptimizerContext<Double>(learningRate: 0.5, edge: .gradientDescent)
    var observer = try Self.observer(settings)
    for (step, parameters) in points[..<2].enumerated() {
      _ = try observer.measure(at: Self.moment(3 * step, parameters, optimizer: context))
    }
    // Through a file, as a run stores it.
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("observer-\(UUID()).npz").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    try SnapshotArchive.write(observer.state, to: file)
    var resumed = try Self.observer(settings)
    try resumed.restore(SnapshotArchive.read(file))
    for (step, parameters) in points[2...].enumerated() {
      let moment = Self.moment(6 + 3 * step, parameters, optimizer: context)
      let (a, b) = (try observer.measure(at: moment), try resumed.measure(at: moment))
      #expect(a.operations == b.operations)
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      #expect(try encoder.encode(a.measurements) == encoder.encode(b.measurements))
    }
    var other = try Self.observer(TrajectorySettings(top: 5))
    #expect(throws: InputError.self) { try other.restore(observer.state) }
    #expect(throws: InputError.self) { try other.restore(KrylovSnapshot(kind: "eigenpairs 1")) }
  }

  @Test func anInterruptedMeasurementLeavesTheObserverAsItWas() throws {
    struct Stop: Error {}
    let points = try Self.trajectory([0, 3])
    var observer = try Self.observer(TrajectorySettings(top: 3))
    _ = try observer.measure(at: Self.moment(0, points[0]))
    let before = observer.state
    #expect(throws: Stop.self) { try observer.measure(at: Self.moment(3, points[1])) { throw Stop() } }
    #expect(observer.state == before)
  }

  @Test func refusesWhatDoesNotFit() throws {
    var observer = try Self.observer(TrajectorySettings(top: 3))
    #expect(throws: InputError.self) { try observer.measure(at: Self.moment(0, Vector([1.0, 2]))) }
    let parameters = try Self.trajectory([0])[0]
    let zero = OptimizerContext<Double>(
      learningRate: 0.1, edge: .adam(beta1: 0.9), preconditioner: Vector(zeros: parameters.count))
    #expect(throws: InputError.self) { try observer.measure(at: Self.moment(0, parameters, optimizer: zero)) }
    #expect(throws: InputError.self) { try Self.observer(TrajectorySettings(kind: .tangentKernel)) }
    #expect(throws: InputError.self) { try Self.observer(TrajectorySettings(top: -1, bottom: 3)) }
    #expect(throws: InputError.self) { try Self.observer(TrajectorySettings(batches: 2, batchSize: 0)) }
  }
}
