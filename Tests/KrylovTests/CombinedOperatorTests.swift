import Krylov
import Tensors
import Testing

/// Sums, multiples, preconditioned operators and Gram matrices against dense arithmetic.
@Suite struct CombinedOperatorTests {
  private let a = DiagonalOperator(Vector<Double>([1, -2, 3, 0.5]))
  private let b = DiagonalOperator(Vector<Double>([10, 20, 30, 40]))
  private let v = Vector<Double>([1, 2, -1, 4])

  @Test func sumsAndMultiples() throws {
    #expect(try (a + b).apply(v).elements == [11, 36, -33, 162])
    #expect(try (a - b).apply(v).elements == [-9, -44, 27, -158])
    #expect(try (2 * a).apply(v).elements == [2, -8, -6, 4])
    #expect(try OperatorSum(a, b, factors: (2, -0.5)).apply(v).elements == [-3, -28, 9, -76])
    let several = try (0.5 * (b - 2 * a)).apply([v, v])
    #expect(several.count == 2 && several[0].elements == [4, 24, -12, 78] && several[0] == several[1])
  }

  @Test func preconditioned() throws {
    let matrix = try DenseSymmetricOperator<Double>(
      matrix: Vector([2, 1, 1, 3]), space: DenseVectorSpace(dimension: 2))
    let operation = try PreconditionedOperator(matrix, diagonal: Vector([4, 9]))
    // D^½ A D^½ = [[8, 6], [6, 27]]
    #expect(try operation.apply(Vector([1, 0])).elements == [8, 6])
    #expect(try operation.apply(Vector([0, 1])).elements == [6, 27])
    for bad in [[1.0], [1, -1], [1, .nan], [1, .infinity]] {
      #expect(throws: InputError.self) { try PreconditionedOperator(matrix, diagonal: Vector(bad)) }
    }
  }

  /// The 2 × 3 matrix [[1, 2, 3], [4, 5, 6]].
  private struct Small: LinearMap {
    let domain = DenseVectorSpace<Double>(dimension: 3)
    let codomain = DenseVectorSpace<Double>(dimension: 2)
    func apply(_ vectors: [Vector<Double>]) -> [Vector<Double>] {
      vectors.map { Vector([$0[0] + 2 * $0[1] + 3 * $0[2], 4 * $0[0] + 5 * $0[1] + 6 * $0[2]]) }
    }
    func applyTransposed(_ vectors: [Vector<Double>]) -> [Vector<Double>] {
      vectors.map { Vector([$0[0] + 4 * $0[1], 2 * $0[0] + 5 * $0[1], 3 * $0[0] + 6 * $0[1]]) }
    }
  }

  @Test func gramMatrices() throws {
    let map = Small()
    #expect(try GramOperator(map).apply(Vector([1, 0, 0])).elements == [17, 22, 27])
    #expect(try GramOperator(map.transposed).apply(Vector([1, 0])).elements == [14, 32])
    #expect(GramOperator(map).dimension == 3 && GramOperator(map.transposed).dimension == 2)
    #expect(try map.transposed.transposed.apply(Vector([1, 1, 1])).elements == [6, 15])
  }
}
