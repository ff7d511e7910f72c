import Foundation

extension BoundReport {
  /// What the bounds take for granted.
  public static func assumptions(_ premises: BoundPremises) -> [BoundAssumption] {
    let prior =
      switch premises.prior {
      case .drawn: "it was drawn by the seed before any were read"
      case .zero: "it is zero"
      case .file: "it was read from a file, and only who made it knows"
      }
    var assumptions = [
      BoundAssumption(
        "the samples are independent, and distributed like those the bound speaks of", holdsByConstruction: false),
      BoundAssumption(
        "the prior's mean does not depend on the samples: " + prior, holdsByConstruction: premises.prior != .file),
      BoundAssumption(
        "c and b of the grid of the prior's variances, δ and δ′ were chosen before the samples were seen: "
          + (premises.hasStandardConstants
            ? "they are those the program brings" : "they were given, and only who gave them knows"),
        holdsByConstruction: premises.hasStandardConstants),
    ]
    if premises.hasRunningAverages {
      assumptions.append(
        BoundAssumption(
          "what a network computes depends on the samples by its weights alone: the averages of its batch normalisation are no weights, and training takes them from the samples",
          holdsByConstruction: false))
    }
    if premises.measuresScaling {
      assumptions.append(
        BoundAssumption(
          "the scaling of the inputs does not depend on the samples: mean and deviation were measured on them",
          holdsByConstruction: false))
    }
    return assumptions + [
      BoundAssumption(
        "the basis in which the posterior is diagonal, its mean, its variances and the choice of the prior's variance from the grid may depend on the samples, and do",
        holdsByConstruction: true),
      BoundAssumption(
        "the empirical error is estimated by independent draws of weights, each with samples drawn for it alone",
        holdsByConstruction: true),
      BoundAssumption(
        "the noise of the draws is normal: it is pseudo-random, of single precision, up to 6.8 standard deviations",
        holdsByConstruction: true),
      BoundAssumption(
        "what is bounded is the error of the posterior, new weights being drawn for every answer, and not that of its mean",
        holdsByConstruction: true),
    ]
  }

  /// Every definition that changes a number.
  public static func conventions(_ bound: PACBayesBound, loss: String) -> [String: String] {
    [
      "logarithms": "natural",
      "surrogate": "\(loss), divided by ln 2: never below the 0-1 loss",
      "objective": "surrogate of noisy weights + sqrt(complexity/2)",
      "complexity":
        "(KL + 2 ln j + ln(pi^2 m/(6 delta)))/(m - 1), delta = \(bound.delta), m samples (Dziugaite, Roy 2017)",
      "prior":
        "N(w0, lambda I), lambda = c exp(-j/b), c = \(bound.grid.scale), b = \(bound.grid.precision), j = 1, 2, ...",
      "empirical error": "kl^-1(mean | ln(2/delta')/N), delta' = \(bound.estimateDelta), N draws",
      "scale-invariant bound":
        "kl^-1(empirical error | (KL + ln k + ln((n + 1)/delta))/n), prior N(w0, s^2 I) with the best of k = 12 variances s^2 on the grid, posterior variances min(s^2, 1/h), h the diagonal of the Gauss-Newton matrix in nats, drawn by 100 random vectors where there are convolutions; delta'/k for each estimate",
      "bound":
        "kl^-1(empirical error | complexity), each with confidence 1 - delta - delta' = \(bound.totalConfidence); of k bounds in one report all hold with 1 - k (delta + delta') at least",
    ]
  }
}
