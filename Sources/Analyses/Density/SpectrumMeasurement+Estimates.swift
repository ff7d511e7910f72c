import Curvature
import Krylov
import Tensors

extension Objective {
  /// By the eigenvalues where all are known, else as asked.
  func trace<A: LinearOperator>(
    _ operation: A, _ request: SpectrumRequest, _ observer: SpectrumObserver<Scalar>,
    _ result: inout SpectrumMeasurement<Scalar>
  ) throws where A.Space == DenseVectorSpace<Scalar> {
    if let exact = result.exact {
      result.trace = TraceEstimate(
        method: .exact, samples: [exact.eigen.values.reduce(0, +)], isExact: true, products: exact.products)
      return
    }
    guard let choice = request.trace else { return }
    if choice == .quadrature, let sample = result.sample {
      result.trace = try sample.trace()
    } else if choice == .hutchinson {
      result.trace = try hutchinson(operation, request, observer)
    } else {
      result.trace = try hutchPlusPlus(operation, request, observer)
    }
  }

  /// The diagonal of the whole operator by formula, D A for a preconditioned one; `nil` where none is asked for or no
  /// formula knows it.
  func knownDiagonal(
    _ setting: OperatorSetting<Scalar>, _ request: SpectrumRequest, _ interruption: (@Sendable () throws -> Void)?
  ) throws -> DiagonalEstimate? {
    guard request.diagonalProbes != nil,
      let exact = try exactDiagonal(of: setting.kind, interruption: { try interruption?() })
    else { return nil }
    guard let preconditioner = setting.preconditioner else { return exact }
    let scaled = (0..<exact.values.count).map { Double(preconditioner[$0]) * exact.values[$0] }
    return DiagonalEstimate(exact: Vector(scaled), products: exact.products)
  }

  /// That of the known one over some parameters, else estimated from products.
  func diagonal<A: LinearOperator>(
    _ operation: A, _ request: SpectrumRequest, known: DiagonalEstimate?, _ observer: SpectrumObserver<Scalar>,
    _ result: inout SpectrumMeasurement<Scalar>
  ) throws where A.Space == DenseVectorSpace<Scalar> {
    guard let probes = request.diagonalProbes else { return }
    if let known {
      result.diagonal =
        if let block = result.block {
          DiagonalEstimate(exact: Vector(block.ranges.joined().map { known.values[$0] }), products: known.products)
        } else {
          known
        }
      return
    }
    result.diagonal = try TraceEstimator(seed: request.seed).diagonal(operation, probes: probes) { done in
      try observer.progress(.diagonal, done, probes)
    }
  }

  /// Hutchinson's estimate; the samples of finished probes are its state.
  private func hutchinson<A: LinearOperator>(
    _ operation: A, _ request: SpectrumRequest, _ observer: SpectrumObserver<Scalar>
  ) throws -> TraceEstimate where A.Space == DenseVectorSpace<Scalar> {
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
  private func hutchPlusPlus<A: LinearOperator>(
    _ operation: A, _ request: SpectrumRequest, _ observer: SpectrumObserver<Scalar>
  ) throws -> TraceEstimate where A.Space == DenseVectorSpace<Scalar> {
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
