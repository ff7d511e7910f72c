import Curvature
import Krylov
import Networks
import Tensors

extension TrajectoryObserver {
  /// The eigenpairs of the whole matrix. Where all of the top span the subspace of fractions and overlaps, the next one
  /// below converges with them, as the gap to it says how well that subspace is known.
  mutating func followWhole(_ point: Point) throws -> TrackedEigenpairs<Vector<Scalar>> {
    guard var options = settings.tracking else { throw InputError("no eigenpairs were asked for") }
    let needsGap = settings.top > 0 && subspaceDimension == settings.top
    if needsGap {
      options.top += 1
      options.guards = max(0, options.guards - 1)
    }
    var pairs = try follow(point.operation, options, "whole")
    if pairs.top.count > settings.top, let next = pairs.top.popLast() { pairs.topGuards.insert(next, at: 0) }
    return pairs
  }

  /// Eigenpairs from where the last search under a name ended; a first search verifies that none is missed.
  mutating func follow<A: LinearOperator>(
    _ operation: A, _ options: EigenpairTrackerOptions, _ name: String
  ) throws -> TrackedEigenpairs<Vector<Scalar>> where A.Space == DenseVectorSpace<Scalar> {
    let (pairs, vectors) = try Self.follow(operation, options, from: tracked[name])
    tracked[name] = vectors
    return pairs
  }

  static func follow<A: LinearOperator>(
    _ operation: A, _ options: EigenpairTrackerOptions, from tracked: TrackedVectors<Scalar>?
  ) throws -> (TrackedEigenpairs<Vector<Scalar>>, TrackedVectors<Scalar>) where A.Space == DenseVectorSpace<Scalar> {
    var start = tracked
    if start == nil {
      var solver = try EigenpairSolver(
        space: operation.space,
        options: EigenpairOptions(
          top: options.top, bottom: options.bottom, tolerance: options.tolerance,
          maximumProducts: options.maximumProducts, seed: options.seed))
      let found = try solver.run(operation)
      start = TrackedVectors(vectors: (found.top + found.bottom).map(\.vector), updates: 0)
    }
    var tracker = try EigenpairTracker(
      space: operation.space, options: options, vectors: start?.vectors ?? [], updates: start?.updates ?? 0)
    let pairs = try tracker.update(operation)
    return (pairs, TrackedVectors(vectors: tracker.vectors, updates: tracker.updates))
  }

  /// The density, and with it the eigenpairs: those that the first probe finds are deflated. Where some of them have
  /// not converged in its steps, they are searched for from there; should later probes show an eigenvalue among the top
  /// ones that was missed, the search is made anew.
  mutating func density(
    _ point: Point, _ options: QuadratureOptions, _ jackknife: DataJackknife<Scalar>?,
    _ result: inout RunMeasurement, _ notes: inout [String]
  ) throws -> (pairs: TrackedEigenpairs<Vector<Scalar>>?, products: Int) {
    let quadrature = try DeflatingQuadrature(
      space: point.space,
      options: DeflatingQuadratureOptions(
        quadrature: options, top: settings.top, bottom: settings.bottom, guards: settings.guards,
        tolerance: settings.tolerance))
    let found = try quadrature.run { vectors in
      try jackknife.map { try $0.products(vectors) }
        ?? ProductsWithReplicates(images: point.operation.apply(vectors))
    }
    let density = try report(found.sample, &result)
    // The first probe's rule has lost the nodes of the deflated.
    result.density?.steps = Swift.min(options.steps, point.space.dimension)
    if jackknife != nil {
      result.densityDataErrors = jackknifeErrors(
        try found.replicates.map { try SpectralDensity($0.sample, options: settings.density, like: density).density })
      result.topDataErrors = jackknifeErrors(found.replicates.map(\.top))
    }
    guard settings.top + settings.bottom > 0 else { return (nil, found.products) }
    var pairs = found.pairs
    let ends = pairs.top + pairs.topGuards + pairs.bottom + pairs.bottomGuards
    tracked["whole"] = TrackedVectors(vectors: ends.map(\.vector), updates: (tracked["whole"]?.updates ?? 0) + 1)
    if !pairs.converged { pairs = try followWhole(point) }
    if let last = pairs.top.last, pairs.converged {
      let nodes = try found.sample.rules().flatMap(\.nodes)
      if let highest = nodes.max(), highest > last.value + 10 * pairs.tolerance * pairs.normEstimate {
        notes.append("the density showed an eigenvalue above the last of those followed: they were searched for anew")
        tracked["whole"] = nil
        pairs = try followWhole(point)
      }
    }
    return (pairs, found.products)
  }

  /// The density, its trace and the negative mass.
  private func report(_ sample: SpectralSample, _ result: inout RunMeasurement) throws -> SpectralDensity {
    var measurement = SpectrumMeasurement<Scalar>(kind: settings.kind, dimension: sample.dimension)
    measurement.sample = sample
    let density = try SpectralDensity(sample, options: settings.density)
    measurement.density = density
    measurement.logarithmic = try LogarithmicDensity(sample, options: settings.density)
    result.density = ReportedDensity(measurement)
    result.negativeMass = result.density?.negativeMass
    let trace = try sample.trace()
    result.trace = RunEstimate(trace.value, error: trace.standardError)
    return density
  }

  /// Errors over the data of the leading eigenvalues: those of UᵀA_{−g}U, U the eigenvectors, right to first order in
  /// what leaving a group out changes.
  func dataErrors(
    _ pairs: TrackedEigenpairs<Vector<Scalar>>, _ jackknife: DataJackknife<Scalar>, _ space: DenseVectorSpace<Scalar>
  ) throws -> [Double] {
    let vectors = (pairs.top + pairs.topGuards).map(\.vector)
    let rows = try jackknife.products(vectors).replicates.map { images in
      let elements = vectors.flatMap { vector in images.map { space.dot(vector, $0) } }
      let matrix = DenseMatrix(rows: vectors.count, columns: vectors.count, elements: elements)
      return try Array(matrix.symmetricEigen().values.suffix(pairs.top.count).reversed())
    }
    return jackknifeErrors(rows)
  }

  /// Leading eigenpairs, and the gradient's fraction in their span, of every layer's diagonal block; all blocks side by side.
  ///
  /// - Returns: the measurements and their floating-point operations.
  mutating func measureLayers(
    _ point: Point, _ layers: OperatorFunction<Scalar>, _ interruption: (@Sendable () throws -> Void)?
  ) throws -> ([RunMeasurement], Double) {
    let blocks = point.planned.blocks
    let operation = layers(point.moment.parameters)
    operation.setInterruption(interruption)
    let options = EigenpairTrackerOptions(
      top: settings.layerTop, guards: settings.guards, tolerance: settings.tolerance,
      maximumProducts: settings.maximumProducts, seed: settings.seed)
    let starts = blocks.map { tracked["layer " + $0.name] }
    let outcomes = try LockstepBlocks(of: operation, blocks: blocks.map(\.ranges)).forEach { index, block in
      try Self.follow(block, options, from: starts[index])
    }
    var measurements: [RunMeasurement] = []
    for (block, (pairs, vectors)) in zip(blocks, outcomes) {
      tracked["layer " + block.name] = vectors
      var result = RunMeasurement(
        step: point.moment.step, epoch: point.moment.epoch, reason: point.moment.reason.rawValue,
        operatorName: settings.kind.rawValue, block: block.name, samples: objective.effectiveSamples)
      let part = Vector<Scalar>(block.ranges.joined().map { point.gradient[$0] })
      let space = DenseVectorSpace<Scalar>(dimension: block.dimension, pool: point.space.pool)
      let subspace = LeadingSubspace(pairs.top + pairs.topGuards, count: pairs.top.count)
      result.gradientNorm = space.norm(part)
      result.top = pairs.top.map(\.value)
      result.topResiduals = pairs.top.map(\.residual)
      result.sharpness = pairs.top.first?.value
      result.batchNormalization = objective.network.batchNormalization?.rawValue
      result.gradientFraction = subspace.fraction(of: part, in: space).map {
        RunEstimate($0, error: subspace.sine.map { Swift.min(1, $0) }, isBound: true)
      }
      result.fractionByChance = Double(pairs.top.count) / Double(block.dimension)
      result.products = pairs.products
      measurements.append(result)
    }
    let work = layers.operationsPerPoint + Double(operation.productCount) * layers.operationsPerProduct
    return (measurements, work)
  }
}
