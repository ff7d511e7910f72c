import Tensors

/// A small symmetric matrix that grows, stored by columns.
struct SquareMatrix: Sendable, Equatable {
  private(set) var order: Int
  private(set) var elements: [Double]

  init(order: Int = 0) {
    self.order = order
    elements = [Double](repeating: 0, count: order * order)
  }

  init(order: Int, elements: [Double]) {
    precondition(elements.count == order * order)
    self.order = order
    self.elements = elements
  }

  init(diagonal: [Double]) {
    self.init(order: diagonal.count)
    for (index, value) in diagonal.enumerated() { self[index, index] = value }
  }

  subscript(row: Int, column: Int) -> Double {
    get { elements[column * order + row] }
    set { elements[column * order + row] = newValue }
  }

  /// Adds `count` zero rows and columns.
  mutating func grow(by count: Int) {
    var larger = SquareMatrix(order: order + count)
    for column in 0..<order {
      for row in 0..<order { larger[row, column] = self[row, column] }
    }
    self = larger
  }

  func eigen() throws(InputError) -> SymmetricEigen {
    try SymmetricEigen.decompose(elements, order: order, vectors: true)
  }
}
