import Curvature
import Krylov
import Tensors

/// The leading eigenpairs of the blocks of an operator, layer by layer.
extension Objective {
  /// The same objective as a function of one layer's block, all other parameters held fixed.
  ///
  /// - Parameter layer: of ``linearLayers()``, without groups; its vectors have the weight and the bias in the order of
  ///   the parameters.
  public func selecting(_ layer: SharedLinearLayer) -> Objective {
    selecting([layer.weight] + (layer.bias.map { [$0] } ?? []))
  }

  /// The `top` + 1 leading eigenpairs of each layer's block, the last one for the gap below those that were asked for.
  ///
  /// A block of few parameters is decomposed as a dense matrix. All others are searched by Lanczos with restarts, one
  /// after the other, each with an operator of its own: a product then computes what its block needs and nothing else,
  /// and vectors have the block's length. The search aims at half the tolerance, as residuals are measured anew at the
  /// end.
  ///
  /// - Parameters:
  ///   - layers: of ``linearLayers()``, without groups.
  ///   - storage: where the eigenpairs of layers that are done are kept.
  ///   - observer: called with the position of the layer that is begun, and after every step with the products so far.
  public func layerSpectra(
    of kind: OperatorKind, layers: [SharedLinearLayer], _ settings: DissectionSettings,
    storage: DissectionStorage<Scalar> = DissectionStorage(),
    observer: (_ layer: Int, _ products: Int) throws -> Void = { _, _ in },
    interruption: (@Sendable () throws -> Void)? = nil
  ) throws -> [Eigenpairs<Vector<Scalar>>] {
    var results: [Eigenpairs<Vector<Scalar>>] = []
    for (index, layer) in layers.enumerated() {
      try observer(index, 0)
      results.append(
        try storage.eigenpairs("\(kind.rawValue)-\(index)") {
          let operation = try selecting(layer).curvature(kind, options: settings.options)
          operation.setInterruption(interruption)
          return try leadingEigenpairs(operation, settings) { try observer(index, $0) }
        })
    }
    return results
  }

  private func leadingEigenpairs(
    _ operation: NetworkOperator<Scalar>, _ settings: DissectionSettings, observer: (_ products: Int) throws -> Void
  ) throws -> Eigenpairs<Vector<Scalar>> {
    let options = EigenpairOptions(
      top: settings.top + 1, tolerance: settings.tolerance / 2, maximumProducts: settings.maximumProducts,
      seed: settings.seed)
    var pairs: Eigenpairs<Vector<Scalar>>
    if operation.dimension <= Self.denseDimension(top: settings.top) {
      pairs = try ExactSpectrum.eigenpairs(operation, options: options, observe: observer)
    } else {
      var solver = try EigenpairSolver(space: operation.space, options: options)
      pairs = try solver.run(operation) { try observer($0.products) }
    }
    pairs.accept(tolerance: settings.tolerance)
    return pairs
  }

  /// Blocks up to this many parameters are decomposed whole.
  static func denseDimension(top: Int) -> Int { max(200, 2 * top) }
}

extension Eigenpairs {
  /// Takes pairs whose residuals are within another tolerance as converged.
  fileprivate mutating func accept(tolerance: Double) {
    self.tolerance = tolerance
    for index in top.indices { top[index].converged = top[index].residual <= tolerance * normEstimate }
    if reason == .noisyProducts, top.allSatisfy(\.converged) { reason = .converged }
  }
}
