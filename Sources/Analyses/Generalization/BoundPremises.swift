/// What a bound takes for granted that depends on how it was made.
public struct BoundPremises: Sendable, Hashable {
  /// Where the prior's mean comes from.
  public enum Prior: Sendable, Hashable {
    /// Drawn by the seed of the run.
    case drawn
    case zero
    case file
  }

  public var prior: Prior
  /// Whether δ, δ′ and the grid are those that the program brings.
  public var hasStandardConstants: Bool
  /// Whether the network holds averages of batch normalisation.
  public var hasRunningAverages: Bool
  /// Whether inputs are scaled by numbers measured on the samples.
  public var measuresScaling: Bool

  public init(prior: Prior, hasStandardConstants: Bool, hasRunningAverages: Bool, measuresScaling: Bool) {
    self.prior = prior
    self.hasStandardConstants = hasStandardConstants
    self.hasRunningAverages = hasRunningAverages
    self.measuresScaling = measuresScaling
  }
}
