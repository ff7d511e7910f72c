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

  /// The outliers of E[M]: the place i at which λᵢ/λᵢ₊₁ is largest, for i up to 3c, and that ratio; infinite where everything after it is
  /// below the rounding of the largest.
  ///
  /// - Parameter rounding: eigenvalues up to this part of the largest are zero.
  public func outputGap(classes: Int, rounding: Double) -> (count: Int, ratio: Double)? {
    let values = outputValues
    guard let largest = values.first, largest > 0 else { return nil }
    var best: (count: Int, ratio: Double)?
    for index in 0..<min(3 * classes, values.count - 1) where values[index] > rounding * largest {
      let next = values[index + 1]
      let ratio = next > rounding * largest ? values[index] / next : .infinity
      if ratio > best?.ratio ?? 1 { best = (index + 1, ratio) }
    }
    return best
  }

  /// The leading eigenpairs of E[M] ⊗ E[xxᵀ], descending: products λⱼμᵢ with the vectors of uᵢvⱼᵀ.
  ///
  /// Of descending λ and μ the first k products have (i + 1)(j + 1) ≤ k, k ln k candidates.
  public func decoupledPairs<Scalar: Real>(
    _ count: Int, as type: Scalar.Type = Scalar.self
  ) -> [Eigenpair<Vector<Scalar>>] {
    let (mu, lambda) = (outputValues, inputValues)
    var places: [(i: Int, j: Int)] = []
    for i in 0..<min(count, mu.count) {
      for j in 0..<min(max(1, count / (i + 1)), lambda.count) { places.append((i, j)) }
    }
    func value(_ place: (i: Int, j: Int)) -> Double { max(0, mu[place.i]) * max(0, lambda[place.j]) }
    let chosen = places.sorted { value($0) > value($1) }.prefix(count)
    let left = outputVectors((chosen.map(\.i).max() ?? 0) + 1)
    let right = inputVectors((chosen.map(\.j).max() ?? 0) + 1)
    return chosen.map { place in
      var matrix = DenseMatrix(zeros: layer.outputs, layer.inputWidth)
      for (row, u) in left.row(place.i).enumerated() {
        for (column, v) in right.row(place.j).enumerated() {
          matrix.elements[row * layer.inputWidth + column] = u * v
        }
      }
      return Eigenpair(
        value: value(place), vector: layer.vector(of: matrix), residual: 0, converged: true, errorBound: 0,
        multiplicity: 1, multiplicityVerified: false)
    }
  }

  /// (E[M] ⊗ E[xxᵀ]) v for a vector over the layer: E[M] Mat(v) E[xxᵀ].
  public func decoupledProduct<Scalar: Real>(_ vector: Vector<Scalar>) throws -> Vector<Scalar> {
    layer.vector(of: try factors.outputMoment * (layer.matrix(of: vector) * factors.inputMoment))
  }

  /// ‖E[M] ⊗ E[xxᵀ]‖_F
  public var decoupledNorm: Double {
    func square(_ matrix: DenseMatrix) -> Double { matrix.elements.reduce(0) { $0 + $1 * $1 } }
    return (square(factors.outputMoment) * square(factors.inputMoment)).squareRoot()
  }
}
