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
  static let names = Reference.cases("mlp-", "linear-")

  private func relativeError<Scalar: Real>(_ actual: Vector<Scalar>, _ expected: [Double]) -> Double {
    var difference = 0.0
    var norm = 0.0
    for (i, value) in expected.enumerated() {
      difference += (Double(actual[i]) - value) * (Double(actual[i]) - value)
      norm += value * value
    }
    return (difference / norm).squareRoot()
  }

  private func check<Scalar: Real>(_ name: String, static isStatic: Bool, as type: Scalar.Type, within tolerance: Double)
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
    try check(name, static: isStatic, as: Float.self, within: 2e-5)
  }
}
