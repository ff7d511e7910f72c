import Krylov
import Tensors

/// A block-diagonal approximation of a curvature matrix over the selected parameters: a block with Kronecker
/// eigenvectors for each linear layer, small exact blocks for all other parameters. Positive semidefinite up to
/// rounding.
///
/// All eigenpairs, the trace, the Frobenius norm and damped inverses are at hand without a product. Cost of a product:
/// 4mn(m + n) operations for a layer of m outputs and n inputs, whatever the number of samples.
public struct KroneckerCurvature<Scalar: Real>: LinearOperator, Sendable {
  public let method: KroneckerMethod
  public let options: KroneckerOptions
  /// What it is an approximation of.
  public var source: OperatorKind { options.source(of: method).kind }
  /// Vectors over the selected parameters.
  public let space: DenseVectorSpace<Scalar>
  public let blocks: [KroneckerBlock<Scalar>]

  init(
    method: KroneckerMethod, options: KroneckerOptions, space: DenseVectorSpace<Scalar>,
    blocks: [KroneckerBlock<Scalar>]
  ) {
    self.method = method
    self.options = options
    self.space = space
    self.blocks = blocks
  }

  public func apply(_ vectors: [Vector<Scalar>]) throws -> [Vector<Scalar>] {
    try vectors.map { vector in
      try requireCount(vector)
      var result = space.zero()
      for block in blocks { block.scatter(try block.matrix.apply(block.gather(vector)), into: &result) }
      return result
    }
  }

  /// The products of the part of the matrix within given blocks of parameters, which do not overlap; elements of none are zero.
  func apply(_ vectors: [Vector<Scalar>], within parts: [ParameterBlock]) throws -> [Vector<Scalar>] {
    var partOf = [Int](repeating: -1, count: dimension)
    for (index, part) in parts.enumerated() { for element in part.ranges.joined() { partOf[element] = index } }
    return try vectors.map { vector in
      try requireCount(vector)
      var result = space.zero()
      for block in blocks {
        let own = block.gather(vector)
        for part in Set(block.places.map { partOf[$0] }) where part >= 0 {
          var masked = own
          for (index, place) in block.places.enumerated() where partOf[place] != part { masked[index] = 0 }
          let product = try block.matrix.apply(masked)
          for (index, place) in block.places.enumerated() where partOf[place] == part { result[place] = product[index] }
        }
      }
      return result
    }
  }

  private func requireCount(_ vector: Vector<Scalar>) throws(InputError) {
    guard vector.count == dimension else {
      throw InputError("a vector of \(vector.count) elements for an operator of dimension \(dimension)")
    }
  }

  /// The sum of all eigenvalues.
  public var trace: Double { blocks.reduce(0) { $0 + $1.matrix.trace } }

  /// The root of the sum of all squared eigenvalues.
  public var frobeniusNorm: Double {
    blocks.reduce(0) { $0 + $1.matrix.values.reduce(0) { $0 + $1 * $1 } }.squareRoot()
  }

  /// An eigenvalue and its place: of unit norm and zero outside its block is the eigenvector that ``vector(_:)`` gives.
  public struct Eigenvalue: Sendable, Hashable {
    public var block: Int
    public var position: KroneckerEigenvalue
    public var value: Double { position.value }
  }

  /// The largest eigenvalues of the whole matrix, descending.
  public func largest(_ count: Int) -> [Eigenvalue] {
    let candidates = blocks.enumerated().flatMap { index, block in
      block.matrix.largest(count).map { Eigenvalue(block: index, position: $0) }
    }
    return Array(candidates.sorted { $0.value > $1.value }.prefix(count))
  }

  /// The eigenvector of an eigenvalue.
  public func vector(_ eigenvalue: Eigenvalue) -> Vector<Scalar> {
    var result = space.zero()
    let block = blocks[eigenvalue.block]
    block.scatter(block.matrix.vector(eigenvalue.position), into: &result)
    return result
  }

  /// What is added before the matrix is inverted.
  public enum Damping: Sendable, Hashable {
    /// λI, exactly: from the eigenvalues.
    case exact(Double)
    /// √λ shared between the two factors of every block that is a Kronecker product, which stays one; λI for all others.
    /// See ``KroneckerOperator/factoredInverse(_:)``.
    case factored(Double)
  }

  /// The inverse of the damped matrix, with negative eigenvalues, which are rounding, taken as zero.
  ///
  /// - Throws: ``InputError`` for a damping that is not positive, and for factored damping where no block is a Kronecker product.
  public func inverse(_ damping: Damping) throws(InputError) -> KroneckerCurvature {
    var inverted: [KroneckerBlock<Scalar>] = []
    if case .factored = damping, !blocks.contains(where: { $0.matrix.factors != nil }) {
      throw InputError(
        "factored damping is for Kronecker products, and the \(method.title) is none", remedy: "use exact damping")
    }
    for block in blocks {
      switch damping {
      case .factored(let value) where block.matrix.factors != nil:
        inverted.append(block.with(try block.matrix.factoredInverse(value)))
      case .exact(let value), .factored(let value):
        inverted.append(block.with(try block.matrix.dampedInverse(value)))
      }
    }
    return KroneckerCurvature(method: method, options: options, space: space, blocks: inverted)
  }
}
