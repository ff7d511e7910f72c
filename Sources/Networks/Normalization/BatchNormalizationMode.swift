/// Where batch normalisation takes mean and variance from. Variances are biased (divided by the number of elements).
///
/// Source of the layer: Ioffe, Szegedy, "Batch normalization", 2015, arXiv:1502.03167.
public enum BatchNormalizationMode: String, CaseIterable, Sendable, Hashable, Codable {
  /// Constants of the model: the running averages of its training.
  case running
  /// Those of each declared group of samples, with derivatives through them.
  case batch
  /// Those of all samples at the given parameters, held constant.
  case population
  /// Those of all samples, with derivatives through them: `batch` with one group.
  case populationDifferentiated = "population-differentiated"

  /// Whether statistics are computed from the samples of a microbatch, so that the samples of one depend on each other.
  public var couplesSamples: Bool { self == .batch || self == .populationDifferentiated }

  /// The definition, as printed with every result.
  public var convention: String {
    switch self {
    case .running: "running: mean and variance are constants of the model"
    case .batch: "batch: mean and biased variance of each group of samples, derivatives through them"
    case .population: "population: mean and biased variance of all samples at these parameters, held constant"
    case .populationDifferentiated:
      "population-differentiated: mean and biased variance of all samples, derivatives through them"
    }
  }
}
