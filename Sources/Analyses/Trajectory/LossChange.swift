import Krylov
import Tensors

/// The change of the loss in one step θ′ = θ − η D g_B of stochastic gradient descent with a fixed diagonal D, as the
/// second-order model predicts it and as it is.
///
/// For mini-batches of m samples drawn with replacement, g_B has mean μ = ∇L and covariance Σ/m, so
///
///     E Δ = −η μᵀDμ + η²/2 (μᵀDHDμ + tr(DHDΣ)/m) + O(η³),
///
/// and the loss falls in expectation where η < 2 μᵀDμ / (μᵀDHDμ + tr(DHDΣ)/m). Neither matrix is formed: with the
/// gradients g_B of mini-batches at hand, (g_B − μ)ᵀDHD(g_B − μ) has the mean tr(DHDΣ)/m.
///
/// Weight decay adds the same step to every g_B: ηλDθ where it is part of the gradient, ηλθ where it stands beside it.
/// L is without it.
///
/// Mini-batches of training, drawn without replacement, have (n − m)/(n − 1) of the variance Σ/m.
///
/// Where batch normalisation couples the samples of a batch, the mean of g_B is not μ; then μᵀDg_B and g_BᵀDHDg_B are
/// averaged over the batches as they are.
///
/// Cost: a product for each batch and one for μ; a loss for each batch. Source: X. Li, Q. Gu, Y. Zhou, T. Chen, A.
/// Banerjee, SDM 2020, arXiv:1907.10732 (the conditional distribution of Δ); the expectation is Taylor's.
struct LossChange<Scalar: Real> {
  let space: DenseVectorSpace<Scalar>
  let learningRate: Double
  /// L(θ)
  let loss: Double
  /// μ
  let gradient: Vector<Scalar>
  /// D; `nil` for the identity.
  let diagonal: DiagonalOperator<Scalar>?
  /// Whether the samples of a batch depend on each other.
  let isCoupled: Bool
  /// λDθ or λθ, which weight decay adds to D g_B; `nil` without.
  let decay: Vector<Scalar>?

  /// - Parameters:
  ///   - batches: g_B; none for gradient descent on all samples.
  ///   - products: H v for each v.
  ///   - lossAt: L(θ + δ).
  func report(
    batches: [Vector<Scalar>], products: ([Vector<Scalar>]) throws -> [Vector<Scalar>],
    lossAt: (Vector<Scalar>) throws -> Double
  ) throws -> RunLossChange {
    let step = try scaled(gradient)
    let first = space.dot(gradient, step)
    let second = try forms([step], products)[0]
    guard !batches.isEmpty else {
      let observed = try lossAt(displacement(step)) - loss
      return RunLossChange(
        predicted: RunEstimate(expectation(first, second)), observed: RunEstimate(observed), quantiles: [],
        descentLimit: limit(first, second))
    }
    let steps = try batches.map { try scaled($0) }
    var deviations = steps
    if !isCoupled { for index in deviations.indices { space.axpy(-1, step, &deviations[index]) } }
    let noise = try forms(deviations, products)
    let slopes = isCoupled ? steps.map { space.dot(gradient, $0) } : steps.map { _ in first }
    let samples = zip(slopes, noise).map { expectation($0, $1 + (isCoupled ? 0 : second)) }
    let predicted = MeanEstimate(samples)
    let changes = try steps.map { try lossAt(displacement($0)) - loss }
    let observed = MeanEstimate(changes)
    let curvature = MeanEstimate(noise).value + (isCoupled ? 0 : second)
    return RunLossChange(
      predicted: RunEstimate(predicted.value, error: predicted.standardError),
      observed: RunEstimate(observed.value, error: observed.standardError),
      quantiles: Self.levels.map { Self.quantile($0, of: changes) },
      descentLimit: limit(MeanEstimate(slopes).value, curvature))
  }

  /// −η a + η²/2 b
  private func expectation(_ slope: Double, _ curvature: Double) -> Double {
    learningRate * (-slope + learningRate * curvature / 2)
  }

  /// `nil` where the second-order model falls for every η.
  private func limit(_ slope: Double, _ curvature: Double) -> Double? {
    curvature > 0 ? Swift.max(0, 2 * slope / curvature) : nil
  }

  private func scaled(_ gradient: Vector<Scalar>) throws -> Vector<Scalar> {
    var step = try diagonal?.apply(gradient) ?? gradient
    if let decay { space.axpy(1, decay, &step) }
    return step
  }

  private func displacement(_ step: Vector<Scalar>) -> Vector<Scalar> {
    var result = step
    space.scale(-learningRate, &result)
    return result
  }

  /// vᵀHv for each v.
  private func forms(
    _ vectors: [Vector<Scalar>], _ products: ([Vector<Scalar>]) throws -> [Vector<Scalar>]
  ) throws -> [Double] {
    var result: [Double] = []
    for start in stride(from: 0, to: vectors.count, by: residualBatch) {
      let part = Array(vectors[start..<Swift.min(vectors.count, start + residualBatch)])
      result += zip(part, try products(part)).map { space.dot($0, $1) }
    }
    return result
  }

  static var levels: [Double] { [0.05, 0.25, 0.5, 0.75, 0.95] }

  /// By linear interpolation between the ordered samples.
  static func quantile(_ level: Double, of samples: [Double]) -> Double {
    let sorted = samples.sorted()
    guard let last = sorted.last else { return .nan }
    let position = level * Double(sorted.count - 1)
    let index = Int(position)
    guard index + 1 < sorted.count else { return last }
    return sorted[index] + (position - Double(index)) * (sorted[index + 1] - sorted[index])
  }
}
