import Tensors

/// Tr(P₁P₂)/k of two k-dimensional subspaces of ℝᴾ: the mean squared cosine of their principal angles.
///
/// 1 for equal, 0 for orthogonal subspaces. For independent random ones the mean is k/P, with standard deviation
/// √(2(P − k)²/(P²(P − 1)(P + 2))).
public struct SubspaceOverlap: Sendable, Hashable {
  public var value: Double
  /// How far that of the true eigenspaces may be from it: (s₁ + s₂)/√k with the two ``LeadingSubspace/sine``; `nil`
  /// where one of the eigenspaces is not defined.
  ///
  /// P − P̃ has the eigenvalues ±sin θᵢ, so |Tr((P − P̃)Q)| ≤ Σ sin θᵢ ≤ √k ‖sin Θ‖_F for a projector Q of rank k.
  public var error: Double?
  public var chance: Double
  public var chanceDeviation: Double

  /// - Returns: `nil` where the dimensions differ, or are 0.
  public init?<Scalar: Real>(
    _ first: LeadingSubspace<Scalar>, _ second: LeadingSubspace<Scalar>, in space: DenseVectorSpace<Scalar>
  ) {
    let k = first.count
    guard k > 0, second.count == k else { return nil }
    value = Swift.min(1, first.vectors.reduce(0) { $0 + second.energy(of: $1, in: space) } / Double(k))
    error = first.sine.flatMap { one in second.sine.map { Swift.min(1, (one + $0) / Double(k).squareRoot()) } }
    chance = Self.chance(k, of: space.dimension)
    chanceDeviation = Self.chanceDeviation(k, of: space.dimension)
  }

  /// k/P, the mean for independent random subspaces.
  public static func chance(_ k: Int, of dimension: Int) -> Double { Double(k) / Double(dimension) }

  /// The standard deviation for independent random subspaces, √(2(P − k)²/(P²(P − 1)(P + 2))).
  public static func chanceDeviation(_ k: Int, of dimension: Int) -> Double {
    let (dimension, rank) = (Double(dimension), Double(k))
    guard dimension > 1 else { return 0 }
    return
      (2 * (dimension - rank) * (dimension - rank) / (dimension * dimension * (dimension - 1) * (dimension + 2)))
      .squareRoot()
  }
}
