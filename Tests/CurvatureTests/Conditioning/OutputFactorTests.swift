import Foundation
import Networks
import Testing

@testable import Curvature

/// B Bᵀ = w (diag p − ppᵀ), also where the model is sure to many digits.
struct OutputFactorTests {
  private func factor(_ scores: [Double], weight: Double = 1, mass: Double? = nil) throws -> OutputFactor {
    try OutputFactor(
      kind: .gaussNewton, loss: .crossEntropy, samples: 1, rowsPerSample: 1, classes: scores.count
    ) { _ in OutputFactor.RowData(scores: scores, weight: weight, mass: mass) }
  }

  @Test(arguments: [[0.3, -1, 2, 0.5], [40, 0, -3], [0, 0, 0, 0, 0], [-800, 700, 0]])
  func labels(scores: [Double]) throws {
    let found = try factor(scores, weight: 0.25, mass: 2)
    #expect(found.width == scores.count - 1)
    let highest = scores.max() ?? 0
    let exponentials = scores.map { exp($0 - highest) }
    let sum = exponentials.reduce(0, +)
    let p = exponentials.map { $0 / sum }
    for c in scores.indices {
      for d in scores.indices {
        let product = (0..<found.width).reduce(0.0) {
          $0 + found.elements[c * found.width + $1] * found.elements[d * found.width + $1]
        }
        // p_c (1 − p_c) with 1 − p_c as the sum of the others: nothing may cancel.
        let others = scores.indices.filter { $0 != c }.reduce(0.0) { $0 + p[$1] }
        let expected = 0.5 * (c == d ? p[c] * others : -p[c] * p[d])
        #expect(abs(product - expected) <= 4e-15 * abs(expected) + 1e-300)
      }
    }
  }

  @Test func oneClass() throws { #expect(try factor([1.5]).slots == 0) }
}
