import Autodiff
import Krylov
import Networks
import Synchronization
import Tensors

/// A symmetric matrix of an objective as a linear operator; never formed.
///
/// Products are the same bits for any number of workers, and do not depend on the other vectors of a call.
public final class NetworkOperator<Scalar: Real>: LinearOperator, Sendable {
  public let kind: OperatorKind
  /// Vectors over the selected parameters, or over the outputs of all samples.
  public let space: DenseVectorSpace<Scalar>
  public let schedule: Schedule
  /// Microbatches whose primal pass is kept between products.
  public let keptMicrobatches: Int
  private let multiply: @Sendable ([Vector<Scalar>]) throws -> [Vector<Scalar>]
  private let products = Atomic<Int>(0)
  /// Called before each call's products; throws to stop a run.
  private let interruption: Mutex<(@Sendable () throws -> Void)?> = Mutex(nil)

  init(
    kind: OperatorKind, space: DenseVectorSpace<Scalar>, schedule: Schedule, keptMicrobatches: Int,
    multiply: @escaping @Sendable ([Vector<Scalar>]) throws -> [Vector<Scalar>]
  ) {
    self.kind = kind
    self.space = space
    self.schedule = schedule
    self.keptMicrobatches = keptMicrobatches
    self.multiply = multiply
  }

  /// The number of products so far.
  public var productCount: Int { products.load(ordering: .relaxed) }

  /// Has `check` called before every call's products; what it throws ends the run.
  public func setInterruption(_ check: (@Sendable () throws -> Void)?) {
    interruption.withLock { $0 = check }
  }

  /// The products of each vector. One primal pass a microbatch serves all of them.
  ///
  /// - Throws: ``InputError`` where a vector's dimension differs; what the interruption throws.
  public func apply(_ vectors: [Vector<Scalar>]) throws -> [Vector<Scalar>] {
    for vector in vectors where vector.count != dimension {
      throw InputError("a vector of \(vector.count) elements for an operator of dimension \(dimension)")
    }
    try interruption.withLock { $0 }?()
    products.add(vectors.count, ordering: .relaxed)
    return try multiply(vectors)
  }
}

extension Objective {
  /// The operator of a kind.
  ///
  /// - Parameter blocks: where given, the block-diagonal part of the operator: parameters of different blocks, and those of
  ///   none, have no entries in common. All blocks' products together take one pass over the data, and a product never
  ///   computes what lies between blocks.
  /// - Throws: ``InputError`` for an operator that the loss does not define.
  public func curvature(
    _ kind: OperatorKind, blocks: [ParameterBlock]? = nil, options: OperatorOptions = OperatorOptions()
  ) throws -> NetworkOperator<Scalar> {
    try requireSplit(kind, options)
    switch kind {
    case .tangentKernel:
      if blocks != nil {
        throw InputError(
          place: "--operator ntk", "acts on outputs and has no blocks of parameters",
          remedy: "restrict the parameters with --params instead")
      }
      return try tangentKernel()
    case .classPart, .crossClassPart, .sameClassPart, .withinClassPart:
      if blocks != nil {
        throw InputError(
          place: "--operator \(kind.rawValue)", "is a part of the whole matrix and is not cut into blocks",
          remedy: "restrict the parameters with --params instead")
      }
      return try classPart(kind)
    case .gradientCovariance: return try gradientCovariance(blocks)
    case .monteCarloFisher:
      return try drawingLabels(options).parameterOperator(kind, blocks)
    case .hessian, .gaussNewton, .functional, .gradientSecondMoment, .fisher: return try parameterOperator(kind, blocks)
    case .kfacExpand, .kfacReduce, .ekfac, .decoupled, .shampoo: return try approximation(kind, blocks, options)
    }
  }

  /// An operator whose product is one function of the network.
  func parameterOperator(_ kind: OperatorKind, _ blocks: [ParameterBlock]?) throws -> NetworkOperator<Scalar> {
    let executor = try executor { [data] graph throws(InputError) in
      try graph.product(of: kind, blocks: blocks, drawSize: data.drawSize)
    }
    return NetworkOperator(
      kind: kind, space: space, schedule: schedule, keptMicrobatches: executor.keptMicrobatches
    ) { executor.apply($0) }
  }

  /// A Kronecker approximation, made when the operator is.
  private func approximation(
    _ kind: OperatorKind, _ blocks: [ParameterBlock]?, _ options: OperatorOptions
  ) throws -> NetworkOperator<Scalar> {
    guard let method = kind.approximation else { throw InputError("the \(kind.title) is not an approximation") }
    let matrix = try kroneckerCurvature(method, options: options.kronecker)
    return NetworkOperator(kind: kind, space: space, schedule: schedule, keptMicrobatches: 0) { vectors in
      try blocks.map { try matrix.apply(vectors, within: $0) } ?? matrix.apply(vectors)
    }
  }

  func requireSplit(_ kind: OperatorKind, _ options: OperatorOptions = OperatorOptions()) throws {
    guard loss != .output || !kind.splitsAtOutputs(options) else {
      throw InputError(
        place: "--operator \(kind.rawValue)",
        "the network returns losses itself, so there is no output to split the matrix at",
        remedy: "export the network without its loss and name the loss with --loss")
    }
  }
}

extension ObjectiveGraph {
  /// The product of an operator on the parameters with the vectors, each block's with its own part of them.
  ///
  /// - Parameter drawSize: elements drawn for each row, for ``OperatorKind/monteCarloFisher``.
  mutating func product(
    of kind: OperatorKind, blocks: [ParameterBlock]?, drawSize: Int = 0
  ) throws(InputError) -> [(Value, ResultDestination)] {
    var products = [Value?](repeating: nil, count: parameters.count)
    for block in blocks?.map(\.indices) ?? [Array(parameters.indices)] {
      let (inputs, directions) = (block.map { parameters[$0] }, block.map { vectors[$0] })
      let values: [Value?] =
        switch kind {
        case .hessian: try hessianProduct(at: inputs, along: directions)
        case .gaussNewton, .withinClassPart: try gaussNewtonProduct(at: inputs, along: directions)
        case .functional: try functionalProduct(at: inputs, along: directions)
        case .gradientSecondMoment, .gradientCovariance: try secondMomentProduct(at: inputs, along: directions)
        case .fisher: try fisherProduct(at: inputs, along: directions, drawSize: nil)
        case .monteCarloFisher: try fisherProduct(at: inputs, along: directions, drawSize: drawSize)
        case .classPart, .crossClassPart, .sameClassPart, .tangentKernel, .kfacExpand, .kfacReduce, .ekfac, .decoupled,
          .shampoo:
          throw InputError("the \(kind.title) is not one function of the parameters")
        }
      for (index, value) in zip(block, values) { products[index] = value }
    }
    var results: [Value] = []
    for (product, parameter) in zip(products, parameters) {
      if let product {
        results.append(product)
      } else {
        results.append(try graph.constant(0, graph.shape(of: parameter)))
      }
    }
    return destinations(results, from: 0) { .linear(offset: $0) }
  }

  /// J v for the outputs, `nil` where they do not depend on the inputs.
  mutating func outputTangent(at inputs: [Value], along directions: [Value]) throws(InputError) -> Value? {
    try graph.linearize([outputs], at: inputs, along: directions)[0]
  }
}
