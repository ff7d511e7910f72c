import Tensors
import Testing

@testable import Autodiff

@Suite struct ScheduleTests {
  /// Every sample is in one microbatch, every microbatch in one task, in order; tasks differ by one microbatch at most.
  @Test func everySampleOnce() {
    for samples in [1, 2, 7, 64, 100, 1797] {
      for microbatch in [1, 3, 64, 5000] {
        for tasks in [1, 2, 5, 64, 4000] {
          let schedule = Schedule(samples: samples, microbatch: microbatch, tasks: tasks)
          let microbatches = (0..<schedule.tasks).map { schedule.microbatches(ofTask: $0) }
          #expect(microbatches.flatMap(Array.init) == Array(0..<schedule.microbatchCount))
          let ranges = (0..<schedule.microbatchCount).map { schedule.samples(ofMicrobatch: $0) }
          #expect(ranges.flatMap(Array.init) == Array(0..<samples))
          let sizes = microbatches.map(\.count)
          #expect((sizes.min() ?? 0) >= 1 && (sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
          #expect(schedule.tasks <= tasks)
          #expect(Set(ranges.map(\.count)) == Set(schedule.sizes))
        }
      }
    }
  }
}

@Suite struct ArenaTests {
  @Test(arguments: UInt64(0)..<100) func liveBlocksNeverOverlap(_ seed: UInt64) {
    var stream = RandomStream(seed: seed, purpose: "arena")
    var arena = Arena()
    var blocks: [(range: Range<Int>, start: Int, end: Int)] = []
    var start = 0
    var largest = 0
    for _ in 0..<120 {
      start += Int.random(in: 0...2, using: &stream)
      let end = start + Int.random(in: 0...12, using: &stream)
      let size = Int.random(in: 0...70, using: &stream)
      let offset = arena.place(size: size, from: start, through: end)
      #expect(offset % 16 == 0 && offset >= 0)
      for block in blocks where block.start <= end && start <= block.end {
        #expect(!block.range.overlaps(offset..<offset + max(1, size)))
      }
      blocks.append((offset..<offset + max(1, size), start, end))
      largest = max(largest, offset + size)
    }
    #expect(arena.count >= largest)
    // Reuse: far less than all blocks side by side.
    #expect(arena.count < blocks.reduce(0) { $0 + $1.range.count } / 2)
  }
}

@Suite struct CommitTests {
  /// The sum is that of the tasks in order, in Double, rounded once, whichever worker is slow.
  @Test(arguments: [1, 2, 4], [true, false]) func taskOrderWhateverTheTiming(_ workers: Int, _ storesSums: Bool) {
    let (count, tasks) = (40_000, 37)
    var stream = RandomStream(seed: 1, purpose: "commit")
    let sums = (0..<tasks).map { _ in
      Vector<Float>((0..<count).map { _ in Float.random(in: -1...1, using: &stream) * 0x1p20 })
    }
    let expected = Vector<Float>((0..<count).map { i in Float(sums.reduce(0.0) { $0 + Double($1[i]) }) })
    for round in 0..<3 {
      let result = AlignedStorage<Float>(count: count, zeroed: false)
      let commit = Commit(count: count, tasks: tasks, into: result, storesSums: storesSums)
      let pool = WorkerPool(count: workers)
      pool.run(tasks: tasks) { task, worker in
        for _ in 0..<(task &* 7919 &+ round) % 5 * 200 { WorkerPool.yield() }
        sums[task].withUnsafePointer { own in
          if let kept = commit.sums(task: task) {
            kept.update(from: own, count: count)
            commit.add(kept, task: task)
          } else {
            commit.add(own, task: task)
          }
        }
      }
      commit.finish(pool)
      #expect(Vector(adopting: result) == expected)
    }
  }

  @Test func oneTaskLeavesItsSumsInTheResult() {
    let result = AlignedStorage<Float>(count: 3)
    let commit = Commit(count: 3, tasks: 1, into: result)
    for (index, value) in [Float(1), 2, 0.1].enumerated() { commit.sums(task: 0)?[index] = value }
    commit.add(result.pointer, task: 0)
    #expect(Vector(adopting: result) == Vector<Float>([1, 2, 0.1]))
  }
}
