import Curvature
import Krylov
import Tensors

/// A model's dissection under the name it has in a report.
public struct NamedDissection<Scalar: Real>: Sendable {
  public var name: String
  public var dissection: NetworkDissection<Scalar>

  public init(name: String, _ dissection: NetworkDissection<Scalar>) {
    self.name = name
    self.dissection = dissection
  }
}

/// Which eigenspaces of dissected models are compared: within a model those of its operators with each other and with
/// the Kronecker approximations, between models
/// those of one operator.
public enum DissectionComparisons {
  /// Models up to this many are compared each with each; of more, each with the next and with the last.
  public static let mostPairedModels = 5

  /// All comparisons, layer by layer. Layers of two models are compared where their names and shapes agree.
  ///
  /// - Throws: ``InputError`` where an eigenvector is not finite.
  public static func all<Scalar: Real>(
    _ models: [NamedDissection<Scalar>], top: Int, pool: WorkerPool
  ) throws -> [ReportedComparison] {
    var result: [ReportedComparison] = []
    for model in models {
      for layer in model.dissection.layers { result += try within(layer, of: model.name, top: top, pool: pool) }
    }
    for (first, second) in pairs(models.count) {
      for layer in models[first].dissection.layers {
        guard
          let other = models[second].dissection.layers.first(where: {
            $0.layer.name == layer.layer.name && $0.layer.outputs == layer.layer.outputs
              && $0.layer.inputWidth == layer.layer.inputWidth
          })
        else { continue }
        for (kind, pairs) in layer.spectra {
          guard let same = other.spectra.first(where: { $0.kind == kind }) else { continue }
          if let overlap = try compare(pairs.top, same.pairs.top, layer, top, pool) {
            result.append(
              ReportedComparison(
                layer: layer.layer.name, first: .init(model: models[first].name, operator: kind.rawValue),
                second: .init(model: models[second].name, operator: kind.rawValue), overlap))
          }
        }
      }
    }
    return result
  }

  /// The pairs of models that are compared.
  public static func pairs(_ count: Int) -> [(first: Int, second: Int)] {
    var result: [(first: Int, second: Int)] = []
    for first in 0..<count {
      for second in first + 1..<max(first + 1, count)
      where count <= mostPairedModels || second == first + 1 || second == count - 1 {
        result.append((first, second))
      }
    }
    return result
  }

  private static func within<Scalar: Real>(
    _ layer: LayerDissection<Scalar>, of model: String, top: Int, pool: WorkerPool
  ) throws -> [ReportedComparison] {
    let operators = layer.spectra.map { (name: $0.kind.rawValue, pairs: $0.pairs.top) }
    let approximations = layer.approximations.map { (name: $0.name, pairs: $0.pairs) }
    var result: [ReportedComparison] = []
    for (index, first) in operators.enumerated() {
      for second in operators[(index + 1)...] + approximations {
        guard let overlap = try compare(first.pairs, second.pairs, layer, top, pool) else { continue }
        result.append(
          ReportedComparison(
            layer: layer.layer.name, first: .init(model: model, operator: first.name),
            second: .init(model: model, operator: second.name), overlap))
      }
    }
    return result
  }

  private static func compare<Scalar: Real>(
    _ first: [Eigenpair<Vector<Scalar>>], _ second: [Eigenpair<Vector<Scalar>>], _ layer: LayerDissection<Scalar>,
    _ top: Int, _ pool: WorkerPool
  ) throws -> EigenspaceOverlap? {
    try EigenspaceOverlap(
      first, second, count: top, in: DenseVectorSpace<Scalar>(dimension: layer.layer.dimension, pool: pool))
  }
}
