import Foundation
import Krylov
import Tensors
import Testing

@Suite struct EigenpairTests {
  /// Solves and checks every claim of the result against the known spectrum.
  @discardableResult
  func solve<Scalar: Real>(
    _ known: KnownSpectrum, _: Scalar.Type, _ options: EigenpairOptions, expectConverged: Bool = true
  ) throws -> Eigenpairs<Vector<Scalar>> {
    let operation = try known.operation(Scalar.self)
    var solver = try EigenpairSolver(space: operation.space, options: options)
    let result = try solver.run(operation)
    let sorted = known.eigenvalues.sorted()
    let size = sorted.map(abs).max() ?? 0
    let epsilon = Double(Scalar.ulpOfOne) * Double(known.count).squareRoot()
    let expected =
      Array(sorted.reversed().prefix(result.top.count)) + Array(sorted.prefix(result.bottom.count))
    for (pair, exact) in zip(result.top + result.bottom, expected) {
      let v = pair.vector.doubles
      #expect(abs(naiveDot(v, v) - 1) < 10 * epsilon)
      let image = (0..<known.count).map { i in
        (0..<known.count).reduce(0) { $0 + known.matrix[i * known.count + $1] * v[$1] }
      }
      let residual = zip(image, v).reduce(0) { $0 + pow($1.0 - pair.value * $1.1, 2) }.squareRoot()
      #expect(abs(residual - pair.residual) <= 20 * epsilon * size, "the residual must be the true one")
      #expect(pair.converged == (pair.residual <= result.tolerance * result.normEstimate))
      if expectConverged {
        #expect(abs(pair.value - exact) <= pair.errorBound + 20 * epsilon * size)
      }
    }
    if expectConverged {
      #expect(result.converged)
      #expect(result.top.count == Swift.min(options.top, known.count))
      #expect(result.orthogonality < 100 * epsilon)
      #expect(result.normEstimate <= size * (1 + 10 * epsilon))
    }
    return result
  }

  @Test func findsBothEndsOfASpectrumAtOnce() throws {
    let known = KnownSpectrum((0..<300).map { pow(0.95, Double($0)) - 0.3 / (1 + Double(299 - $0)) })
    let result = try solve(known, Double.self, EigenpairOptions(top: 8, bottom: 6))
    #expect(result.reason == .converged && result.bottom.count == 6)
    #expect(result.verificationProducts > 0 && result.verificationProducts < result.products)
    try solve(known, Float.self, EigenpairOptions(top: 8, bottom: 6))
    try solve(known, Double.self, EigenpairOptions(top: 0, bottom: 4))
    try solve(known, Double.self, EigenpairOptions(top: 8, bottom: 6, blockSize: 3))
  }

  /// Of a repeated eigenvalue that is cut by the number asked for, the dense path says so as the search does.
  @Test func denseEigenpairsTellWhereTheyCutARepeatedEigenvalue() throws {
    let operation = try KnownSpectrum([3, 2, 2, 2, 1, 0, 0, -1]).operation(Double.self)
    for (top, bottom, reason) in [
      (1, 1, EigenpairReason.complete), (4, 3, .complete), (3, 0, .coincident), (0, 2, .coincident), (8, 0, .complete),
    ] {
      let pairs = try ExactSpectrum.eigenpairs(operation, options: EigenpairOptions(top: top, bottom: bottom))
      #expect(pairs.reason == reason && pairs.converged, "\(top), \(bottom)")
      #expect(pairs.warnings.isEmpty == (reason == .complete))
    }
  }

  /// Pairs that were never found have not converged, whatever those that were found show.
  @Test func missingPairsAreNotConverged() throws {
    let operation = try KnownSpectrum([Double](repeating: 0, count: 13)).operation(Double.self)
    var solver = try EigenpairSolver(
      space: operation.space, options: EigenpairOptions(top: 4, bottom: 3, maximumProducts: 8))
    let pairs = try solver.run(operation)
    #expect(pairs.top.count + pairs.bottom.count < 7 && pairs.top.allSatisfy(\.converged))
    #expect(pairs.reason == .productsExhausted && !pairs.converged)
  }

  @Test func findsTheOutliersOfABulk() throws {
    let result = try solve(.bulkAndOutliers, Double.self, EigenpairOptions(top: 10))
    #expect(result.top.allSatisfy { $0.multiplicityVerified && $0.multiplicity == 1 })
    #expect(result.warnings.isEmpty && result.products < 200)
    try solve(.bulkAndOutliers, Float.self, EigenpairOptions(top: 10))
  }

  static let fivefold = KnownSpectrum(
    [2, 2, 2, 2, 2, 1.5, 1.2, 1.1] + (0..<192).map { cos(Double($0)) })

  @Test(arguments: [1, 2, 5], [5, 8]) func findsAllCopiesOfAFivefoldEigenvalue(_ block: Int, _ top: Int) throws {
    for seed in 0..<5 as Range<UInt64> {
      let result = try solve(
        Self.fivefold, Double.self, EigenpairOptions(top: top, blockSize: block, seed: seed))
      for pair in result.top.prefix(5) {
        #expect(abs(pair.value - 2) < 1e-12 && pair.multiplicity == 5)
        #expect(pair.multiplicityVerified)
      }
      #expect(result.reason == .converged)
    }
    let single = try solve(Self.fivefold, Float.self, EigenpairOptions(top: top, blockSize: block))
    #expect(single.top.prefix(5).allSatisfy { $0.multiplicity == 5 })
  }

  @Test func findsAFivefoldSmallestEigenvalue() throws {
    let known = KnownSpectrum(Self.fivefold.eigenvalues.map { -$0 })
    let result = try solve(known, Double.self, EigenpairOptions(top: 2, bottom: 5))
    #expect(result.bottom.allSatisfy { abs($0.value + 2) < 1e-12 && $0.multiplicity == 5 })
  }

  @Test func saysThatCopiesRemainBeyondTheLastWanted() throws {
    let result = try solve(Self.fivefold, Double.self, EigenpairOptions(top: 3))
    #expect(result.reason == .coincident && result.top.allSatisfy { abs($0.value - 2) < 1e-12 })
    #expect(!result.warnings.isEmpty)
  }

  @Test func withoutVerificationClaimsNoMultiplicity() throws {
    let options = EigenpairOptions(top: 2, verifiesMultiplicity: false)
    let result = try solve(.bulkAndOutliers, Double.self, options)
    #expect(result.top.allSatisfy { !$0.multiplicityVerified } && result.verificationProducts == 0)
    #expect(result.top.allSatisfy { $0.errorBound == $0.residual })
  }

  @Test func resolvesAClusterOrSaysThatItCannot() throws {
    let bulk = (0..<196).map { 0.5 * sin(Double($0)) }
    let known = KnownSpectrum([1, 1 - 1e-6, 1 - 2e-6, 0.9] + bulk)
    let fine = try solve(known, Double.self, EigenpairOptions(top: 4, tolerance: 1e-11))
    #expect(fine.top.allSatisfy { $0.multiplicity == 1 })
    let coarse = try solve(known, Double.self, EigenpairOptions(top: 4, tolerance: 1e-5))
    #expect(coarse.top.prefix(3).allSatisfy { $0.multiplicity >= 2 })
  }

  @Test func handlesTheSmallestProblems() throws {
    let one = try solve(KnownSpectrum([-3]), Double.self, EigenpairOptions(top: 1, bottom: 2))
    #expect(one.top.count == 1 && one.bottom.isEmpty && one.unavailable == 2 && one.reason == .complete)
    for n in 2...9 {
      let known = KnownSpectrum(KnownSpectrum.gaussian(n, seed: UInt64(n)))
      for block in 1...3 {
        let all = try solve(known, Double.self, EigenpairOptions(top: n, blockSize: block))
        #expect(all.reason == .complete && all.top.allSatisfy(\.multiplicityVerified))
        try solve(known, Double.self, EigenpairOptions(top: n - 1, bottom: 1, blockSize: block))
        let more = try solve(known, Float.self, EigenpairOptions(top: n + 5, blockSize: block))
        #expect(more.unavailable == 5)
      }
    }
    let near = KnownSpectrum(KnownSpectrum.gaussian(60, seed: 3))
    try solve(near, Double.self, EigenpairOptions(top: 55))
    try solve(near, Double.self, EigenpairOptions(top: 30, bottom: 29))
  }

  @Test func handlesTheZeroMatrixAndTheIdentity() throws {
    for value in [0.0, 1, -4] {
      let known = KnownSpectrum([Double](repeating: value, count: 50))
      let result = try solve(known, Double.self, EigenpairOptions(top: 3, bottom: 2))
      #expect(result.reason == .coincident || result.reason == .complete)
      #expect(result.products < 200)
    }
  }

  @Test func endsAtTheBottomOfALargeNullSpace() throws {
    let known = KnownSpectrum((0..<400).map { $0 < 30 ? 1 + Double($0) : 0 })
    for options in [
      EigenpairOptions(bottom: 5), EigenpairOptions(top: 4, bottom: 5), EigenpairOptions(bottom: 5, blockSize: 3),
    ] {
      let result = try solve(known, Double.self, options)
      #expect(result.reason == .coincident && result.bottom.allSatisfy { abs($0.value) < 1e-10 })
      #expect(result.products < 400)
      #expect(result.warnings.first?.contains("null space") == true)
    }
    let single = try solve(known, Float.self, EigenpairOptions(bottom: 5))
    #expect(single.reason == .coincident)
  }

  @Test func isHonestWhenProductsRunOut() throws {
    let known = KnownSpectrum((0..<400).map { cos(0.003 * Double($0)) })
    for maximum in [1, 10, 30, 60] {
      let result = try solve(
        known, Double.self, EigenpairOptions(top: 10, maximumProducts: maximum), expectConverged: false)
      #expect(!result.converged && result.reason == .productsExhausted)
      #expect(result.products <= Swift.max(maximum, 11))
      #expect(result.warnings.contains { $0.contains("ran out") })
    }
  }

  @Test func isHonestAboutNoisyProducts() throws {
    let exact = try KnownSpectrum.bulkAndOutliers.operation(Double.self)
    let space = exact.space
    nonisolated(unsafe) var calls = 0
    let noisy = ClosureOperator(space: space) { vectors in
      try exact.apply(vectors).map { image in
        var image = image
        calls += 1
        let error = space.random(.gaussian, from: RandomStream(seed: 1, purpose: "noise", index: calls))
        space.axpy(1e-6 / space.norm(error), error, &image)
        return image
      }
    }
    var solver = try EigenpairSolver(space: space, options: EigenpairOptions(top: 3, maximumProducts: 300))
    let result = try solver.run(noisy)
    #expect(!result.converged)
    #expect(result.reason == .noisyProducts || result.reason == .productsExhausted)
    #expect(result.top.allSatisfy { $0.residual > 1e-7 && $0.residual < 1e-4 })
  }

  @Test(arguments: [1, 3]) func resumesWithTheSameBits(_ block: Int) throws {
    let operation = try Self.fivefold.operation(Double.self)
    let options = EigenpairOptions(top: 6, bottom: 2, blockSize: block)
    var whole = try EigenpairSolver(space: operation.space, options: options)
    var broken = whole
    while !whole.isFinished {
      try whole.step(operation)
      let data = try JSONEncoder().encode(broken.snapshot)
      let stored = try JSONDecoder().decode(KrylovSnapshot<Double>.self, from: data)
      #expect(stored == broken.snapshot)
      broken = try EigenpairSolver(resuming: stored, space: operation.space, options: options)
      try broken.step(operation)
    }
    #expect(broken.isFinished && broken.snapshot == whole.snapshot)
    let results = try [whole, broken].map { try $0.eigenpairs(operation) }
    for (one, other) in zip(results[0].top + results[0].bottom, results[1].top + results[1].bottom) {
      #expect(one.value == other.value && one.vector.bits == other.vector.bits)
    }
    #expect(results[0].products == results[1].products)
  }

  @Test func goesOnAfterProductsRanOut() throws {
    let operation = try KnownSpectrum.bulkAndOutliers.operation(Double.self)
    var options = EigenpairOptions(top: 10, maximumProducts: 25)
    var solver = try EigenpairSolver(space: operation.space, options: options)
    #expect(try solver.run(operation).reason == .productsExhausted)
    options.maximumProducts = 2000
    var more = try EigenpairSolver(resuming: solver.snapshot, space: operation.space, options: options)
    #expect(try more.run(operation).reason == .converged)
    options.top = 9
    #expect(throws: InputError.self) {
      _ = try EigenpairSolver(resuming: solver.snapshot, space: operation.space, options: options)
    }
  }

  @Test func isTheSameForAnyNumberOfWorkers() throws {
    let n = 20_000
    let diagonal = Vector((0..<n).map { Float(1 / (1 + Double($0))) })
    let bits = try [1, 2, 4].map { workers -> [UInt64] in
      let operation = DiagonalOperator(diagonal, pool: WorkerPool(count: workers))
      var solver = try EigenpairSolver(space: operation.space, options: EigenpairOptions(top: 3))
      let result = try solver.run(operation)
      return result.top.flatMap { [$0.value.bitPattern, $0.residual.bitPattern] + $0.vector.bits }
    }
    #expect(bits[0] == bits[1] && bits[0] == bits[2])
  }

  @Test func refusesSenselessOptionsAndSaysWhenAProductIsNotFinite() throws {
    let space = DenseVectorSpace<Double>(dimension: 3)
    for options in [
      EigenpairOptions(), EigenpairOptions(top: -1), EigenpairOptions(top: 1, tolerance: .nan),
      EigenpairOptions(top: 1, blockSize: 0), EigenpairOptions(top: 1, maximumProducts: 0),
    ] {
      #expect(throws: InputError.self) { _ = try EigenpairSolver(space: space, options: options) }
    }
    #expect(throws: InputError.self) {
      _ = try EigenpairSolver(space: DenseVectorSpace<Double>(dimension: 0), options: EigenpairOptions(top: 1))
    }
    let bad = ClosureOperator(space: space) { $0.map { _ in Vector([1, .infinity, 0]) } }
    var solver = try EigenpairSolver(space: space, options: EigenpairOptions(top: 1))
    #expect { try solver.run(bad) } throws: { "\($0)".contains("not finite") }
  }
}
