import Curvature
import Krylov
import Tensors

extension TrajectoryObserver {
  private static var kind: String { "trajectory observer 2" }

  /// Everything that one measurement leaves for the next. An observer with the same settings, given it back, goes on
  /// with the same bits.
  public var state: KrylovSnapshot<Scalar> {
    get {
      var result = KrylovSnapshot<Scalar>(kind: Self.kind)
      result.integers["problem"] = problem
      for name in tracked.keys.sorted() {
        guard let vectors = tracked[name] else { continue }
        var part = KrylovSnapshot<Scalar>(kind: "followed " + name)
        part.integers["updates"] = [vectors.updates]
        part.vectors["vectors"] = vectors.vectors
        result.parts.append(part)
      }
      if let previous {
        result.vectors["previous"] = previous.vectors
        result.numbers["sine"] = previous.sine.map { [$0] } ?? []
      }
      if let expectation {
        result.integers["expected_step"] = [expectation.step]
        result.vectors["expected_vectors"] = expectation.vectors
        result.numbers["expected_descent"] = [
          expectation.descent.learningRate, expectation.descent.momentum, expectation.descent.isNesterov ? 1 : 0,
        ]
        result.numbers["expected_directions"] = expectation.directions.flatMap {
          [$0.value, $0.slope, $0.velocity, $0.noise, $0.update ?? .nan]
        }
      }
      return result
    }
  }

  /// What must be the same for a state to fit.
  private var problem: [Int] {
    [objective.dimension, settings.top, settings.bottom, settings.guards, subspaceDimension]
  }

  /// Takes up a state that ``state`` gave.
  ///
  /// - Throws: ``InputError`` where it is damaged or of an observer with other settings; this one is then as before.
  public mutating func restore(_ state: KrylovSnapshot<Scalar>) throws {
    let damaged = InputError(
      place: "stored state", "does not hold the state of this observer", remedy: "start the run anew")
    guard state.kind == Self.kind, state.integers["problem"] == problem else { throw damaged }
    let dimension = objective.dimension
    func isSound(_ vectors: [Vector<Scalar>], _ dimension: Int) -> Bool {
      let space = DenseVectorSpace<Scalar>(dimension: dimension)
      return vectors.allSatisfy { $0.count == dimension && space.norm($0).isFinite }
    }
    var tracked: [String: TrackedVectors<Scalar>] = [:]
    for part in state.parts {
      let name = String(part.kind.dropFirst("followed ".count))
      let block = planned.blocks.first { "layer " + $0.name == name }
      guard part.kind.hasPrefix("followed "), let vectors = part.vectors["vectors"],
        let updates = part.integers["updates"], updates.count == 1, updates[0] >= 0,
        isSound(vectors, block?.dimension ?? dimension)
      else { throw damaged }
      tracked[name] = TrackedVectors(vectors: vectors, updates: updates[0])
    }
    var previous: LeadingSubspace<Scalar>?
    if let vectors = state.vectors["previous"] {
      guard isSound(vectors, dimension), let sine = state.numbers["sine"], sine.count <= 1 else { throw damaged }
      previous = LeadingSubspace(vectors: vectors, sine: sine.first)
    }
    var expectation: NoisyQuadraticModel<Scalar>?
    if let vectors = state.vectors["expected_vectors"] {
      guard isSound(vectors, dimension), let step = state.integers["expected_step"]?.first,
        let descent = state.numbers["expected_descent"], descent.count == 3,
        let numbers = state.numbers["expected_directions"], numbers.count == 5 * vectors.count
      else { throw damaged }
      expectation = NoisyQuadraticModel(
        step: step,
        descent: .init(learningRate: descent[0], momentum: descent[1], isNesterov: descent[2] == 1),
        directions: vectors.indices.map {
          .init(
            value: numbers[5 * $0], slope: numbers[5 * $0 + 1], velocity: numbers[5 * $0 + 2],
            noise: numbers[5 * $0 + 3], update: numbers[5 * $0 + 4].isNaN ? nil : numbers[5 * $0 + 4])
        }, vectors: vectors)
    }
    self.tracked = tracked
    self.previous = previous
    self.expectation = expectation
  }

  /// What keeping vectors orthogonal takes for each product: a product of a search is held against a basis some six
  /// times, that of a density against the Lanczos vectors before it four times.
  func vectorOperations(includesDensity: Bool) -> Double {
    let kept = settings.top + settings.bottom + 2 * settings.guards + 1
    let columns =
      includesDensity ? settings.quadrature.map { 4 * Swift.min($0.steps, objective.dimension) / 2 } : nil
    let columnsOfSearch = 6 * Swift.min(2 * kept, objective.dimension)
    return WorkRates.operationsPerVectorElement * Double((columns ?? columnsOfSearch) * objective.dimension)
  }

  /// Floating-point operations of an observation to come, the first search among them: for a budget's first decision.
  ///
  /// 20 products an eigenpair are taken for the search, as ``SpectrumRequest`` takes them.
  public func forecast() throws -> (whole: Double, withoutDensity: Double) {
    let pairs = Double(Swift.min(settings.top + settings.bottom, objective.dimension))
    let product = planned.operation.operationsPerProduct + vectorOperations(includesDensity: false)
    let searched = Swift.min(20 * pairs, Double(settings.maximumProducts ?? .max))
    var base = planned.gradientOperations + planned.operation.operationsPerPoint + searched * product
    if let batches {
      base += try batches.operations()
      if settings.lossChange {
        base += Double(batches.count) * (product + planned.gradientOperations / 3)
      }
    }
    if let layers = planned.layers {
      base += layers.operationsPerPoint + 20 * Double(settings.layerTop) * layers.operationsPerProduct
    }
    let steps = settings.quadrature.map { Double($0.probes * Swift.min($0.steps, objective.dimension)) } ?? 0
    let probes = Double(settings.traceProbes ?? 0)
    // Groups that add up to the whole take no products of their own beside those of the density.
    let isSum = settings.dataGroups < 2 || objective.independentGroups(settings.dataGroups) != nil
    let groups = isSum ? 0 : Double(settings.dataGroups - 1)
    let alone = settings.dataGroups > 1 && settings.quadrature == nil ? pairs * (1 + groups) : 0
    return (
      base + (steps * (1 + groups) + alone) * product,
      base + (settings.quadrature == nil ? probes : 0) * product
    )
  }
}
