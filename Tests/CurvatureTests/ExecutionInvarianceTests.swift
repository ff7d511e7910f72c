import Archives
import Autodiff
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import TestSupport
import Testing

/// The way a computation is cut and shared out does not change what it computes.
@Suite struct ExecutionInvarianceTests {
  private struct Results<Scalar: Real>: Equatable {
    var loss: Double
    var gradient: Vector<Scalar>
    var products: [Vector<Scalar>]
    var values: [Double]
    var vectors: [Vector<Scalar>]
    var density: [Double]
  }

  private func results<Scalar: Real>(_ objective: Objective<Scalar>) throws -> Results<Scalar> {
    let hessian = try objective.hessian()
    let directions = (0..<3).map { randomVector(objective.dimension, seed: $0, as: Scalar.self) }
    let (loss, gradient) = try objective.lossAndGradient()
    var solver = try EigenpairSolver(space: hessian.space, options: EigenpairOptions(top: 3, bottom: 2))
    while !solver.isFinished { try solver.step(hessian) }
    let pairs = try solver.eigenpairs(hessian)
    let found = pairs.top + pairs.bottom
    var quadrature = try StochasticLanczosQuadrature(
      space: hessian.space, options: QuadratureOptions(probes: 2, steps: 15))
    while !quadrature.isFinished { try quadrature.step(hessian) }
    return Results(
      loss: loss, gradient: gradient,
      products: try hessian.apply(directions) + objective.gaussNewton().apply(directions),
      values: found.map(\.value) + found.map(\.residual), vectors: found.map(\.vector),
      density: try SpectralDensity(quadrature.sample).density)
  }

  private func workers<Scalar: Real>(_ type: Scalar.Type) throws {
    let network = try Network(named: "mlp:60-90-40-10", seed: 5)
    let data = try SmallProblem.labelled(samples: 700, inputs: 60, classes: 10)
    let options = ExecutionOptions(microbatch: 48)
    let one: Results<Scalar> = try results(
      SmallProblem.objective(network, data, .crossEntropy, as: type, options: options, workers: 1))
    #expect(one.density.contains { $0 > 0 } && one.values.count == 10)
    for count in [2, 4] {
      let other: Results<Scalar> = try results(
        SmallProblem.objective(network, data, .crossEntropy, as: type, options: options, workers: count))
      #expect(other == one, "\(count) workers")
    }
  }

  /// More than 8192 parameters, so that the work on vectors is shared out too.
  @Test func sameBitsForAnyNumberOfWorkers() throws {
    try workers(Double.self)
    try workers(Float.self)
  }

  private func microbatches<Scalar: Real>(_ type: Scalar.Type, within tolerance: Double) throws {
    let network = try SmallProblem.network()
    let data = try SmallProblem.labelled(samples: 200, inputs: 6, classes: 4)
    let direction = randomVector(network.parameterCount, seed: 9, as: type)
    func run(_ microbatch: Int) throws -> (Double, [Vector<Scalar>]) {
      let objective = try SmallProblem.objective(
        network, data, .crossEntropy, as: type, options: ExecutionOptions(microbatch: microbatch))
      let (loss, gradient) = try objective.lossAndGradient()
      return (
        loss,
        [gradient, try objective.hessian().apply(direction), try objective.gaussNewton().apply(direction)]
      )
    }
    let (loss, vectors) = try run(200)
    for size in [1, 7, 64, 1000] {
      let (otherLoss, others) = try run(size)
      #expect(abs(otherLoss - loss) <= tolerance * loss)
      for (other, vector) in zip(others, vectors) {
        #expect(relativeError(other, vector) <= tolerance, "microbatches of \(size)")
      }
    }
  }

  @Test func microbatchesAgree() throws {
    try microbatches(Double.self, within: 1e-12)
    try microbatches(Float.self, within: 1e-5)
  }

  /// Residuals that do not fit are computed again, with the same bits.
  @Test func keptAndRecomputedResiduals() throws {
    let network = try SmallProblem.network()
    let data = try SmallProblem.labelled(samples: 100, inputs: 6, classes: 4)
    let direction = randomVector(network.parameterCount, seed: 9, as: Double.self)
    func run(_ bytes: Int) throws -> (Int, [Vector<Double>]) {
      let hessian = try SmallProblem.objective(
        network, data, .crossEntropy, as: Double.self,
        options: ExecutionOptions(microbatch: 16, residualBytes: bytes)
      ).hessian()
      return (hessian.keptMicrobatches, [try hessian.apply(direction), try hessian.apply(direction)])
    }
    let (all, expected) = try run(1 << 30)
    let (none, recomputed) = try run(0)
    let (some, mixed) = try run(20_000)
    #expect(all == 7 && none == 0 && some > 0 && some < 7)
    #expect(expected == recomputed && expected == mixed && expected[0] == expected[1])
  }

  @Test func severalVectorsInOneCall() throws {
    let objective = try SmallProblem.standard(options: ExecutionOptions(microbatch: 9))
    for kind in OperatorKind.withoutClasses {
      let operation = try objective.curvature(kind)
      let directions = (0..<5).map { randomVector(operation.dimension, seed: $0, as: Double.self) }
      let together = try operation.apply(directions)
      #expect(operation.productCount == 5)
      #expect(try directions.map { try operation.apply($0) } == together)
      #expect(try operation.apply([Vector<Double>]()).isEmpty)
    }
  }

  @Test func aVectorOfAnotherDimension() throws {
    let hessian = try SmallProblem.standard().hessian()
    #expect(throws: InputError.self) { try hessian.apply(Vector<Double>(zeros: 3)) }
  }

  @Test func theMicrobatchIsAtLeastOne() throws {
    #expect(throws: InputError.self) { try SmallProblem.standard(options: ExecutionOptions(microbatch: 0)) }
  }
}

/// Models exported at a fixed batch size, on other numbers of samples.
@Suite(.enabled(if: Reference.isAvailable, "needs the reference cases"))
struct FixedBatchTests {
  /// The first samples of a case, begun again from its first one where there are not enough.
  private func data(_ reference: ReferenceCase, samples: Int) throws -> Dataset {
    let arrays = try (#require(reference.data["x"]), #require(reference.data["y"]))
    let rows = (0..<samples).map { $0 % reference.samples }
    func taken(_ array: NumpyArray) throws -> NumpyArray {
      let width = array.count / array.shape[0]
      let shape = [samples] + array.shape.dropFirst()
      func rowsOf<Value>(_ values: [Value]) -> [Value] { rows.flatMap { values[$0 * width..<($0 + 1) * width] } }
      return array.elementType.isFloatingPoint
        ? NumpyArray(rowsOf(try array.doubles()), shape: shape)
        : NumpyArray(rowsOf(try array.integers().map { Int64($0) }), shape: shape)
    }
    return try Dataset(inputs: taken(arrays.0), targets: taken(arrays.1))
  }

  @Test(arguments: Reference.cases("mlp-", "linear-", "lenet-", "resnet-bn-eval-"), [1, 130, 300, 400])
  func otherNumbersOfSamples(name: String, samples: Int) throws {
    let reference = try ReferenceCase.load(name)
    let loss: Loss = reference.loss == "mse" ? .squaredError : .crossEntropy
    let data = try data(reference, samples: samples)
    func run(_ path: String) throws -> (Int, Double, [Vector<Double>]) {
      let network = try Network(exportedProgram: path)
      let objective = try SmallProblem.objective(network, data, loss, as: Double.self)
      let v = randomVector(objective.dimension, seed: 4, as: Double.self)
      let (loss, gradient) = try objective.lossAndGradient()
      return (
        objective.effectiveSamples, loss,
        [gradient, try objective.hessian().apply(v), try objective.gaussNewton().apply(v)]
      )
    }
    let (count, loss1, dynamic) = try run(reference.modelPath)
    let (staticCount, loss2, fixed) = try run(reference.staticModelPath)
    #expect(count == samples && staticCount == samples)
    #expect(abs(loss1 - loss2) <= 1e-12 * loss1)
    for (vector, expected) in zip(fixed, dynamic) { #expect(relativeError(vector, expected) <= 1e-12) }
  }

  @Test func anotherMicrobatchIsRefused() throws {
    let reference = try ReferenceCase.load("mlp-tanh-ce")
    #expect(throws: InputError.self) {
      try ReferenceObjective.make(
        reference, static: true, as: Double.self, options: ExecutionOptions(microbatch: 64))
    }
    let same = try ReferenceObjective.make(
      reference, static: true, as: Double.self, options: ExecutionOptions(microbatch: 200))
    #expect(same.schedule.microbatch == 200)
  }

  private func workers<Scalar: Real>(_ name: String, _ type: Scalar.Type) throws {
    let reference = try ReferenceCase.load(name)
    let isCoupled = name.hasPrefix("resnet-bn-train")
    let options = isCoupled ? ExecutionOptions(batchNormGroup: 20) : ExecutionOptions(microbatch: 24)
    func run(_ workers: Int) throws -> [Vector<Scalar>] {
      let objective = try ReferenceObjective.make(reference, as: type, options: options, workers: workers)
      let v = randomVector(objective.dimension, seed: 4, as: type)
      return [
        try objective.lossAndGradient().gradient, try objective.hessian().apply(v),
        try objective.gaussNewton().apply(v),
      ]
    }
    let one = try run(1)
    for count in [2, 4] { #expect(try run(count) == one, "\(count) workers") }
  }

  @Test(arguments: Reference.cases("lenet-", "resnet-")) func sameBitsForAnyNumberOfWorkers(name: String) throws {
    try workers(name, Double.self)
    try workers(name, Float.self)
  }

  private func dynamicMicrobatches<Scalar: Real>(_ name: String, _ type: Scalar.Type, within tolerance: Double) throws {
    let reference = try ReferenceCase.load(name)
    func run(_ microbatch: Int) throws -> (Double, [Vector<Scalar>]) {
      let objective = try ReferenceObjective.make(
        reference, as: type, options: ExecutionOptions(microbatch: microbatch))
      let v = randomVector(objective.dimension, seed: 4, as: type)
      let (loss, gradient) = try objective.lossAndGradient()
      return (loss, [gradient, try objective.hessian().apply(v), try objective.gaussNewton().apply(v)])
    }
    let (loss, whole) = try run(reference.samples)
    for size in [1, 7, 64] {
      let (otherLoss, others) = try run(size)
      #expect(abs(otherLoss - loss) <= tolerance * loss)
      for (index, (vector, expected)) in zip(others, whole).enumerated() {
        let error = relativeError(vector, expected)
        #expect(error <= tolerance, "\(name), microbatches of \(size), quantity \(index): \(error)")
      }
    }
  }

  @Test(arguments: Reference.cases("mlp-", "linear-", "lenet-", "resnet-bn-eval-")) func microbatchesAgree(name: String)
    throws
  {
    try dynamicMicrobatches(name, Double.self, within: 1e-12)
    try dynamicMicrobatches(name, Float.self, within: 1e-5)
  }
}
