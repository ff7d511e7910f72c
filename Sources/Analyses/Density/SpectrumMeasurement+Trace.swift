import Curvature
import Krylov
import Tensors

extension Objective {
  /// Hutchinson's estimate; the samples of finished probes are its state.
  func hutchinson(
    _ operation: NetworkOperator<Scalar>, _ request: SpectrumRequest, _ observer: SpectrumObserver<Scalar>
  ) throws -> TraceEstimate {
    let probes = request.traceProbes
    var samples = try observer.restore(.trace).map { try Self.traceSamples($0, atMost: probes) } ?? []
    func snapshot() -> KrylovSnapshot<Scalar> {
      var snapshot = KrylovSnapshot<Scalar>(kind: Self.hutchinsonKind)
      snapshot.numbers["samples"] = samples
      return snapshot
    }
    try observer.progress(.trace, samples.count, probes)
    let estimator = TraceEstimator(seed: request.seed)
    do {
      return try estimator.hutchinson(operation, probes: probes, previous: samples) { sampled in
        samples = sampled
        try observer.progress(.trace, samples.count, probes)
        try observer.store(.trace, samples.count == probes, snapshot)
      }
    } catch {
      try observer.store(.trace, true, snapshot)
      throw error
    }
  }

  /// Hutch++, whose state would be a basis: stopped, it is done again.
  func hutchPlusPlus(
    _ operation: NetworkOperator<Scalar>, _ request: SpectrumRequest, _ observer: SpectrumObserver<Scalar>
  ) throws -> TraceEstimate {
    // At most: fewer where the operator's rank is below the width of the sketch.
    let total = 2 * min(request.traceProbes, operation.dimension) + request.traceProbes
    var done = 0
    try observer.progress(.trace, done, total)
    let counted = ClosureOperator(space: operation.space) { vectors in
      let products = try operation.apply(vectors)
      done += vectors.count
      try observer.progress(.trace, done, total)
      return products
    }
    return try TraceEstimator(seed: request.seed).hutchPlusPlus(counted, products: 3 * request.traceProbes)
  }

  private static var hutchinsonKind: String { "hutchinson trace 1" }

  private static func traceSamples(_ snapshot: KrylovSnapshot<Scalar>, atMost probes: Int) throws -> [Double] {
    guard snapshot.kind == hutchinsonKind, let samples = snapshot.numbers["samples"], samples.count <= probes,
      samples.allSatisfy(\.isFinite)
    else {
      throw InputError(
        place: "stored state", "does not hold the samples of this trace", remedy: "start the run anew")
    }
    return samples
  }
}
