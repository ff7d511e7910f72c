import Tensors

/// How eigenpairs of an operator that changes slowly are followed.
public struct EigenpairTrackerOptions: Sendable, Hashable, Codable {
  /// How many of the algebraically largest eigenvalues.
  public var top: Int
  /// How many of the algebraically smallest.
  public var bottom: Int
  /// Ritz pairs kept beyond the wanted ones at each end that is wanted: what may come up next, and the gap below the last.
  public var guards: Int
  /// A pair has converged when ‖Av − λv‖ ≤ tolerance · ‖A‖; an eigenvalue then errs by about tolerance² ‖A‖²/gap.
  public var tolerance: Double
  /// Residuals multiplied at once.
  public var blockSize: Int
  /// Vectors the basis may hold; nil: three times what is kept.
  public var basisSize: Int?
  /// Products of one update at most; nil: 20 for each pair.
  public var maximumProducts: Int?
  public var seed: UInt64

  public init(
    top: Int = 0, bottom: Int = 0, guards: Int = 2, tolerance: Double = 1e-3, blockSize: Int = 4,
    basisSize: Int? = nil, maximumProducts: Int? = nil, seed: UInt64 = 0
  ) {
    self.top = top
    self.bottom = bottom
    self.guards = guards
    self.tolerance = tolerance
    self.blockSize = blockSize
    self.basisSize = basisSize
    self.maximumProducts = maximumProducts
    self.seed = seed
  }
}

/// The outermost eigenpairs of a symmetric operator that changes from call to call, each search begun from the last
/// one's vectors.
///
///     var tracker = try EigenpairTracker(space: space, options: EigenpairTrackerOptions(top: 10))
///     for θ in trajectory { let pairs = try tracker.update(hessian(at: θ)) }
///
/// An update takes the kept Ritz vectors, and one vector that explores their complement, as a basis Q; multiplies, W =
/// A Q; and solves the eigenproblem of QᵀW (Rayleigh–Ritz). Where a wanted pair has a residual W y − θ Q y above the
/// tolerance, the largest residuals are added to the basis, and so on. Any basis will do, as products are kept beside
/// it: that is what lets the search begin where the last one ended, and what makes each residual a measured one. While
/// the operator changes by little, the first products suffice.
///
/// What the vectors are blind to, an eigenvalue that rises out of the bulk in a direction of its own, comes in through
/// the explorer, not at once: it takes a step of the power method an update, at no product of its own beyond that, and
/// a little of a random vector. ``Eigenpair/multiplicityVerified`` is therefore false; ``EigenpairSolver`` verifies.
///
/// Cost: at least top + bottom + guards + 1 products in the first call of the operator; memory of twice `basisSize` vectors.
/// Source: Rayleigh–Ritz with expansion by residuals is the method of E. R. Davidson, J. Comput. Phys. 17 (1975), 87–94,
/// doi:10.1016/0021-9991(75)90065-0, without a preconditioner; its span is a Krylov space wherever its start is one.
public struct EigenpairTracker<Space: VectorSpace>: Sendable {
  public let space: Space
  public let options: EigenpairTrackerOptions
  /// Ritz vectors of the last update: wanted and guards of the top, then of the bottom, from the outside in; then the explorer.
  public private(set) var vectors: [Space.Vector]
  /// Updates so far.
  public private(set) var updates: Int

  /// - Parameters:
  ///   - vectors: where to begin, such as eigenvectors of a first search.
  ///   - updates: the number of updates they come from; random vectors depend on it.
  /// - Throws: ``InputError`` when the options make no sense.
  public init(
    space: Space, options: EigenpairTrackerOptions, vectors: [Space.Vector] = [], updates: Int = 0
  ) throws {
    guard options.top >= 0, options.bottom >= 0, options.top + options.bottom > 0, options.guards >= 0,
      options.blockSize > 0, options.tolerance > 0, options.tolerance.isFinite
    else {
      throw InputError(
        "eigenpairs to follow: \(options.top) at the top, \(options.bottom) at the bottom, \(options.guards) guards, blocks of "
          + "\(options.blockSize) and a tolerance of \(options.tolerance) make no sense")
    }
    guard space.dimension > 0 else { throw InputError("eigenpairs to follow: the operator has dimension 0") }
    self.space = space
    self.options = options
    self.vectors = vectors
    self.updates = updates
  }

  private var top: Int { Swift.min(options.top, space.dimension) }
  private var bottom: Int { Swift.min(options.bottom, space.dimension - top) }
  private var keptTop: Int { top > 0 ? Swift.min(top + options.guards, space.dimension - bottom) : 0 }
  private var keptBottom: Int {
    bottom > 0 ? Swift.min(bottom + options.guards, space.dimension - keptTop) : 0
  }
  private var largestBasis: Int {
    let kept = keptTop + keptBottom
    let least = kept + options.blockSize + 1
    return Swift.min(space.dimension, Swift.max(least, options.basisSize ?? 3 * kept + options.blockSize))
  }

  /// Products that the first call of an update takes.
  public var leastProducts: Int { Swift.min(space.dimension, keptTop + keptBottom + 1) }

  /// The eigenpairs of the operator as it is now.
  ///
  /// - Parameter maximumProducts: in place of that of the options.
  /// - Throws: ``InputError`` when a product is not finite, and what the operator throws; the vectors are then as before.
  public mutating func update(
    _ operation: some LinearOperator<Space>, maximumProducts: Int? = nil
  ) throws -> TrackedEigenpairs<Space.Vector> {
    let wanted = top + bottom
    let limit = maximumProducts ?? options.maximumProducts ?? Swift.max(20 * wanted, 2 * leastProducts)
    var search = Search(space: space)
    try search.append(start(), operation)
    var pairs = try search.ritzPairs()
    var restarts = 0
    while true {
      let indices = wantedIndices(pairs.values.count)
      let bound = options.tolerance * search.normEstimate
      let room = Swift.min(options.blockSize, limit - search.products, space.dimension - search.count)
      var next: [Space.Vector]
      // Where norms can be had without the residuals, those are made for what the basis grows by, and at the end.
      if room > 0, let norms = search.residualNorms(of: indices, pairs, above: bound),
        norms.contains(where: { $0 > bound })
      {
        let open = indices.indices.filter { norms[$0] > bound }.sorted { norms[$0] > norms[$1] }
        next = search.ritzVectors(of: open.prefix(room).map { indices[$0] }, pairs).map(\.residual)
      } else {
        let found = search.ritzVectors(of: kept(pairs.values.count), pairs)
        let open = found.filter { indices.contains($0.index) && $0.norm > bound }.sorted { $0.norm > $1.norm }
        if open.isEmpty || room <= 0 { return finish(search, pairs, found, restarts) }
        next = open.prefix(room).map(\.residual)
      }
      if search.count + next.count > largestBasis {
        search.compress(pairs, kept(pairs.values.count))
        pairs = try search.ritzPairs()
        restarts += 1
      }
      next = search.orthonormalized(next)
      if next.isEmpty {
        return finish(search, pairs, search.ritzVectors(of: kept(pairs.values.count), pairs), restarts)
      }
      try search.append(next, operation)
      pairs = try search.ritzPairs()
    }
  }

  /// The kept vectors and random ones where there are too few, orthonormal.
  private func start() -> [Space.Vector] {
    var search = Search(space: space)
    // Ritz vectors are orthonormal already; the explorer behind them is not.
    search.extend(by: search.orthonormalized(Array(vectors.prefix(keptTop + keptBottom))))
    search.extend(by: search.orthonormalized(Array(vectors.dropFirst(keptTop + keptBottom))))
    var drawn = 0
    while search.count < leastProducts && drawn < leastProducts + 8 {
      let missing = leastProducts - search.count
      search.extend(by: search.orthonormalized((drawn..<drawn + missing).map(random)))
      drawn += missing
    }
    return (0..<search.count).map { search.basis[$0] }
  }

  /// A random unit vector of this update.
  private func random(_ index: Int) -> Space.Vector {
    let stream = RandomStream(
      seed: options.seed, purpose: "eigenpairs followed", index: updates * (leastProducts + 9) + index)
    var vector = space.random(.gaussian, from: stream)
    let norm = space.norm(vector)
    if norm > 0 { space.scale(1 / norm, &vector) }
    return vector
  }

  /// A step of the power method from the Ritz pair next to the kept ones, shifted so that it tends to the end that is
  /// wanted, and a tenth of a random vector; `nil` where all Ritz pairs are kept.
  private func explorer(_ search: Search<Space>, _ pairs: SymmetricEigen) -> Space.Vector? {
    guard let low = pairs.values.first, let high = pairs.values.last, pairs.values.count > keptTop + keptBottom else {
      return nil
    }
    let index = keptTop > 0 ? pairs.values.count - 1 - keptTop : keptBottom
    var vector = search.shiftedImage(of: index, keptTop > 0 ? low : high, pairs)
    let norm = space.norm(vector)
    let other = random(leastProducts + 8)
    guard norm > 0 else { return other }
    space.scale(1 / norm, &vector)
    space.axpy(0.1, other, &vector)
    return vector
  }

  /// Positions among ascending Ritz values: top ones first, from the outside in.
  private func wantedIndices(_ count: Int) -> [Int] { outer(count, top, bottom) }

  private func kept(_ count: Int) -> [Int] { outer(count, keptTop, keptBottom) }

  private func outer(_ count: Int, _ top: Int, _ bottom: Int) -> [Int] {
    let high = Swift.min(top, count)
    let low = Swift.min(bottom, count - high)
    return (0..<high).map { count - 1 - $0 } + (0..<low).map { $0 }
  }

  /// - Parameter found: those that are kept.
  private mutating func finish(
    _ search: Search<Space>, _ pairs: SymmetricEigen, _ found: [Search<Space>.RitzVector], _ restarts: Int
  ) -> TrackedEigenpairs<Space.Vector> {
    let limit = options.tolerance * search.normEstimate
    let isComplete = search.count == space.dimension
    let all = found.map { ritz in
      var vector = ritz.vector
      let norm = space.norm(vector)
      if norm > 0 { space.scale(1 / norm, &vector) }
      return Eigenpair(
        value: pairs.values[ritz.index], vector: vector, residual: ritz.norm, converged: ritz.norm <= limit,
        errorBound: ritz.norm, multiplicity: 1, multiplicityVerified: isComplete)
    }
    let high = Swift.min(keptTop, all.count)
    vectors = all.map(\.vector) + (explorer(search, pairs).map { [$0] } ?? [])
    updates += 1
    let (above, below) = (all[..<high], all[high...])
    return TrackedEigenpairs(
      top: Array(above.prefix(top)), topGuards: Array(above.dropFirst(top)), bottom: Array(below.prefix(bottom)),
      bottomGuards: Array(below.dropFirst(bottom)), tolerance: options.tolerance, normEstimate: search.normEstimate,
      products: search.products, restarts: restarts)
  }
}

/// Eigenpairs at the ends of a spectrum, and the Ritz pairs next to them, which need not have converged.
public struct TrackedEigenpairs<Vector: Sendable>: Sendable {
  /// Descending.
  public var top: [Eigenpair<Vector>]
  /// The next below.
  public var topGuards: [Eigenpair<Vector>]
  /// Ascending.
  public var bottom: [Eigenpair<Vector>]
  /// The next above.
  public var bottomGuards: [Eigenpair<Vector>]
  public var tolerance: Double
  /// The largest ‖Aq‖ and |Ritz value| seen: an estimate of ‖A‖ from below.
  public var normEstimate: Double
  public var products: Int
  public var restarts: Int

  public init(
    top: [Eigenpair<Vector>], topGuards: [Eigenpair<Vector>], bottom: [Eigenpair<Vector>],
    bottomGuards: [Eigenpair<Vector>], tolerance: Double, normEstimate: Double, products: Int, restarts: Int
  ) {
    self.top = top
    self.topGuards = topGuards
    self.bottom = bottom
    self.bottomGuards = bottomGuards
    self.tolerance = tolerance
    self.normEstimate = normEstimate
    self.products = products
    self.restarts = restarts
  }

  public var converged: Bool { (top + bottom).allSatisfy(\.converged) }
}

/// A basis Q with its products W = A Q and T = QᵀW.
private struct Search<Space: VectorSpace>: Sendable {
  let space: Space
  var basis: Space.Basis
  var images: Space.Basis
  /// T, symmetric to rounding, by rows.
  var projected: [[Double]] = []
  /// WᵀW by rows.
  var squares: [[Double]] = []
  var products = 0
  var normEstimate = 0.0

  init(space: Space) {
    self.space = space
    basis = space.basis()
    images = space.basis()
  }

  var count: Int { basis.count }

  /// Orthonormal vectors added to the basis alone.
  mutating func extend(by vectors: [Space.Vector]) { for vector in vectors { basis.append(vector) } }

  mutating func append(_ vectors: [Space.Vector], _ operation: some LinearOperator<Space>) throws {
    let products = try operation.checkedProducts(vectors)
    for image in products {
      self.products += 1
      let norm = space.norm(image)
      guard norm.isFinite else { throw nonFiniteProduct(self.products) }
      normEstimate = Swift.max(normEstimate, norm)
    }
    extend(by: vectors)
    for image in products { images.append(image) }
    border(&projected, by: basis.coefficients(of: products))
    border(&squares, by: images.coefficients(of: products))
  }

  /// A symmetric matrix with more columns, of which what is on and above the diagonal counts.
  private func border(_ matrix: inout [[Double]], by columns: [[Double]]) {
    for whole in columns {
      let column = Array(whole.prefix(matrix.count + 1))
      for index in matrix.indices { matrix[index].append(column[index]) }
      matrix.append(column)
    }
  }

  mutating func ritzPairs() throws -> SymmetricEigen {
    let eigen = try DenseMatrix(rows: count, columns: count, elements: projected.flatMap { $0 }).symmetricEigen()
    for value in eigen.values { normEstimate = Swift.max(normEstimate, abs(value)) }
    return eigen
  }

  /// Q y, and W y − θ Q y with its norm.
  struct RitzVector {
    var index: Int
    var vector: Space.Vector
    var residual: Space.Vector
    var norm: Double
  }

  func ritzVectors(of indices: [Int], _ pairs: SymmetricEigen) -> [RitzVector] {
    let rows = indices.map { Array(pairs.vector($0)) }
    let vectors = basis.combinations(rows)
    var residuals = images.combinations(rows)
    return indices.indices.map { place in
      space.axpy(-pairs.values[indices[place]], vectors[place], &residuals[place])
      return RitzVector(
        index: indices[place], vector: vectors[place], residual: residuals[place], norm: space.norm(residuals[place]))
    }
  }

  /// √(‖W y‖² − θ²), the norms of the residuals without the residuals; `nil` where a residual of size `bound` would
  /// drown in the rounding of Q and W.
  func residualNorms(of indices: [Int], _ pairs: SymmetricEigen, above bound: Double) -> [Double]? {
    let resolution = 4 * Double(Space.Scalar.ulpOfOne) * normEstimate * normEstimate
    guard bound * bound > resolution else { return nil }
    return indices.map { index in
      let y = Array(pairs.vector(index))
      var square = -pairs.values[index] * pairs.values[index]
      for (row, coefficient) in zip(squares, y) {
        square += coefficient * zip(row, y).reduce(0) { $0 + $1.0 * $1.1 }
      }
      return Swift.max(0, square).squareRoot()
    }
  }

  /// (A − shift) Q y
  func shiftedImage(of index: Int, _ shift: Double, _ pairs: SymmetricEigen) -> Space.Vector {
    let y = Array(pairs.vector(index))
    var result = images.combination(y)
    space.axpy(-shift, basis.combination(y), &result)
    return result
  }

  mutating func compress(_ pairs: SymmetricEigen, _ kept: [Int]) {
    let matrix = kept.flatMap { pairs.vector($0) }
    basis.rotate(by: matrix, columns: kept.count)
    images.rotate(by: matrix, columns: kept.count)
    squares = kept.map { row in
      let left = squares.map { zip($0, pairs.vector(row)).reduce(0) { $0 + $1.0 * $1.1 } }
      return kept.map { column in zip(left, pairs.vector(column)).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    projected = kept.indices.map { row in
      kept.indices.map { $0 == row ? pairs.values[kept[row]] : 0 }
    }
  }

  /// The vectors made orthonormal to the basis and among themselves; those without a direction of their own are left out.
  ///
  /// All at once: the part in the basis is taken off, then Gram–Schmidt is done on coefficients, VᵀV being all that it
  /// needs to know of the vectors. That loses digits as it cancels, so it is repeated until it does not.
  func orthonormalized(_ given: [Space.Vector]) -> [Space.Vector] {
    var vectors = given.filter { vector in
      let norm = space.norm(vector)
      return norm > 0 && norm.isFinite
    }
    let smallest = Space.Scalar.defaultNoise * 10
    // What is left of each vector's norm.
    var rest = [Double](repeating: 1, count: vectors.count)
    for index in vectors.indices { space.scale(1 / space.norm(vectors[index]), &vectors[index]) }
    for _ in 0..<4 {
      if basis.count > 0 {
        basis.subtract(basis.coefficients(of: vectors), columns: 0..<basis.count, from: &vectors)
      }
      var block = space.basis()
      for vector in vectors { block.append(vector) }
      let gram = GramMatrix(block.coefficients(of: vectors))
      if gram.defect <= Space.Scalar.defaultNoise { break }
      let found = gram.orthonormalColumns(of: rest, smallest: smallest)
      guard !found.columns.isEmpty else { return [] }
      block.rotate(by: found.columns.flatMap { $0 }, columns: found.columns.count)
      vectors = (0..<block.count).map { block[$0] }
      rest = found.rest
      if found.leastRatio >= cancellationRatio { break }
    }
    return vectors
  }
}
