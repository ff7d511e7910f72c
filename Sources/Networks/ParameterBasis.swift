import Tensors

/// An orthonormal basis for one parameter, seen as a matrix W [rows, columns]: W = L C Rᵀ with coordinates C of the same shape.
///
/// With the elements of W by rows, w = (L ⊗ R) c: the columns of L ⊗ R are the basis. A parameter of shape [m, …] is an
/// m × n matrix; with one row and R of the order of the parameter the basis is any.
public struct ParameterBasis: Sendable {
  public let rows: Int
  public let columns: Int
  /// L, orthogonal of order `rows`; the identity where nil.
  public let left: DenseMatrix?
  /// R, orthogonal of order `columns`; the identity where nil.
  public let right: DenseMatrix?

  public init(rows: Int, columns: Int, left: DenseMatrix? = nil, right: DenseMatrix? = nil) {
    precondition(left.map { $0.rows == rows && $0.columns == rows } ?? true)
    precondition(right.map { $0.rows == columns && $0.columns == columns } ?? true)
    self.rows = rows
    self.columns = columns
    self.left = left
    self.right = right
  }

  public var count: Int { rows * columns }

  /// LᵀW R, the coordinates of a parameter's elements.
  public func coordinates(of elements: [Double]) throws(InputError) -> [Double] {
    var matrix = DenseMatrix(rows: rows, columns: columns, elements: elements)
    if let left { matrix = try DenseMatrix.product(left, true, matrix, false) }
    if let right { matrix = try matrix * right }
    return matrix.elements
  }

  /// L C Rᵀ, the elements of a parameter.
  public func elements(of coordinates: [Double]) throws(InputError) -> [Double] {
    var matrix = DenseMatrix(rows: rows, columns: columns, elements: coordinates)
    if let left { matrix = try left * matrix }
    if let right { matrix = try DenseMatrix.product(matrix, false, right, true) }
    return matrix.elements
  }
}
