import Archives
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import TestSupport
import Testing

/// The Jacobian of outputs and losses, and what is made of it.
@Suite struct JacobianTests {
  @Test(arguments: [Loss.crossEntropy, .squaredError, .binaryCrossEntropy], [7, 40, 64])
  func adjointness(loss: Loss, microbatch: Int) throws {
    let objective = try SmallProblem.standard(loss, options: ExecutionOptions(microbatch: microbatch))
    for target in [JacobianTarget.outputs, .losses] {
      let jacobian = try objective.jacobian(of: target)
      #expect(jacobian.codomain.dimension == (target == .outputs ? 160 : 40))
      let u = randomVector(jacobian.domain.dimension, seed: 1, as: Double.self)
      let w = randomVector(jacobian.codomain.dimension, seed: 2, as: Double.self)
      let (image, pulled) = (try jacobian.apply(u), try jacobian.applyTransposed(w))
      #expect(abs(dot(image, w) - dot(u, pulled)) <= 1e-12 * norm(image) * norm(w))
      #expect(norm(image) > 0 && norm(pulled) > 0)
    }
  }

  @Test func outputsAndLosses() throws {
    let network = try SmallProblem.network()
    let data = try SmallProblem.labelled(samples: 40, inputs: 6, classes: 4)
    let expected = try NetworkOutputs.compute(network, data).flatMap { $0 }
    for size in [1, 9, 40] {
      let objective: Objective<Double> = try SmallProblem.objective(
        network, data, .crossEntropy, options: ExecutionOptions(microbatch: size), workers: 2)
      #expect(relativeError(try objective.outputs(), expected) <= 1e-14)
      let losses = try objective.sampleLosses()
      #expect(losses.count == 40)
      #expect(abs(losses.elements.reduce(0, +) / 40 - (try objective.lossAndGradient().loss)) <= 1e-14)
    }
  }

  /// Rows of J against differences of the outputs.
  @Test func productsAreDifferencesOfOutputs() throws {
    let objective = try SmallProblem.standard()
    let v = randomVector(objective.dimension, seed: 4, as: Double.self)
    let product = try objective.jacobian().apply(v)
    func difference(_ step: Double) throws -> Vector<Double> {
      var (up, down) = (objective.parameters, objective.parameters)
      objective.space.axpy(step, v, &up)
      objective.space.axpy(-step, v, &down)
      let ends = (try objective.at(up).outputs(), try objective.at(down).outputs())
      return Vector((0..<product.count).map { (ends.0[$0] - ends.1[$0]) / (2 * step) })
    }
    let (coarse, fine) = (try difference(2e-4), try difference(1e-4))
    #expect(relativeError(fine, product) <= 0.5 * relativeError(fine, coarse) + 1e-10)
    #expect(relativeError(fine, product) <= 1e-6)
  }

  /// The eigenvalues of J Jᵀ that are not zero are those of JᵀJ, which for squared error is n G.
  @Test func tangentKernelHasTheSpectrumOfTheGramMatrix() throws {
    let network = try SmallProblem.network()
    let data = try SmallProblem.regression(samples: 12, inputs: 6, outputs: 4)
    let objective = try SmallProblem.objective(network, data, .squaredError, options: ExecutionOptions(microbatch: 5))
    let kernel = try ExactSpectrum.compute(objective.tangentKernel())
    let gram = try ExactSpectrum.compute(GramOperator(objective.jacobian())).eigen.values
    let gaussNewton = try ExactSpectrum.compute(objective.gaussNewton()).eigen.values
    let n = 48
    #expect(kernel.eigen.values.count == n && gram.count == objective.dimension && gram.count > n)
    let largest = try #require(gram.last)
    for index in 0..<n {
      let (mine, other) = (kernel.eigen.values[n - 1 - index], gram[gram.count - 1 - index])
      #expect(abs(mine - other) <= 1e-12 * largest)
      #expect(abs(mine - 12 * gaussNewton[gram.count - 1 - index]) <= 1e-12 * largest)
    }
    #expect(gram[gram.count - 1 - n] <= 1e-12 * largest && kernel.asymmetry <= 1e-13 * largest)
  }

  /// Rows of samples of weight zero are zero in both directions.
  @Test func ignoredLabels() throws {
    let network = try SmallProblem.network()
    let inputs = SmallProblem.numbers([12, 6], seed: 2)
    let labels = (0..<12).map { $0 % 3 == 1 ? -100 : Int64($0 % 4) }
    let objective: Objective<Double> = try SmallProblem.objective(
      network, Dataset(inputs: inputs, targets: NumpyArray(labels)), .crossEntropy)
    let jacobian = try objective.jacobian()
    let product = try jacobian.apply(randomVector(objective.dimension, seed: 1, as: Double.self))
    var onlyIgnored = Vector<Double>(zeros: 48)
    for row in 0..<12 {
      let isZero = (0..<4).allSatisfy { product[row * 4 + $0] == 0 }
      #expect(isZero == (row % 3 == 1))
      if row % 3 == 1 { for column in 0..<4 { onlyIgnored[row * 4 + column] = 1 } }
    }
    #expect(norm(try jacobian.applyTransposed(onlyIgnored)) == 0)
  }

  @Test func vectorsOfAnotherDimension() throws {
    let jacobian = try SmallProblem.standard().jacobian()
    #expect(throws: InputError.self) { try jacobian.apply(Vector<Double>(zeros: 3)) }
    #expect(throws: InputError.self) { try jacobian.applyTransposed(Vector<Double>(zeros: 3)) }
  }

  /// A fixed batch is filled up with samples that no row of the Jacobian belongs to.
  @Test(.enabled(if: Reference.isAvailable, "needs the reference cases")) func fixedBatches() throws {
    let reference = try ReferenceCase.load("mlp-tanh-ce")
    let arrays = try (#require(reference.data["x"]), #require(reference.data["y"]))
    let data = try Dataset(
      inputs: NumpyArray(Array(try arrays.0.doubles()[..<(130 * 64)]), shape: [130, 64]),
      targets: NumpyArray(try arrays.1.integers()[..<130].map { Int64($0) }))
    func objective(_ path: String) throws -> Objective<Double> {
      try SmallProblem.objective(Network(exportedProgram: path), data, .crossEntropy)
    }
    let (dynamic, fixed) = (try objective(reference.modelPath), try objective(reference.staticModelPath))
    #expect(fixed.sampleCount == 130 && fixed.outputSpace.dimension == 1300)
    #expect(relativeError(try fixed.outputs(), try dynamic.outputs()) <= 1e-13)
    for kind in OperatorKind.withoutClasses {
      let (left, right) = (try fixed.curvature(kind), try dynamic.curvature(kind))
      let v = randomVector(left.dimension, seed: 1, as: Double.self)
      #expect(relativeError(try left.apply(v), try right.apply(v)) <= 1e-12, "\(kind)")
    }
  }
}
