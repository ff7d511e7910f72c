import Analyses
import Tensors
import Testing

@Suite struct ObservationScheduleTests {
  @Test func rulesNameTheirSteps() throws {
    let steps = ObservationSchedule([.steps(50)])
    #expect((0..<201).filter { steps.isDue(step: $0, stepsPerEpoch: 7) } == [0, 50, 100, 150, 200])
    let epochs = ObservationSchedule([.epochs(2)])
    #expect((0..<30).filter { epochs.isDue(step: $0, stepsPerEpoch: 7) } == [0, 14, 28])
    let logarithmic = ObservationSchedule([.logarithmic(perDecade: 3)])
    // 10^(i/3): 1, 2.15, 4.64, 10, 21.5, 46.4, 100, 215.4, 464.2, 1000
    #expect(
      (0..<1001).filter { logarithmic.isDue(step: $0, stepsPerEpoch: 1) } == [
        0, 1, 2, 4, 10, 21, 46, 100, 215, 464, 1000,
      ])
    let both = ObservationSchedule([.steps(4), .epochs(1)])
    #expect((0..<13).filter { both.isDue(step: $0, stepsPerEpoch: 6) } == [0, 4, 6, 8, 12])
    #expect(!ObservationSchedule([.none]).isDue(step: 0, stepsPerEpoch: 1))
  }

  @Test func readsWhatTheCommandLineSays() throws {
    let schedule = try ObservationSchedule(parsing: "steps:50,log:4,spikes:3")
    #expect(schedule.rules == [.steps(50), .logarithmic(perDecade: 4)] && schedule.spike?.factor == 3)
    #expect(try ObservationSchedule(parsing: "ends").rules == [.none])
    for text in [
      "", "steps", "steps:0", "steps:x", "spikes:1", "spikes:nan", "epochs:-1", "steps:5,", "log:2:3", "often",
    ] {
      #expect(throws: InputError.self) { try ObservationSchedule(parsing: text) }
    }
  }

  @Test func spikesAreRisesAboveTheRunningMedian() {
    var detector = SpikeDetector(.init(factor: 2, window: 10, pause: 3))
    var spikes: [Int] = []
    for step in 0..<60 {
      var loss = 1.0 + 0.01 * Double(step % 5)
      if [3, 20, 21, 22, 23, 24, 40].contains(step) { loss = 5 }
      if step == 50 { loss = .nan }
      if detector.isSpike(loss) { spikes.append(step) }
    }
    // The one at 3 comes before there is a median; those after 20 within the pause.
    #expect(spikes == [20, 24, 40, 50])
  }

  @Test func budgetsAreHonoured() {
    var budget = ObservationBudget(fraction: 0.2, planned: 10_000, forecast: (whole: 500, withoutDensity: 100))
    #expect(budget.decide(.start, wantsDensity: true) == .whole)
    budget.record(operations: 450, hasDensity: true)
    var decisions: [ObservationBudget.Decision] = []
    for _ in 0..<100 {
      budget.train(operations: 100)
      let decision = budget.decide(.schedule, wantsDensity: true)
      decisions.append(decision)
      if decision != .skip { budget.record(operations: decision == .whole ? 480 : 60, hasDensity: decision == .whole) }
      // What the start borrowed is paid back; from then on the share holds at every step.
      if budget.trained >= 2250 { #expect((budget.share ?? 1) <= 0.2) }
    }
    #expect(decisions.contains(.withoutDensity) && decisions.contains(.skip))
    #expect(decisions[..<26].allSatisfy { $0 == .skip })
    #expect(budget.made + budget.skipped == 101)
    var free = ObservationBudget(fraction: nil, planned: 0, forecast: (whole: 5e9, withoutDensity: 1e9))
    #expect(free.decide(.schedule, wantsDensity: true) == .whole)
  }
}
