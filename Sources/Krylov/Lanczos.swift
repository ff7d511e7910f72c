import Tensors

/// A Lanczos factorisation of a symmetric operator A, as a value that is grown step by step.
///
/// After m steps
///
///     A Q − Q T = β_m q_{m+1} e_mᵀ,   QᵀQ = I,   T = QᵀAQ tridiagonal,
///
/// Q = (q₁ … q_m) a basis of the Krylov space of A and q₁ = start / ‖start‖. When the remainder β_m is negligible
/// beside ‖T‖ the Krylov space is invariant: the factorisation ends there, with the smaller T, whose eigenvalues are
/// then eigenvalues of A.
///
///     var lanczos = try Lanczos(space: hessian.space, start: probe)
///     while lanczos.order < 90, !lanczos.isInvariant { try lanczos.step(hessian) }
///     let rule = try QuadratureRule(lanczos.tridiagonal)
///
/// With `deflating` vectors U the recurrence is that of (I − UUᵀ) A (I − UUᵀ): known eigenvectors are kept out, by one
/// projection a step.
///
/// Cost: one product a step; memory of m + 1 vectors; orthogonalisation as ``Orthogonalization`` says. Source: C.
/// Lanczos, J. Res. Nat. Bur. Standards 45 (1950), 255–282, doi:10.6028/jres.045.026; C. C. Paige, J. Inst. Math. Appl.
/// 10 (1972), 373–381, doi:10.1093/imamat/10.3.373 (the order of operations).
public struct Lanczos<Space: VectorSpace>: Sendable {
  public let space: Space
  public let orthogonalization: Orthogonalization
  /// The relative noise of products: what ``Orthogonalization/partial`` and the end of the factorisation reckon with.
  public let noise: Double

  /// q₁ … q_{m+1}, without the last when the space is invariant.
  public private(set) var basis: Space.Basis
  /// What orthogonalisation has cost and reached.
  public private(set) var record = OrthogonalizationRecord()
  /// Whether the factorisation has ended in an invariant subspace.
  public private(set) var isInvariant = false

  private let deflated: Space.Basis
  private var alphas: [Double] = []
  private var betas: [Double] = []
  /// The largest row sum of |T| so far, which is between ‖T‖ and √3‖T‖.
  private var scale = 0.0
  private var loss = OrthogonalityLoss()

  /// - Parameters:
  ///   - start: any vector but zero.
  ///   - noise: by default 16 ε of the scalar type.
  ///   - deflating: orthonormal vectors to keep out.
  /// - Throws: ``InputError`` when the start is zero or not finite.
  public init(
    space: Space, start: Space.Vector, orthogonalization: Orthogonalization = .full, noise: Double? = nil,
    deflating: [Space.Vector] = []
  ) throws {
    self.space = space
    self.orthogonalization = orthogonalization
    self.noise = noise ?? Space.Scalar.defaultNoise
    deflated = space.basis(of: deflating)
    basis = space.basis()
    let norm = space.norm(start)
    guard norm > 0 && norm.isFinite else { throw InputError("the start vector of Lanczos is zero or not finite") }
    var vector = start
    space.scale(1 / norm, &vector)
    let rest = Self.project(out: deflated, from: &vector, space)
    if rest <= self.noise {
      isInvariant = true
    } else {
      space.scale(1 / rest, &vector)
      basis.append(vector)
    }
  }

  /// The number of steps taken: the order m of T.
  public var order: Int { alphas.count }

  /// T
  public var tridiagonal: TridiagonalMatrix {
    TridiagonalMatrix(diagonal: alphas, offDiagonal: Array(betas.prefix(Swift.max(0, order - 1))))
  }

  /// β_m, the norm of the remainder; 0 when the space is invariant.
  public var remainder: Double { isInvariant ? 0 : betas.last ?? 0 }

  /// The vector whose product the next step needs; nil when the space is invariant.
  public var nextVector: Space.Vector? { isInvariant ? nil : basis[basis.count - 1] }

  /// The memory of the basis.
  public var bytes: Int { basis.bytes }

  /// One step: a product and its orthogonalisation. Does nothing when the space is invariant.
  public mutating func step(_ operation: some LinearOperator<Space>) throws {
    guard let vector = nextVector else { return }
    try absorb(product: operation.apply(vector))
  }

  /// The step that follows from the product A q of ``nextVector``: for several factorisations that share a call of the operator.
  ///
  /// - Throws: ``InputError`` when the product is not finite; the factorisation is then as before.
  public mutating func absorb(product: Space.Vector) throws {
    guard !isInvariant else { return }
    let j = order
    var product = product
    if deflated.count > 0 {
      guard Self.project(out: deflated, from: &product, space).isFinite else { throw nonFiniteProduct(j + 1) }
      record.columnsRead += 2 * deflated.count
    }

    // Neighbours are taken off by what is measured, not by the last β: they stay orthogonal to rounding, which the recurrence for
    // the loss takes for granted.
    let neighbours = Swift.max(0, j - 1)..<j + 1
    let shares = basis.coefficients(of: product, columns: neighbours)
    var alpha = shares[neighbours.count - 1]
    guard shares.allSatisfy(\.isFinite) else { throw nonFiniteProduct(j + 1) }
    var (w, beta) = basis.remainder(of: product, subtracting: shares, columns: neighbours)
    guard beta.isFinite else { throw nonFiniteProduct(j + 1) }
    record.columnsRead += 2 * neighbours.count
    let size = shares.reduce(beta * beta) { $0 + $1 * $1 }.squareRoot()
    if orthogonalization != .none && beta < cancellationRatio * size && beta > 0 {
      let correction = basis.coefficients(of: w, columns: neighbours)
      (w, beta) = basis.remainder(of: w, subtracting: correction, columns: neighbours)
      alpha += correction[neighbours.count - 1]
      record.columnsRead += 2 * neighbours.count
    }

    let previous = j > 0 ? betas[j - 1] : 0
    scale = Swift.max(scale, abs(alpha) + previous + beta)
    alphas.append(alpha)
    beta = reorthogonalize(&w, beta)
    scale = Swift.max(scale, abs(alpha) + previous + beta)
    let complete = orthogonalization != .none && j + 1 >= space.dimension - deflated.count
    if beta <= noise * scale || complete {
      isInvariant = true
      return
    }
    betas.append(beta)
    space.scale(1 / beta, &w)
    basis.append(w)
  }

  /// Removes from w what it has of the basis, as the strategy asks; returns the norm that is left.
  private mutating func reorthogonalize(_ w: inout Space.Vector, _ norm: Double) -> Double {
    let j = order - 1
    switch orthogonalization {
    case .none:
      return norm
    case .full:
      return sweep(&w, norm)
    case .partial:
      var due = loss.advance(alphas: alphas, betas: betas, norm: norm, noise: noise, scale: scale)
      guard j > 0 && norm > noise * scale else { return norm }
      if !due && loss.wantsMeasurement {
        calibrate(basis.coefficients(of: w), norm)
        record.columnsRead += basis.count
        due = loss.largest > noise.squareRoot()
      }
      guard due else {
        record.orthogonalityBound = Swift.max(record.orthogonalityBound, loss.largest)
        return norm
      }
      let rest = purge(&w, norm)
      loss.reset(to: noise)
      return rest
    }
  }

  /// Makes w and the newest vector of the basis orthogonal to all vectors before them: the recurrence reaches back two
  /// vectors, so what one alone would lack comes back with the other. Returns the norm of w that is left.
  private mutating func purge(_ w: inout Space.Vector, _ norm: Double) -> Double {
    let j = order - 1
    var newest = basis[j]
    let (found, foundBefore) = basis.orthogonalize(&w, &newest, columns: 0..<j)
    basis.replace(j, with: newest)
    record.passes += 1
    record.columnsRead += 2 * j
    calibrate(found, norm)
    // What w lacked is gone before anything reads w; the newest vector has been multiplied as it was.
    record.orthogonalityBound = foundBefore.reduce(record.orthogonalityBound) { Swift.max($0, abs($1)) }
    let rest = space.norm(w)
    return rest >= cancellationRatio * norm ? rest : sweep(&w, rest)
  }

  private mutating func calibrate(_ coefficients: [Double], _ norm: Double) {
    let least = Double(Space.Scalar.ulpOfOne) / Double(space.dimension).squareRoot()
    loss.calibrate(measured: coefficients.map { $0 / norm }, noise: noise, least: least)
  }

  /// Gram–Schmidt passes over the whole basis until one leaves most of the norm.
  private mutating func sweep(_ w: inout Space.Vector, _ norm: Double) -> Double {
    var norm = norm
    for pass in 0..<3 where norm > noise * scale {
      let coefficients = basis.coefficients(of: w)
      if pass == 0 && orthogonalization == .partial { calibrate(coefficients, norm) }
      basis.subtract(coefficients, from: &w)
      record.passes += 1
      record.columnsRead += 2 * basis.count
      let rest = space.norm(w)
      let kept = rest / norm
      norm = rest
      if kept >= cancellationRatio || pass == 2 {
        // What a pass leaves behind is the rounding of what it took away.
        let epsilon = Double(Space.Scalar.ulpOfOne)
        record.orthogonalityBound = Swift.max(record.orthogonalityBound, epsilon / Swift.max(kept, epsilon))
        break
      }
    }
    return norm
  }

  /// Removes the deflated directions from v, twice when there was cancellation; returns the norm that is left.
  private static func project(out deflated: Space.Basis, from vector: inout Space.Vector, _ space: Space) -> Double {
    var norm = space.norm(vector)
    guard deflated.count > 0 else { return norm }
    for _ in 0..<3 where norm > 0 {
      deflated.subtract(deflated.coefficients(of: vector), from: &vector)
      let before = norm
      norm = space.norm(vector)
      if norm >= cancellationRatio * before { break }
    }
    return norm
  }
}

extension Lanczos {
  private static var kind: String { "lanczos 2" }

  /// The whole state; `deflating` vectors are not part of it, they are handed in again on resuming.
  public var snapshot: KrylovSnapshot<Space.Scalar> {
    var result = KrylovSnapshot<Space.Scalar>(kind: Self.kind)
    result.numbers = [
      "alphas": alphas, "betas": betas, "scale": [scale], "noise": [noise], "loss": loss.current,
      "previous_loss": loss.previous, "orthogonality_bound": [record.orthogonalityBound],
      "loss_factor": [loss.factor],
    ]
    result.integers = [
      "orthogonalization": [Orthogonalization.allCases.firstIndex(of: orthogonalization) ?? 0],
      "invariant": [isInvariant ? 1 : 0], "passes": [record.passes],
      "columns_read": [record.columnsRead], "deflated": [deflated.count],
    ]
    result.vectors = ["basis": space.elements(of: basis)]
    return result
  }

  /// The factorisation a snapshot was taken of.
  ///
  /// - Throws: ``InputError`` when the snapshot is damaged or of another space.
  public init(
    resuming snapshot: KrylovSnapshot<Space.Scalar>, space: Space, deflating: [Space.Vector] = []
  ) throws {
    try snapshot.requireKind(Self.kind)
    self.space = space
    deflated = space.basis(of: deflating)
    _ = try snapshot.integer("deflated", in: deflating.count...deflating.count)
    let strategies = Orthogonalization.allCases
    orthogonalization = strategies[try snapshot.integer("orthogonalization", in: 0...strategies.count - 1)]
    noise = try snapshot.number("noise")
    scale = try snapshot.number("scale")
    isInvariant = try snapshot.integer("invariant", in: 0...1) == 1
    alphas = try snapshot.numbers("alphas")
    let order = alphas.count
    betas = try snapshot.numbers("betas", count: isInvariant ? Swift.max(0, order - 1) : order)
    loss.current = try snapshot.numbers("loss")
    loss.previous = try snapshot.numbers("previous_loss")
    let tracked = orthogonalization == .partial ? order : 0
    guard loss.current.count == tracked, loss.previous.count == Swift.max(0, tracked - 1) else {
      throw snapshot.damaged("the record of orthogonality does not fit the number of steps")
    }
    loss.factor = try snapshot.number("loss_factor")
    record.passes = try snapshot.integer("passes")
    record.columnsRead = try snapshot.integer("columns_read")
    record.orthogonalityBound = try snapshot.number("orthogonality_bound")
    basis = space.basis(of: try snapshot.vectors("basis", count: isInvariant ? order : order + 1, in: space))
  }
}
