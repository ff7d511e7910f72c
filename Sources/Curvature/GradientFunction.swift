import Autodiff
import Tensors

/// The loss and its gradient as a function of the parameters.
///
///     let gradient = try objective.gradientFunction()
///     let (loss, g) = try gradient(parameters)
///
/// One call at a time. Cost: three matrix products a dense layer (two in the first).
public struct GradientFunction<Scalar: Real>: Sendable {
  let executor: Executor<Scalar>
  /// Where the data is from, for errors.
  let dataSource: String

  /// L(θ), and ∇L(θ) with respect to the selected parameters (empty for a function without gradient).
  ///
  /// - Throws: ``InputError`` where the loss is not finite.
  public func callAsFunction(_ parameters: Vector<Scalar>) throws -> (loss: Double, gradient: Vector<Scalar>) {
    let sums = executor.at(parameters).evaluate()
    let loss = Double(sums[0])
    guard loss.isFinite else {
      throw InputError(
        file: dataSource, place: "x", "the loss is \(loss): the network's outputs overflow on these samples",
        remedy: "check that they are standardised as in training (--standardise) and that training did not diverge"
          + (Scalar.self == Double.self ? "" : ", or use --precision double"))
    }
    let count = sums.count - 1
    let gradient = Vector<Scalar>(count: count) { target in
      sums.withUnsafePointer { source in
        if let base = target.baseAddress { base.update(from: source + 1, count: count) }
      }
    }
    return (loss, gradient)
  }
}
