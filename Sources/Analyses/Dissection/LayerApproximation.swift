import Curvature
import Krylov
import Tensors

/// A Kronecker approximation of a layer's block with what it was judged by.
public struct LayerApproximation<Scalar: Real>: Sendable {
  /// `decoupled`, or the name of a ``KroneckerMethod``.
  public var name: String
  /// What it is an approximation of.
  public var source: OperatorKind
  /// Its leading eigenpairs, one more than asked for where there is one.
  public var pairs: [Eigenpair<Vector<Scalar>>]
  /// Its error as an approximation of some of the operators.
  public var errors: [(kind: OperatorKind, error: ApproximationError)] = []
  /// Its damped inverse as that of some of the operators.
  public var steps: [(kind: OperatorKind, step: DampedStep)] = []
  /// v ↦ Âv and v ↦ (Â + λI)⁻¹v over the layer's ranges; let go when it has been judged.
  var product: ApproximationError.Product<Scalar>?
  var inverse: DampedStep.Inverse<Scalar>?

  /// - Parameter matrix: on vectors [W b] by rows.
  init(
    _ method: KroneckerMethod, of source: OperatorKind, _ matrix: KroneckerOperator<Scalar>,
    _ layer: SharedLinearLayer, top: Int
  ) {
    let shape = (layer.outputs, layer.inputWidth)
    name = method.rawValue
    self.source = source
    pairs = matrix.largest(min(top, matrix.dimension)).map { place in
      let rows = matrix.vector(place).elements.map { Double($0) }
      return Eigenpair(
        value: place.value,
        vector: layer.vector(of: DenseMatrix(rows: shape.0, columns: shape.1, elements: rows)))
    }
    @Sendable func apply(_ matrix: KroneckerOperator<Scalar>, _ vector: Vector<Scalar>) throws -> Vector<Scalar> {
      let rows = Vector(layer.matrix(of: vector).elements.map { Scalar($0) })
      let image = try matrix.apply([rows])[0].elements.map { Double($0) }
      return layer.vector(of: DenseMatrix(rows: shape.0, columns: shape.1, elements: image))
    }
    product = { try apply(matrix, $0) }
    inverse = { try apply(matrix.dampedInverse($1), $0) }
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
