/// VᵀV of a few vectors v₁, v₂, …: all that Gram–Schmidt needs to know of them.
struct GramMatrix {
  /// By columns; symmetric.
  private let elements: [[Double]]

  init(_ elements: [[Double]]) { self.elements = elements }

  /// max |VᵀV − I|: how orthonormal the vectors are.
  var defect: Double {
    var worst = 0.0
    for (index, column) in elements.enumerated() {
      for (other, value) in column.enumerated() { worst = max(worst, abs(value - (other == index ? 1 : 0))) }
    }
    return worst
  }

  /// What ``orthonormalColumns(of:smallest:)`` finds.
  struct Orthonormalization {
    /// Coefficients S of orthonormal vectors VS, upper triangular; by columns, fewer than vectors where some were left out.
    var columns: [[Double]] = []
    /// For each of them what is left of the norm of the vector it comes from.
    var rest: [Double] = []
    /// The least ratio of norms after to before: where it is small, cancellation has left VS less orthonormal than the
    /// arithmetic is exact.
    var leastRatio = 1.0
  }

  /// Gram–Schmidt on coefficients, from the first vector on.
  ///
  /// - Parameters:
  ///   - rest: for each vector what is left of a norm that began as 1.
  ///   - smallest: what must be left for a vector to have a direction of its own.
  func orthonormalColumns(of rest: [Double], smallest: Double) -> Orthonormalization {
    var result = Orthonormalization()
    for (index, column) in elements.enumerated() {
      let square = column[index]
      guard square > 0 else { continue }
      var combination = [Double](repeating: 0, count: elements.count)
      combination[index] = 1
      var left = square
      for other in result.columns {
        let share = zip(other, column).reduce(0) { $0 + $1.0 * $1.1 }
        left -= share * share
        for place in 0...index { combination[place] -= share * other[place] }
      }
      // Differences below the rounding of the squares are not known; what is there is measured after the combination is formed.
      let norm = max(left, 1e-14 * square).squareRoot()
      guard rest[index] * norm > smallest else { continue }
      result.columns.append(combination.map { $0 / norm })
      result.rest.append(rest[index] * norm)
      result.leastRatio = min(result.leastRatio, norm)
    }
    return result
  }
}
