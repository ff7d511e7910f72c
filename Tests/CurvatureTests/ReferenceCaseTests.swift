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

  /// All eigenvalues of the dense matrices, within 1e-9 of the largest in size, and the diagonal of the Hessian.
  @Test(arguments: names, [false, true])
  func eigenvalues(name: String, isStatic: Bool) throws {
    let reference = try ReferenceCase.load(name)
    let objective = try ReferenceObjective.make(reference, static: isStatic, as: Double.self)
    var keys = [
      (OperatorKind.hessian, "hessian_eigenvalues"), (.gaussNewton, "ggn_eigenvalues"),
      (.gradientSecondMoment, "gradient_second_moment_eigenvalues"),
    ]
    // How a file gives its batch size makes no difference to the labels that the Fisher matrix is averaged over.
    if !isStatic { keys.append((.fisher, "ggn_eigenvalues")) }
    for (kind, key) in keys {
      let n = objective.dimension
      let (matrix, asymmetry) = try ExactSpectrum.symmetricMatrix(objective.curvature(kind))
      try expectEqual(
        SymmetricEigen.decompose(matrix, order: n, vectors: false).values, reference.doubles(key), "\(name) \(kind)",
        asymmetry)
      guard kind == .hessian else { continue }
      let diagonal = Vector((0..<n).map { matrix[$0 * n + $0] })
      #expect(relativeError(diagonal, try reference.doubles("hessian_diagonal")) <= 1e-10)
    }
  }

  /// The Hessian of every parameter alone.
  @Test(arguments: names) func blockEigenvalues(name: String) throws {
    let reference = try ReferenceCase.load(name)
    let blocks = try reference.doubles(withPrefix: "block_eigenvalues/")
    #expect(blocks.count == reference.parameters.count)
    for (parameter, expected) in blocks {
      let objective = try ReferenceObjective.make(reference, as: Double.self, parameters: parameter)
      let spectrum = try ExactSpectrum.compute(objective.hessian())
      try expectEqual(spectrum.eigen.values, expected, "\(name) \(parameter)", spectrum.asymmetry)
    }
  }

  private func expectEqual(
    _ eigenvalues: [Double], _ expected: [Double], _ what: String, _ asymmetry: Double
  ) throws {
    let expected = expected.sorted()
    let size = expected.map(abs).max() ?? 0
    try #require(eigenvalues.count == expected.count)
    let worst = zip(eigenvalues, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(worst <= 1e-9 * size, "\(what): off by \(worst / size) of the norm")
    #expect(asymmetry <= 1e-12 * size)
  }
}
