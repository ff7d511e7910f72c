import Tensors

/// `factor` × a random matrix [rows, columns] with orthonormal rows (or columns, where they are fewer), row-major.
///
/// Gram-Schmidt on normal vectors gives the distribution that is invariant under rotations (Haar); each vector is
/// orthogonalised twice, which makes it orthogonal to rounding ("twice is enough", Giraud, Langou, Rozložník, van den Eshof,
/// Numerische Mathematik 101, 2005, doi:10.1007/s00211-005-0615-4). Cost: 4 k² l operations for k vectors of length l.
func orthogonalMatrix(rows: Int, columns: Int, factor: Double, stream: inout RandomStream) -> [Double] {
  let (count, length) = (min(rows, columns), max(rows, columns))
  var vectors = stream.normal(count * length)
  vectors.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { return }
    for i in 0..<count {
      let vector = base + i * length
      for _ in 0..<2 {
        for j in 0..<i {
          let projection = Double.dot(base + j * length, vector, count: length)
          Double.axpy(-projection, base + j * length, vector, count: length)
        }
        Double.scale(1 / Double.dot(vector, vector, count: length).squareRoot(), vector, count: length)
      }
    }
  }
  var matrix = [Double](repeating: 0, count: rows * columns)
  for row in 0..<rows {
    for column in 0..<columns {
      let entry = rows <= columns ? vectors[row * length + column] : vectors[column * length + row]
      matrix[row * columns + column] = factor * entry
    }
  }
  return matrix
}
