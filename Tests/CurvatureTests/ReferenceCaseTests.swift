import Archives
import Autodiff
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import TestSupport
import Testing

/// Networks of `reference/cases` against PyTorch's double backward in float64.
@Suite(.enabled(if: Reference.isAvailable, "needs the reference cases"))
struct ReferenceCaseTests {
  static let names = Reference.cases("mlp-", "linear-", "lenet-", "resnet-")

  private func check<Scalar: Real>(
    _ name: String, static isStatic: Bool, as type: Scalar.Type, within tolerance: Double
  )
    throws
  {
    let reference = try ReferenceCase.load(name)
    let objective = try ReferenceObjective.make(reference, static: isStatic, as: type)
    let (loss, gradient) = try objective.lossAndGradient()
    let expectedLoss = try reference.doubles("loss")[0]
    #expect(abs(loss - expectedLoss) <= tolerance * expectedLoss)
    #expect(relativeError(gradient, try reference.doubles("grad")) <= tolerance)
    let v = Vector(try reference.doubles("v")).converted(to: type)
    let hessian = try objective.hessian().apply(v)
    #expect(relativeError(hessian, try reference.doubles("hv")) <= tolerance)
    let gaussNewton = try objective.gaussNewton().apply(v)
    #expect(relativeError(gaussNewton, try reference.doubles("ggnv")) <= tolerance)
  }

  @Test(arguments: names, [false, true])
  func productsInDouble(name: String, isStatic: Bool) throws {
    try check(name, static: isStatic, as: Double.self, within: 1e-10)
  }

  @Test(arguments: names, [false, true])
  func productsInSingle(name: String, isStatic: Bool) throws {
    // Rounding θ alone moves the small gradients of the trained convolutional networks by 4e-5.
    try check(name, static: isStatic, as: Float.self, within: name.hasPrefix("resnet-bn-train") ? 5e-5 : 2e-5)
  }

  /// All eigenvalues of the dense matrices, within 1e-9 of the largest in size.
  @Test(arguments: names, [false, true])
  func eigenvalues(name: String, isStatic: Bool) throws {
    let reference = try ReferenceCase.load(name)
    let objective = try ReferenceObjective.make(reference, static: isStatic, as: Double.self)
    let keys = [
      (OperatorKind.hessian, "hessian_eigenvalues"), (.gaussNewton, "ggn_eigenvalues"), (.fisher, "ggn_eigenvalues"),
      (.gradientSecondMoment, "gradient_second_moment_eigenvalues"),
    ]
    for (kind, key) in keys {
      let spectrum = try ExactSpectrum.compute(objective.curvature(kind))
      try expectEqual(spectrum, reference.doubles(key), "\(name) \(kind)")
    }
  }

  /// The Hessian of every parameter alone.
  @Test(arguments: names) func blockEigenvalues(name: String) throws {
    let reference = try ReferenceCase.load(name)
    let blocks = try reference.doubles(withPrefix: "block_eigenvalues/")
    #expect(blocks.count == reference.parameters.count)
    for (parameter, expected) in blocks {
      let objective = try ReferenceObjective.make(reference, as: Double.self, parameters: parameter)
      try expectEqual(ExactSpectrum.compute(objective.hessian()), expected, "\(name) \(parameter)")
    }
  }

  /// The diagonal of the Hessian.
  @Test(arguments: names) func diagonal(name: String) throws {
    let reference = try ReferenceCase.load(name)
    let objective = try ReferenceObjective.make(reference, as: Double.self)
    let matrix = try ExactSpectrum.symmetricMatrix(objective.hessian()).matrix
    let diagonal = Vector((0..<objective.dimension).map { matrix[$0 * objective.dimension + $0] })
    #expect(relativeError(diagonal, try reference.doubles("hessian_diagonal")) <= 1e-10)
  }

  private func expectEqual(_ spectrum: ExactSpectrum, _ expected: [Double], _ what: String) throws {
    let expected = expected.sorted()
    let size = expected.map(abs).max() ?? 0
    try #require(spectrum.eigen.values.count == expected.count)
    let worst = zip(spectrum.eigen.values, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(worst <= 1e-9 * size, "\(what): off by \(worst / size) of the norm")
    #expect(spectrum.asymmetry <= 1e-12 * size)
  }
}
