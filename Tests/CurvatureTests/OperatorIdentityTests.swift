import Archives
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import Testing

/// Identities that hold for every network, whatever its numbers.
@Suite struct OperatorIdentityTests {
  @Test(
    arguments: [Loss.crossEntropy, .squaredError, .meanSquaredError, .binaryCrossEntropy], OperatorKind.withoutClasses)
  func symmetry(loss: Loss, kind: OperatorKind) throws {
    let objective = try SmallProblem.standard(loss)
    let operation = try objective.curvature(kind)
    for seed in 0..<4 as Range<UInt64> {
      let u = randomVector(operation.dimension, seed: seed, as: Double.self)
      let v = randomVector(operation.dimension, seed: seed + 10, as: Double.self)
      let images = try operation.apply([u, v])
      let scale = norm(images[0]) * norm(v) + norm(images[1]) * norm(u)
      #expect(abs(dot(images[0], v) - dot(u, images[1])) <= 1e-12 * scale)
    }
  }

  @Test(arguments: [Loss.crossEntropy, .squaredError, .meanSquaredError, .binaryCrossEntropy])
  func gaussNewtonIsPositiveSemidefinite(loss: Loss) throws {
    let objective = try SmallProblem.standard(loss)
    let spectrum = try ExactSpectrum.compute(objective.gaussNewton()).eigen.values
    let largest = try #require(spectrum.last)
    #expect(largest > 0 && spectrum[0] >= -1e-13 * largest)
    // 40 samples of 4 outputs bound the rank; cross-entropy has a null direction in each sample.
    let rank = spectrum.count { $0 > 1e-12 * largest }
    #expect(rank <= 40 * (loss == .crossEntropy ? 3 : 4))
  }

  /// With a linear network and squared error the residual has no second derivative.
  @Test func gaussNewtonIsTheHessianOfALinearModel() throws {
    let network = try Network(input: [6], seed: 1) { Dense(6, 4) }
    for loss in [Loss.squaredError, .meanSquaredError, .binaryCrossEntropy, .crossEntropy] {
      let data =
        try loss == .crossEntropy
        ? SmallProblem.labelled(samples: 30, inputs: 6, classes: 4)
        : SmallProblem.regression(samples: 30, inputs: 6, outputs: 4)
      let objective = try SmallProblem.objective(network, data, loss)
      let v = randomVector(objective.dimension, seed: 2, as: Double.self)
      #expect(relativeError(try objective.hessian().apply(v), try objective.gaussNewton().apply(v)) <= 1e-14)
    }
  }

  @Test(arguments: OperatorKind.onParameters) func aBlockIsThatOfTheWholeMatrix(kind: OperatorKind) throws {
    let whole = try SmallProblem.standard()
    let n = whole.dimension
    let matrix = try ExactSpectrum.symmetricMatrix(whole.curvature(kind)).matrix
    let size = matrix.reduce(0) { max($0, abs($1)) }
    var starts: [Int] = []
    for parameter in whole.network.parameters { starts.append((starts.last.map { $0 } ?? 0) + parameter.count) }
    let selections: [(Network) throws -> ParameterSelection] = [
      { try .parameter("0.weight", of: $0) }, { try .parameter("3.bias", of: $0) },
      { try .layer("2.body.0", of: $0) }, { try .layer("2", of: $0) }, { try .matching("bias$", of: $0) },
    ]
    for select in selections {
      let objective = try SmallProblem.standard(select: { try select($0) })
      let rows = objective.selection.indices.flatMap { index in
        (starts[index] - whole.network.parameters[index].count)..<starts[index]
      }
      let block = try ExactSpectrum.symmetricMatrix(objective.curvature(kind)).matrix
      #expect(objective.dimension == rows.count && rows.count < n)
      var worst = 0.0
      for (column, j) in rows.enumerated() {
        for (row, i) in rows.enumerated() {
          worst = max(worst, abs(block[column * rows.count + row] - matrix[j * n + i]))
        }
      }
      #expect(worst <= 1e-14 * size, "\(objective.selection.pattern ?? "all")")
      // The gradient of a selection is the part of the whole one.
      let gradient = try whole.lossAndGradient().gradient
      let (loss, part) = try objective.lossAndGradient()
      #expect(loss == (try whole.lossAndGradient().loss))
      #expect(relativeError(part, rows.map { gradient[$0] }) <= 1e-14)
    }
  }

  /// Against central differences of the gradient at two steps. The error of the shorter is a third of their difference
  /// as long as the next term of the expansion is small, beside rounding of the gradients.
  @Test(arguments: [Loss.crossEntropy, .squaredError, .meanSquaredError, .binaryCrossEntropy])
  func productsAreDifferencesOfGradients(loss: Loss) throws {
    let objective = try SmallProblem.standard(loss)
    var v = randomVector(objective.dimension, seed: 5, as: Double.self)
    objective.space.scale(1 / norm(v), &v)
    let product = try objective.hessian().apply(v)
    let gradient = try objective.gradientFunction()
    func difference(_ step: Double) throws -> Vector<Double> {
      var ends: [Vector<Double>] = []
      for sign in [1.0, -1.0] {
        var shifted = objective.parameters
        objective.space.axpy(sign * step, v, &shifted)
        ends.append(try gradient(shifted).gradient)
      }
      return Vector((0..<v.count).map { (ends[0][$0] - ends[1][$0]) / (2 * step) })
    }
    let (coarse, fine) = (try difference(2e-3), try difference(1e-3))
    let gradientSize = norm(try objective.lossAndGradient().gradient)
    let budget =
      0.5 * norm(Vector((0..<v.count).map { coarse[$0] - fine[$0] })) + 100 * Double.ulpOfOne * gradientSize / 1e-3
    let error = norm(Vector((0..<v.count).map { fine[$0] - product[$0] }))
    #expect(error <= budget && budget <= 1e-5 * norm(product), "\(error) against a budget of \(budget)")
    // The gradient itself, against differences of the loss along v.
    let function = try objective.lossFunction()
    func slope(_ step: Double) throws -> Double {
      var (up, down) = (objective.parameters, objective.parameters)
      objective.space.axpy(step, v, &up)
      objective.space.axpy(-step, v, &down)
      return (try function(up).loss - function(down).loss) / (2 * step)
    }
    let (longer, shorter) = (try slope(2e-3), try slope(1e-3))
    let exact = dot(try objective.lossAndGradient().gradient, v)
    #expect(abs(shorter - exact) <= 0.5 * abs(longer - shorter) + 1e-12)
  }

  /// With the network's own outputs as targets the residuals vanish, and with them all of the Hessian but G, which does
  /// not depend on the targets of squared error.
  @Test func gaussNewtonIsTheHessianWithoutResiduals() throws {
    let network = try SmallProblem.network()
    let data = try SmallProblem.regression(samples: 30, inputs: 6, outputs: 4)
    let outputs = NumpyArray(try NetworkOutputs.compute(network, data).flatMap { $0 }, shape: [30, 4])
    let inputs = NumpyArray(data.inputs(as: Double.self), shape: [30, 6])
    let objective = try SmallProblem.objective(network, data, .squaredError)
    let fitted = try SmallProblem.objective(network, Dataset(inputs: inputs, targets: outputs), .squaredError)
    let v = randomVector(objective.dimension, seed: 2, as: Double.self)
    #expect(try fitted.lossAndGradient().loss < 1e-28)
    #expect(relativeError(try fitted.hessian().apply(v), try objective.gaussNewton().apply(v)) <= 1e-12)
  }
}
