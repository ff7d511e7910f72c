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
    #expect(density.deflated.count == 4 && density.grid.count == 400 && density.steps <= 43)
    let trace = try #require(result.trace)
    #expect(abs(trace.value - exact.values.reduce(0, +)) < 5 * (trace.error ?? 0) + 1e-9)
    let mass = exact.values.reduce(0) { $0 + Swift.max(0, -$1) } / exact.values.reduce(0) { $0 + abs($1) }
    #expect(abs((result.negativeMass ?? 1) - mass) < 0.15)
    let without = try observer.measure(at: Self.moment(4, parameters), includesDensity: false)
    #expect(without.measurements[0].density == nil && without.operations > 0)
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
