import Synchronization
import Tensors

/// Adds up the sums of the tasks in Double, in task order, while the tasks run.
///
/// A task hands in its sums when it is done. They are added piece by piece, each piece as soon as the previous task's piece is
/// in: two tasks that finish together add different pieces at the same time, and the order of additions is always that of the
/// task numbers. The last task rounds to the scalar type as it adds.
final class Commit<Scalar: Real>: Sendable {
  private final class Progress: Sendable {
    let pieces = Atomic<Int>(0)
  }

  private static var piece: Int { 1 << 14 }

  let count: Int
  let tasks: Int
  private let total: AlignedStorage<Double>
  private let result: AlignedStorage<Scalar>
  private let progress: [Progress]

  init(count: Int, tasks: Int, into result: AlignedStorage<Scalar>) {
    self.count = count
    self.tasks = tasks
    self.result = result
    total = AlignedStorage(count: tasks > 1 ? count : 0, zeroed: false)
    progress = (0..<tasks).map { _ in Progress() }
  }

  func add(_ sums: UnsafePointer<Scalar>, task: Int) {
    if tasks == 1 {
      result.pointer.update(from: sums, count: count)
      return
    }
    let pieces = (count + Self.piece - 1) / Self.piece
    for index in 0..<pieces {
      let start = index * Self.piece
      let size = min(Self.piece, count - start)
      if task > 0 {
        while progress[task - 1].pieces.load(ordering: .acquiring) <= index { WorkerPool.yield() }
        if task == tasks - 1 {
          Scalar.finish(sums + start, total.pointer + start, to: result.pointer + start, count: size)
        } else {
          Scalar.commit(sums + start, to: total.pointer + start, count: size)
        }
      } else {
        Scalar.assign(sums + start, to: total.pointer + start, count: size)
      }
      progress[task].pieces.store(index + 1, ordering: .releasing)
    }
  }
}
