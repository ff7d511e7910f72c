import Krylov
import Tensors
import Testing

/// Kronecker products as operators, against dense arithmetic.
@Suite struct KroneckerOperatorTests {
  private func symmetric(_ order: Int, seed: UInt64) -> DenseMatrix {
    var stream = RandomStream(seed: seed, purpose: "Kronecker factor of a test")
    let random = DenseMatrix(
      rows: order, columns: order,
      elements: (0..<order * order).map { _ in RandomStream.unitInterval(stream.next()) - 0.3 })
    return random + random.transposed
  }

  /// The largest eigenvalues of A ⊗ B and their vectors are those of the dense matrix, whatever the signs of the factors'.
  @Test(arguments: 0..<5 as Range<UInt64>) func eigenpairs(seed: UInt64) throws {
    let (a, b) = (symmetric(5, seed: seed), symmetric(7, seed: seed + 50))
    let operation = try KroneckerOperator<Double>(a, b)
    let dense = a.kronecker(b)
    let expected = try dense.descendingEigen()
    let found = operation.largest(35)
    let scale = expected.values[0]
    for (index, pair) in found.enumerated() {
      #expect(abs(pair.value - expected.values[index]) <= 1e-13 * scale)
      let vector = operation.vector(pair)
      let image = try dense * DenseMatrix(rows: 35, columns: 1, elements: vector.elements)
      for element in 0..<35 { #expect(abs(image[element, 0] - pair.value * vector[element]) <= 1e-12 * scale) }
    }
    #expect(operation.largest(4) == Array(found.prefix(4)) && operation.largest(100).count == 35)
    #expect(operation.largest(0).isEmpty)
    #expect(abs(operation.trace - expected.values.reduce(0, +)) <= 1e-12 * scale)
  }

  @Test func products() throws {
    let (a, b) = (symmetric(4, seed: 1), symmetric(6, seed: 2))
    let operation = try KroneckerOperator<Double>(a, b)
    let dense = a.kronecker(b)
    let v = operation.space.random(.gaussian, from: RandomStream(seed: 1, purpose: "vector"))
    let expected = try dense * DenseMatrix(rows: 24, columns: 1, elements: v.elements)
    let product = try operation.apply(v)
    for index in 0..<24 { #expect(abs(product[index] - expected[index, 0]) <= 1e-12) }
    let squares = dense.elements.reduce(0) { $0 + $1 * $1 }
    #expect(abs(operation.frobeniusNorm - squares.squareRoot()) <= 1e-12)
    let single = try KroneckerOperator<Float>(a, b).apply(v.converted(to: Float.self))
    for index in 0..<24 { #expect(abs(Double(single[index]) - expected[index, 0]) <= 1e-4) }
    #expect(throws: InputError.self) { try operation.apply(Vector(zeros: 23)) }
    // Other eigenvalues on the same vectors.
    let identity = try operation.withValues([Double](repeating: 1, count: 24)).apply(v)
    for index in 0..<24 { #expect(abs(identity[index] - v[index]) <= 1e-13) }
  }

  @Test func inverses() throws {
    let (a, b) = (try symmetric(4, seed: 3).gram(), try symmetric(5, seed: 4).gram())
    let operation = try KroneckerOperator<Double>(a, b)
    let v = operation.space.random(.gaussian, from: RandomStream(seed: 2, purpose: "vector"))
    for damping in [1e-2, 1.0] {
      let solution = try ConjugateGradients(tolerance: 1e-12).solve(operation, damping: damping, v)
      #expect(solution.converged && solution.relativeResidual <= 1e-12 && solution.products > 2)
      let inverse = try operation.dampedInverse(damping).apply(v)
      for index in 0..<20 { #expect(abs(inverse[index] - solution.vector[index]) <= 1e-8 * operation.space.norm(v)) }
    }
    for bad in [0, -1, .nan, .infinity] {
      #expect(throws: InputError.self) { try operation.dampedInverse(bad) }
      #expect(throws: InputError.self) { try operation.factoredInverse(bad) }
    }
    #expect(throws: InputError.self) { try operation.withValues(operation.values).factoredInverse(1) }
  }

  @Test func conjugateGradients() throws {
    let operation = DiagonalOperator(Vector<Double>([1, 2, 3, 4]))
    let solution = try ConjugateGradients(tolerance: 1e-14).solve(operation, Vector([1, 2, 3, 4]))
    #expect(solution.converged && solution.products <= 6)
    for index in 0..<4 { #expect(abs(solution.vector[index] - 1) <= 1e-13) }
    let none = try ConjugateGradients().solve(operation, Vector(zeros: 4))
    #expect(none.converged && none.products == 0)
    let cut = try ConjugateGradients(tolerance: 1e-14, maximumProducts: 1).solve(operation, Vector([1, 2, 3, 4]))
    #expect(!cut.converged && cut.relativeResidual > 1e-3)
    #expect(throws: InputError.self) {
      try ConjugateGradients().solve(DiagonalOperator(Vector<Double>([.nan, 1])), Vector([1, 1]))
    }
  }
}
