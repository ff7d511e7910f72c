import Curvature
import Krylov
import Networks
import Tensors

/// What limits the routes to a condition number.
enum ConditionLimit {
  /// Operations, and the smaller dimension, above which singular values are not taken where nobody asks for them.
  static let operations = 1e13
  static let singularOrder = 6000
  /// The order above which no dense eigenproblem is begun where nobody asks for it, and at all: LAPACK's indices are of 32 bits.
  static let dualOrder = 20_000
  static let largestOrder = 46_000
  /// Parameters up to which the dense matrix of H − G is formed for its rank.
  static let functionalDimension = 1000

  static func fits(_ bytes: Int) -> Bool { Double(bytes) < 0.9 * Double(ProcessMemory.bytes) }
}

extension Objective where Scalar == Double {
  /// κ of the Gauss-Newton matrix, of the Fisher matrix or of the tangent kernel, see ``ConditionNumber``.
  ///
  /// The rank is that of a formula for deep linear networks; else the number of singular values σ > 10·N·ε·σ₁ of the
  /// weighted Jacobian, or for the other routes the most there can be: the lesser of P and n·C, n·(C − 1) for
  /// cross-entropy. Eigenvalues of that many that are not resolved make κ a lower bound.
  ///
  /// Cost: of the routes ``Objective/weightedSingularValues(of:progress:)``, ``Objective/dualMatrix(of:progress:)`` and
  /// of a Lanczos search.
  ///
  /// - Parameters:
  ///   - scales: s where κ is that of diag(s) G diag(s), over the selected parameters: zeros and ones for the
  ///     parameters that pruning leaves.
  ///   - maximumProducts: products that the Krylov route may take.
  ///   - progress: called with the part done and the whole; throws to stop.
  /// - Throws: ``InputError`` for other operators, for the loss `output`, and for routes that memory does not allow.
  public func conditionNumber(
    of kind: OperatorKind, route: ConditionRoute = .automatic, scales: Vector<Double>? = nil,
    maximumProducts: Int? = nil, seed: UInt64 = 0, progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> ConditionMeasurement {
    let plan = try singularValuePlan(of: kind, scales: scales)
    guard plan.rows > 0 else {
      throw InputError(
        place: "--condition", "the \(kind.title) is zero: a single class leaves nothing to tell apart",
        remedy: "use a loss or data with more outputs")
    }
    let analytic = scales == nil ? try analyticRank(of: kind) : nil
    let (chosen, reason) = try choose(route, kind, plan)
    var result: ConditionMeasurement
    switch chosen {
    case .singularValues, .automatic: result = try bySingularValues(kind, plan, analytic, scales, progress)
    case .dual: result = try byDual(kind, analytic, scales, progress)
    case .krylov: result = try byLanczos(kind, analytic, scales, maximumProducts, seed, progress)
    }
    result.routeReason = reason
    result.functionalRank = scales == nil ? try functionalRank() : nil
    return result
  }

  /// The most the rank can be, and what it is the number of.
  private func mostRank(_ kind: OperatorKind, _ scales: Vector<Double>?) -> (rank: Int, reason: String) {
    let directions = dualOrder(of: kind) / max(1, sampleRows)
    let rows = effectiveSamples * directions
    let parameters = scales.map { scales in (0..<scales.count).count { scales[$0] != 0 } } ?? dimension
    if parameters < rows {
      return (parameters, "the number of parameters, as there are \(rows) outputs of all samples")
    }
    let isLabels = loss == .crossEntropy && kind != .tangentKernel
    return (
      rows,
      "\(effectiveSamples) samples times \(directions) \(isLabels ? "classes less one" : "outputs"), the most there can be"
    )
  }

  private func choose(
    _ route: ConditionRoute, _ kind: OperatorKind, _ plan: SingularValuePlan
  ) throws -> (ConditionRoute, String) {
    let order = min(dualOrder(of: kind), dimension)
    let dualBytes = DualMatrix.byteCount(order: order)
    switch route {
    case .krylov: return (.krylov, "asked for")
    case .singularValues:
      guard ConditionLimit.fits(plan.bytes), plan.order <= ConditionLimit.largestOrder else {
        throw InputError(
          place: "--condition-route singular-values",
          "a weighted Jacobian of \(plan.rows) × \(plan.columns) takes \(plan.bytes >> 20) MiB",
          remedy: "use --condition-route dual, or fewer samples")
      }
      return (.singularValues, "asked for")
    case .dual:
      guard ConditionLimit.fits(dualBytes), order <= ConditionLimit.largestOrder else {
        throw InputError(
          place: "--condition-route dual", "a dense matrix of order \(order) takes \(dualBytes >> 20) MiB",
          remedy: "use --condition-route krylov, or fewer samples")
      }
      return (.dual, "asked for")
    case .automatic:
      let shape = "\(plan.rows) rows, \(plan.columns) columns"
      if ConditionLimit.fits(plan.bytes), plan.operations <= ConditionLimit.operations,
        plan.order <= ConditionLimit.singularOrder
      {
        return (.singularValues, "the weighted Jacobian is small enough: \(shape)")
      }
      if ConditionLimit.fits(dualBytes), order <= ConditionLimit.dualOrder {
        return (.dual, "the weighted Jacobian is too large to factor: \(shape)")
      }
      return (.krylov, "no matrix of order \(order) is formed")
    }
  }

  private func bySingularValues(
    _ kind: OperatorKind, _ plan: SingularValuePlan, _ analytic: AnalyticRank?, _ scales: Vector<Double>?,
    _ progress: (Int, Int) throws -> Void
  ) throws -> ConditionMeasurement {
    let values = try weightedSingularValues(of: kind, scales: scales, progress: progress)
    let order = max(plan.rows, plan.columns)
    let rank = analytic?.rank ?? ConditionNumber.resolvedRank(singularValues: values, order: order)
    return measurement(
      kind,
      ConditionNumber.of(
        singularValues: values, rank: rank, source: analytic == nil ? .singularValues : .analytic, order: order),
      .singularValues, analytic?.reason ?? "singular values above 10 N eps times the largest, N = \(order)",
      eigenvalues: values.map { $0 * $0 })
  }

  private func byDual(
    _ kind: OperatorKind, _ analytic: AnalyticRank?, _ scales: Vector<Double>?,
    _ progress: (Int, Int) throws -> Void
  ) throws -> ConditionMeasurement {
    let values: [Double]
    let order: Int
    var products = 0
    if dimension < dualOrder(of: kind) {
      let gram = GramOperator(try weightedJacobian(of: kind, scales: scales))
      let total = dimension
      let spectrum = try ExactSpectrum.compute(gram) { try progress($0, total) }
      (values, order, products) = (spectrum.eigen.values, dimension, dimension)
    } else {
      let dual = try dualMatrix(of: kind, scales: scales, progress: progress)
      order = dual.order
      values = try dual.eigenvalues()
    }
    let most = mostRank(kind, scales)
    var result = measurement(
      kind,
      ConditionNumber.of(
        eigenvalues: values, rank: analytic?.rank ?? most.rank, source: analytic == nil ? .dual : .analytic,
        order: order),
      .dual, analytic?.reason ?? most.reason, eigenvalues: values.sorted(by: >))
    result.products = products
    return result
  }

  /// Both ends by Lanczos on the smaller of AᵀA and A Aᵀ.
  private func byLanczos(
    _ kind: OperatorKind, _ analytic: AnalyticRank?, _ scales: Vector<Double>?, _ maximumProducts: Int?,
    _ seed: UInt64, _ progress: (Int, Int) throws -> Void
  ) throws -> ConditionMeasurement {
    let jacobian = try weightedJacobian(of: kind, scales: scales)
    let options = EigenpairOptions(top: 1, bottom: 1, maximumProducts: maximumProducts, seed: seed)
    let (pairs, order) =
      dimension < jacobian.codomain.dimension
      ? (try ends(GramOperator(jacobian), options, progress), dimension)
      : (try ends(GramOperator(jacobian.transposed), options, progress), jacobian.codomain.dimension)
    let most = mostRank(kind, scales)
    let rank = analytic?.rank ?? most.rank
    let (largest, smallest) = (pairs.top.first, pairs.bottom.first)
    var number = ConditionNumber.ofEnds(
      largest: (largest?.value ?? 0, largest?.residual ?? 0), smallest: (smallest?.value ?? 0, smallest?.residual ?? 0),
      rank: rank, order: order, isSmallest: rank == order && smallest?.converged == true)
    if analytic != nil { number.rankSource = .analytic }
    var result = measurement(
      kind, number, .krylov, analytic?.reason ?? most.reason, eigenvalues: [])
    result.products = pairs.products
    return result
  }

  private func ends<A: LinearOperator>(
    _ operation: A, _ options: EigenpairOptions, _ progress: (Int, Int) throws -> Void
  ) throws -> Eigenpairs<Vector<Double>> where A.Space == DenseVectorSpace<Double> {
    var solver = try EigenpairSolver(space: operation.space, options: options)
    while !solver.isFinished {
      try solver.step(operation)
      try progress(solver.products, 0)
    }
    return try solver.eigenpairs(operation)
  }

  private func measurement(
    _ kind: OperatorKind, _ number: ConditionNumber, _ route: ConditionRoute, _ rankReason: String,
    eigenvalues: [Double]
  ) -> ConditionMeasurement {
    ConditionMeasurement(
      kind: kind, number: number, route: route, routeReason: "", rankReason: rankReason, rows: dualOrder(of: kind),
      columns: dimension, eigenvalues: eigenvalues, functionalRank: nil, products: 0)
  }

  /// The rank of H − G: by formula for linear networks, from the dense matrix for small ones, or both.
  public func functionalRank() throws -> ConditionMeasurement.FunctionalRank? {
    guard loss != .output else { return nil }
    let analytic = try analyticFunctionalRank()
    var dense: Int?
    if dimension <= ConditionLimit.functionalDimension {
      let values = try ExactSpectrum.compute(functionalHessian()).eigen.values.map(abs)
      dense = ConditionNumber.resolvedRank(eigenvalues: values, order: dimension)
    }
    if let analytic {
      return ConditionMeasurement.FunctionalRank(rank: analytic.rank, reason: analytic.reason, dense: dense)
    }
    return dense.map {
      ConditionMeasurement.FunctionalRank(
        rank: $0, reason: "|eigenvalues| of the dense matrix above 10 P eps times the largest", dense: $0)
    }
  }
}

extension ConditionNumber {
  /// κ from approximate eigenpairs at both ends of the spectrum, each with its residual norm.
  ///
  /// Where the rank is the order and θ_r − ρ_r rises above the resolution, the Rayleigh quotients θ₁ ≤ λ₁ and θ_r ≥ λ_r
  /// give κ ≥ θ₁/θ_r; and where the search for the lower pair converged, λ₁ ≤ θ₁ + ρ₁ and λ_r ≥ θ_r − ρ_r close the
  /// interval from above. A matrix with a null space leads the search there and not to λ_r, and a quotient that its
  /// residual does not tell from zero may be of such a space: neither says anything of κ, which is then absent.
  static func ofEnds(
    largest: (value: Double, residual: Double), smallest: (value: Double, residual: Double), rank: Int, order: Int,
    isSmallest: Bool
  ) -> ConditionNumber {
    let resolution = 10 * Double(order) * Double.ulpOfOne * max(largest.value, 0)
    let floor = smallest.value - smallest.residual
    let isResolved = floor > resolution
    let lower = rank == order && isResolved ? largest.value / smallest.value : nil
    let isClosed = lower != nil && isSmallest && floor > resolution
    var interval: ClosedRange<Double>?
    if isClosed, let lower { interval = lower...max(lower, (largest.value + largest.residual) / floor) }
    return ConditionNumber(
      largest: largest.value, smallest: smallest.value, rank: rank, rankSource: .krylov, order: order,
      resolution: resolution, unresolved: isResolved ? 0 : 1, value: lower, isLowerBound: lower != nil && !isClosed,
      neighbours: [],
      interval: interval)
  }
}
