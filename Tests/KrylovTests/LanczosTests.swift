import Foundation
import Krylov
import Tensors
import Testing

@Suite struct LanczosTests {
  func factorisation<Scalar: Real>(
    _ operation: DenseSymmetricOperator<Scalar>, start: [Double], steps: Int,
    _ orthogonalization: Orthogonalization = .full, noise: Double? = nil
  ) throws -> Lanczos<DenseVectorSpace<Scalar>> {
    var lanczos = try Lanczos(
      space: operation.space, start: Vector(start.map { Scalar($0) }), orthogonalization: orthogonalization,
      noise: noise)
    while lanczos.order < steps && !lanczos.isInvariant { try lanczos.step(operation) }
    return lanczos
  }

  /// max |A Q − Q T − β q e_mᵀ|
  func defect<Scalar: Real>(
    _ lanczos: Lanczos<DenseVectorSpace<Scalar>>, _ operation: DenseSymmetricOperator<Scalar>
  ) throws -> Double {
    let t = lanczos.tridiagonal
    var worst = 0.0
    for j in 0..<lanczos.order {
      var r = try operation.apply(lanczos.basis[j]).doubles
      func subtract(_ a: Double, _ column: Int) {
        for (i, q) in lanczos.basis[column].doubles.enumerated() { r[i] -= a * q }
      }
      subtract(t.diagonal[j], j)
      if j > 0 { subtract(t.offDiagonal[j - 1], j - 1) }
      if j + 1 < lanczos.order {
        subtract(t.offDiagonal[j], j + 1)
      } else if !lanczos.isInvariant {
        subtract(lanczos.remainder, j + 1)
      }
      worst = Swift.max(worst, r.map(abs).max() ?? 0)
    }
    return worst
  }

  @Test(arguments: [Orthogonalization.full, .partial]) func satisfiesItsDefiningEquation(_ way: Orthogonalization)
    throws
  {
    let known = KnownSpectrum.bulkAndOutliers
    let start = KnownSpectrum.gaussian(known.count, seed: 2)
    let operation = try known.operation(Double.self)
    let lanczos = try factorisation(operation, start: start, steps: 60, way)
    #expect(lanczos.order == 60 && lanczos.basis.count == 61)
    #expect(try defect(lanczos, operation) < (way == .full ? 1e-13 : 1e-7))
    #expect(lanczos.basis.orthogonalityDefect() < (way == .full ? 1e-13 : 1e-7))
    #expect(lanczos.basis.orthogonalityDefect() <= 10 * lanczos.record.orthogonalityBound)

    let single = try known.operation(Float.self)
    let rough = try factorisation(single, start: start, steps: 60, way)
    #expect(try defect(rough, single) < (way == .full ? 3e-6 : 3e-3))
    #expect(rough.basis.orthogonalityDefect() < (way == .full ? 3e-6 : 3e-3))
  }

  // papers.md 2.3, item 1
  @Test func allStepsGiveTheEigenvaluesAndTheWeightsOfTheStart() throws {
    let n = 40
    let known = KnownSpectrum(KnownSpectrum.gaussian(n, seed: 4).map { 3 * $0 })
    let start = KnownSpectrum.gaussian(n, seed: 5)
    let lanczos = try factorisation(known.operation(Double.self), start: start, steps: n)
    #expect(lanczos.isInvariant && lanczos.order == n && lanczos.remainder == 0)
    #expect(lanczos.basis.orthogonalityDefect() <= 1e-12)
    let rule = try QuadratureRule(lanczos.tridiagonal)
    let norm = naiveDot(start, start)
    for (rank, index) in (0..<n).sorted(by: { known.eigenvalues[$0] < known.eigenvalues[$1] }).enumerated() {
      let share = naiveDot(known.eigenvector(index), start)
      #expect(abs(rule.nodes[rank] - known.eigenvalues[index]) <= 1e-10)
      #expect(abs(rule.weights[rank] - share * share / norm) <= 1e-10)
    }
    #expect(abs(rule.weights.reduce(0, +) - 1) < 1e-13)
  }

  // papers.md 2.3, item 1
  @Test func bareRecurrenceShowsGhostsAndReorthogonalisationDoesNot() throws {
    let known = KnownSpectrum.bulkAndOutliers
    let start = KnownSpectrum.gaussian(known.count, seed: 3)
    let operation = try known.operation(Double.self)
    func copies(_ way: Orthogonalization) throws -> (Int, Double) {
      let lanczos = try factorisation(operation, start: start, steps: 160, way)
      let nodes = try lanczos.tridiagonal.eigen().values
      return (nodes.filter { abs($0 - 3) < 1e-6 }.count, lanczos.basis.orthogonalityDefect())
    }
    let bare = try copies(.none)
    #expect(bare.0 > 3 && bare.1 > 0.5)
    let full = try copies(.full)
    #expect(full.0 == 1 && full.1 < 1e-12)
    let partial = try copies(.partial)
    #expect(partial.0 == 1 && partial.1 < 1e-7)
  }

  // papers.md 2.3, item 2
  @Test func quadratureIsExactUpToDegreeTwiceTheStepsLessOne() throws {
    let n = 40
    let m = 6
    let known = KnownSpectrum(KnownSpectrum.gaussian(n, seed: 8))
    let start = KnownSpectrum.gaussian(n, seed: 9)
    let rule = try QuadratureRule(factorisation(known.operation(Double.self), start: start, steps: m).tridiagonal)
    let weights = (0..<n).map { index in
      pow(naiveDot(known.eigenvector(index), start), 2) / naiveDot(start, start)
    }
    for power in 0...2 * m {
      let exact = zip(known.eigenvalues, weights).reduce(0) { $0 + $1.1 * pow($1.0, Double(power)) }
      let size = zip(known.eigenvalues, weights).reduce(0) { $0 + $1.1 * pow(abs($1.0), Double(power)) }
      let error = abs(rule.moment(power) - exact) / size
      if power < 2 * m { #expect(error <= 1e-10) } else { #expect(error > 1e-6) }
    }
  }

  // papers.md 2.3, item 4
  @Test(arguments: Orthogonalization.allCases) func endsEarlyInAnInvariantSpace(_ way: Orthogonalization) throws {
    let known = KnownSpectrum((0..<60).map { [1.0, -2, 0.5, 3, 0][$0 % 5] })
    let lanczos = try factorisation(
      known.operation(Double.self), start: KnownSpectrum.gaussian(60, seed: 1), steps: 30, way, noise: 1e-13)
    #expect(lanczos.isInvariant && lanczos.order == 5 && lanczos.remainder == 0)
    let rule = try QuadratureRule(lanczos.tridiagonal)
    for (node, exact) in zip(rule.nodes, [-2, 0, 0.5, 1, 3]) { #expect(abs(node - exact) < 1e-12) }
    #expect(rule.weights.allSatisfy { $0.isFinite })
  }

  @Test func zeroMatrixAndOneDimensionEndAfterOneStep() throws {
    for matrix in [KnownSpectrum([0, 0, 0, 0]), KnownSpectrum([-2.5])] {
      let lanczos = try factorisation(
        matrix.operation(Double.self), start: KnownSpectrum.gaussian(matrix.count, seed: 1), steps: 9)
      #expect(lanczos.isInvariant && lanczos.order == 1)
      #expect(abs(lanczos.tridiagonal.diagonal[0] - matrix.eigenvalues[0]) < 1e-14)
    }
  }

  func checkPartial<Scalar: Real>(_: Scalar.Type, moments tolerance: Double) throws {
    // A few dominant values over a decaying bulk, as of a network's Hessian.
    let known = KnownSpectrum((0..<600).map { 1 / (1 + 0.5 * Double($0)) })
    let start = KnownSpectrum.gaussian(600, seed: 6)
    let operation = try known.operation(Scalar.self)
    let full = try factorisation(operation, start: start, steps: 60, .full)
    let partial = try factorisation(operation, start: start, steps: 60, .partial)
    let rules = try [full, partial].map { try QuadratureRule($0.tridiagonal) }
    for f in [{ $0 }, { $0 * $0 }, { exp(-100 * ($0 - 0.5) * ($0 - 0.5)) }] as [(Double) -> Double] {
      #expect(abs(rules[0].integral(f) - rules[1].integral(f)) < tolerance)
    }
    #expect(abs(rules[0].nodes[59] - rules[1].nodes[59]) < tolerance)
    #expect(partial.record.passes * 2 <= full.record.passes)
  }

  @Test func partialGivesTheQuadratureOfFullForLess() throws {
    try checkPartial(Double.self, moments: 1e-12)
    try checkPartial(Float.self, moments: 2e-5)
  }

  @Test func noisyProductsStaySemiOrthogonal() throws {
    let known = KnownSpectrum((0..<400).map { 1 / (1 + Double($0)) })
    let exact = try known.operation(Double.self)
    let space = exact.space
    nonisolated(unsafe) var calls = 0
    let noise = 1e-5
    let noisy = ClosureOperator(space: space) { vectors in
      try exact.apply(vectors).map { image in
        var image = image
        calls += 1
        let error = space.random(.gaussian, from: RandomStream(seed: 1, purpose: "noise", index: calls))
        space.axpy(noise / space.norm(error), error, &image)
        return image
      }
    }
    var lanczos = try Lanczos(
      space: space, start: Vector(KnownSpectrum.gaussian(400, seed: 1)), orthogonalization: .partial, noise: noise)
    while lanczos.order < 80 && !lanczos.isInvariant { try lanczos.step(noisy) }
    #expect(lanczos.basis.orthogonalityDefect() < 10 * noise.squareRoot())
    #expect(try abs((lanczos.tridiagonal.eigen().values.last ?? 0) - 1) < 10 * noise)
  }

  @Test(arguments: Orthogonalization.allCases) func resumesWithTheSameBits(_ way: Orthogonalization) throws {
    let known = KnownSpectrum.bulkAndOutliers
    let operation = try known.operation(Float.self)
    let start = Vector(KnownSpectrum.gaussian(known.count, seed: 3).map { Float($0) })
    let deflated = [Vector(known.eigenvector(499).map { Float($0) })]
    var whole = try Lanczos(
      space: operation.space, start: start, orthogonalization: way, deflating: deflated)
    var broken = whole
    for _ in 0..<40 {
      try whole.step(operation)
      let data = try JSONEncoder().encode(broken.snapshot)
      let stored = try JSONDecoder().decode(KrylovSnapshot<Float>.self, from: data)
      #expect(stored == broken.snapshot)
      broken = try Lanczos(resuming: stored, space: operation.space, deflating: deflated)
      try broken.step(operation)
    }
    #expect(whole.tridiagonal == broken.tridiagonal && whole.remainder == broken.remainder)
    #expect(whole.record == broken.record)
    #expect(whole.basis[40].bits == broken.basis[40].bits)
  }

  @Test func refusesDamagedSnapshots() throws {
    let operation = try KnownSpectrum([1, 2, 3, 4]).operation(Double.self)
    let good = try factorisation(operation, start: [1, 1, 1, 1], steps: 2).snapshot
    func refuses(_ change: (inout KrylovSnapshot<Double>) -> Void) {
      var bad = good
      change(&bad)
      #expect(throws: InputError.self) { _ = try Lanczos(resuming: bad, space: operation.space) }
    }
    refuses { $0.kind = "eigenpairs 1" }
    refuses { $0.numbers["alphas"] = nil }
    refuses { $0.numbers["betas"] = [1, 2, 3] }
    refuses { $0.numbers["scale"] = [.nan] }
    refuses { $0.vectors["basis"]?.removeLast() }
    refuses { $0.vectors["basis"]?[0] = Vector([1, 2]) }
    refuses { $0.vectors["basis"]?[0][1] = .infinity }
    refuses { $0.integers["orthogonalization"] = [99] }
    refuses { $0.integers["invariant"] = [] }
  }

  @Test func saysWhenAProductIsNotFinite() throws {
    let space = DenseVectorSpace<Double>(dimension: 3)
    let bad = ClosureOperator(space: space) { $0.map { _ in Vector([1, .nan, 0]) } }
    var lanczos = try Lanczos(space: space, start: Vector([1, 1, 1]))
    #expect { try lanczos.step(bad) } throws: { "\($0)".contains("not finite") }
    #expect(lanczos.order == 0)
    #expect(throws: InputError.self) { _ = try Lanczos(space: space, start: space.zero()) }
  }

  @Test func deflatedVectorsStayOut() throws {
    let known = KnownSpectrum.bulkAndOutliers
    let operation = try known.operation(Double.self)
    let outliers = (490..<500).map { Vector(known.eigenvector($0)) }
    var lanczos = try Lanczos(
      space: operation.space, start: Vector(KnownSpectrum.gaussian(500, seed: 1)), orthogonalization: .partial,
      deflating: outliers)
    while lanczos.order < 90 && !lanczos.isInvariant { try lanczos.step(operation) }
    let nodes = try lanczos.tridiagonal.eigen().values
    #expect((nodes.last ?? 1) < 0.0601)
    let leak = outliers.map { lanczos.basis.coefficients(of: $0).map(abs).max() ?? 0 }.max() ?? 0
    #expect(leak < 1e-13)

    // With every direction deflated there is nothing left to factorise.
    let all = (0..<4).map { index in Vector((0..<4).map { $0 == index ? 1.0 : 0 }) }
    let empty = try Lanczos(space: DenseVectorSpace(dimension: 4), start: Vector([1, 2, 3, 4.0]), deflating: all)
    #expect(empty.isInvariant && empty.order == 0)
  }
}
