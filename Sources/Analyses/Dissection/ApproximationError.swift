import Krylov
import Tensors

/// ‖A − Â‖_F/‖A‖_F of a layer's block A and an approximation Â of it.
///
/// With Q the leading eigenvectors of A, ‖B‖_F² = ‖BQ‖_F² + ‖B(I − QQᵀ)‖_F² for B = A and for B = A − Â. The first part
/// comes from the eigenpairs, the second, which is small where they hold most of A, from random signs z as the mean of
/// ‖B(I − QQᵀ)z‖². A block of few parameters is taken column by column instead, without any chance in it.
public struct ApproximationError: Sendable, Hashable, Codable {
  public var value: Double
  /// To first order in the errors of the two norms; 0 where nothing was drawn, `nil` for a single probe.
  public var standardError: Double?
  /// The standard error of the difference to the first approximation of the block: probes are common to all, so that it is
  /// smaller than those of the two errors say.
  public var differenceError: Double?

  /// v ↦ Âv
  typealias Product<Scalar: Real> = @Sendable (Vector<Scalar>) throws -> Vector<Scalar>

  /// Blocks up to this many parameters are taken column by column.
  static let exactDimension = 256

  /// The errors of several approximations of one block, from the same products with it.
  ///
  /// - Parameter pairs: leading eigenpairs of A, orthonormal.
  /// - Returns: the errors, and the products with A that they took.
  static func of<Scalar: Real, A: LinearOperator>(
    _ operation: A, _ approximations: [Product<Scalar>], pairs: [Eigenpair<Vector<Scalar>>], probes: Int, seed: UInt64
  ) throws -> (errors: [ApproximationError], products: Int) where A.Space == DenseVectorSpace<Scalar> {
    operation.dimension <= exactDimension
      ? (try exact(operation, approximations), operation.dimension)
      : (try drawn(operation, approximations, pairs: pairs, probes: probes, seed: seed), probes)
  }

  /// Both norms column by column.
  static func exact<Scalar: Real, A: LinearOperator>(
    _ operation: A, _ approximations: [Product<Scalar>]
  ) throws -> [ApproximationError] where A.Space == DenseVectorSpace<Scalar> {
    let units = (0..<operation.dimension).map { index in
      var unit = operation.space.zero()
      unit[index] = 1
      return unit
    }
    let (whole, differences) = try squares(of: operation, approximations, units)
    let size = whole.reduce(0, +)
    return differences.map { squares in
      ApproximationError(
        value: size > 0 ? (squares.reduce(0, +) / size).squareRoot() : .nan, standardError: 0, differenceError: 0)
    }
  }

  /// The leading eigenvectors' part of both norms exactly, the rest by random signs.
  static func drawn<Scalar: Real, A: LinearOperator>(
    _ operation: A, _ approximations: [Product<Scalar>], pairs: [Eigenpair<Vector<Scalar>>], probes: Int, seed: UInt64
  ) throws -> [ApproximationError] where A.Space == DenseVectorSpace<Scalar> {
    let space = operation.space
    var basis = space.basis()
    for pair in pairs { basis.append(pair.vector) }
    let known = pairs.reduce(0) { $0 + $1.value * $1.value }
    let vectors = (0..<probes).map { index in
      var vector = space.random(.rademacher, from: RandomStream(seed: seed, purpose: "approximation", index: index))
      for _ in 0..<2 { basis.subtract(basis.coefficients(of: vector), from: &vector) }
      return vector
    }
    let (rest, differences) = try squares(of: operation, approximations, vectors)
    let whole = rest.map { known + $0 }
    let roots = try zip(approximations, differences).map { product, squares in
      let own = try pairs.reduce(0.0) { sum, pair in
        var image = try product(pair.vector)
        space.axpy(-pair.value, pair.vector, &image)
        return sum + space.dot(image, image)
      }
      return rootOfRatio(squares.map { own + $0 }, whole)
    }
    return roots.map { root in
      let differences = roots.first.map { zip(root.influences, $0.influences).map { $0 - $1 } } ?? []
      return ApproximationError(
        value: root.value, standardError: MeanEstimate(root.influences).standardError,
        differenceError: MeanEstimate(differences).standardError)
    }
  }

  /// √(mean x / mean y), and what each draw moves it by to first order: for a ratio r of means (xᵢ − r yᵢ)/ȳ, for its root half
  /// of that over the root. The standard error of their mean is that of the root (the delta method).
  private static func rootOfRatio(_ x: [Double], _ y: [Double]) -> (value: Double, influences: [Double]) {
    let size = MeanEstimate(y).value
    let ratio = size > 0 ? MeanEstimate(x).value / size : .nan
    let root = ratio.squareRoot()
    return (root, zip(x, y).map { root > 0 ? ($0 - ratio * $1) / (2 * root * size) : 0 })
  }

  /// ‖Av‖² for each vector, and ‖(A − Â)v‖² for each approximation and vector.
  private static func squares<Scalar: Real, A: LinearOperator>(
    of operation: A, _ approximations: [Product<Scalar>], _ vectors: [Vector<Scalar>]
  ) throws -> (whole: [Double], differences: [[Double]]) where A.Space == DenseVectorSpace<Scalar> {
    var whole: [Double] = []
    var differences = approximations.map { _ in [Double]() }
    for start in stride(from: 0, to: vectors.count, by: 8) {
      let batch = Array(vectors[start..<min(start + 8, vectors.count)])
      for (vector, image) in zip(batch, try operation.apply(batch)) {
        whole.append(operation.space.dot(image, image))
        for (index, product) in approximations.enumerated() {
          var difference = image
          operation.space.axpy(-1, try product(vector), &difference)
          differences[index].append(operation.space.dot(difference, difference))
        }
      }
    }
    return (whole, differences)
  }
}
