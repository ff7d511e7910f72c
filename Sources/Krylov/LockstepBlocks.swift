import Foundation
import Tensors

/// The blocks of a block-diagonal operator, each worked on by a method of its own, with all blocks' products in one call.
///
///     let top = try LockstepBlocks(of: operation, blocks: ranges).forEach { index, block in
///       try solveEigenpairs(block)
///     }
///
/// A product of the whole operator gives every block's own product at once, so the methods run side by side and wait for each
/// other at every product: a step of all of them costs one call. The product of a block does not depend on the vectors of the
/// others, so neither does any result.
///
/// Each method runs on a thread of its own, which waits most of the time. Memory: a call has vectors of the whole operator's
/// dimension, as many as the block that asks for the most.
public final class LockstepBlocks<Scalar: Real>: @unchecked Sendable {
  public typealias Vectors = [Vector<Scalar>]

  /// Where each block's elements are, several ranges for a block that is not in one piece.
  public let blocks: [[Range<Int>]]
  private let dimension: Int
  private let pool: WorkerPool
  private let multiply: (Vectors) throws -> Vectors

  // All below is read and written with the monitor locked.
  private let monitor = NSCondition()
  private var running = 0
  private var requests: [Int: Vectors] = [:]
  private var answers: [Int: Result<Vectors, any Error>] = [:]
  private var failure: (any Error)?
  private var finished = 0

  /// - Parameters:
  ///   - operation: block diagonal over `blocks`, safe to call from any thread.
  ///   - blocks: without overlap.
  public init<A: LinearOperator & Sendable>(of operation: A, blocks: [[Range<Int>]])
  where A.Space == DenseVectorSpace<Scalar> {
    self.blocks = blocks
    dimension = operation.dimension
    pool = operation.space.pool
    multiply = { try operation.checkedProducts($0) }
  }

  /// One block as an operator; its products wait until all other blocks ask for theirs.
  public struct Block: LinearOperator, Sendable {
    public let space: DenseVectorSpace<Scalar>
    let index: Int
    let lockstep: LockstepBlocks

    public func apply(_ vectors: Vectors) throws -> Vectors { try lockstep.products(vectors, of: index) }
  }

  /// What `body` makes of each block, in their order.
  ///
  /// - Throws: the error of the block that failed first; the others are stopped at their next product.
  public func forEach<Outcome: Sendable>(
    _ body: @escaping @Sendable (_ index: Int, _ block: Block) throws -> Outcome
  ) throws -> [Outcome] {
    let outcomes = Outcomes<Outcome>(count: blocks.count)
    monitor.withLock { (running, finished, failure) = (blocks.count, 0, nil) }
    for (index, ranges) in blocks.enumerated() {
      let space = DenseVectorSpace<Scalar>(dimension: ranges.reduce(0) { $0 + $1.count }, pool: pool)
      let block = Block(space: space, index: index, lockstep: self)
      let thread = Thread { [self] in
        let outcome = Result { try body(index, block) }
        finish(outcome) { outcomes[index] = $0 }
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    return try monitor.withLock {
      while finished < blocks.count { monitor.wait() }
      if let failure { throw failure }
      return outcomes.values
    }
  }

  /// Filled by the threads with the monitor locked.
  private final class Outcomes<Outcome>: @unchecked Sendable {
    private var stored: [Outcome?]
    init(count: Int) { stored = Array(repeating: nil, count: count) }
    subscript(index: Int) -> Outcome? {
      get { stored[index] }
      set { stored[index] = newValue }
    }
    var values: [Outcome] { stored.compactMap { $0 } }
  }

  private func finish<Outcome>(_ outcome: Result<Outcome, any Error>, _ store: (Outcome) -> Void) {
    monitor.withLock {
      switch outcome {
      case .success(let value): store(value)
      case .failure(let error): failure = failure ?? error
      }
      running -= 1
      finished += 1
      multiplyIfComplete()
      monitor.broadcast()
    }
  }

  private func products(_ vectors: Vectors, of index: Int) throws -> Vectors {
    try monitor.withLock {
      requests[index] = vectors
      multiplyIfComplete()
      while true {
        if let answer = answers.removeValue(forKey: index) { return try answer.get() }
        monitor.wait()
      }
    }
  }

  /// Multiplies once every running block has asked. The monitor is locked: there is nothing else to do for anyone.
  private func multiplyIfComplete() {
    guard running > 0, requests.count == running else { return }
    let asked = requests
    requests = [:]
    if let failure {
      for index in asked.keys { answers[index] = .failure(failure) }
    } else {
      do {
        let products = try multiply(joined(asked))
        for (index, vectors) in asked {
          answers[index] = .success(vectors.indices.map { part(index, of: products[$0]) })
        }
      } catch {
        for index in asked.keys { answers[index] = .failure(error) }
      }
    }
    monitor.broadcast()
  }

  /// The first vectors of all blocks as one vector, the second ones as another, …; zeros where a block has no more.
  private func joined(_ asked: [Int: Vectors]) -> Vectors {
    (0..<(asked.values.map(\.count).max() ?? 0)).map { position in
      var whole = Vector<Scalar>(zeros: dimension)
      whole.withUnsafeMutablePointer { target in
        for (index, vectors) in asked where position < vectors.count {
          vectors[position].withUnsafePointer { source in
            var offset = 0
            for range in blocks[index] {
              (target + range.lowerBound).update(from: source + offset, count: range.count)
              offset += range.count
            }
          }
        }
      }
      return whole
    }
  }

  private func part(_ index: Int, of whole: Vector<Scalar>) -> Vector<Scalar> {
    Vector(count: blocks[index].reduce(0) { $0 + $1.count }) { target in
      guard let target = target.baseAddress else { return }
      whole.withUnsafePointer { source in
        var offset = 0
        for range in blocks[index] {
          (target + offset).update(from: source + range.lowerBound, count: range.count)
          offset += range.count
        }
      }
    }
  }
}
