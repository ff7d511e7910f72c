import Synchronization
import Tensors
import Testing

@Suite struct WorkerPoolTests {
  @Test(arguments: [1, 2, 3, 8]) func everyTaskRunsOnce(_ workers: Int) {
    let pool = WorkerPool(count: workers)
    #expect(pool.count == workers)
    for tasks in [0, 1, 2, 7, 1000] {
      let runs = AlignedStorage<Int>(count: tasks)
      let outside = Atomic<Int>(0)
      pool.run(tasks: tasks) { task, worker in
        runs.pointer[task] += 1
        if worker < 0 || worker >= workers { outside.add(1, ordering: .relaxed) }
      }
      #expect(runs.buffer.allSatisfy { $0 == 1 })
      #expect(outside.load(ordering: .relaxed) == 0)
    }
  }

  /// A worker runs one task at a time, so that it can have an arena of its own.
  @Test func aWorkerIsNeverSharedByTasks() {
    let pool = WorkerPool(count: 4)
    let busy = AlignedStorage<Int>(count: 4 * 16)
    let clashes = Atomic<Int>(0)
    for _ in 0..<50 {
      pool.run(tasks: 64) { _, worker in
        if busy.pointer[worker * 16] != 0 { clashes.add(1, ordering: .relaxed) }
        busy.pointer[worker * 16] = 1
        busy.pointer[worker * 16] = 0
      }
    }
    #expect(clashes.load(ordering: .relaxed) == 0)
  }

  @Test func rangesCoverTheTotal() {
    let pool = WorkerPool(count: 2)
    for (total, chunk) in [(0, 4), (1, 4), (4, 4), (5, 4), (1001, 16)] {
      let covered = AlignedStorage<Int>(count: total)
      pool.forRanges(of: total, chunk: chunk) { range, index in
        for i in range { covered.pointer[i] += i / chunk == index ? 1 : 2 }
      }
      #expect(covered.buffer.allSatisfy { $0 == 1 })
    }
  }

  @Test func poolsComeAndGo() {
    let sum = Atomic<Int>(0)
    for _ in 0..<20 { WorkerPool(count: 3).run(tasks: 10) { task, _ in sum.add(task, ordering: .relaxed) } }
    #expect(sum.load(ordering: .relaxed) == 20 * 45)
    #expect(WorkerPool.processorCount >= 1)
  }
}
