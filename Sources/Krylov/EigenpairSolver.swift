import Foundation
import Tensors

/// The outermost eigenpairs of a symmetric operator by block Lanczos with thick restarts, as a value that is stepped,
/// stored and resumed.
///
///     var solver = try EigenpairSolver(space: hessian.space, options: EigenpairOptions(top: 10, bottom: 5))
///     while !solver.isFinished { try solver.step(hessian) }     // store solver.snapshot whenever it suits
///     let pairs = try solver.eigenpairs(hessian)
///
/// At any time
///
///     A Q = Q T + N C,   (Q N)ᵀ(Q N) = I,   T = QᵀAQ measured,
///
/// with a basis Q and the next block N. Each step multiplies N, appends it to Q and orthogonalises the products against
/// all of Q. When the basis is full it is restarted with the best Ritz vectors at both ends (the wanted ones and a
/// cushion), for which C is dense. A Ritz pair (θ, Qy) has the residual norm ‖Cy‖.
///
/// One start vector sees one direction of every eigenspace. So, after convergence, the wanted vectors are locked and
/// the search starts afresh with a random block in their orthogonal complement, until a missed eigenvalue at or beyond
/// the last wanted one would have come up with probability 0.99 (Chebyshev's growth over the interval of the remaining
/// Ritz values), or the cap on such products is reached. What comes up is added, converged, and verified in its turn.
///
/// Cost: one product a vector; memory of `basisSize` + `blockSize` vectors; each step reads the basis two to four
/// times. Source: K. Wu, H. Simon, "Thick-restart Lanczos method for large symmetric eigenvalue problems", SIAM J.
/// Matrix Anal. Appl. 22 (2000), 602–616, doi:10.1137/S0895479898334605.
public struct EigenpairSolver<Space: VectorSpace>: Sendable {
  public let space: Space
  public let options: EigenpairOptions
  let plan: EigenpairPlan
  let noise: Double

  /// Q
  var basis: Space.Basis
  /// T
  var projected = DenseMatrix(zeros: 0, 0)
  /// N, orthonormal and orthogonal to Q.
  var next: [Space.Vector] = []
  /// C, a row for each vector of N.
  var coupling: [[Double]] = []
  /// Residual norms of locked columns of Q, which C no longer holds; 0 for all others.
  var lockedResiduals: [Double] = []

  /// Products so far.
  public internal(set) var products = 0
  /// Products so far in searches for further copies of eigenvalues.
  public internal(set) var verificationProducts = 0
  public internal(set) var restarts = 0
  /// max ‖Aq‖ over the products, from below an estimate of ‖A‖.
  public internal(set) var normEstimate = 0.0
  /// Why the search is over; nil while it is not.
  public internal(set) var reason: EigenpairReason?

  var randomVectors = 0
  var stepsSinceCheck = 0
  var convergedPairs = 0
  var verification: MultiplicityVerification?
  /// For each wanted pair, top ones first: whether its multiplicity has been verified.
  var verified: [Bool]

  /// - Throws: ``InputError`` when the options make no sense.
  public init(space: Space, options: EigenpairOptions) throws {
    self.space = space
    self.options = options
    let ulp = Double(Space.Scalar.ulpOfOne)
    plan = try EigenpairPlan(options, dimension: space.dimension, ulp: ulp)
    noise = Space.Scalar.defaultNoise
    basis = space.basis()
    verified = [Bool](repeating: false, count: plan.wanted)
    drawNext()
  }

  public var isFinished: Bool { reason != nil }

  /// The memory of the basis and the next block.
  public var bytes: Int { (basis.count + next.count) * space.dimension * MemoryLayout<Space.Scalar>.stride }

  /// One step: the product of a block, and a restart where the basis is full. Does nothing when finished.
  ///
  /// - Throws: ``InputError`` when a product is not finite, and what the operator throws; the solver is then as before.
  public mutating func step(_ operation: some LinearOperator<Space>) throws {
    guard !isFinished else { return }
    try expand(try operation.checkedProducts(next))
    stepsSinceCheck += 1
    let full = basis.count + next.count > plan.basisSize
    if full || next.isEmpty || stepsSinceCheck >= 5 || isOutOfProducts { try check(full: full) }
  }

  var isOutOfProducts: Bool { products + next.count + plan.wanted > plan.maximumProducts }

  /// Appends N to Q and makes the next block from AN.
  private mutating func expand(_ images: [Space.Vector]) throws {
    let norms = images.map { space.norm($0) }
    if let index = norms.firstIndex(where: { !$0.isFinite }) { throw nonFiniteProduct(products + index + 1) }
    normEstimate = norms.reduce(normEstimate, Swift.max)
    products += images.count
    if verification != nil { verificationProducts += images.count }
    verification?.steps += 1

    let base = basis.count
    for vector in next { basis.append(vector) }
    let order = basis.count
    lockedResiduals += [Double](repeating: 0, count: next.count)
    projected = projected.bordered(by: next.count)

    var accepted: [Space.Vector] = []
    var rows: [[Double]] = []
    for (block, image) in images.enumerated() {
      var w = image
      // What symmetry and the last step tell comes off first, so that the full pass has only its rounding to remove.
      var column = coupling[block] + [Double](repeating: 0, count: next.count)
      let first = coupling[block].firstIndex { $0 != 0 } ?? base
      basis.subtract(Array(column[first..<base]), columns: first..<base, from: &w)
      let own = basis.coefficients(of: w, columns: base..<order)
      basis.subtract(own, columns: base..<order, from: &w)
      for (index, value) in own.enumerated() { column[base + index] += value }

      let (correction, shares, norm) = orthogonalize(&w, accepted)
      for index in 0..<order { column[index] += correction[index] }
      for index in 0..<order {
        // Inside the block the entry is measured twice; elsewhere symmetry gives the other half.
        if index >= base {
          projected[index, base + block] += index == base + block ? column[index] : column[index] / 2
          if index != base + block { projected[base + block, index] += column[index] / 2 }
        } else {
          projected[index, base + block] = column[index]
          projected[base + block, index] = column[index]
        }
      }
      for (index, share) in shares.enumerated() { rows[index][base + block] = share }
      guard norm > noise * normEstimate, order + accepted.count < space.dimension else { continue }
      space.scale(1 / norm, &w)
      accepted.append(w)
      var row = [Double](repeating: 0, count: order)
      row[base + block] = norm
      rows.append(row)
    }
    next = accepted
    coupling = rows
  }

  /// Gram–Schmidt against Q and `others`, repeated while it cancels; returns what it removed and the norm that is left.
  func orthogonalize(
    _ w: inout Space.Vector, _ others: [Space.Vector]
  ) -> (basis: [Double], others: [Double], norm: Double) {
    var removed = [Double](repeating: 0, count: basis.count)
    var shares = [Double](repeating: 0, count: others.count)
    var norm = space.norm(w)
    for _ in 0..<4 where norm > noise * normEstimate {
      let coefficients = basis.coefficients(of: w)
      basis.subtract(coefficients, from: &w)
      for index in removed.indices { removed[index] += coefficients[index] }
      for (index, other) in others.enumerated() {
        let share = space.dot(other, w)
        space.axpy(-share, other, &w)
        shares[index] += share
      }
      let before = norm
      norm = space.norm(w)
      if norm >= cancellationRatio * before { break }
    }
    return (removed, shares, norm)
  }

  /// A fresh random block, orthogonal to the basis, as the next: nothing couples to it.
  mutating func drawNext() {
    next = []
    let width = Swift.min(plan.blockSize, space.dimension - basis.count)
    var attempts = 0
    while next.count < width && attempts < width + 8 {
      attempts += 1
      let stream = RandomStream(seed: options.seed, purpose: "start of eigenpairs", index: randomVectors)
      randomVectors += 1
      var vector = space.random(.gaussian, from: stream)
      space.scale(1 / space.norm(vector), &vector)
      let scale = normEstimate
      normEstimate = 1
      let norm = orthogonalize(&vector, next).norm
      normEstimate = scale
      guard norm > noise else { continue }
      space.scale(1 / norm, &vector)
      next.append(vector)
    }
    coupling = next.map { _ in [Double](repeating: 0, count: basis.count) }
  }
}
