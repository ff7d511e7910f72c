import Foundation
import Tensors

/// The Ritz pairs of a basis: eigenvalues ascending, eigenvectors of T by columns, and their residual norms.
struct RitzPairs: Sendable {
  var eigen: SymmetricEigen
  var residuals: [Double]

  var values: [Double] { eigen.values }
  var count: Int { values.count }
}

extension EigenpairSolver {
  func ritzPairs() throws -> RitzPairs {
    let eigen = try projected.symmetricEigen()
    let residuals = (0..<projected.rows).map { index -> Double in
      let y = Array(eigen.vector(index))
      var squares = zip(y, lockedResiduals).reduce(0) { $0 + ($1.0 * $1.1) * ($1.0 * $1.1) }
      for row in coupling {
        let part = zip(row, y).reduce(0) { $0 + $1.0 * $1.1 }
        squares += part * part
      }
      return squares.squareRoot()
    }
    return RitzPairs(eigen: eigen, residuals: residuals)
  }

  /// Positions of the wanted pairs among ascending Ritz values: top ones first, from the outside in.
  func wantedIndices(of count: Int) -> [Int] {
    guard count >= plan.wanted else { return [] }
    return (0..<plan.top).map { count - 1 - $0 } + (0..<plan.bottom).map { $0 }
  }

  /// Two eigenvalues closer than this are not told apart.
  var coincidence: Double { 2 * plan.tolerance * normEstimate }

  /// Decides from the Ritz pairs whether to go on, to restart, to verify, or to end.
  mutating func check(full: Bool) throws {
    stepsSinceCheck = 0
    let pairs = try ritzPairs()
    for value in pairs.values { normEstimate = Swift.max(normEstimate, abs(value)) }
    let wanted = wantedIndices(of: pairs.count)
    convergedPairs = wanted.filter { pairs.residuals[$0] <= plan.tolerance * normEstimate }.count
    if basis.count == space.dimension {
      verified = verified.map { _ in true }
      convergedPairs = plan.wanted
      reason = .complete
      return
    }
    if !wanted.isEmpty && convergedPairs == plan.wanted {
      try settle(pairs, wanted)
    } else if let state = verification, !wanted.isEmpty,
      state.isOvertaken(by: wanted.map { pairs.values[$0] }, coincidence)
    {
      // A missed eigenvalue has come up: back to the search until it, too, has converged.
      verification = nil
      verified = verified.map { _ in false }
    }
    if isFinished { return }
    if isOutOfProducts {
      reason = convergedPairs == plan.wanted ? .converged : .productsExhausted
    } else if next.isEmpty {
      drawNext()
      // An invariant subspace may fill the basis: what is not wanted of it makes room.
      if basis.count + next.count > plan.basisSize { restart(pairs) }
    } else if full && basis.count + next.count > plan.basisSize {
      restart(pairs)
    }
  }

  /// All wanted pairs have converged: verify that none was missed, or end.
  private mutating func settle(_ pairs: RitzPairs, _ wanted: [Int]) throws {
    let values = wanted.map { pairs.values[$0] }
    guard options.verifiesMultiplicity else {
      reason = isCoincident(pairs) ? .coincident : .converged
      return
    }
    guard let state = verification, !state.isOvertaken(by: values, coincidence) else {
      if isOutOfProducts { return }
      verification = MultiplicityVerification(
        values: values, top: plan.top, products: products, cap: Swift.max(plan.basisSize, products / 2),
        threshold: log(300 * Double(space.dimension).squareRoot()))
      lock(pairs, wanted)
      return
    }
    let rest = Array(plan.bottom..<pairs.count - plan.top)
    verified = state.verdicts(
      rest: rest.map { (pairs.values[$0], pairs.residuals[$0]) }, isExhausted: next.isEmpty)
    let coincident = state.coincident(
      rest: rest.map { (pairs.values[$0], pairs.residuals[$0]) }, coincidence, plan.tolerance * normEstimate)
    let settled = zip(verified, coincident).allSatisfy { $0 || $1 }
    if settled || products - state.firstProduct >= state.cap {
      reason = isCoincident(pairs) ? .coincident : .converged
    }
  }

  /// Whether the last wanted value at either end coincides with the next Ritz value beyond it.
  private func isCoincident(_ pairs: RitzPairs) -> Bool {
    let count = pairs.count
    guard count > plan.wanted else { return false }
    let atTop = plan.top > 0 && pairs.values[count - plan.top] - pairs.values[count - plan.top - 1] <= coincidence
    let atBottom = plan.bottom > 0 && pairs.values[plan.bottom] - pairs.values[plan.bottom - 1] <= coincidence
    return atTop || atBottom
  }

  /// Keeps the wanted Ritz vectors only, forgets the small residuals that tie them to the rest, and goes on with a random block.
  private mutating func lock(_ pairs: RitzPairs, _ wanted: [Int]) {
    let kept = wanted.sorted()
    compress(pairs, kept)
    lockedResiduals = kept.map { pairs.residuals[$0] }
    restarts += 1
    drawNext()
  }

  /// Keeps the wanted Ritz vectors and a cushion beside them, which holds most of what the old basis knew.
  private mutating func restart(_ pairs: RitzPairs) {
    let count = pairs.count
    let room = plan.basisSize - next.count - plan.blockSize
    let keep = Swift.max(plan.wanted, Swift.min(room, plan.wanted + (plan.basisSize - plan.wanted) * 2 / 5))
    let cushion = Swift.max(0, Swift.min(keep, count) - plan.wanted)
    let aboveShare = plan.bottom == 0 ? cushion : plan.top == 0 ? 0 : cushion / 2
    let high = Swift.min(count, plan.top + aboveShare)
    let low = Swift.min(count - high, plan.bottom + cushion - aboveShare)
    let rest = plan.bottom..<Swift.max(plan.bottom, count - plan.top)
    verification?.completeCycle(rest: rest.map { (pairs.values[$0], pairs.residuals[$0]) })
    compress(pairs, Array(0..<low) + Array(count - high..<count))
    restarts += 1
  }

  /// Q ← Q Y for the chosen eigenvectors Y of T, with T, C and the locked residuals to match.
  private mutating func compress(_ pairs: RitzPairs, _ kept: [Int]) {
    let eigen = pairs.eigen
    basis.rotate(by: kept.flatMap { eigen.vector($0) }, columns: kept.count)
    coupling = coupling.map { row in
      kept.map { zip(row, eigen.vector($0)).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    lockedResiduals = kept.map { index in
      zip(eigen.vector(index), lockedResiduals).reduce(0) { $0 + ($1.0 * $1.1) * ($1.0 * $1.1) }.squareRoot()
    }
    projected = DenseMatrix(diagonal: kept.map { pairs.values[$0] })
  }
}
