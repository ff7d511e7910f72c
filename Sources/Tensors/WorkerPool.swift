import CTensors
import Synchronization

/// A fixed team of threads that runs numbered tasks, each task on one worker.
///
/// Tasks are handed out in order of their number. What a task computes must depend on its number only, never on the worker
/// that runs it: that is what makes results the same bits for any number of workers. Every worker runs single-threaded
/// kernels (its OpenMP team has one thread), on a stack of 8 MB.
///
/// One `run` at a time; a second caller waits. A task must not call `run` on its own pool.
public final class WorkerPool: Sendable {
  /// How many workers there are, the calling thread among them.
  public let count: Int

  private struct Job: @unchecked Sendable {
    /// By address, so that no thread still holds the closure when the caller's `run` returns.
    var body: UnsafePointer<(Int, Int) -> Void>
    var tasks: Int
  }

  private struct State: @unchecked Sendable {
    var job: Job?
    var generation = 0
    var stopping = false
  }

  /// Shared between the pool and its threads, so that the threads do not keep the pool alive.
  private final class Shared: @unchecked Sendable {
    var state = State()
    let next = Atomic<Int>(0)
    let running = Atomic<Int>(0)
    let monitor: OpaquePointer
    let entrance = Mutex(())
    init() { monitor = ritz_monitor_create() }
    deinit { ritz_monitor_destroy(monitor) }
  }

  private let shared = Shared()

  /// A pool of `count` workers: the calling thread and `count − 1` threads of its own.
  public init(count: Int) {
    precondition(count > 0)
    self.count = count
    for worker in 1..<max(1, count) {
      let context = Unmanaged.passRetained(ThreadContext(shared: shared, worker: worker))
      ritz_thread_start({ Unmanaged<ThreadContext>.fromOpaque($0!).takeRetainedValue().loop() }, context.toOpaque())
    }
  }

  deinit {
    ritz_monitor_lock(shared.monitor)
    shared.state.stopping = true
    ritz_monitor_broadcast(shared.monitor)
    ritz_monitor_unlock(shared.monitor)
  }

  private final class ThreadContext {
    let shared: Shared
    let worker: Int
    init(shared: Shared, worker: Int) {
      self.shared = shared
      self.worker = worker
    }

    func loop() {
      ritz_use_one_thread()
      var seen = 0
      while let generation = takePart(after: seen) {
        seen = generation
        if shared.running.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
          ritz_monitor_lock(shared.monitor)
          ritz_monitor_broadcast(shared.monitor)
          ritz_monitor_unlock(shared.monitor)
        }
      }
    }

    /// Waits for the job after the one seen last, works on it, and returns its number, or nil when the pool is gone.
    ///
    /// A function of its own because the job's closure must be released before the caller of `run` is told that the work is
    /// done: it belongs to the caller, whose `withoutActuallyEscaping` traps on a reference that is left.
    @inline(never)
    private func takePart(after seen: Int) -> Int? {
      ritz_monitor_lock(shared.monitor)
      while !shared.state.stopping && shared.state.generation == seen { ritz_monitor_wait(shared.monitor) }
      let state = shared.state
      ritz_monitor_unlock(shared.monitor)
      if state.stopping { return nil }
      if let job = state.job { WorkerPool.drain(job, shared, worker) }
      return state.generation
    }
  }

  private static func drain(_ job: Job, _ shared: Shared, _ worker: Int) {
    while true {
      let task = shared.next.add(1, ordering: .relaxed).oldValue
      guard task < job.tasks else { return }
      job.body.pointee(task, worker)
    }
  }

  /// Runs `body(task, worker)` for every task in 0..<tasks and returns when all are done.
  public func run(tasks: Int, _ body: (_ task: Int, _ worker: Int) -> Void) {
    guard tasks > 0 else { return }
    ritz_use_one_thread()
    guard count > 1 && tasks > 1 else {
      for task in 0..<tasks { body(task, 0) }
      return
    }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { body in
        shared.entrance.withLock { _ in start(Job(body: body, tasks: tasks)) }
      }
    }
  }

  private func start(_ job: Job) {
    shared.next.store(0, ordering: .relaxed)
    shared.running.store(count - 1, ordering: .releasing)
    ritz_monitor_lock(shared.monitor)
    shared.state.generation += 1
    shared.state.job = job
    ritz_monitor_broadcast(shared.monitor)
    ritz_monitor_unlock(shared.monitor)
    WorkerPool.drain(job, shared, 0)
    ritz_monitor_lock(shared.monitor)
    while shared.running.load(ordering: .acquiring) != 0 { ritz_monitor_wait(shared.monitor) }
    shared.state.job = nil
    ritz_monitor_unlock(shared.monitor)
  }

  /// Runs `body` over the ranges of `chunk` elements that make up 0..<count; ranges depend on `chunk` only.
  public func forRanges(of total: Int, chunk: Int, _ body: (_ range: Range<Int>, _ index: Int) -> Void) {
    let chunks = (total + chunk - 1) / chunk
    run(tasks: chunks) { task, _ in body(task * chunk..<min(total, (task + 1) * chunk), task) }
  }

  /// Lets another thread run while this one waits for it.
  public static func yield() { ritz_pause() }

  /// As many workers as there are processors this process may run on.
  public static var processorCount: Int { Int(ritz_processor_count()) }
}
