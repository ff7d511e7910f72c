import Krylov
import Synchronization
import Tensors
import Testing

/// Blocks worked on side by side, against each by itself.
@Suite struct LockstepBlocksTests {
  /// A diagonal operator that counts its calls.
  private final class Counting: LinearOperator, Sendable {
    let diagonal: DiagonalOperator<Double>
    let calls = Atomic<Int>(0)
    let failsAt: Int
    init(_ count: Int, failsAt: Int = .max) {
      diagonal = DiagonalOperator(Vector((0..<count).map { 1 / Double(1 + $0) }))
      self.failsAt = failsAt
    }
    var space: DenseVectorSpace<Double> { diagonal.space }
    func apply(_ vectors: [Vector<Double>]) throws -> [Vector<Double>] {
      if calls.add(1, ordering: .relaxed).newValue >= failsAt { throw InputError("stopped") }
      return try diagonal.apply(vectors)
    }
  }

  private static let blocks = [[0..<10, 30..<35], [10..<30], [35..<36], [36..<80]]

  @Test func sameAsEachByItself() throws {
    let operation = Counting(80)
    let lanczos = { (operation: any LinearOperator<DenseVectorSpace<Double>>, index: Int) throws -> [Double] in
      func run<A: LinearOperator>(_ operation: A) throws -> [Double] where A.Space == DenseVectorSpace<Double> {
        try TraceEstimator(distribution: .gaussian, seed: UInt64(index), batch: index + 1)
          .hutchinson(operation, probes: 5 + index).samples
      }
      return try run(operation)
    }
    let together = try LockstepBlocks(of: operation, blocks: Self.blocks).forEach { index, block in
      try TraceEstimator(distribution: .gaussian, seed: UInt64(index), batch: index + 1)
        .hutchinson(block, probes: 5 + index).samples
    }
    for (index, ranges) in Self.blocks.enumerated() {
      let part = DiagonalOperator(Vector(ranges.joined().map { operation.diagonal.diagonal[$0] }))
      #expect(try lanczos(part, index) == together[index])
    }
    // Calls of 5, 3, 3 and 2: together no more than the longest takes.
    #expect(operation.calls.load(ordering: .relaxed) == 5)
  }

  @Test func errorsStopAll() throws {
    let operation = Counting(80, failsAt: 3)
    #expect(throws: InputError.self) {
      try LockstepBlocks(of: operation, blocks: Self.blocks).forEach { _, block in
        try TraceEstimator().hutchinson(block, probes: 9).value
      }
    }
    #expect(operation.calls.load(ordering: .relaxed) == 3)
    // One block fails by itself; the others end at their next product.
    struct Failure: Error {}
    let other = Counting(80)
    #expect(throws: Failure.self) {
      try LockstepBlocks(of: other, blocks: Self.blocks).forEach { index, block in
        if index == 2 { throw Failure() }
        return try TraceEstimator().hutchinson(block, probes: 1000).value
      }
    }
    #expect(other.calls.load(ordering: .relaxed) < 1000)
  }

  @Test func diagonalEstimates() throws {
    let matrix = try DenseSymmetricOperator<Double>(
      matrix: Vector([2, 1, 0.5, 1, 3, -1, 0.5, -1, 4]), space: DenseVectorSpace(dimension: 3))
    let estimate = try TraceEstimator(seed: 3, batch: 4).diagonal(matrix, probes: 400)
    let errors = try #require(estimate.standardErrors)
    for (index, (value, variance)) in [(2.0, 1.25), (3, 2), (4, 1.25)].enumerated() {
      #expect(abs(estimate.values[index] - value) <= 4 * errors[index])
      #expect(abs(errors[index] - (variance / 400).squareRoot()) <= 0.15 * errors[index])
    }
    #expect(estimate.products == 400 && estimate.method == .hutchinson)
    // The diagonal of a diagonal matrix has no error.
    let exact = try TraceEstimator().diagonal(DiagonalOperator(Vector<Double>([1, -2])), probes: 2)
    #expect(exact.values.elements == [1, -2] && exact.standardErrors?.elements == [0, 0])
    #expect(try TraceEstimator().diagonal(matrix, probes: 1).standardErrors == nil)
    #expect(throws: InputError.self) { try TraceEstimator().diagonal(matrix, probes: 0) }
    #expect(try TraceEstimator(seed: 3, batch: 1).diagonal(matrix, probes: 400).values == estimate.values)
  }

  @Test func lowRank() throws {
    let operation = LowRankOperator(
      space: DenseVectorSpace<Double>(dimension: 2), vectors: [Vector([1, 2]), Vector([0, 1])], weights: [2, -1])
    #expect(try operation.apply(Vector([1, 1])).elements == [6, 11])
    #expect(operation.trace == 9)
  }
}
