import Curvature
import Krylov

extension SpectrumRequest {
  /// The largest dimension whose eigenpairs come from the dense matrix: all of them cost less than a search for some.
  static let largestDenseDimension = 2000

  /// Whether eigenpairs are taken from the dense matrix of an operator of this dimension.
  func takesEigenpairsFromDenseMatrix(dimension: Int) -> Bool {
    dimension <= Self.largestDenseDimension && maximumProducts == nil
  }

  /// The vectors, products and matrices that the measurement takes, for a ``Forecast``.
  ///
  /// The products of an eigenpair search are not known beforehand: 20 a pair is what spectra of trained networks take.
  public func forecast(of kind: OperatorKind, dimension: Int) -> ForecastRequest {
    let pairs = min(dimension, top) + min(dimension - min(dimension, top), bottom)
    let isDense = pairs > 0 && takesEigenpairsFromDenseMatrix(dimension: dimension)
    var basis = 0
    var products = 0
    var batch = 1
    if exact { products += dimension }
    if isDense {
      products += dimension + pairs
      batch = min(pairs, residualBatch)
    } else if pairs > 0 {
      let size = min(max(2 * pairs + 10 * blockSize, pairs + 30), maximumProducts ?? .max)
      basis = min(dimension, size) + min(dimension, blockSize)
      products += min(20 * pairs, maximumProducts ?? .max)
      batch = max(min(pairs, residualBatch), min(dimension, blockSize))
    }
    if let quadrature {
      let steps = min(dimension, quadrature.steps)
      basis = max(basis, pairs + quadrature.batch * (steps + 1))
      products += quadrature.probes * steps
      batch = max(batch, quadrature.batch)
    }
    if !exact {
      switch trace {
      case .hutchinson: products += traceProbes
      case .hutchPlusPlus:
        basis = max(basis, min(dimension, traceProbes))
        products += 2 * min(dimension, traceProbes) + traceProbes
      case .quadrature, nil: break
      }
    }
    products += diagonalProbes ?? 0
    // The matrix, its copy and LAPACK's workspace of two more where its eigenvectors are wanted.
    let squares = isDense ? 4 : exact ? 3 : 0
    // The columns of a dense matrix are made sixteen at a time, beside their products.
    let columns = exact || isDense ? min(dimension, 16) : 0
    // Mean, spread, standard errors and the exact formula's sums, in Double.
    let diagonalVectors = diagonalProbes == nil ? 0 : 8
    return ForecastRequest(
      kind: kind, basisVectors: basis, vectors: max(2 * columns + 2, 6 + pairs) + diagonalVectors,
      products: products,
      denseBytes: squares * 8 * dimension * dimension, batch: max(batch, columns))
  }
}
