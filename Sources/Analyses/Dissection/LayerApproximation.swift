import Curvature
import Krylov
import Tensors

/// A Kronecker approximation of a layer's block with what it was judged by.
public struct LayerApproximation<Scalar: Real>: Sendable {
  /// `decoupled`, or the name of a ``KroneckerMethod``.
  public var name: String
  /// Its leading eigenpairs, one more than asked for where there is one.
  public var pairs: [Eigenpair<Vector<Scalar>>]
  /// Its error as an approximation of some of the operators.
  public var errors: [(kind: OperatorKind, error: ApproximationError)] = []
  /// v ↦ Âv over the layer's ranges; let go when the errors are known.
  var product: ApproximationError.Product<Scalar>?

  /// - Parameter matrix: on vectors [W b] by rows.
  init(_ method: KroneckerMethod, _ matrix: KroneckerOperator<Scalar>, _ layer: SharedLinearLayer, top: Int) {
    let shape = (layer.outputs, layer.inputWidth)
    name = method.rawValue
    pairs = matrix.largest(min(top, matrix.dimension)).map { place in
      let rows = matrix.vector(place).elements.map { Double($0) }
      return Eigenpair(
        value: place.value,
        vector: layer.vector(of: DenseMatrix(rows: shape.0, columns: shape.1, elements: rows)))
    }
    product = { vector in
      let rows = Vector(layer.matrix(of: vector).elements.map { Scalar($0) })
      let image = try matrix.apply([rows])[0].elements.map { Double($0) }
      return layer.vector(of: DenseMatrix(rows: shape.0, columns: shape.1, elements: image))
    }
  }
}

extension Eigenpair {
  /// An eigenpair in closed form.
  init(value: Double, vector: Vector) {
    self.init(
      value: value, vector: vector, residual: 0, converged: true, errorBound: 0, multiplicity: 1,
      multiplicityVerified: false)
  }
}
