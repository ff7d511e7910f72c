import Archives
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import TestSupport
import Testing

/// A network of 199,210 parameters trained on MNIST, against eigenvalues of an independent Lanczos run in float64.
@Suite(.enabled(if: Reference.isAvailable, "needs the reference networks"), .serialized)
struct RealNetworkTests {
  private func solve<Scalar: Real>(
    _ operation: NetworkOperator<Scalar>, _ options: EigenpairOptions
  ) throws -> Eigenpairs<Vector<Scalar>> {
    var solver = try EigenpairSolver(space: operation.space, options: options)
    while !solver.isFinished { try solver.step(operation) }
    return try solver.eigenpairs(operation)
  }

  /// Every residual is what a product shows, and a pair is flagged as converged if and only if its residual says so.
  private func expectHonest<Scalar: Real>(
    _ pairs: Eigenpairs<Vector<Scalar>>, _ operation: NetworkOperator<Scalar>, noise: Double
  ) throws {
    for pair in pairs.top + pairs.bottom {
      let image = try operation.apply(pair.vector)
      let residual = (0..<image.count).reduce(0.0) { sum, i in
        let part = Double(image[i]) - pair.value * Double(pair.vector[i])
        return sum + part * part
      }.squareRoot()
      #expect(residual <= pair.residual + noise * pairs.normEstimate, "a residual is larger than stated")
      #expect(abs(norm(pair.vector) - 1) <= noise)
      #expect(pair.converged == (pair.residual <= pairs.tolerance * pairs.normEstimate))
    }
  }

  private func check<Scalar: Real>(
    as type: Scalar.Type, bottom: Int, tolerance: Double, eigenvalues: Double, products: Double, noise: Double
  ) throws {
    let reference = try ReferenceCase.loadReal("mnist-784-200-200-10")
    let objective = try ReferenceObjective.make(reference, as: type)
    let hessian = try objective.hessian()
    let (loss, gradient) = try objective.lossAndGradient()
    let expectedLoss = try reference.doubles("loss")[0]
    let gradientNorm = try reference.doubles("gradient_norm")[0]
    #expect(abs(loss - expectedLoss) <= products * expectedLoss)
    #expect(abs(norm(gradient) - gradientNorm) <= products * gradientNorm)
    let v = Vector(try reference.doubles("v")).converted(to: type)
    #expect(relativeError(try hessian.apply(v), try reference.doubles("hv")) <= products)

    let expected = try reference.doubles("top_eigenvalues").sorted(by: >)
    let pairs = try solve(hessian, EigenpairOptions(top: expected.count, bottom: bottom, tolerance: tolerance))
    #expect(pairs.converged, "\(pairs.warnings)")
    for (pair, value) in zip(pairs.top, expected) {
      #expect(abs(pair.value - value) <= eigenvalues * value, "\(pair.value) instead of \(value)")
    }
    let smallest = try reference.doubles("bottom_eigenvalues").sorted()
    for (pair, value) in zip(pairs.bottom, smallest) {
      #expect(abs(pair.value - value) <= eigenvalues * abs(value), "\(pair.value) instead of \(value)")
    }
    try expectHonest(pairs, hessian, noise: noise)

    let inside = pairs.top.reduce(0.0) { sum, pair in
      let component = dot(pair.vector, gradient)
      return sum + component * component
    }
    let fraction = inside / dot(gradient, gradient)
    let expectedFraction = try reference.doubles("gradient_fraction_in_top")[0]
    #expect(abs(fraction - expectedFraction) <= 1e-3, "\(fraction) instead of \(expectedFraction)")
  }

  @Test func eigenvaluesInDouble() throws {
    try check(as: Double.self, bottom: 0, tolerance: 1e-6, eigenvalues: 1e-5, products: 1e-10, noise: 1e-12)
  }

  /// The smallest are close to each other, so that most of the products are theirs: they are asked for where products are cheap.
  @Test func eigenvaluesInSingle() throws {
    try check(as: Float.self, bottom: 5, tolerance: 1e-5, eigenvalues: 1e-3, products: 2e-5, noise: 1e-6)
  }

  /// A search that is cut short says so, pair by pair.
  @Test func tooFewProducts() throws {
    let reference = try ReferenceCase.loadReal("mnist-784-200-200-10")
    let hessian = try ReferenceObjective.make(reference, as: Float.self).hessian()
    let pairs = try solve(hessian, EigenpairOptions(top: 20, maximumProducts: 60))
    #expect(pairs.reason == .productsExhausted && !pairs.converged && pairs.products <= 60)
    #expect(pairs.top.contains { !$0.converged } && !pairs.warnings.isEmpty)
    try expectHonest(pairs, hessian, noise: 1e-6)
    let expected = try reference.doubles("top_eigenvalues").sorted(by: >)
    for pair in pairs.top {
      let nearest = expected.map { abs($0 - pair.value) }.min() ?? .infinity
      #expect(!pair.converged || nearest <= pair.residual + 1e-5 * pairs.normEstimate)
    }
  }
}
