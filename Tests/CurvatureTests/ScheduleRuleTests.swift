import Autodiff
import Networks
import Testing

@testable import Curvature

/// How samples are cut where nobody says.
@Suite struct ScheduleRuleTests {
  @Test(arguments: [
    ("mlp:784-512-10", 60_000, 256), ("mlp:784-512-10", 300, 150), ("mlp:4-3-2", 1, 1),
    // 6 × 28 × 28 numbers in the largest image would allow 32.
    ("lenet5", 512, 32), ("lenet5", 20, 10),
    // 16 × 32 × 32: sixteen samples are a mebibyte.
    ("resnet20", 10_000, 16),
    // One image of 64 × 112 × 112 is more than a mebibyte, but a microbatch reads 11 million parameters as well.
    ("resnet18", 1_000, 8), ("resnet18", 8, 4),
  ]) func microbatch(_ model: String, samples: Int, expected: Int) throws {
    let network = try Network(named: model, seed: 1)
    let schedule = try ScheduleRule.schedule(samples: samples, network: network, options: ExecutionOptions())
    #expect(schedule.microbatch == expected)
    #expect(samples == 1 || schedule.tasks >= 2)
  }

  /// Batch statistics are of whole groups, cut into slices of the fastest size that divides them.
  @Test func groupsGoBeforeSpeed() throws {
    let network = try Network(named: "resnet8", seed: 1).withBatchNormalization(.batch)
    let options = ExecutionOptions(batchNormGroup: 50)
    let groups = try ScheduleRule.schedule(samples: 200, network: network, options: options)
    #expect(groups.group == 50 && groups.rounds == 4 && groups.microbatch == 10 && groups.slices == 5)
    let whole = try ScheduleRule.schedule(samples: 200, network: network, options: ExecutionOptions())
    #expect(whole.group == 200 && whole.rounds == 1 && whole.microbatch == 10)
    // A prime number of samples cannot be cut.
    let prime = try ScheduleRule.schedule(samples: 211, network: network, options: ExecutionOptions())
    #expect(prime.microbatch == 211 && prime.slices == nil && prime.group == 211)
  }
}
