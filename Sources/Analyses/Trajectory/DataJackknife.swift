import Curvature
import Datasets
import Krylov
import Networks
import Tensors

/// Standard errors over the data: how far a measurement on these samples is from one on others like them.
///
/// The samples are dealt into G groups, and a number is taken anew without each of them. With x_g the number without
/// group g, the delete-a-group jackknife estimates the variance of x by (G − 1)/G Σ_g (x_g − x̄)². The random probes
/// are the same each time, so their error is not in it: that is the density's band.
///
/// The operator is a mean over samples, A = Σ_g w_g A_g, so that the products A_g v add up to A v and leave A_{−g} v =
/// (A v − w_g A_g v)/(1 − w_g) behind: ``DeflatingQuadrature`` projects A_{−g} on the Krylov space of A at no further
/// product. Where samples depend on each other, by the statistics of a batch, the groups are those whose statistics are
/// taken; where all depend on all, A_{−g} is an operator of its own, on (G − 1)/G of the samples.
///
/// Source: B. Efron, C. Stein, Ann. Statist. 9 (1981), 586–596, doi:10.1214/aos/1176345462.
struct DataJackknife<Scalar: Real> {
  /// A_g with w_g, or A_{−g}.
  private let operators: [(weight: Double, operation: NetworkOperator<Scalar>)]
  /// A, where it is not Σ_g w_g A_g.
  private let whole: NetworkOperator<Scalar>?
  private let space: DenseVectorSpace<Scalar>
  /// Floating-point operations of a product with everything.
  let operationsPerProduct: Double
  /// Floating-point operations before the first.
  let operationsPerPoint: Double

  /// - Parameters:
  ///   - objective: that of all samples.
  ///   - network: the network at θ.
  ///   - whole: the operator at θ.
  ///   - dataset: the samples.
  init(
    _ objective: Objective<Scalar>, _ network: Network, of dataset: Dataset, groups count: Int,
    whole: NetworkOperator<Scalar>, _ interruption: (@Sendable () throws -> Void)?
  ) throws {
    let groups = objective.independentGroups(count)
    let rows =
      groups
      ?? (0..<count).map { group in (0..<dataset.count).filter { $0 % count != group } }
    var options = objective.options
    if groups != nil { options.batchNormGroup = nil }
    options.shareResiduals(among: count)
    var operations = (point: 0.0, product: 0.0)
    operators = try rows.map { rows in
      let part = try Objective<Scalar>(
        network: network, dataset: dataset.selecting(rows), loss: objective.loss,
        selection: objective.selection, options: options, pool: objective.pool)
      let function = try part.operatorFunction(whole.kind)
      operations.point += function.operationsPerPoint
      operations.product += function.operationsPerProduct
      let operation = function(part.parameters)
      operation.setInterruption(interruption)
      return (Double(part.effectiveSamples) / Double(objective.effectiveSamples), operation)
    }
    (operationsPerPoint, operationsPerProduct) = operations
    self.whole = groups == nil ? whole : nil
    space = whole.space
  }

  /// Whether A v is the sum of the parts' products.
  var isSum: Bool { whole == nil }

  /// A v, and A_{−g} v for each group.
  func products(_ vectors: [Vector<Scalar>]) throws -> ProductsWithReplicates<Vector<Scalar>> {
    let parts = try operators.map { try $0.operation.apply(vectors) }
    if let whole { return try ProductsWithReplicates(images: whole.apply(vectors), replicates: parts) }
    let images = vectors.indices.map { index in
      var sum = space.zero()
      for (part, group) in zip(parts, operators) { space.axpy(group.weight, part[index], &sum) }
      return sum
    }
    let replicates = zip(parts, operators).map { parts, group in
      zip(images, parts).map { image, part in
        var rest = image
        space.axpy(-group.weight, part, &rest)
        space.scale(1 / (1 - group.weight), &rest)
        return rest
      }
    }
    return ProductsWithReplicates(images: images, replicates: replicates)
  }
}

/// √((G − 1)/G Σ_g (x_g − x̄)²) of each number; a row a group.
func jackknifeErrors(_ rows: [[Double]]) -> [Double] {
  guard rows.count > 1, let width = rows.map(\.count).min() else { return [] }
  let count = Double(rows.count)
  return (0..<width).map { column in
    let values = rows.map { $0[column] }
    let mean = values.reduce(0, +) / count
    return ((count - 1) / count * values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }).squareRoot()
  }
}
