import Autodiff
import Krylov
import Networks
import Tensors

/// θ ↦ A(θ): an operator of an objective, planned once for many parameters.
///
///     let hessian = try objective.operatorFunction(.hessian)
///     for θ in trajectory { let products = try hessian(θ).apply(vectors) }
///
/// Operators of different θ share arenas: calls of two of them wait for each other. The network's literals, statistics of batch
/// normalisation among them, stay those of the objective.
public struct OperatorFunction<Scalar: Real>: Sendable {
  public let kind: OperatorKind
  /// Vectors over the selected parameters.
  public let space: DenseVectorSpace<Scalar>
  /// Floating-point operations of one product, and what else it takes in terms of them (``WorkRates``), once the primal
  /// pass at θ is done and as far as it is kept.
  public let operationsPerProduct: Double
  /// Floating-point operations of the primal pass at each new θ.
  public let operationsPerPoint: Double
  let schedule: Schedule
  let executor: Executor<Scalar>

  /// The operator at θ.
  public func callAsFunction(_ parameters: Vector<Scalar>) -> NetworkOperator<Scalar> {
    let executor = executor.at(parameters)
    return NetworkOperator(
      kind: kind, space: space, schedule: schedule, keptMicrobatches: executor.keptMicrobatches
    ) { executor.apply($0) }
  }
}

extension Objective {
  /// θ ↦ A(θ), planned once.
  ///
  /// - Parameter blocks: where given, the block-diagonal part of the operator.
  /// - Throws: ``InputError`` for an operator that the loss does not define, and for those that are not one function of
  ///   θ: the tangent kernel, the covariance of the gradients (the second moment less μμᵀ), Fisher matrices with drawn
  ///   labels.
  public func operatorFunction(
    _ kind: OperatorKind, blocks: [ParameterBlock]? = nil
  ) throws -> OperatorFunction<Scalar> {
    switch kind {
    case .hessian, .gaussNewton, .functional, .gradientSecondMoment, .fisher: break
    case .classPart, .crossClassPart, .sameClassPart, .withinClassPart, .gradientCovariance, .monteCarloFisher,
      .tangentKernel, .kfacExpand, .kfacReduce, .ekfac, .decoupled, .shampoo:
      throw InputError(
        place: "operator \(kind.rawValue)", "cannot be followed along a trajectory",
        remedy: "choose hessian, ggn, functional, fisher or gradient-second-moment")
    }
    try requireSplit(kind)
    let plans = try plans { graph throws(InputError) in try graph.product(of: kind, blocks: blocks) }
    let executor = try executor(plans)
    let primal = schedule.operations(of: plans, .primal)
    let counted = Executor<Scalar>.keptMicrobatches(
      plans: plans, schedule: schedule, residualBytes: options.countedResidualBytes)
    let kept = Double(counted) / Double(max(1, schedule.microbatchCount))
    return OperatorFunction(
      kind: kind, space: space,
      operationsPerProduct: schedule.operations(of: plans, .linear) + primal * (1 - kept),
      operationsPerPoint: primal * kept, schedule: schedule, executor: executor)
  }

  /// Floating-point operations of the loss and its gradient on all samples.
  public func gradientOperations() throws -> Double {
    schedule.operations(
      of: try plans { graph throws(InputError) in try graph.lossAndGradient() }, .primal)
  }
}

extension Schedule {
  /// Floating-point operations of a stage over all microbatches, an element that elementwise steps read or write counted as
  /// ``WorkRates/operationsPerElement``.
  func operations(of plans: [Int: Plan], _ stage: Stage) -> Double {
    (0..<microbatchCount).reduce(0) { sum, index in
      guard let plan = plans[samples(ofMicrobatch: index).count] else { return sum }
      return sum + plan.operationCount(stage) + WorkRates.operationsPerElement * (plan.elementCounts[stage] ?? 0)
    }
  }
}
