import Foundation
import Tensors
import Testing

@testable import Krylov

@Suite struct EigenvalueCountTests {
  static let thresholds = [0.02, 0.1, 0.4, 0.9, 1.6, 2.5]

  @Test func intervalsCoverOverSeeds() throws {
    let eigenvalues = DensityBandTests.network
    let operation = DiagonalOperator(Vector(eigenvalues))
    let width = 0.01
    var covered = 0
    for seed in 0..<100 as Range<UInt64> {
      var quadrature = try StochasticLanczosQuadrature(
        space: operation.space, options: QuadratureOptions(probes: 5, steps: 60, seed: seed))
      for count in try quadrature.run(operation).counts(above: Self.thresholds, width: width) {
        let exact = eigenvalues.reduce(0) { $0 + erfc((count.threshold - $1) / (width * 2.0.squareRoot())) / 2 }
        let (lower, upper) = (try #require(count.lower), try #require(count.upper))
        #expect(lower <= count.value && count.value <= upper)
        if lower <= exact && exact <= upper { covered += 1 }
      }
    }
    #expect(0.92...0.99 ~= Double(covered) / Double(100 * Self.thresholds.count))
  }

  @Test func deflatedEigenvaluesAreCountedExactly() throws {
    let sample = SpectralSample(
      dimension: 10, deflated: [3, 5],
      tridiagonals: (0..<2).map { _ in TridiagonalMatrix(diagonal: [0, 0], offDiagonal: [0]) })
    let counts = try sample.counts(above: [1, 4, 6], width: 1e-3)
    #expect(zip(counts.map(\.value), [2, 1, 0]).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(counts[0].upper.map { abs($0 - 2) < 1e-12 } == true)
  }

  @Test func refusesWhatMakesNoSense() {
    let empty = SpectralSample(dimension: 3, tridiagonals: [])
    #expect(throws: InputError.self) { try empty.counts(above: [0], width: 1) }
    #expect(throws: InputError.self) { try empty.counts(above: [0], width: 0) }
  }
}
