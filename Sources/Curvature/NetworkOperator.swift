import Autodiff
import Krylov
import Networks
import Synchronization
import Tensors

/// The operators of a network, by the name the command line gives them.
public enum OperatorKind: String, CaseIterable, Sendable, Codable {
  case hessian
  case gaussNewton = "ggn"

  /// The name in sentences.
  public var title: String {
    switch self {
    case .hessian: "Hessian"
    case .gaussNewton: "Gauss-Newton matrix"
    }
  }
}

/// A symmetric matrix of an objective as a linear operator on the selected parameters; never formed.
///
/// Products are the same bits for any number of workers, and do not depend on the other vectors of a call.
public final class NetworkOperator<Scalar: Real>: LinearOperator, Sendable {
  public let kind: OperatorKind
  public let space: DenseVectorSpace<Scalar>
  private let executor: Executor<Scalar>
  private let products = Atomic<Int>(0)
  /// Called before each call's products; throws to stop a run.
  private let interruption: Mutex<(@Sendable () throws -> Void)?> = Mutex(nil)

  init(
    kind: OperatorKind, objective: Objective<Scalar>,
    _ build: (inout ObjectiveGraph) throws(InputError) -> [(Value, SumDestination)]
  ) throws {
    self.kind = kind
    space = DenseVectorSpace(dimension: objective.dimension, pool: objective.pool)
    executor = try objective.executor(build)
  }

  /// The number of products so far.
  public var productCount: Int { products.load(ordering: .relaxed) }

  /// Microbatches whose primal pass is kept between products.
  public var keptMicrobatches: Int { executor.keptMicrobatches }

  public var schedule: Schedule { executor.schedule }

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
    return executor.apply(vectors)
  }
}

extension Objective {
  /// The operator of a kind.
  public func curvature(_ kind: OperatorKind) throws -> NetworkOperator<Scalar> {
    switch kind {
    case .hessian: try hessian()
    case .gaussNewton: try gaussNewton()
    }
  }
}

extension ObjectiveGraph {
  /// The product of an operator of a kind with the vectors.
  mutating func product(of kind: OperatorKind) throws(InputError) -> [(Value, SumDestination)] {
    switch kind {
    case .hessian: try hessianProduct()
    case .gaussNewton: try gaussNewtonProduct()
    }
  }
}
