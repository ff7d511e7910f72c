import Analyses
import Archives
import Curvature
import Datasets
import Foundation
import Networks
import Synchronization
import Tensors
import TestSupport
import Testing

@testable import Studies

@Suite struct StudyRunnerTests {
  private func study(_ text: String, name: String = "s") throws -> Study { try Study(text: text, name: name) }

  private let small = """
    data: {source: digits, samples: 60, side: 4, whiten: pca}
    vary:
      depth: [1, 2, 3]
      width: [16, 24]
    seeds: 2
    """

  private func runner(_ cache: String?, workers: Int = 2) throws -> StudyRunner {
    StudyRunner(sources: DataSources(), cache: try cache.map { try CellCache($0) }, pool: WorkerPool(count: workers))
  }

  private func kappas(_ study: ReportedStudy) -> [Double?] { study.points.map(\.kappa) }

  @Test func numbersDoNotDependOnWorkersOrCache() throws {
    let place = try TemporaryDirectory()
    let study = try study(small)
    let first = try runner(place.path("cells")).run(study)
    #expect(first.cellsMeasured == 12 && first.cellsFromCache == 0 && first.study.points.count == 12)
    let again = try runner(place.path("cells"), workers: 1).run(study)
    #expect(again.cellsMeasured == 0 && again.cellsFromCache == 12)
    #expect(again.study.points == first.study.points)
    #expect(try kappas(runner(nil, workers: 3).run(study).study) == kappas(first.study))
  }

  @Test func oneHiddenLayerOnWhiteData() throws {
    // Independent of the Gauss-Newton matrix: κ = (s₁² + t₁²)/(s_k² + t_r²) from the singular values of the two weights.
    let outcome = try runner(nil).run(study(small))
    for point in outcome.study.points where point.coordinates["depth"] == "2" {
      let width = try #require(Int(point.coordinates["width"] ?? ""))
      let network = try Network(
        input: [16], seed: UInt64(point.seed),
        layers: Sequential([
          Dense(16, width, bias: false, initializer: .kaimingNormal()),
          Dense(width, 10, bias: false, initializer: .kaimingNormal()),
        ]))
      let t = try network.parameters[0].matrix.singularValues()
      let s = try network.parameters[1].matrix.singularValues()
      let expected = (s[0] * s[0] + t[0] * t[0]) / (s[9] * s[9] + t[15] * t[15])
      #expect(abs((point.kappa ?? 0) / expected - 1) < 1e-10)
      #expect(point.rank == 160 && point.rankSource == "analytic" && point.route == "closed form")
    }
    for point in outcome.study.points where point.coordinates["depth"] == "1" {
      #expect(abs((point.kappa ?? 0) - 1) < 1e-10)
    }
  }

  @Test func closedFormsAgreeWithTheEngine() throws {
    // Biases that are there and pruning of nothing change no formula's inputs, but a nearly pruned one goes through the engine.
    let settings = CellSettings([
      "source": .text("digits"), "samples": .integer(40), "side": .integer(4), "width": .integer(20),
      "depth": .integer(3),
    ])
    let data = try StudyData(settings, sources: DataSources(), study: "s")
    let network = try StudyNetwork.make(settings, input: data.dataset.sampleShape, outputs: data.outputs, seed: 4)
    let closed = try #require(try ClosedForm(settings, network, data))
    let objective = try Objective<Double>(
      network: network, dataset: data.dataset, loss: .squaredError, pool: WorkerPool(count: 1))
    let (condition, _) = try EngineCondition.measure(objective, "ggn") {}
    let (first, second) = (try #require(closed.condition.value), try #require(condition.value))
    #expect(abs(first / second - 1) < 1e-7)
    #expect(closed.condition.rank == condition.rank)
  }

  @Test func convolutionsAgreeWithTheEngine() throws {
    let settings = CellSettings([
      "source": .text("digits"), "samples": .integer(40), "side": .integer(4), "whiten": .text("zca"),
      "kind": .text("convolution"), "kernel": .integer(2), "filters": .integer(3),
    ])
    let data = try StudyData(settings, sources: DataSources(), study: "s")
    let network = try StudyNetwork.make(settings, input: data.dataset.sampleShape, outputs: data.outputs, seed: 1)
    let closed = try #require(try ClosedForm(settings, network, data))
    let objective = try Objective<Double>(
      network: network, dataset: data.dataset, loss: .squaredError, pool: WorkerPool(count: 1))
    let (condition, _) = try EngineCondition.measure(objective, "ggn") {}
    let (first, second) = (try #require(closed.condition.value), try #require(condition.value))
    #expect(closed.condition.rank == condition.rank)
    #expect(abs(first / second - 1) < 1e-6)
  }

  @Test func changedAndExtendedGridsMeasureWhatIsNew() throws {
    let place = try TemporaryDirectory()
    let runner = try runner(place.path("cells"))
    _ = try runner.run(study(small))
    let wider = try runner.run(study(small.replacing("[16, 24]", with: "[16, 24, 32]")))
    #expect(wider.cellsMeasured == 6 && wider.cellsFromCache == 12)
    let seeds = try runner.run(study(small.replacing("seeds: 2", with: "seeds: 3")))
    #expect(seeds.cellsMeasured == 6)
    // Other data, other numbers: nothing is taken over.
    #expect(try runner.run(study(small.replacing("samples: 60", with: "samples: 61"))).cellsMeasured == 12)
    // A title is no setting.
    #expect(try runner.run(study("title: Other\n" + small)).cellsMeasured == 0)
  }

  @Test func damagedEntriesAreMeasuredAnew() throws {
    let place = try TemporaryDirectory()
    let cache = try CellCache(place.path("cells"))
    let runner = try runner(place.path("cells"))
    let first = try runner.run(study(small))
    let files = try FileManager.default.contentsOfDirectory(atPath: cache.directory).sorted()
    #expect(files.count == 12)
    try AtomicFile.write(Array("{".utf8), to: cache.directory + "/" + files[0])
    // An entry of another cell under this name, as a collision of hashes would leave it.
    let other = try FileBytes(contentsOf: cache.directory + "/" + files[2]).bytes
    try AtomicFile.write(other, to: cache.directory + "/" + files[1])
    let again = try runner.run(study(small))
    #expect(again.cellsMeasured == 2 && again.cellsFromCache == 10)
    #expect(kappas(again.study) == kappas(first.study))
  }

  private struct Stop: Error {}

  @Test func interruptedGridsGoOn() throws {
    let place = try TemporaryDirectory()
    let runner = try runner(place.path("cells"), workers: 1)
    let checks = Mutex(0)
    let done = Mutex(0)
    let observer = StudyRunner.Observer(
      advance: { done.withLock { $0 += 1 } },
      interruption: {
        try checks.withLock { count in
          count += 1
          if count > 6 { throw Stop() }
        }
      })
    #expect(throws: Stop.self) { try runner.run(study(small), observer: observer) }
    let before = done.withLock { $0 }
    #expect(before > 0 && before < 12)
    let rest = try runner.run(study(small))
    #expect(rest.cellsFromCache == before && rest.cellsMeasured == 12 - before)
    #expect(try kappas(rest.study) == kappas(self.runner(nil).run(study(small)).study))
  }

  @Test func trainingIsMeasuredAlongTheWay() throws {
    let text = """
      data: {source: digits, samples: 60, side: 4, whiten: pca}
      training: {learning-rate: 0.05, steps: [0, 3, 6]}
      vary: {width: [20]}
      seeds: 1
      """
    let points = try runner(nil).run(study(text)).study.points
    #expect(points.map { $0.coordinates["step"] } == ["0", "3", "6"])
    let losses = points.compactMap(\.loss)
    #expect(losses.count == 3 && losses[0] > losses[1] && losses[1] > losses[2])
    // Step 0 is the network as it is drawn.
    let drawn = try runner(nil).run(
      study("data: {source: digits, samples: 60, side: 4, whiten: pca}\nvary: {width: [20]}\nseeds: 1"))
    #expect(drawn.study.points[0].kappa == points[0].kappa)
    // Six steps are three and three more.
    let six = try runner(nil).run(study(text.replacing("[0, 3, 6]", with: "[6]"))).study.points
    #expect(six.count == 1 && six[0].kappa == points[2].kappa)
  }

  @Test func everyKindOfNetworkIsMeasured() throws {
    for network in [
      "{kind: mlp, depth: 2, activation: leaky-relu, width: 40}", "{kind: mlp, depth: 3, activation: tanh, bias: true}",
      "{kind: linear, depth: 2, batch-norm: true}", "{kind: linear, prune: 0.3}",
      "{kind: convolution, activation: relu, filters: 2}",
    ] {
      let text =
        "data: {source: digits, samples: 12, side: 4}\nnetwork: \(network)\nvary: {init: [kaiming-normal, orthogonal]}\nseeds: 1"
      let points = try runner(nil).run(study(text)).study.points
      #expect(points.count == 2)
      for point in points {
        #expect((point.kappa ?? 0) >= 1, "\(network)")
        for bound in point.bounds where bound.relation == "upperBound" {
          #expect((bound.value ?? .infinity) >= (point.kappa ?? 0) * (1 - 1e-9), "\(bound.name)")
        }
      }
    }
    for measure in ["loss: cross-entropy", "operator: ntk", "operator: fisher"] {
      let text = "data: {source: digits, samples: 12, side: 4}\n\(measure)\nvary: {width: [20]}\nseeds: 1"
      #expect((try runner(nil).run(study(text)).study.points[0].kappa ?? 0) >= 1)
    }
  }

  @Test func problemsNameTheCell() throws {
    func problem(_ text: String) throws -> String {
      (#expect(throws: InputError.self) { try runner(nil).run(study(text)) })?.description ?? ""
    }
    #expect(
      try problem(
        "data: {source: digits, samples: 20, side: 4}\nnetwork: {kind: convolution}\nvary: {kernel: [5]}\nseeds: 1"
      )
      .contains("study s, kernel 5, seed 0: kernel: is 5, larger than the images of 4×4"))
    #expect(
      try problem("data: {source: digits, samples: 20}\nnetwork: {width: 20}\nvary: {skip: [1]}\nseeds: 1").contains(
        "none is square"))
    #expect(
      try problem("data: {source: nowhere}\nvary: {width: [4]}")
        == "study s: needs the data 'nowhere', and nothing of that name is there; give its directory with --data nowhere=DIR"
    )
  }
}
