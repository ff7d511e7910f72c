import Curvature
import Foundation
import Krylov
import Tensors

/// The eigendecompositions of a layer's Kronecker factors E[xxᵀ] and E[M].
public struct LayerEigenfactors: Sendable {
  public let factors: LayerFactors
  /// Ascending, as LAPACK gives them.
  private let input: SymmetricEigen
  private let output: SymmetricEigen

  /// Cost: some 9n³ + 9m³ operations.
  public init(_ factors: LayerFactors) throws {
    self.factors = factors
    input = try factors.inputMoment.symmetricEigen()
    output = try factors.outputMoment.symmetricEigen()
  }

  public var layer: SharedLinearLayer { factors.layer }

  /// The eigenvalues of E[xxᵀ], descending.
  public var inputValues: [Double] { input.values.reversed() }
  /// The eigenvalues of E[M], descending.
  public var outputValues: [Double] { output.values.reversed() }

  /// The leading eigenvectors of E[xxᵀ], one a row.
  public func inputVectors(_ count: Int) -> DenseMatrix { Self.leading(input, count) }
  /// The leading eigenvectors of E[M], one a row.
  public func outputVectors(_ count: Int) -> DenseMatrix { Self.leading(output, count) }

  private static func leading(_ eigen: SymmetricEigen, _ count: Int) -> DenseMatrix {
    let order = eigen.values.count
    let rows = min(count, order)
    return DenseMatrix(
      rows: rows, columns: order, elements: (0..<rows).flatMap { eigen.vector(order - 1 - $0) })
  }

  /// cos² of the angle between E[x] and the first eigenvector of E[xxᵀ]: near 1 where that direction is the mean of the inputs.
  public var meanAlignment: Double {
    let mean = factors.inputMean
    let square = mean.reduce(0) { $0 + $1 * $1 }
    guard square > 0 else { return 0 }
    let first = inputVectors(1).elements
    let cosine = zip(mean, first).reduce(0) { $0 + $1.0 * $1.1 }
    return min(1, cosine * cosine / square)
  }

  /// λ₁/Σλ of E[xxᵀ].
  public var inputLeadingShare: Double {
    let trace = input.values.reduce(0, +)
    return trace > 0 ? (input.values.last ?? 0) / trace : .nan
  }

  /// How far leading eigenvalues of E[M] stand apart.
  ///
  /// - Parameter rounding: eigenvalues up to this part of the largest are zero.
  public func outputGaps(classes: Int, rounding: Double) -> OutputGaps? {
    OutputGaps(outputValues, classes: classes, rounding: rounding)
  }

  /// E[M] ⊗ E[xxᵀ] on vectors [W b] by rows.
  public func decoupled<Scalar: Real>(
    pool: WorkerPool, as type: Scalar.Type = Scalar.self
  ) throws -> KroneckerOperator<Scalar> {
    try KroneckerOperator(
      leftVectors: outputVectors(layer.outputs), rightVectors: inputVectors(layer.inputWidth),
      factors: KroneckerOperator<Scalar>.Factors(left: outputValues, right: inputValues), pool: pool)
  }
}
