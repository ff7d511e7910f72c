import Krylov
import Networks
import Tensors

/// How well an approximation stands for the exact block it is of.
public struct BlockAgreement: Sendable, Hashable, Codable {
  /// The overlap of the spaces that the largest eigenvectors of both span.
  public struct Overlap: Sendable, Hashable, Codable {
    /// k, the dimension of both.
    public var dimension: Int
    /// Tr(P₁P₂)/k, the mean squared cosine of the principal angles.
    public var value: Double
    /// k/n, that of two random spaces.
    public var chance: Double
  }

  public var block: String
  /// n
  public var dimension: Int
  /// ‖A − Â‖_F/‖A‖_F
  public var relativeError: Double
  /// Its standard error; 0 where both matrices were formed, `nil` for a single probe.
  public var relativeErrorDeviation: Double?
  /// The largest eigenvalues of the exact block, descending, and their residual norms.
  public var exactValues: [Double]
  public var residuals: [Double]
  /// Whether the search for them converged.
  public var converged: Bool
  /// Those of the approximation, which are exact.
  public var approximateValues: [Double]
  /// For k = 1, 2, … as many as eigenvalues.
  public var overlaps: [Overlap]
  /// Products with the exact block.
  public var products: Int
}

extension KroneckerBlock {
  /// The approximation held against the exact block.
  ///
  /// Up to `denseDimension` elements both matrices are formed, in as many products as elements. Above, the error is estimated from
  /// ‖(A − Â)z‖² and ‖Az‖² over random signs z, the same in both, with the standard error of their ratio, and the eigenpairs are searched for.
  ///
  /// - Parameters:
  ///   - exact: the block on its own vectors, such as ``Objective/exactOperator(of:_:options:)``.
  ///   - count: eigenvalues to compare.
  /// - Throws: ``InputError`` when a product is not finite.
  public func agreement<A: LinearOperator>(
    with exact: A, top count: Int, probes: Int = 20, seed: UInt64 = 0, denseDimension: Int = 1500,
    tolerance: Double? = nil
  ) throws -> BlockAgreement where A.Space == DenseVectorSpace<Scalar> {
    precondition(exact.dimension == dimension)
    let count = min(count, dimension)
    let own = matrix.largest(count)
    let options = EigenpairOptions(top: count, bottom: 0, tolerance: tolerance)
    let error: (value: Double, deviation: Double?)
    let pairs: Eigenpairs<Vector<Scalar>>
    var products = 0
    if dimension <= denseDimension {
      error = (try denseError(exact), 0)
      pairs = try ExactSpectrum.eigenpairs(exact, options: options)
      products = dimension
    } else {
      error = try estimatedError(exact, probes: probes, seed: seed)
      var solver = try EigenpairSolver(space: exact.space, options: options)
      while !solver.isFinished { try solver.step(exact) }
      pairs = try solver.eigenpairs(exact)
      products = probes
    }
    return BlockAgreement(
      block: name, dimension: dimension, relativeError: error.value, relativeErrorDeviation: error.deviation,
      exactValues: pairs.top.map(\.value), residuals: pairs.top.map(\.residual), converged: pairs.converged,
      approximateValues: own.map(\.value), overlaps: try overlaps(pairs.top.map(\.vector), own),
      products: products + pairs.products)
  }

  /// Tr(P₁P₂)/k for k = 1, 2, … between the spans of the first k vectors and of the first k eigenvectors.
  ///
  /// - Parameter vectors: orthonormal.
  public func overlaps(
    _ vectors: [Vector<Scalar>], _ eigenvalues: [KroneckerEigenvalue]
  ) throws -> [BlockAgreement.Overlap] {
    let count = min(vectors.count, eigenvalues.count)
    // ⟨x, u_i ⊗ v_j⟩ is a coordinate of x.
    let coordinates = try vectors.prefix(count).map { vector in
      let all = try matrix.coordinates(of: vector)
      return eigenvalues.prefix(count).map { Double(all[$0.left * matrix.columns + $0.right]) }
    }
    var sum = 0.0
    return (0..<count).map { k in
      for i in 0..<k { sum += coordinates[i][k] * coordinates[i][k] + coordinates[k][i] * coordinates[k][i] }
      sum += coordinates[k][k] * coordinates[k][k]
      return BlockAgreement.Overlap(
        dimension: k + 1, value: sum / Double(k + 1), chance: Double(k + 1) / Double(dimension))
    }
  }

  /// ‖A − Â‖_F/‖A‖_F, with the error of the exact block alone where that is zero.
  private func denseError<A: LinearOperator>(_ exact: A) throws -> Double where A.Space == DenseVectorSpace<Scalar> {
    let first = try ExactSpectrum.symmetricMatrix(exact).matrix
    let second = try ExactSpectrum.symmetricMatrix(matrix).matrix
    var (difference, size) = (0.0, 0.0)
    for row in 0..<dimension {
      // The lower triangle, counted twice off the diagonal.
      for column in 0...row {
        let weight = row == column ? 1.0 : 2.0
        let (a, b) = (first[column * dimension + row], second[column * dimension + row])
        difference += weight * (a - b) * (a - b)
        size += weight * a * a
      }
    }
    return ratio(difference, size)
  }

  private func ratio(_ difference: Double, _ size: Double) -> Double {
    difference == 0 ? 0 : (difference / size).squareRoot()
  }

  private func estimatedError<A: LinearOperator>(
    _ exact: A, probes: Int, seed: UInt64
  ) throws -> (Double, Double?) where A.Space == DenseVectorSpace<Scalar> {
    guard probes > 0 else { throw InputError("a norm needs at least one probe") }
    let space = exact.space
    var (differences, sizes): ([Double], [Double]) = ([], [])
    for start in stride(from: 0, to: probes, by: 4) {
      let signs = (start..<min(start + 4, probes)).map {
        space.random(.rademacher, from: RandomStream(seed: seed, purpose: "norm probe", index: $0))
      }
      for (image, other) in zip(try exact.apply(signs), try matrix.apply(signs)) {
        var difference = image
        space.axpy(-1, other, &difference)
        differences.append(space.dot(difference, difference))
        sizes.append(space.dot(image, image))
      }
    }
    let (difference, size) = (differences.reduce(0, +), sizes.reduce(0, +))
    let value = ratio(difference, size)
    guard value.isFinite else {
      throw InputError("a product of the exact block is not finite", remedy: "check the weights and the data")
    }
    guard probes > 1, value > 0 else { return (value, probes > 1 ? 0 : nil) }
    // The spread of a/b by its linearisation, and half of it relatively for the root.
    let spread = zip(differences, sizes).reduce(0) { sum, pair in
      let rest = pair.0 - value * value * pair.1
      return sum + rest * rest
    }
    let n = Double(probes)
    let deviation = (spread / (n - 1) / n).squareRoot() / (size / n)
    return (value, deviation / (2 * value))
  }
}

extension Objective {
  /// The exact block that an approximation is of, on its vectors.
  ///
  /// Only derivatives by the block's own parameters are computed.
  public func exactOperator(
    of block: KroneckerBlock<Scalar>, _ kind: OperatorKind = .gaussNewton, options: OperatorOptions = OperatorOptions()
  ) throws -> PartOperator<Scalar, NetworkOperator<Scalar>> {
    let offsets = ObjectiveGraph.offsets(selection.parameters(of: network).map(\.count)) + [dimension]
    func parameter(of place: Int) -> Int {
      var (low, high) = (0, offsets.count - 2)
      while low < high {
        let middle = (low + high + 1) / 2
        if offsets[middle] <= place { low = middle } else { high = middle - 1 }
      }
      return low
    }
    let owners = block.places.map { parameter(of: $0) }
    let positions = Set(owners).sorted()
    var starts: [Int: Int] = [:]
    var next = 0
    for position in positions {
      starts[position] = next - offsets[position]
      next += offsets[position + 1] - offsets[position]
    }
    let places = zip(block.places, owners).map { place, owner in place + (starts[owner] ?? 0) }
    return PartOperator(try selecting(positions).curvature(kind, options: options), places: places)
  }
}
