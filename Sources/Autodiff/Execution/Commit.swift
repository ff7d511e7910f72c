import Synchronization
import Tensors

/// Adds up the sums of the tasks in Double, in task order, and rounds once: ((x₀ + x₁) + x₂) + ….
///
/// Where there is memory for the sums of all tasks, they are added when all are done, the parameters spread over the workers.
/// Where there is not, a task hands in its sums when it is done, and they are added piece by piece, each piece as soon as the
/// previous task's piece is in: two tasks that finish together add different pieces at the same time. Both ways do the same
/// additions in the same order, so which is taken changes no bit.
final class Commit<Scalar: Real>: Sendable {
  private final class Progress: Sendable {
    let pieces = Atomic<Int>(0)
  }

  private static var piece: Int { 1 << 14 }

  /// Bytes that the sums of all tasks of one vector may take.
  static var storedBytes: Int { 64 << 20 }

  /// Whether the sums of all tasks are kept until the end.
  static func storesSums(count: Int, tasks: Int) -> Bool {
    tasks * padded(count) * MemoryLayout<Scalar>.stride <= storedBytes
  }

  static func padded(_ count: Int) -> Int { (count + 15) & ~15 }

  let count: Int
  let tasks: Int
  private let result: AlignedStorage<Scalar>
  /// The sums of all tasks, or none.
  private let stored: AlignedStorage<Scalar>
  private let total: AlignedStorage<Double>
  private let progress: [Progress]
  private let storesSums: Bool

  /// - Parameter storesSums: whether the sums of all tasks are kept; by default where there is memory for them.
  init(count: Int, tasks: Int, into result: AlignedStorage<Scalar>, storesSums: Bool? = nil) {
    self.count = count
    self.tasks = tasks
    self.result = result
    self.storesSums = tasks > 1 && (storesSums ?? Self.storesSums(count: count, tasks: tasks))
    stored = AlignedStorage(count: self.storesSums ? tasks * Self.padded(count) : 0, zeroed: false)
    total = AlignedStorage(count: tasks > 1 && !self.storesSums ? count : 0, zeroed: false)
    progress = self.storesSums ? [] : (0..<tasks).map { _ in Progress() }
  }

  /// Where a task is to leave its sums; `nil` for memory of its worker's own.
  func sums(task: Int) -> UnsafeMutablePointer<Scalar>? {
    if tasks == 1 { return result.pointer }
    return storesSums ? stored.pointer + task * Self.padded(count) : nil
  }

  /// Hands in the sums of a task, left where ``sums(task:)`` said.
  func add(_ sums: UnsafePointer<Scalar>, task: Int) {
    if tasks == 1 || storesSums { return }
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

  /// Adds stored sums, after all tasks.
  func finish(_ pool: WorkerPool) {
    guard storesSums else { return }
    let stride = Self.padded(count)
    pool.forRanges(of: count, chunk: Self.piece) { range, _ in
      Scalar.sumColumns(
        stored.pointer + range.lowerBound, stride: stride, count: tasks, to: result.pointer + range.lowerBound,
        length: range.count)
    }
  }
}
