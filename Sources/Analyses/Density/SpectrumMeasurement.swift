import Curvature
import Krylov
import Networks
import Tensors

/// What was measured of one operator's spectrum: the numbers and vectors behind a ``ReportedSpectrum``.
public struct SpectrumMeasurement<Scalar: Real>: Sendable {
  public var kind: OperatorKind
  public var dimension: Int
  public var eigenpairs: Eigenpairs<Vector<Scalar>>?
  /// The probes' tridiagonal matrices.
  public var sample: SpectralSample?
  public var density: SpectralDensity?
  public var logarithmic: LogarithmicDensity?
  public var google: GoogleCompatibleDensity?
  /// The worst orthogonality the probes' bases reached, as estimated or measured.
  public var orthogonality: Double?
  public var trace: TraceEstimate?
  public var exact: ExactSpectrum?
  public var outliers: Outliers?
  public var gradientFraction: (value: Double, subspaceDimension: Int)?
  /// Operator products of the whole measurement, however often it was interrupted and resumed.
  public var products = 0
  public var warnings: [String] = []

  init(kind: OperatorKind, dimension: Int) {
    self.kind = kind
    self.dimension = dimension
  }

  /// The products of all parts, those before an interruption included.
  var countedProducts: Int {
    var count = (exact?.products ?? 0) + (eigenpairs?.products ?? 0)
    count += sample?.tridiagonals.reduce(0) { $0 + $1.order } ?? 0
    // Exact traces and those by quadrature take no products of their own.
    if let trace, trace.method == .hutchinson || trace.method == .hutchPlusPlus { count += trace.products }
    return count
  }
}

/// A part of a measurement, for progress and for stored states.
public enum SpectrumStage: String, Sendable, CaseIterable {
  case exact
  case eigenpairs
  case density
  case trace
}

/// What a measurement tells while it runs, and where it leaves its state.
public struct SpectrumObserver<Scalar: Real> {
  /// Called when a stage begins and after each of its steps, with the products done and those expected; 0 where nobody knows.
  public var progress: (SpectrumStage, Int, Int) throws -> Void
  /// The stored state of a stage, if there is one.
  public var restore: (SpectrumStage) throws -> KrylovSnapshot<Scalar>?
  /// Offers the state of a stage; called after every step, `true` when the stage is done. Taking the state costs nothing until
  /// the closure is called.
  public var store: (SpectrumStage, _ isDone: Bool, () -> KrylovSnapshot<Scalar>) throws -> Void

  public init(
    progress: @escaping (SpectrumStage, Int, Int) throws -> Void = { _, _, _ in },
    restore: @escaping (SpectrumStage) throws -> KrylovSnapshot<Scalar>? = { _ in nil },
    store: @escaping (SpectrumStage, Bool, () -> KrylovSnapshot<Scalar>) throws -> Void = { _, _, _ in }
  ) {
    self.progress = progress
    self.restore = restore
    self.store = store
  }
}

extension ExactSpectrum {
  /// The most parameters a dense matrix is formed for.
  public static let largestDimension = 30_000


  /// - Throws: ``InputError`` where the dense matrix would be too large.
  public static func require(dimension: Int) throws {
    guard dimension <= largestDimension else {
      throw InputError(
        place: "--exact", "the dense matrix of \(dimension) parameters would take \((dimension * dimension) >> 27) GiB",
        remedy: "use --top, --bottom and --density, or a block of at most \(largestDimension) parameters (--params)")
    }
  }
}

extension Objective {
  /// Measures the spectrum of one of the objective's operators as asked for.
  ///
  /// Order: the dense matrix, eigenpairs, density (converged pairs deflated), trace. Each part can be stored and resumed and
  /// then goes on with the same bits.
  ///
  /// - Parameter gradient: ∇L at the same parameters, for the gradient fraction.
  public func measureSpectrum(
    of kind: OperatorKind, _ request: SpectrumRequest, gradient: Vector<Scalar>? = nil,
    observer: SpectrumObserver<Scalar> = SpectrumObserver(), interruption: (@Sendable () throws -> Void)? = nil
  ) throws -> SpectrumMeasurement<Scalar> {
    let operation = try curvature(kind)
    operation.setInterruption(interruption)
    var result = SpectrumMeasurement<Scalar>(kind: kind, dimension: dimension)
    var request = request
    if let rank = rankBound(of: kind), rank < dimension, request.bottom > 0 {
      let fact =
        "the \(kind.title) has rank at most \(rank) (outputs of all samples) for \(dimension) parameters, so its smallest eigenvalues are 0"
      if request.skipsNullSpace {
        request.bottom = 0
        result.warnings.append(fact + "; the bottom was not computed")
      } else {
        result.warnings.append(fact)
      }
    }
    if request.exact { result.exact = try exact(operation, observer) }
    if request.top + request.bottom > 0 {
      let pairs = try eigenpairs(operation, request, observer)
      result.eigenpairs = pairs
      result.warnings += pairs.warnings
      result.outliers = Outliers(pairs.top, classes: classCount)
      if let gradient, !pairs.top.isEmpty {
        result.gradientFraction = gradientFraction(gradient, pairs.top, operation.space)
      }
    }
    if let options = request.quadrature { try density(operation, request, options, observer, &result) }
    try trace(operation, request, observer, &result)
    result.products = result.countedProducts
    return result
  }

  /// C: the number of outputs of a sample.
  public var classCount: Int { outputShape.last ?? 1 }

  /// An upper bound on the rank that follows from the numbers of samples and outputs; `nil` where there is none.
  func rankBound(of kind: OperatorKind) -> Int? {
    guard kind == .gaussNewton else { return nil }
    // The second derivative of cross-entropy annihilates the vector of ones.
    let perSample = loss == .crossEntropy ? max(1, classCount - 1) : classCount
    return effectiveSamples.multipliedReportingOverflow(by: perSample).partialValue
  }

  private func exact(
    _ operation: NetworkOperator<Scalar>, _ observer: SpectrumObserver<Scalar>
  ) throws -> ExactSpectrum {
    try ExactSpectrum.require(dimension: dimension)
    try observer.progress(.exact, 0, operation.dimension)
    return try ExactSpectrum.compute(operation) { columns in
      try observer.progress(.exact, columns, operation.dimension)
    }
  }

  private func eigenpairs(
    _ operation: NetworkOperator<Scalar>, _ request: SpectrumRequest, _ observer: SpectrumObserver<Scalar>
  ) throws -> Eigenpairs<Vector<Scalar>> {
    let options = EigenpairOptions(
      top: request.top, bottom: request.bottom, tolerance: request.tolerance, blockSize: request.blockSize,
      maximumProducts: request.maximumProducts, seed: request.seed)
    // Clusters and multiplicities are then no question either.
    if request.takesEigenpairsFromDenseMatrix(dimension: dimension) {
      try observer.progress(.eigenpairs, 0, operation.dimension)
      return try ExactSpectrum.eigenpairs(operation, options: options) { columns in
        try observer.progress(.eigenpairs, columns, operation.dimension)
      }
    }
    var solver: EigenpairSolver<DenseVectorSpace<Scalar>>
    if let stored = try observer.restore(.eigenpairs) {
      solver = try EigenpairSolver(resuming: stored, space: operation.space, options: options)
    } else {
      solver = try EigenpairSolver(space: operation.space, options: options)
    }
    try observer.progress(.eigenpairs, solver.products, 0)
    while !solver.isFinished {
      // A step that is interrupted leaves the solver as it was.
      do { try solver.step(operation) } catch {
        try observer.store(.eigenpairs, true) { solver.snapshot }
        throw error
      }
      try observer.progress(.eigenpairs, solver.products, 0)
      try observer.store(.eigenpairs, solver.isFinished) { solver.snapshot }
    }
    return try solver.eigenpairs(operation)
  }

  private func density(
    _ operation: NetworkOperator<Scalar>, _ request: SpectrumRequest, _ options: QuadratureOptions,
    _ observer: SpectrumObserver<Scalar>, _ result: inout SpectrumMeasurement<Scalar>
  ) throws {
    let found = (result.eigenpairs?.top ?? []) + (result.eigenpairs?.bottom ?? [])
    let deflated = request.isGoogleCompatible ? [] : found.filter(\.converged)
    let (values, vectors) = (deflated.map(\.value), deflated.map(\.vector))
    var quadrature: StochasticLanczosQuadrature<DenseVectorSpace<Scalar>>
    if let stored = try observer.restore(.density) {
      quadrature = try StochasticLanczosQuadrature(
        resuming: stored, space: operation.space, options: options, deflatedValues: values, deflatedVectors: vectors)
    } else {
      quadrature = try StochasticLanczosQuadrature(
        space: operation.space, options: options, deflatedValues: values, deflatedVectors: vectors)
    }
    func report() throws {
      try observer.progress(.density, quadrature.products, quadrature.products + quadrature.remainingProducts)
    }
    try report()
    while !quadrature.isFinished {
      let probes = quadrature.tridiagonals.count
      do { try quadrature.step(operation) } catch {
        try observer.store(.density, true) { quadrature.snapshot }
        throw error
      }
      try report()
      try observer.store(.density, quadrature.tridiagonals.count > probes) { quadrature.snapshot }
    }
    let sample = quadrature.sample
    result.sample = sample
    result.orthogonality = quadrature.records.map(\.orthogonalityBound).max()
    if request.isGoogleCompatible {
      result.google = try GoogleCompatibleDensity(sample.tridiagonals)
    }
    let density = try SpectralDensity(sample, options: request.density)
    result.density = density
    let isComplete = sample.tridiagonals.allSatisfy { $0.order < options.steps }
    if !request.isGoogleCompatible, let doubt = density.doubt(isComplete: isComplete) { result.warnings.append(doubt) }
    result.logarithmic = try LogarithmicDensity(sample, options: request.density)
  }

  private func trace(
    _ operation: NetworkOperator<Scalar>, _ request: SpectrumRequest, _ observer: SpectrumObserver<Scalar>,
    _ result: inout SpectrumMeasurement<Scalar>
  ) throws {
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

  /// ‖Pg‖²/‖g‖² with P the projector on the top K eigenvectors, K = C or as many as were computed.
  private func gradientFraction(
    _ gradient: Vector<Scalar>, _ top: [Eigenpair<Vector<Scalar>>], _ space: DenseVectorSpace<Scalar>
  ) -> (value: Double, subspaceDimension: Int)? {
    let count = min(classCount, top.count)
    let norm = space.dot(gradient, gradient)
    guard count > 0, norm > 0 else { return nil }
    let inside = top.prefix(count).reduce(0.0) { sum, pair in
      let component = space.dot(gradient, pair.vector)
      return sum + component * component
    }
    return (inside / norm, count)
  }
}
