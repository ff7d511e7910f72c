import Foundation
import Krylov
import Tensors
import Testing

@Suite struct DeflatingQuadratureTests {
  typealias Space = DenseVectorSpace<Double>

  /// A rule has one tridiagonal matrix, and that the rule.
  @Test(arguments: [1, 2, 7, 60]) func ruleOfItsMatrix(order: Int) throws {
    let numbers = KnownSpectrum.gaussian(2 * order, seed: 3)
    let raw = numbers.suffix(order).map { $0 * $0 + 1e-6 }
    let sum = raw.reduce(0, +)
    let rule = QuadratureRule(nodes: numbers.prefix(order).sorted(), weights: raw.map { $0 / sum })
    let again = try QuadratureRule(TridiagonalMatrix(rule))
    try #require(again.nodes.count == order)
    for index in 0..<order {
      #expect(abs(again.nodes[index] - rule.nodes[index]) < 1e-12)
      #expect(abs(again.weights[index] - rule.weights[index]) < 1e-12)
    }
  }

  @Test func coincidingNodesAreOne() throws {
    let again = try QuadratureRule(
      TridiagonalMatrix(QuadratureRule(nodes: [1, 1, 2], weights: [0.25, 0.25, 0.5])))
    #expect(again.nodes.count == 2 && zip(again.weights, [0.5, 0.5]).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(TridiagonalMatrix(QuadratureRule(nodes: [4], weights: [0])).order == 0)
  }

  /// Products of a matrix and of matrices near it.
  private func products(
    _ operation: DenseSymmetricOperator<Double>, _ others: [DenseSymmetricOperator<Double>] = []
  ) -> ([Vector<Double>]) throws -> ProductsWithReplicates<Vector<Double>> {
    { vectors in
      ProductsWithReplicates(
        images: try operation.apply(vectors), replicates: try others.map { try $0.apply(vectors) })
    }
  }

  private func options(probes: Int, steps: Int, top: Int, bottom: Int = 0) -> DeflatingQuadratureOptions {
    DeflatingQuadratureOptions(
      quadrature: QuadratureOptions(probes: probes, steps: steps, seed: 5), top: top, bottom: bottom, guards: 1,
      tolerance: 1e-8)
  }

  /// Σᵢ (vᵀuᵢ)² f(λᵢ) over some eigenpairs of a dense matrix.
  private func integral(
    _ eigen: SymmetricEigen, _ places: Range<Int>, _ probe: [Double], of f: (Double) -> Double
  ) -> (value: Double, weight: Double) {
    places.reduce((0, 0)) { sum, index in
      let share = naiveDot(Array(eigen.vector(index)), probe)
      return (sum.0 + share * share * f(eigen.values[index]), sum.1 + share * share)
    }
  }

  /// Where the Krylov space is the whole space, everything is known in closed form: the ends are eigenpairs, a probe's
  /// rule is (vᵀuᵢ)² on the others, and the same holds of the matrix near by.
  @Test func completeSpace() throws {
    let count = 30
    let known = KnownSpectrum((0..<count).map { cos(Double($0)) * 2 + Double($0) / 10 }, seed: 2)
    let operation = try known.operation(Double.self)
    let noise = KnownSpectrum(KnownSpectrum.gaussian(count, seed: 8).map { 0.05 * $0 }, seed: 9)
    let nearMatrix = zip(known.matrix, noise.matrix).map(+)
    let near = try DenseSymmetricOperator<Double>(
      matrix: Vector(nearMatrix), space: DenseVectorSpace(dimension: count, pool: WorkerPool(count: 1)))
    let quadrature = try DeflatingQuadrature(
      space: operation.space, options: options(probes: 2, steps: count, top: 3, bottom: 2))
    let found = try quadrature.run(products(operation, [near]))
    #expect(found.products == 2 * count - 7)
    let sorted = known.eigenvalues.sorted()
    for (pair, value) in zip(found.pairs.top, sorted.reversed()) {
      #expect(pair.converged && abs(pair.value - value) < 1e-11)
    }
    for (pair, value) in zip(found.pairs.bottom, sorted) { #expect(pair.converged && abs(pair.value - value) < 1e-11) }
    #expect(found.pairs.top.count == 3 && found.pairs.bottom.count == 2)
    #expect(found.sample.deflated.count == 7 && found.sample.tridiagonals.count == 2)

    let f = { (x: Double) in exp(-x * x) + x }
    let probes = (0..<2).map { index in
      operation.space.random(
        .gaussian, from: RandomStream(seed: 5, purpose: "density probe", index: index)
      ).elements
    }
    for (sample, matrix, limit) in [
      (found.sample, known.matrix, 1e-11), (found.replicates[0].sample, nearMatrix, 1e-11),
    ] {
      let eigen = try SymmetricEigen.decompose(matrix, order: count, vectors: true)
      let outer = Array(eigen.values.suffix(4).reversed()) + Array(eigen.values.prefix(3))
      for (value, expected) in zip(sample.deflated, outer) { #expect(abs(value - expected) < limit) }
      let expected = integral(eigen, 3..<count - 4, probes[0], of: f)
      #expect(abs(try sample.rules()[0].integral(f) - expected.value / expected.weight) < 1e-10)
    }
    let eigen = try SymmetricEigen.decompose(known.matrix, order: count, vectors: true)
    let second = integral(eigen, 3..<count - 4, probes[1], of: f)
    #expect(abs(try found.sample.rules()[1].integral(f) - second.value / second.weight) < 1e-10)
    let nearEigen = try SymmetricEigen.decompose(nearMatrix, order: count, vectors: false)
    for (value, expected) in zip(found.replicates[0].top, nearEigen.values.reversed()) {
      #expect(abs(value - expected) < 1e-11)
    }
    #expect(found.replicates[0].top.count == 3)
  }

  /// In fewer steps than dimensions: outliers deflated, the density that of deflation by known eigenpairs, and a nearby
  /// matrix right to first order.
  @Test func outliersOfALargeMatrix() throws {
    let known = KnownSpectrum.bulkAndOutliers
    let operation = try known.operation(Double.self)
    func nearby(_ size: Double) throws -> (DenseSymmetricOperator<Double>, [Double]) {
      let noise = KnownSpectrum(KnownSpectrum.gaussian(known.count, seed: 4).map { size * $0 }, seed: 6)
      let matrix = zip(known.matrix, noise.matrix).map(+)
      return (
        try DenseSymmetricOperator(
          matrix: Vector(matrix), space: DenseVectorSpace(dimension: known.count, pool: WorkerPool(count: 1))), matrix
      )
    }
    let (near, nearMatrix) = try nearby(1e-3)
    let (nearer, _) = try nearby(1e-5)
    let quadrature = try DeflatingQuadrature(
      space: operation.space, options: options(probes: 4, steps: 40, top: 10))
    let found = try quadrature.run(products(operation, [operation, near, nearer]))
    #expect(found.pairs.top.allSatisfy(\.converged) && found.sample.deflated.count >= 10)
    let eigen = try SymmetricEigen.decompose(nearMatrix, order: known.count, vectors: false)
    for (value, expected) in zip(found.replicates[1].top, eigen.values.reversed()) {
      // Of second order: ‖E‖² over the distance to the bulk.
      #expect(abs(value - expected) < 1e-5)
    }
    // The matrix itself among those near it gives its own numbers.
    let options = DensityOptions(gridCount: 300)
    let density = try SpectralDensity(found.sample, options: options)
    let same = try SpectralDensity(found.replicates[0].sample, options: options, like: density)
    let height = density.density.max() ?? 0
    for (a, b) in zip(density.density, same.density) { #expect(abs(a - b) < 1e-9 * height) }
    #expect(zip(found.replicates[0].top, found.pairs.top).allSatisfy { abs($0 - $1.value) < 1e-11 })
    // tr A + tr E to first order, seen by the same probes.
    let exact = known.eigenvalues.reduce(0, +)
    #expect(abs(try found.sample.trace().value - exact) < 5 * (try found.sample.trace().standardError ?? 0))
    let change = try found.replicates[2].sample.trace().value - found.sample.trace().value
    var expected = 0.0
    for index in 0..<4 {
      let probe = operation.space.random(
        .gaussian, from: RandomStream(seed: 5, purpose: "density probe", index: index))
      expected += try operation.space.dot(probe, nearer.apply(probe)) / operation.space.dot(probe, probe) / 4
      expected -= try operation.space.dot(probe, operation.apply(probe)) / operation.space.dot(probe, probe) / 4
    }
    // Deflation leaves out the probes' share of the outliers' change, which is small beside the rest.
    #expect(abs(change - expected * Double(known.count)) < 0.2 * abs(expected) * Double(known.count) + 1e-4)
    // Against quadrature that is given the eigenpairs: different spaces of the first probe, one truth.
    var given = try StochasticLanczosQuadrature(
      space: operation.space,
      options: QuadratureOptions(probes: 4, steps: 40, orthogonalization: .full, seed: 5),
      deflatedValues: found.sample.deflated,
      deflatedVectors: (found.pairs.top + found.pairs.topGuards).prefix(found.sample.deflated.count).map(\.vector))
    let reference = try SpectralDensity(given.run(operation), options: options, like: density)
    for (a, b) in zip(density.density, reference.density) { #expect(abs(a - b) < 2e-3 * height) }
  }

  @Test func refusesWhatMakesNoSense() throws {
    let operation = try KnownSpectrum([1, 2, 3]).operation(Double.self)
    for bad in [
      options(probes: 0, steps: 3, top: 1), options(probes: 1, steps: 0, top: 1), options(probes: 1, steps: 3, top: -1),
    ] {
      #expect(throws: InputError.self) { _ = try DeflatingQuadrature(space: operation.space, options: bad) }
    }
    let one = try DeflatingQuadrature(space: operation.space, options: options(probes: 2, steps: 9, top: 5, bottom: 4))
      .run(products(operation))
    // A node stays in the rule.
    #expect(one.sample.deflated.count == 2 && one.sample.tridiagonals[0].order == 1)
    #expect(abs(try one.sample.trace().value - 6) < 1e-12)
  }
}
