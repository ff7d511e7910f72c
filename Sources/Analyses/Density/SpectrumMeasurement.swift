import Curvature
import Krylov
import Networks
import Tensors

/// What was measured of one operator's spectrum: the numbers and vectors behind a ``ReportedSpectrum``.
public struct SpectrumMeasurement<Scalar: Real>: Sendable {
  public var kind: OperatorKind
  /// The block of the operator that was measured; `nil` for the whole of it.
  public var block: ParameterBlock?
  /// Whether the operator is D^½ A D^½ and not A: its eigenvectors are then in coordinates D^(−½) θ.
  public var isPreconditioned = false
  public var options = OperatorOptions()
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
  public var diagonal: DiagonalEstimate?
  public var exact: ExactSpectrum?
  public var outliers: Outliers?
  public var condition: ConditionMeasurement?
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
    count += (diagonal?.products ?? 0) + (condition?.products ?? 0)
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
  case diagonal
  case condition = "condition number"
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

/// How an objective's operator is measured, beside what is asked for.
public struct OperatorSetting<Scalar: Real>: Sendable {
  public var kind: OperatorKind
  public var options: OperatorOptions
  /// The elements of D where D^½ A D^½ is measured, over the selected parameters.
  public var preconditioner: Vector<Scalar>?

  public init(
    _ kind: OperatorKind, options: OperatorOptions = OperatorOptions(), preconditioner: Vector<Scalar>? = nil
  ) {
    self.kind = kind
    self.options = options
    self.preconditioner = preconditioner
  }
}

extension ExactSpectrum {
  /// The most parameters a dense matrix is formed for.
  public static let largestDimension = 30_000

  /// - Throws: ``InputError`` where the dense matrix would be too large, or the memory of the process too small for it.
  public static func require(dimension: Int) throws {
    let remedy = "use --top, --bottom and --density, or a block of fewer parameters (--params)"
    guard dimension <= largestDimension else {
      throw InputError(
        place: "--exact",
        "the dense matrix of \(dimension) parameters would take \((dimension * dimension) >> 27) GiB; the limit is \(largestDimension) parameters",
        remedy: remedy)
    }
    // The matrix, its copy and the workspace of the decomposition.
    let bytes = 3 * 8 * dimension * dimension
    let memory = ProcessMemory.bytes
    guard bytes < memory else {
      throw InputError(
        place: "--exact",
        "the dense matrix of \(dimension) parameters takes \(bytes >> 20) MiB with its decomposition; this process may use \(memory >> 20)",
        remedy: remedy)
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
    try measureSpectrum(
      of: OperatorSetting(kind), request, gradient: gradient, observer: observer, interruption: interruption)
  }

  /// Measures the spectrum of one of the objective's operators, in a setting, as asked for.
  ///
  /// - Parameter gradient: ∇L at the same parameters, for the gradient fraction; seen in the eigenvectors' coordinates.
  public func measureSpectrum(
    of setting: OperatorSetting<Scalar>, _ request: SpectrumRequest, gradient: Vector<Scalar>? = nil,
    observer: SpectrumObserver<Scalar> = SpectrumObserver(), interruption: (@Sendable () throws -> Void)? = nil
  ) throws -> SpectrumMeasurement<Scalar> {
    let kind = setting.kind
    let operation = try curvature(kind, options: setting.options)
    operation.setInterruption(interruption)
    var result = SpectrumMeasurement<Scalar>(kind: kind, dimension: operation.dimension)
    let gradient = kind.actsOnParameters ? gradient : nil
    let diagonal = try knownDiagonal(setting, request, interruption)
    guard let preconditioner = setting.preconditioner else {
      try measure(operation, setting.options, request, gradient, diagonal, observer, &result)
      try measureCondition(setting, request, observer, interruption, &result)
      return result
    }
    let preconditioned = try PreconditionedOperator(operation, diagonal: preconditioner)
    result.isPreconditioned = true
    let scaled = try gradient.map { try preconditioned.root.apply($0) }
    try measure(preconditioned, setting.options, request, scaled, diagonal, observer, &result)
    try measureCondition(setting, request, observer, interruption, &result)
    return result
  }

  /// Measures the spectrum of every diagonal block of an operator, all blocks' products in one pass over the data.
  ///
  /// - Parameter observer: what is told of a block, and where its state is left; called on several threads.
  public func measureBlockSpectra(
    of setting: OperatorSetting<Scalar>, by division: ParameterBlock.Division, _ request: SpectrumRequest,
    gradient: Vector<Scalar>? = nil,
    observer: @escaping @Sendable (ParameterBlock) -> SpectrumObserver<Scalar> = { _ in SpectrumObserver() },
    interruption: (@Sendable () throws -> Void)? = nil
  ) throws -> [SpectrumMeasurement<Scalar>] {
    let blocks = blocks(division)
    let operation = try curvature(setting.kind, blocks: blocks, options: setting.options)
    operation.setInterruption(interruption)
    let diagonal = try knownDiagonal(setting, request, interruption)
    var gradient = gradient
    func measureEach<A: LinearOperator & Sendable>(_ operation: A) throws -> [SpectrumMeasurement<Scalar>]
    where A.Space == DenseVectorSpace<Scalar> {
      let gradient = gradient
      return try LockstepBlocks(of: operation, blocks: blocks.map(\.ranges)).forEach { index, block in
        var result = SpectrumMeasurement<Scalar>(kind: setting.kind, dimension: block.dimension)
        result.block = blocks[index]
        result.isPreconditioned = setting.preconditioner != nil
        let part = gradient.map { gradient in Vector(blocks[index].ranges.joined().map { gradient[$0] }) }
        try measure(block, setting.options, request, part, diagonal, observer(blocks[index]), &result)
        return result
      }
    }
    guard let preconditioner = setting.preconditioner else { return try measureEach(operation) }
    let preconditioned = try PreconditionedOperator(operation, diagonal: preconditioner)
    gradient = try gradient.map { try preconditioned.root.apply($0) }
    return try measureEach(preconditioned)
  }

  private func measure<A: LinearOperator>(
    _ operation: A, _ options: OperatorOptions, _ request: SpectrumRequest, _ gradient: Vector<Scalar>?,
    _ knownDiagonal: DiagonalEstimate?, _ observer: SpectrumObserver<Scalar>,
    _ result: inout SpectrumMeasurement<Scalar>
  ) throws where A.Space == DenseVectorSpace<Scalar> {
    var request = request
    let kind = result.kind
    result.options = options
    if kind == .gradientSecondMoment || kind == .gradientCovariance,
      network.batchNormalization?.couplesSamples == true
    {
      result.warnings.append(
        "batch statistics couple the samples of a group, so a sample's gradient runs through its whole group: "
          + "the \(kind.title) is not the noise of stochastic gradient descent here")
    }
    if let (rank, reason) = rankBound(of: kind, options), rank < operation.dimension, request.bottom > 0 {
      let fact =
        "the \(kind.title) has rank at most \(rank) (\(reason)) for \(operation.dimension) "
        + "\(kind.actsOnParameters ? "parameters" : "outputs"), so its smallest eigenvalues are 0"
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
    if let quadrature = request.quadrature { try density(operation, request, quadrature, observer, &result) }
    try trace(operation, request, observer, &result)
    try diagonal(operation, request, known: knownDiagonal, observer, &result)
    result.products = result.countedProducts
  }

  /// C: the number of outputs of a sample.
  public var classCount: Int { outputShape.last ?? 1 }

  /// An upper bound on the rank that follows from the numbers of samples, outputs and parameters, and what it is the
  /// number of; `nil` where there is none.
  func rankBound(of kind: OperatorKind, _ options: OperatorOptions) -> (rank: Int, reason: String)? {
    func perSample(_ count: Int) -> Int { effectiveSamples.multipliedReportingOverflow(by: count).partialValue }
    // The second derivative of cross-entropy annihilates the vector of ones.
    let directions = loss == .crossEntropy ? max(1, classCount - 1) : classCount
    return switch kind {
    case .hessian, .functional, .kfacExpand, .kfacReduce, .ekfac, .decoupled, .shampoo: nil
    case .gaussNewton, .withinClassPart, .fisher: (perSample(directions), "outputs of all samples")
    case .classPart, .sameClassPart: (classCount, "classes")
    case .crossClassPart: (classCount * (classCount - 1), "pairs of classes")
    case .gradientSecondMoment: (effectiveSamples, "samples")
    case .gradientCovariance: (effectiveSamples - 1, "samples less one")
    case .monteCarloFisher: (perSample(min(directions, options.fisherDraws)), "labels drawn")
    case .tangentKernel: (dimension, "parameters")
    }
  }

  private func exact<A: LinearOperator>(
    _ operation: A, _ observer: SpectrumObserver<Scalar>
  ) throws -> ExactSpectrum where A.Space == DenseVectorSpace<Scalar> {
    try ExactSpectrum.require(dimension: operation.dimension)
    try observer.progress(.exact, 0, operation.dimension)
    return try ExactSpectrum.compute(operation) { columns in
      try observer.progress(.exact, columns, operation.dimension)
    }
  }

  private func eigenpairs<A: LinearOperator>(
    _ operation: A, _ request: SpectrumRequest, _ observer: SpectrumObserver<Scalar>
  ) throws -> Eigenpairs<Vector<Scalar>> where A.Space == DenseVectorSpace<Scalar> {
    let options = EigenpairOptions(
      top: request.top, bottom: request.bottom, tolerance: request.tolerance, blockSize: request.blockSize,
      maximumProducts: request.maximumProducts, seed: request.seed)
    // Clusters and multiplicities are then no question either.
    if request.takesEigenpairsFromDenseMatrix(dimension: operation.dimension) {
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

  private func density<A: LinearOperator>(
    _ operation: A, _ request: SpectrumRequest, _ options: QuadratureOptions,
    _ observer: SpectrumObserver<Scalar>, _ result: inout SpectrumMeasurement<Scalar>
  ) throws where A.Space == DenseVectorSpace<Scalar> {
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

  /// ‖Pg‖²/‖g‖² with P the projector on the top K eigenvectors, K = C or as many as converged.
  private func gradientFraction(
    _ gradient: Vector<Scalar>, _ top: [Eigenpair<Vector<Scalar>>], _ space: DenseVectorSpace<Scalar>
  ) -> (value: Double, subspaceDimension: Int)? {
    // What has not converged spans nothing known.
    let count = min(classCount, top.prefix { $0.converged }.count)
    let norm = space.dot(gradient, gradient)
    guard count > 0, norm > 0 else { return nil }
    let inside = top.prefix(count).reduce(0.0) { sum, pair in
      let component = space.dot(gradient, pair.vector)
      return sum + component * component
    }
    return (inside / norm, count)
  }
}
