import Foundation

/// Weighted points smoothed by a Gaussian of standard deviation `width` on an even grid.
struct KernelSmoother: Sendable {
  /// A point mass: where, and how much.
  typealias Mass = (position: Double, weight: Double)

  var grid: [Double]
  var width: Double

  /// An even grid that holds all mass of kernels centred in `range`, to 6 standard deviations.
  init(range: ClosedRange<Double>, width: Double, count: Int) {
    precondition(count > 1 && width > 0)
    let low = range.lowerBound - 6 * width
    let high = range.upperBound + 6 * width
    grid = (0..<count).map { low + (high - low) * (Double($0) / Double(count - 1)) }
    self.width = width
  }

  /// On the grid of another; `grid` is even.
  init(grid: [Double], width: Double) {
    precondition(grid.count > 1 && width > 0)
    self.grid = grid
    self.width = width
  }

  /// The kernel at its centre, 1/√(2πσ²).
  var peak: Double { 1 / ((2 * Double.pi).squareRoot() * width) }

  /// Σ weight · exp(−(x − position)²/2σ²)/√(2πσ²) at every x of the grid.
  func density(_ masses: [Mass]) -> [Double] {
    sums(masses, relativeTo: [Double](repeating: 0, count: grid.count)).first.map { $0 * peak }
  }

  /// ½ (distance/σ)² of the mass nearest to every x of the grid; infinite beyond `reach`.
  func exponents(ofNearest masses: [Mass]) -> [Double] {
    var result = [Double](repeating: .infinity, count: grid.count)
    for mass in masses {
      visit(mass) { index, exponent in result[index] = Swift.min(result[index], exponent) }
    }
    return result
  }

  /// Σ weight · k(x) and Σ weight · k(x)² at every x of the grid, where k(x) = exp(offset − ½ (x − position)²/σ²).
  func sums(_ masses: [Mass], relativeTo offsets: [Double]) -> (first: [Double], second: [Double]) {
    var first = [Double](repeating: 0, count: grid.count)
    var second = first
    for mass in masses {
      visit(mass) { index, exponent in
        let kernel = exp(offsets[index] - exponent)
        first[index] += mass.weight * kernel
        second[index] += mass.weight * kernel * kernel
      }
    }
    return (first, second)
  }

  /// Every point of the grid within 39 σ, beyond which the kernel is below the least Double, with ½ (distance/σ)².
  private func visit(_ mass: Mass, _ body: (_ index: Int, _ exponent: Double) -> Void) {
    let spacing = (grid[grid.count - 1] - grid[0]) / Double(grid.count - 1)
    let end = Double(grid.count - 1)
    let first = ((mass.position - 39 * width - grid[0]) / spacing).rounded(.down)
    let last = ((mass.position + 39 * width - grid[0]) / spacing).rounded(.up)
    guard first <= end, last >= 0 else { return }
    for index in Int(Swift.max(0, first))...Int(Swift.min(end, last)) {
      let distance = (grid[index] - mass.position) / width
      body(index, distance * distance / 2)
    }
  }

  /// ∫ |f − g| by the trapezoidal rule on the grid.
  func distance(_ f: [Double], _ g: [Double]) -> Double { integral(zip(f, g).map { abs($0 - $1) }) }

  /// ∫ f by the trapezoidal rule on the grid.
  func integral(_ f: [Double]) -> Double {
    guard let first = f.first, let last = f.last, f.count == grid.count, grid.count > 1 else { return 0 }
    return (f.reduce(0, +) - (first + last) / 2) * (grid[1] - grid[0])
  }
}
