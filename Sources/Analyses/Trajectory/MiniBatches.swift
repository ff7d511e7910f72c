import Curvature
import Datasets
import Krylov
import Networks
import Tensors

/// Mini-batches drawn once with replacement from the samples that curvature is measured on, and their gradients anywhere.
///
/// They stay the same along a trajectory, so that what changes is not the draw. Where batch normalisation takes
/// statistics from the batch, each is one group.
struct MiniBatches<Scalar: Real>: Sendable {
  /// The samples of each batch, positions in the data.
  let rows: [[Int]]
  private let objectives: [Objective<Scalar>]
  private let functions: [GradientFunction<Scalar>]

  init(
    of dataset: Dataset, count: Int, size: Int, network: Network, loss: Loss, selection: ParameterSelection,
    options: ExecutionOptions, seed: UInt64, pool: WorkerPool
  ) throws {
    guard size > 0 else { throw InputError("mini-batches of \(size) samples: expected at least 1") }
    // Statistics of all samples are constants that a mini-batch does not take anew.
    let network = try network.batchNormalization == .population ? network.withBatchNormalization(.running) : network
    var single = options
    single.batchNormGroup = nil
    single.microbatch = nil
    var rows: [[Int]] = []
    var objectives: [Objective<Scalar>] = []
    for index in 0..<count {
      var stream = RandomStream(seed: seed, purpose: "mini-batches of an observer", index: index)
      let drawn = (0..<size).map { _ in Int.random(in: 0..<dataset.count, using: &stream) }
      rows.append(drawn)
      objectives.append(
        try Objective(
          network: network, dataset: dataset.selecting(drawn), loss: loss, selection: selection, options: single,
          pool: pool))
    }
    self.rows = rows
    self.objectives = objectives
    functions = try objectives.map { try $0.gradientFunction() }
  }

  var count: Int { rows.count }
  var size: Int { rows.first?.count ?? 0 }

  /// Floating-point operations of the gradients of all.
  func operations() throws -> Double { try Double(count) * (objectives.first?.gradientOperations() ?? 0) }

  /// ∇L_B(θ) for each batch B.
  ///
  /// - Parameter network: with θ and literals of its own, where literals change along the trajectory.
  func gradients(at parameters: Vector<Scalar>, network: Network?) throws -> [Vector<Scalar>] {
    try objectives.indices.map { index in
      if let network { return try objectives[index].at(values: network).lossAndGradient().gradient }
      return try functions[index](parameters).gradient
    }
  }
}
