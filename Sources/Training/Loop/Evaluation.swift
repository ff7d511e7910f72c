import Curvature
import Datasets
import Networks
import Tensors

/// The loss and the accuracy on a whole set of samples, which is copied once for all evaluations.
public struct Evaluation<Scalar: Real>: Sendable {
  /// Such as `validation`.
  public let name: String
  private let objective: Objective<Scalar>

  /// - Parameter network: its batch normalisations are evaluated with their running averages.
  /// - Throws: ``InputError`` where network, data and loss do not fit each other.
  public init(name: String, network: Network, dataset: Dataset, loss: Loss, microbatch: Int?, pool: WorkerPool) throws {
    self.name = name
    objective = try Objective(
      network: Self.evaluated(network), dataset: dataset, loss: loss, options: ExecutionOptions(microbatch: microbatch),
      pool: pool)
  }

  private static func evaluated(_ network: Network) throws(InputError) -> Network {
    network.batchNormalization == nil ? network : try network.withBatchNormalization(.running)
  }

  /// Samples that count.
  public var samples: Int { objective.effectiveSamples }

  /// The mean loss, and the fraction of samples classified as labelled for losses with labels.
  ///
  /// - Throws: ``InputError`` where the loss is not finite.
  public func callAsFunction(_ network: Network) throws -> (loss: Double, accuracy: Double?) {
    let moved = try objective.at(values: Self.evaluated(network))
    return (try moved.lossFunction()(moved.parameters).loss, try moved.accuracy())
  }
}
