import Curvature
import Datasets
import Krylov
import Networks
import Tensors

/// Standard errors over the data: how far a measurement on these samples is from one on others like them.
///
/// The samples are dealt into G groups, and everything is measured anew without each of them, at the same parameters with the same
/// probes. With x_g the number without group g, the delete-a-group jackknife estimates the variance of x by (G − 1)/G Σ_g (x_g − x̄)².
/// The random probes are the same each time, so their error is not in it: that is the density's band.
///
/// Source: B. Efron, C. Stein, Ann. Statist. 9 (1981), 586–596, doi:10.1214/aos/1176345462.
enum DataJackknife {
  /// √((G − 1)/G Σ_g (x_g − x̄)²) of each number; a row a group.
  static func standardErrors(_ rows: [[Double]]) -> [Double] {
    guard rows.count > 1, let width = rows.map(\.count).min() else { return [] }
    let count = Double(rows.count)
    return (0..<width).map { column in
      let values = rows.map { $0[column] }
      let mean = values.reduce(0, +) / count
      return ((count - 1) / count * values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }).squareRoot()
    }
  }
}

extension TrajectoryObserver {
  /// Errors over the data of the leading eigenvalues and, where there is one, of the density at the points of its grid.
  ///
  /// Cost: G times the products of the density and those that lead to the eigenpairs, each on (G − 1)/G of the samples.
  ///
  /// - Returns: the errors, and the floating-point operations they took.
  func dataErrors(
    _ point: Point, _ density: SpectralDensity?, _ interruption: (@Sendable () throws -> Void)?
  ) throws -> (top: [Double], density: [Double], operations: Double) {
    let network = try point.network ?? objective.network.withParameters(point.moment.parameters)
    var operations = 0.0
    var tops: [[Double]] = []
    var densities: [[Double]] = []
    for group in 0..<settings.dataGroups {
      let rest = dataset.selecting((0..<dataset.count).filter { $0 % settings.dataGroups != group })
      let part = try Objective<Scalar>(
        network: network, dataset: rest, loss: objective.loss, selection: objective.selection,
        options: objective.options, pool: objective.pool)
      let function = try part.operatorFunction(settings.kind)
      let operation = function(point.moment.parameters)
      operation.setInterruption(interruption)
      var found: [Eigenpair<Vector<Scalar>>] = []
      if let options = settings.tracking {
        let (pairs, _) = try Self.follow(operation, options, from: tracked["whole"])
        tops.append(pairs.top.map(\.value))
        found = (pairs.top + pairs.bottom).filter(\.converged)
      }
      if let quadrature = settings.quadrature, let density {
        var sampler = try StochasticLanczosQuadrature(
          space: part.space, options: quadrature, deflatedValues: found.map(\.value),
          deflatedVectors: found.map(\.vector))
        densities.append(
          try SpectralDensity(sampler.run(operation), options: settings.density, like: density).density)
      }
      operations +=
        function.operationsPerPoint + Double(operation.productCount) * function.operationsPerProduct
    }
    return (DataJackknife.standardErrors(tops), DataJackknife.standardErrors(densities), operations)
  }
}
