import Foundation
import Krylov
import Tensors
import Testing

@Suite struct DensityTests {
  func sample<Scalar: Real>(
    _ known: KnownSpectrum, _: Scalar.Type, _ options: QuadratureOptions, deflating: [Int] = []
  ) throws -> SpectralSample {
    let operation = try known.operation(Scalar.self)
    var quadrature = try StochasticLanczosQuadrature(
      space: operation.space, options: options, deflatedValues: deflating.map { known.eigenvalues[$0] },
      deflatedVectors: deflating.map { Vector(known.eigenvector($0).map { Scalar($0) }) })
    return try quadrature.run(operation)
  }

  /// φ_σ of all eigenvalues, straight from its definition.
  func exactDensity(_ eigenvalues: [Double], _ grid: [Double], _ width: Double) -> [Double] {
    grid.map { x in
      eigenvalues.reduce(0) { $0 + exp(-pow((x - $1) / width, 2) / 2) }
        / (Double(eigenvalues.count) * width * (2 * Double.pi).squareRoot())
    }
  }

  func distance(_ density: SpectralDensity, _ eigenvalues: [Double]) -> Double {
    let exact = exactDensity(eigenvalues, density.grid, density.kernelWidth)
    return zip(density.density, exact).reduce(0) { $0 + abs($1.0 - $1.1) } * (density.grid[1] - density.grid[0])
  }

  // papers.md 2.3, item 3
  @Test func knownSpectrumWithinThePublishedDistances() throws {
    let known = KnownSpectrum.bulkAndOutliers
    for orthogonalization in [Orthogonalization.full, .partial] {
      let options = QuadratureOptions(probes: 10, steps: 40, orthogonalization: orthogonalization, seed: 1)
      let sample = try sample(known, Double.self, options)
      for rule in try sample.rules() {
        for (node, exact) in zip(rule.nodes.reversed(), known.eigenvalues.reversed().prefix(10)) {
          #expect(abs(node - exact) < 1e-10)
        }
      }
      for (variance, limit) in [(1e-3, 0.03), (1e-5, 0.1)] {
        let density = try SpectralDensity(
          sample, options: DensityOptions(kernelWidth: variance.squareRoot(), gridCount: 8000))
        #expect(distance(density, known.eigenvalues) < limit)
        #expect(abs(density.integral - 1) < 1e-3)
      }
    }
  }

  // papers.md 2.3, item 5
  @Test func firstMomentsAreThoseOfTheProbes() throws {
    let known = KnownSpectrum.bulkAndOutliers
    let options = QuadratureOptions(probes: 3, steps: 20, distribution: .rademacher, seed: 4)
    let sample = try sample(known, Double.self, options)
    let operation = try known.operation(Double.self)
    for (index, rule) in try sample.rules().enumerated() {
      let v = operation.space.random(
        .rademacher, from: RandomStream(seed: 4, purpose: "density probe", index: index))
      let image = try operation.apply(v)
      #expect(abs(rule.moment(0) - 1) < 1e-13)
      #expect(abs(rule.moment(1) - operation.space.dot(v, image) / 500) < 1e-13)
      #expect(abs(rule.moment(2) - operation.space.dot(image, image) / 500) < 1e-13)
    }
    let density = try SpectralDensity(sample)
    #expect(abs(density.integral - 1) < 1e-6 && density.band != nil && density.quadratureDefect < 0.5)
  }

  @Test func deflatedOutliersEnterExactly() throws {
    let known = KnownSpectrum.bulkAndOutliers
    let outliers = Array(490..<500)
    let sample = try sample(known, Float.self, QuadratureOptions(probes: 5, steps: 60), deflating: outliers)
    #expect(sample.remainderFraction == 490.0 / 500)
    for rule in try sample.rules() { #expect((rule.nodes.last ?? 1) < 0.0601) }
    let density = try SpectralDensity(sample)
    #expect(abs(density.integral - 1) < 1e-6 && density.deflated == 10)
    // At an outlier the density is its own kernel, and the band has no width.
    let band = try #require(density.band)
    let exact = exactDensity(known.eigenvalues, density.grid, density.kernelWidth)
    for (index, x) in density.grid.enumerated() where x > 0.2 {
      #expect(abs(density.density[index] - exact[index]) < 1e-6)
      #expect(band.upper[index] - band.lower[index] < 1e-9)
    }
    #expect(distance(density, known.eigenvalues) < 0.2)

    let trace = try sample.trace()
    let error = try #require(trace.standardError)
    #expect(abs(trace.value - known.eigenvalues.reduce(0, +)) < 5 * error)
  }

  @Test func bandCoversTheRemainderAsOftenAsItSays() throws {
    let known = KnownSpectrum((0..<300).map { cos(Double($0)) })
    var covered = 0
    var points = 0
    for seed in 0..<25 as Range<UInt64> {
      let sample = try sample(known, Double.self, QuadratureOptions(probes: 10, steps: 80, seed: seed))
      let density = try SpectralDensity(sample, options: DensityOptions(kernelWidth: 0.1, gridCount: 200))
      let band = try #require(density.band)
      let exact = exactDensity(known.eigenvalues, density.grid, 0.1)
      for (index, x) in density.grid.enumerated() where abs(x) < 0.9 {
        points += 1
        if band.lower[index] <= exact[index] && exact[index] <= band.upper[index] { covered += 1 }
      }
    }
    let coverage = Double(covered) / Double(points)
    #expect(coverage > 0.9 && coverage < 0.99)
  }

  // papers.md 2.3, item 8
  @Test func googleCompatibleDensityEqualsItsDefinition() throws {
    for scale in [0.1, 5.0] {
      let known = KnownSpectrum(KnownSpectrum.bulkAndOutliers.eigenvalues.map { $0 * scale })
      let sample = try sample(known, Double.self, QuadratureOptions(probes: 3, steps: 30, orthogonalization: .full))
      let compatible = try GoogleCompatibleDensity(sample.tridiagonals)

      // Written from the description alone, with dense eigenproblems.
      var draws: [(nodes: [Double], weights: [Double])] = []
      for t in sample.tridiagonals {
        let m = t.order
        var dense = [Double](repeating: 0, count: m * m)
        for i in 0..<m { dense[i * m + i] = t.diagonal[i] }
        for i in 0..<m - 1 {
          dense[i * m + i + 1] = t.offDiagonal[i]
          dense[(i + 1) * m + i] = t.offDiagonal[i]
        }
        let eigen = try SymmetricEigen.decompose(dense, order: m, vectors: true)
        draws.append((eigen.values, (0..<m).map { pow(Array(eigen.vector($0))[0], 2) }))
      }
      let high = draws.map { $0.nodes.max() ?? 0 }.reduce(0, +) / 3 + 0.01
      let low = draws.map { $0.nodes.min() ?? 0 }.reduce(0, +) / 3 - 0.01
      let variance = 1e-5 * Swift.max(1, high - low)
      #expect(compatible.grid.count == 10_000 && abs(compatible.variance - variance) < 1e-17)
      var density: [Double] = []
      for j in 0..<10_000 {
        let x = low + (high - low) * Double(j) / 9999
        #expect(abs(compatible.grid[j] - x) < 1e-13 * Swift.max(1, high))
        var total = 0.0
        for draw in draws {
          for (node, weight) in zip(draw.nodes, draw.weights) {
            total += weight * exp(-pow(x - node, 2) / (2 * variance)) / (2 * Double.pi * variance).squareRoot() / 3
          }
        }
        density.append(total)
      }
      let mass = density.reduce(0, +) * (high - low) / 9999
      let peak = density.max() ?? 1
      let worst = zip(compatible.density, density).map { abs($0 - $1 / mass) }.max() ?? 1
      #expect(worst / (peak / mass) < 1e-12)
    }
  }

  @Test func logarithmicDensityCountsBothSidesAndZero() throws {
    var values = [Double](repeating: 0, count: 50)
    for i in 50..<80 { values.append(-pow(10, -Double(i % 4))) }
    for i in 80..<200 { values.append(pow(10, -Double(i % 5))) }
    let known = KnownSpectrum(values)
    let sample = try sample(known, Double.self, QuadratureOptions(probes: 400, steps: 20))
    let density = try LogarithmicDensity(sample)
    let whole: Double = density.positive.fraction + density.negative.fraction + density.zeroFraction
    #expect(abs(whole - 1) < 1e-6)
    let error = try #require(density.zeroFractionStandardError)
    #expect(abs(density.zeroFraction - 0.25) < 5 * error && error < 0.01)
    #expect(abs(density.negative.fraction - 0.15) < 0.02)
    let positive = density.positive.density
    var peaks = 0
    for index in 1..<positive.count - 1 where positive[index] > 0.01 {
      if positive[index] > positive[index - 1] && positive[index] > positive[index + 1] { peaks += 1 }
    }
    #expect(peaks == 5)
  }

  @Test(arguments: [1, 3]) func resumesWithTheSameBits(_ batch: Int) throws {
    let known = KnownSpectrum.bulkAndOutliers
    let operation = try known.operation(Float.self)
    let options = QuadratureOptions(probes: 4, steps: 12, batch: batch, seed: 9)
    let vectors = [Vector(known.eigenvector(499).map { Float($0) })]
    var whole = try StochasticLanczosQuadrature(
      space: operation.space, options: options, deflatedValues: [3], deflatedVectors: vectors)
    var broken = whole
    while !whole.isFinished {
      try whole.step(operation)
      let data = try JSONEncoder().encode(broken.snapshot)
      broken = try StochasticLanczosQuadrature(
        resuming: try JSONDecoder().decode(KrylovSnapshot<Float>.self, from: data), space: operation.space,
        options: options, deflatedValues: [3], deflatedVectors: vectors)
      #expect(broken.snapshot == (try JSONDecoder().decode(KrylovSnapshot<Float>.self, from: data)))
      try broken.step(operation)
    }
    #expect(broken.isFinished && broken.sample == whole.sample && broken.products == 48)
    #expect(broken.records == whole.records && broken.remainingProducts == 0)
    var other = options
    other.seed = 1
    #expect(throws: InputError.self) {
      _ = try StochasticLanczosQuadrature(
        resuming: whole.snapshot, space: operation.space, options: other, deflatedValues: [3],
        deflatedVectors: vectors)
    }
  }

  @Test func batchAndWorkersDoNotChangeTheSample() throws {
    let n = 20_000
    let diagonal = Vector((0..<n).map { Float(1 / (1 + Double($0))) })
    var samples: [SpectralSample] = []
    for (workers, batch) in [(1, 1), (2, 1), (4, 3)] {
      let operation = DiagonalOperator(diagonal, pool: WorkerPool(count: workers))
      var quadrature = try StochasticLanczosQuadrature(
        space: operation.space, options: QuadratureOptions(probes: 3, steps: 15, batch: batch))
      samples.append(try quadrature.run(operation))
    }
    #expect(samples[0] == samples[1] && samples[0] == samples[2])
  }

  @Test func degenerateSpectraGiveFiniteDensities() throws {
    for values in [[0.0, 0, 0], [2, 2, 2], [-1]] {
      for deflated in [[], Array(values.indices)] {
        let sample = try sample(
          KnownSpectrum(values), Double.self, QuadratureOptions(probes: 2, steps: 5), deflating: deflated)
        let density = try SpectralDensity(sample)
        #expect(abs(density.integral - 1) < 1e-6 && density.density.allSatisfy { $0.isFinite })
        let logarithmic = try LogarithmicDensity(sample)
        let whole: Double =
          logarithmic.positive.fraction + logarithmic.negative.fraction + logarithmic.zeroFraction
        #expect(abs(whole - 1) < 1e-6)
        #expect(abs(try sample.trace().value - values.reduce(0, +)) < 1e-12)
      }
    }
    #expect(throws: InputError.self) { _ = try SpectralDensity(SpectralSample(dimension: 3, tridiagonals: [])) }
    #expect(throws: InputError.self) { _ = try GoogleCompatibleDensity([]) }
  }
}
