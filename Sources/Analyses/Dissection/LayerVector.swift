import Curvature
import Krylov
import Tensors

/// Vectors over the parameters of a shared linear layer as matrices [m, n], and back: the weight as it multiplies rows,
/// a bias as its last column.
extension SharedLinearLayer {
  /// Mat(v), a vector over the layer's ``ranges`` one after the other as a matrix with a row for each output.
  public func matrix<Scalar: Real>(of vector: Vector<Scalar>) -> DenseMatrix {
    precondition(vector.count == dimension)
    var result = DenseMatrix(zeros: outputs, inputWidth)
    let (weightStart, biasStart) = starts
    vector.withUnsafePointer { source in
      for row in 0..<outputs {
        for column in 0..<inputs {
          let place = isTransposed ? column * outputs + row : row * inputs + column
          result.elements[row * inputWidth + column] = Double(source[weightStart + place])
        }
        if let biasStart { result.elements[row * inputWidth + inputs] = Double(source[biasStart + row]) }
      }
    }
    return result
  }

  /// The vector of a matrix, v with Mat(v) = A.
  public func vector<Scalar: Real>(of matrix: DenseMatrix, as type: Scalar.Type = Scalar.self) -> Vector<Scalar> {
    precondition(matrix.rows == outputs && matrix.columns == inputWidth)
    let (weightStart, biasStart) = starts
    return Vector(count: dimension) { target in
      for row in 0..<outputs {
        for column in 0..<inputs {
          let place = isTransposed ? column * outputs + row : row * inputs + column
          target[weightStart + place] = Scalar(matrix.elements[row * inputWidth + column])
        }
        if let biasStart { target[biasStart + row] = Scalar(matrix.elements[row * inputWidth + inputs]) }
      }
    }
  }

  /// Where the weight and the bias begin in a vector over the layer's ranges.
  private var starts: (weight: Int, bias: Int?) {
    guard let biasRange else { return (0, nil) }
    return biasRange.lowerBound < weightRange.lowerBound ? (biasRange.count, 0) : (0, weightRange.count)
  }
}
