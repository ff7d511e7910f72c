import Tensors

/// Elementwise steps of optimisers that divide by the root of averaged squares, on ranges of elements.
enum AveragedSquares<Scalar: Real> {
  /// a ← βa + (1 − β) x
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func average(
    _ average: UnsafeMutablePointer<Scalar>, _ weight: Double, _ value: UnsafePointer<Scalar>, count: Int
  ) {
    let (kept, added) = (Scalar(weight), Scalar(1 - weight))
    for index in 0..<count { average[index] = kept * average[index] + added * value[index] }
  }

  /// a ← βa + (1 − β) x ⊙ x
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func averageSquares(
    _ average: UnsafeMutablePointer<Scalar>, _ weight: Double, _ value: UnsafePointer<Scalar>, count: Int
  ) {
    let (kept, added) = (Scalar(weight), Scalar(1 - weight))
    for index in 0..<count { average[index] = kept * average[index] + added * value[index] * value[index] }
  }

  /// θ ← θ − s · m / (√(v c) + ε)
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func descend(
    _ parameters: UnsafeMutablePointer<Scalar>, _ size: Double, _ direction: UnsafePointer<Scalar>,
    _ squares: UnsafePointer<Scalar>, correction: Double, epsilon: Double, count: Int
  ) {
    let (size, correction, epsilon) = (Scalar(size), Scalar(correction.squareRoot()), Scalar(epsilon))
    for index in 0..<count {
      parameters[index] -= size * (direction[index] / (squares[index].squareRoot() * correction + epsilon))
    }
  }

  /// √(v c) + ε
  static func root(of squares: Vector<Scalar>, correction: Double, epsilon: Double) -> Vector<Scalar> {
    Vector(count: squares.count) { target in
      squares.withUnsafePointer { source in
        fill(target, source, Scalar(correction.squareRoot()), Scalar(epsilon))
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private static func fill(
    _ target: UnsafeMutableBufferPointer<Scalar>, _ squares: UnsafePointer<Scalar>, _ correction: Scalar,
    _ epsilon: Scalar
  ) {
    for index in target.indices { target[index] = squares[index].squareRoot() * correction + epsilon }
  }
}
