import Curvature
import Krylov
import Tensors

/// How well H = M − H_p holds in the arithmetic used: a check of four products against each other.
public struct ProbabilityIdentity: Sendable, Hashable, Codable {
  /// The largest ‖(M − H_p − H)v‖ / max(‖Mv‖, ‖H_p v‖, ‖Hv‖) over random vectors.
  public var relativeError: Double
  public var vectors: Int
  /// ‖H_p‖_F/‖M‖_F as these vectors estimate it: how far the second moment is from the Hessian.
  public var relativeSize: Double
}

extension Objective {
  /// Checks H = M − H_p, see ``probabilityHessian()``, on random vectors over the selected parameters.
  ///
  /// Cost: three products a vector.
  public func probabilityIdentity(vectors count: Int, seed: UInt64 = 0) throws -> ProbabilityIdentity {
    let vectors = (0..<max(1, count)).map { index in
      space.random(.rademacher, from: RandomStream(seed: seed, purpose: "probability identity", index: index))
    }
    let hessian = try curvature(.hessian).apply(vectors)
    let moment = try curvature(.gradientSecondMoment).apply(vectors)
    let probability = try probabilityHessian().apply(vectors)
    var worst = 0.0
    var squares = (probability: 0.0, moment: 0.0)
    for index in vectors.indices {
      var rest = moment[index]
      space.axpy(-1, probability[index], &rest)
      space.axpy(-1, hessian[index], &rest)
      let norms = [hessian[index], moment[index], probability[index]].map { space.norm($0) }
      if let largest = norms.max(), largest > 0 { worst = max(worst, space.norm(rest) / largest) }
      squares.moment += norms[1] * norms[1]
      squares.probability += norms[2] * norms[2]
    }
    return ProbabilityIdentity(
      relativeError: worst, vectors: vectors.count,
      relativeSize: squares.moment > 0 ? (squares.probability / squares.moment).squareRoot() : .nan)
  }
}
