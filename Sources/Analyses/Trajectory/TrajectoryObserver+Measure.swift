import Curvature
import Krylov
import Networks
import Tensors

extension TrajectoryObserver {
  /// One point's functions and numbers, while it is measured.
  struct Point {
    let moment: TrajectoryMoment<Scalar>
    let planned: PlannedObjective<Scalar>
    /// The network with its literals, where these move.
    let network: Network?
    let loss: Double
    /// μ
    let gradient: Vector<Scalar>
    let operation: NetworkOperator<Scalar>
    /// D = P⁻¹ over the selected parameters.
    let diagonal: Vector<Scalar>?
    /// Elements of D beside which the others hardly count.
    let neglected: Int
    let update: Vector<Scalar>?

    var space: DenseVectorSpace<Scalar> { operation.space }
  }

  mutating func advance(
    to moment: TrajectoryMoment<Scalar>, includesDensity: Bool, interruption: (@Sendable () throws -> Void)?
  ) throws -> TrajectoryObservation {
    let point = try point(at: moment, interruption)
    let chance = Double(subspaceDimension) / Double(point.space.dimension)
    var result = RunMeasurement(
      step: moment.step, epoch: moment.epoch, reason: moment.reason.rawValue, operatorName: settings.kind.rawValue,
      samples: objective.effectiveSamples)
    var notes: [String] = []
    if point.neglected > 0 {
      notes.append(
        "\(point.neglected) parameters hardly had a gradient so far: the optimiser's scaling, and what is measured with it, is theirs"
      )
    }
    result.loss = point.loss
    result.gradientNorm = point.space.norm(point.gradient)
    result.batchNormalization = objective.network.batchNormalization?.rawValue
    var work = point.planned.gradientOperations + point.planned.operation.operationsPerPoint

    var jackknife: DataJackknife<Scalar>?
    if settings.dataGroups > 1, includesDensity {
      let network = try point.network ?? objective.network.withParameters(moment.parameters)
      jackknife = try DataJackknife(
        objective, network, of: dataset, groups: settings.dataGroups, whole: point.operation, interruption)
      work += jackknife?.operationsPerPoint ?? 0
    }
    var pairs: TrackedEigenpairs<Vector<Scalar>>?
    if let quadrature = settings.quadrature, includesDensity {
      var products: Int
      (pairs, products) = try density(point, quadrature, jackknife, &result, &notes)
      work += Double(products) * (jackknife?.operationsPerProduct ?? 0)
      // Products that are sums over the groups are not the whole operator's own.
      if jackknife?.isSum != true { products = 0 }
      result.products = products
    } else {
      if settings.tracking != nil { pairs = try followWhole(point) }
      if let probes = settings.traceProbes {
        let trace = try TraceEstimator(seed: settings.seed).hutchinson(point.operation, probes: probes)
        result.trace = RunEstimate(trace.value, error: trace.standardError)
      }
      if let jackknife, let pairs {
        result.topDataErrors = try dataErrors(pairs, jackknife, point.space)
        work += Double(pairs.top.count + pairs.topGuards.count) * jackknife.operationsPerProduct
      }
    }
    if let pairs {
      let open = (pairs.top + pairs.bottom).count { !$0.converged }
      if open > 0 { notes.append("\(open) of \(pairs.top.count + pairs.bottom.count) eigenpairs did not converge") }
      report(pairs, &result)
    }
    if settings.top > 0 { try sharpness(point, pairs, &result) }

    let subspace = pairs.flatMap { pairs in
      subspaceDimension > 0
        ? LeadingSubspace(
          pairs.top + pairs.topGuards, count: Swift.min(subspaceDimension, pairs.top.count),
          isWhole: pairs.top.count + pairs.topGuards.count == point.space.dimension) : nil
    }
    if let subspace {
      result.fractionByChance = chance
      fractions(point, subspace, &result)
      overlap(point, subspace, &result, &notes)
    }
    var batchGradients: [Vector<Scalar>] = []
    if let batches {
      batchGradients = try batches.gradients(at: moment.parameters, network: point.network)
      work += try batches.operations()
    }
    if let subspace { batchFraction(point, subspace, batchGradients, &result) }
    if settings.lossChange, let optimizer = moment.optimizer, optimizer.edge == nil {
      notes.append(
        "the change of the loss is that of gradient descent, momentum and diagonal scaling, which this optimiser's step is not"
      )
    } else if settings.lossChange, let optimizer = moment.optimizer {
      work += point.planned.gradientOperations / 3 * Double(1 + batchGradients.count)
      try lossChange(point, optimizer, batchGradients, &result)
    }
    if settings.directions, let pairs {
      try directions(point, pairs, batchGradients, &result, &notes)
    } else {
      expectation = nil
    }
    work +=
      Double(point.operation.productCount)
      * (point.planned.operation.operationsPerProduct + vectorOperations(includesDensity: includesDensity))
    result.products += point.operation.productCount
    if !notes.isEmpty { result.notes = notes }
    previous = subspace
    var measurements = [result]
    if let layers = point.planned.layers {
      let (parts, operations) = try measureLayers(point, layers, interruption)
      measurements += parts
      work += operations
    }
    return TrajectoryObservation(measurements: measurements, operations: work)
  }

  private func point(
    at moment: TrajectoryMoment<Scalar>, _ interruption: (@Sendable () throws -> Void)?
  ) throws -> Point {
    guard moment.parameters.count == objective.network.parameterCount else {
      throw InputError(
        "\(moment.parameters.count) parameters for a network of \(objective.network.parameterCount)")
    }
    var planned = planned
    var network: Network?
    // Statistics of batch normalisation that are constants move along; those of a batch are functions of θ.
    let mode = objective.network.batchNormalization
    if mode == .population || (mode?.couplesSamples != true && moves(moment.literals)) {
      let moved = try objective.network.withParameters(moment.parameters).withLiterals(moment.literals)
      planned = try PlannedObjective(objective.at(values: moved), settings)
      // Constants of all samples are those of the point, for whoever must not take them anew.
      network = mode == .population ? planned.objective.network : moved
    }
    let (loss, gradient) = try planned.lossAndGradient(moment.parameters)
    let operation = planned.operation(moment.parameters)
    operation.setInterruption(interruption)
    let diagonal = try moment.optimizer?.preconditioner.map { try Self.reciprocal(planned.selected($0)) }
    let small = diagonal.map(Self.neglected) ?? 0
    let update = try moment.optimizer?.update.map { try planned.selected($0) }
    return Point(
      moment: moment, planned: planned, network: network, loss: loss, gradient: gradient, operation: operation,
      diagonal: diagonal, neglected: small, update: update)
  }

  /// Elements of D = P⁻¹ that are more than a million times its smallest: coordinates that hardly had a gradient.
  private static func neglected(_ diagonal: Vector<Scalar>) -> Int {
    guard let least = diagonal.elements.min() else { return 0 }
    return diagonal.elements.count { Double($0) > 1e6 * Double(least) }
  }

  /// Whether literals differ from those the network was made with.
  private func moves(_ literals: [Int: [Double]]) -> Bool {
    let known = objective.network.literals
    return literals.contains { index, values in
      !known.indices.contains(index) || known[index].values.values(as: Double.self) != values
    }
  }

  /// P⁻¹
  private static func reciprocal(_ vector: Vector<Scalar>) throws -> Vector<Scalar> {
    try Vector(count: vector.count) { target in
      for index in 0..<vector.count {
        let value = 1 / vector[index]
        guard value > 0, value.isFinite else {
          throw InputError("element \(index) of the optimiser's preconditioner is \(vector[index]), expected above 0")
        }
        target.initializeElement(at: index, to: value)
      }
    }
  }

  private func report(_ pairs: TrackedEigenpairs<Vector<Scalar>>, _ result: inout RunMeasurement) {
    result.top = pairs.top.map(\.value)
    result.topResiduals = pairs.top.map(\.residual)
    result.bottom = pairs.bottom.map(\.value)
    result.bottomResiduals = pairs.bottom.map(\.residual)
    let classes = objective.classCount
    if let outliers = Outliers(pairs.top + pairs.topGuards, classes: classes) {
      result.outliers = outliers.count
      result.outlierGap = outliers.ratio
      result.firstToBulk = outliers.ratioToClasses
    }
  }

  /// λ₁ against the edge of the optimiser, of the preconditioned matrix where that decides, with what weight decay adds.
  private mutating func sharpness(
    _ point: Point, _ pairs: TrackedEigenpairs<Vector<Scalar>>?, _ result: inout RunMeasurement
  ) throws {
    result.sharpness = pairs?.top.first?.value
    guard let optimizer = point.moment.optimizer, let edge = optimizer.edge, settings.kind == .hessian else { return }
    result.edge = edge.value(learningRate: optimizer.learningRate)
    var largest = result.sharpness.map { $0 + optimizer.coupledDecay }
    if edge.isPreconditioned {
      guard let diagonal = point.diagonal else { return }
      let space = point.space
      let minimised = ClosureOperator(space: space) { vectors in
        var images = try point.operation.apply(vectors)
        for (index, vector) in vectors.enumerated() where optimizer.coupledDecay != 0 {
          space.axpy(optimizer.coupledDecay, vector, &images[index])
        }
        return images
      }
      let options = EigenpairTrackerOptions(
        top: 1, guards: settings.guards, tolerance: settings.tolerance, maximumProducts: settings.maximumProducts,
        seed: settings.seed)
      let preconditioned = try PreconditionedOperator(minimised, diagonal: diagonal)
      largest = try follow(preconditioned, options, "preconditioned").top.first?.value
    }
    result.sharpness = largest.map { $0 + edge.shift(decoupledDecay: optimizer.decoupledDecay) }
  }

  private func fractions(_ point: Point, _ subspace: LeadingSubspace<Scalar>, _ result: inout RunMeasurement) {
    func estimate(_ vector: Vector<Scalar>) -> RunEstimate? {
      subspace.fraction(of: vector, in: point.space).map { value in
        // ‖P − P̃‖₂ = sin θ_max moves the fraction by that at most.
        RunEstimate(value, error: subspace.sine.map { Swift.min(1, $0) }, isBound: true)
      }
    }
    result.gradientFraction = estimate(point.gradient)
    result.updateFraction = point.update.flatMap(estimate)
  }

  /// E‖P g_B‖²/E‖g_B‖² over the drawn batches, with the standard error of a ratio of means.
  private func batchFraction(
    _ point: Point, _ subspace: LeadingSubspace<Scalar>, _ gradients: [Vector<Scalar>], _ result: inout RunMeasurement
  ) {
    let inside = gradients.map { subspace.energy(of: $0, in: point.space) }
    let whole = gradients.map { point.space.dot($0, $0) }
    let mean = MeanEstimate(whole).value
    guard mean > 0 else { return }
    let fraction = MeanEstimate(inside).value / mean
    let error = MeanEstimate(zip(inside, whole).map { ($0 - fraction * $1) / mean }).standardError
    result.batchGradientFraction = RunEstimate(fraction, error: error)
  }

  private func overlap(
    _ point: Point, _ subspace: LeadingSubspace<Scalar>, _ result: inout RunMeasurement, _ notes: inout [String]
  ) {
    guard let previous, let overlap = SubspaceOverlap(previous, subspace, in: point.space) else { return }
    result.overlapByChance = overlap.chance
    result.overlapChanceDeviation = overlap.chanceDeviation
    if let error = overlap.error {
      result.overlap = RunEstimate(overlap.value, error: error, isBound: true)
    } else {
      notes.append(
        "the overlap of eigenspaces is undefined: the gap below eigenvalue \(subspace.count) is smaller than its residual"
      )
    }
  }

  /// What weight decay adds to D g: λDθ, or λθ.
  private func decayStep(_ point: Point, _ optimizer: OptimizerContext<Scalar>) throws -> Vector<Scalar>? {
    guard optimizer.coupledDecay != 0 || optimizer.decoupledDecay != 0 else { return nil }
    var step = try point.planned.selected(point.moment.parameters)
    if optimizer.coupledDecay != 0, let diagonal = point.diagonal {
      step = try DiagonalOperator(diagonal, pool: point.space.pool).apply(step)
    }
    point.space.scale(optimizer.coupledDecay + optimizer.decoupledDecay, &step)
    return step
  }

  private func lossChange(
    _ point: Point, _ optimizer: OptimizerContext<Scalar>, _ gradients: [Vector<Scalar>], _ result: inout RunMeasurement
  ) throws {
    let (planned, parameters) = (point.planned, point.moment.parameters)
    let lossAt = { (change: Vector<Scalar>) in try planned.loss(planned.moved(parameters, by: change)).loss }
    let change = LossChange(
      space: point.space, learningRate: optimizer.learningRate, loss: point.loss, gradient: point.gradient,
      diagonal: point.diagonal.map { DiagonalOperator($0, pool: point.space.pool) },
      isCoupled: objective.network.batchNormalization?.couplesSamples == true,
      decay: try decayStep(point, optimizer))
    result.lossChange = try change.report(
      batches: gradients, products: { try point.operation.apply($0) }, lossAt: lossAt)
    guard optimizer.updateIsNext, let update = point.update else { return }
    let image = try point.operation.apply([update])[0]
    let predicted = point.space.dot(point.gradient, update) + point.space.dot(update, image) / 2
    result.updateChange = RunLossChange(
      predicted: RunEstimate(predicted), observed: RunEstimate(try lossAt(update) - point.loss), quantiles: [],
      descentLimit: nil)
  }

  private mutating func directions(
    _ point: Point, _ pairs: TrackedEigenpairs<Vector<Scalar>>, _ gradients: [Vector<Scalar>],
    _ result: inout RunMeasurement, _ notes: inout [String]
  ) throws {
    let earlier = expectation
    expectation = nil
    guard let optimizer = point.moment.optimizer,
      let descent = NoisyQuadraticModel<Scalar>.Descent(optimizer.edge, learningRate: optimizer.learningRate)
    else {
      notes.append("the noisy quadratic model knows gradient descent, the heavy ball and Nesterov's method only")
      return
    }
    guard optimizer.decoupledDecay == 0 else {
      notes.append("the noisy quadratic model knows weight decay as a part of the gradient only")
      return
    }
    let space = point.space
    let decay = optimizer.coupledDecay
    var slope = point.gradient
    if decay != 0 { space.axpy(decay, try point.planned.selected(point.moment.parameters), &slope) }
    let velocity = try optimizer.velocity.map { try point.planned.selected($0) }
    let directions = pairs.top.map { pair in
      let own = space.dot(pair.vector, point.gradient)
      let deviations = gradients.map { space.dot(pair.vector, $0) - own }
      let noise = deviations.isEmpty ? 0 : deviations.reduce(0) { $0 + $1 * $1 } / Double(deviations.count)
      return NoisyQuadraticModel<Scalar>.Direction(
        value: pair.value + decay, slope: space.dot(pair.vector, slope),
        velocity: velocity.map { space.dot(pair.vector, $0) } ?? 0, noise: noise * optimizer.replacementFactor,
        update: optimizer.updateIsNext ? point.update.map { space.dot(pair.vector, $0) } : nil)
    }
    let model = NoisyQuadraticModel(
      step: point.moment.step, descent: descent, directions: directions, vectors: pairs.top.map(\.vector))
    result.directions = RunDirections(
      model, earlier: earlier.map { earlier in (earlier, earlier.vectors.map { space.dot($0, slope) }) })
    expectation = model
  }
}
