import Analyses
import Curvature
import Krylov
import Networks
import Synchronization
import Tensors
import TestSupport
import Testing

/// A measurement that is interrupted anywhere and resumed from its stored states ends with the same bits.
@Suite struct InterruptionTests {
  private struct Interruption: Error {}

  /// States as files, one a stage, written as a run would: those of finished stages and of interrupted ones.
  private struct States<Scalar: Real> {
    let directory: TemporaryDirectory
    let everyStep: Bool

    func observer() -> SpectrumObserver<Scalar> {
      let (directory, everyStep) = (directory, everyStep)
      return SpectrumObserver(
        restore: { stage in
          directory.contents.contains(stage.rawValue) ? try SnapshotArchive.read(directory.path(stage.rawValue)) : nil
        },
        store: { stage, isDone, snapshot in
          if isDone || everyStep { try SnapshotArchive.write(snapshot(), to: directory.path(stage.rawValue)) }
        })
    }
  }

  /// Throws on call number `stop`; calls are counted.
  private final class Counter: Sendable {
    let calls = Mutex(0)
    func check(stop: Int?) throws {
      let call = calls.withLock { calls in
        calls += 1
        return calls
      }
      if call == stop { throw Interruption() }
    }
  }

  /// With a limit on products, which keeps a small problem from being solved through its dense matrix.
  private static let request = SpectrumRequest(
    top: 3, bottom: 2, maximumProducts: 500, quadrature: QuadratureOptions(probes: 3, steps: 8, batch: 2),
    trace: .hutchinson, traceProbes: 4)

  private func measure<Scalar: Real>(
    _ objective: Objective<Scalar>, _ request: SpectrumRequest, _ observer: SpectrumObserver<Scalar>, stop: Int?
  ) throws -> (SpectrumMeasurement<Scalar>, calls: Int) {
    let counter = Counter()
    let result = try objective.measureSpectrum(
      of: .hessian, request, gradient: objective.lossAndGradient().gradient, observer: observer,
      interruption: { try counter.check(stop: stop) })
    return (result, counter.calls.withLock { $0 })
  }

  private func check<Scalar: Real>(_ request: SpectrumRequest, as type: Scalar.Type, everyStep: Bool, stride: Int)
    throws
  {
    let objective = try SmallObjective.make(as: type)
    let (expected, calls) = try measure(objective, request, SpectrumObserver(), stop: nil)
    #expect(calls > 40)
    for stop in Swift.stride(from: 1, through: calls, by: stride) {
      let states = States<Scalar>(directory: try TemporaryDirectory(), everyStep: everyStep)
      #expect(throws: Interruption.self) { try measure(objective, request, states.observer(), stop: stop) }
      let (resumed, more) = try measure(objective, request, states.observer(), stop: nil)
      #expect(resumed.numbers == expected.numbers, "interrupted at call \(stop) of \(calls)")
      #expect(resumed.vectors == expected.vectors && resumed.warnings == expected.warnings)
      #expect(more <= calls, "nothing that is stored is computed again")
    }
  }

  @Test func anywhere() throws {
    try check(Self.request, as: Double.self, everyStep: true, stride: 1)
    try check(Self.request, as: Double.self, everyStep: false, stride: 3)
    try check(Self.request, as: Float.self, everyStep: false, stride: 3)
  }

  @Test func otherRequests() throws {
    var request = Self.request
    request.isGoogleCompatible = true
    request.trace = .hutchPlusPlus
    request.blockSize = 2
    try check(request, as: Double.self, everyStep: false, stride: 5)
    request = Self.request
    request.exact = true
    request.quadrature = QuadratureOptions(probes: 40, steps: 4)
    try check(request, as: Double.self, everyStep: false, stride: 7)
  }

  /// A run that is interrupted again and again gets on.
  @Test func againAndAgain() throws {
    let objective = try SmallObjective.make()
    var request = Self.request
    request.trace = .quadrature
    let (expected, _) = try measure(objective, request, SpectrumObserver(), stop: nil)
    let states = States<Double>(directory: try TemporaryDirectory(), everyStep: false)
    var attempts = 0
    while attempts < 100 {
      attempts += 1
      do {
        let (result, _) = try measure(objective, request, states.observer(), stop: 12)
        #expect(result.numbers == expected.numbers && result.vectors == expected.vectors)
        break
      } catch is Interruption {}
    }
    #expect(attempts > 3 && attempts < 20)
  }

  /// Samples of a trace that were taken are not taken again.
  @Test func samplesOfATraceAreKept() throws {
    let objective = try SmallObjective.make()
    let request = SpectrumRequest(trace: .hutchinson, traceProbes: 10)
    let states = States<Double>(directory: try TemporaryDirectory(), everyStep: false)
    #expect(throws: Interruption.self) { try measure(objective, request, states.observer(), stop: 8) }
    let (result, calls) = try measure(objective, request, states.observer(), stop: nil)
    #expect(calls == 3)
    #expect(try result.trace == measure(objective, request, SpectrumObserver(), stop: nil).0.trace)
    var fewer = request
    fewer.traceProbes = 2
    #expect(throws: InputError.self) { try measure(objective, fewer, states.observer(), stop: nil) }
  }

  /// A stored state of another problem is refused.
  @Test func statesOfAnotherRun() throws {
    let states = States<Double>(directory: try TemporaryDirectory(), everyStep: true)
    let objective = try SmallObjective.make()
    #expect(throws: Interruption.self) { try measure(objective, Self.request, states.observer(), stop: 5) }
    let block = try Objective<Double>(
      network: objective.network, dataset: SmallObjective.regression(samples: 10, inputs: 4, outputs: 3),
      loss: .squaredError, selection: .layer("2", of: objective.network), pool: WorkerPool(count: 1))
    #expect(throws: InputError.self) { try measure(block, Self.request, states.observer(), stop: nil) }
  }
}
