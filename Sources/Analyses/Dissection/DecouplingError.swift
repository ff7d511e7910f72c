import Curvature
import Krylov
import Tensors

/// ‖A − D‖_F / ‖A‖_F of a layer's block A and its decoupled approximation D = E[M] ⊗ E[xxᵀ].
///
/// With Q the leading eigenvectors of A, ‖B‖_F² = ‖BQ‖_F² + ‖B(I − QQᵀ)‖_F² for B = A and for B = A − D. The first part comes from the eigenpairs,
/// the second, which is small where they hold most of A, from random signs z as the mean of ‖B(I − QQᵀ)z‖². A block of few parameters is
/// taken column by column instead, without any chance in it.
public struct DecouplingError: Sendable, Hashable {
  public var value: Double
  /// To first order in the errors of the two norms; 0 where nothing was drawn, `nil` for a single probe.
  public var standardError: Double?
  /// Products with A.
  public var products: Int

  /// Blocks up to this many parameters are taken column by column.
  static let exactDimension = 256

  /// - Parameter pairs: leading eigenpairs of A, orthonormal.
  init<Scalar: Real, A: LinearOperator>(
    of operation: A, _ factors: LayerEigenfactors, pairs: [Eigenpair<Vector<Scalar>>], probes: Int, seed: UInt64
  ) throws where A.Space == DenseVectorSpace<Scalar> {
    if operation.dimension <= Self.exactDimension {
      try self.init(columnsOf: operation, factors)
    } else {
      try self.init(drawing: probes, of: operation, factors, pairs: pairs, seed: seed)
    }
  }

  /// Both norms column by column.
  private init<Scalar: Real, A: LinearOperator>(columnsOf operation: A, _ factors: LayerEigenfactors) throws
  where A.Space == DenseVectorSpace<Scalar> {
    let units = (0..<operation.dimension).map { index in
      var unit = operation.space.zero()
      unit[index] = 1
      return unit
    }
    let (whole, difference) = try Self.squares(of: operation, factors, units)
    let (a, b) = (whole.reduce(0, +), difference.reduce(0, +))
    value = a > 0 ? (b / a).squareRoot() : .nan
    standardError = 0
    products = units.count
  }

  /// The leading eigenvectors' part of both norms exactly, the rest by random signs.
  init<Scalar: Real, A: LinearOperator>(
    drawing probes: Int, of operation: A, _ factors: LayerEigenfactors, pairs: [Eigenpair<Vector<Scalar>>],
    seed: UInt64
  ) throws where A.Space == DenseVectorSpace<Scalar> {
    let space = operation.space
    var basis = space.basis()
    var known = (whole: 0.0, difference: 0.0)
    for pair in pairs {
      basis.append(pair.vector)
      known.whole += pair.value * pair.value
      var image = try factors.decoupledProduct(pair.vector)
      space.axpy(-pair.value, pair.vector, &image)
      known.difference += space.dot(image, image)
    }
    let vectors = (0..<probes).map { index in
      var vector = space.random(.rademacher, from: RandomStream(seed: seed, purpose: "decoupling", index: index))
      for _ in 0..<2 { basis.subtract(basis.coefficients(of: vector), from: &vector) }
      return vector
    }
    let rest = try Self.squares(of: operation, factors, vectors)
    let whole = rest.whole.map { known.whole + $0 }
    let difference = rest.difference.map { known.difference + $0 }
    let (a, b) = (MeanEstimate(whole).value, MeanEstimate(difference).value)
    let ratio = a > 0 ? b / a : .nan
    let root = ratio.squareRoot()
    value = root
    // The delta method: the error of a ratio of means is that of the mean of (xᵢ − r yᵢ)/ȳ; that of a root, half of it over the root.
    standardError = MeanEstimate(zip(difference, whole).map { ($0 - ratio * $1) / a }).standardError
      .map { root > 0 ? $0 / (2 * root) : 0 }
    products = probes
  }

  /// ‖Av‖² and ‖(A − D)v‖² for each vector.
  private static func squares<Scalar: Real, A: LinearOperator>(
    of operation: A, _ factors: LayerEigenfactors, _ vectors: [Vector<Scalar>]
  ) throws -> (whole: [Double], difference: [Double]) where A.Space == DenseVectorSpace<Scalar> {
    var result: (whole: [Double], difference: [Double]) = ([], [])
    for start in stride(from: 0, to: vectors.count, by: 8) {
      let batch = Array(vectors[start..<min(start + 8, vectors.count)])
      for (vector, image) in zip(batch, try operation.apply(batch)) {
        result.whole.append(operation.space.dot(image, image))
        var difference = image
        operation.space.axpy(-1, try factors.decoupledProduct(vector), &difference)
        result.difference.append(operation.space.dot(difference, difference))
      }
    }
    return result
  }
}
