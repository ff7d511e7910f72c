import Curvature
import Datasets
import Krylov
import Networks
import Tensors

extension ReportedDissection {
  /// What a report needs to know beside the numbers.
  public struct Context: Sendable {
    public var name: String
    public var model: String
    public var modelFormat: String
    public var loss: Double
    public var accuracy: Double?
    public var seconds: Double

    public init(
      name: String, model: String, modelFormat: String, loss: Double, accuracy: Double?, seconds: Double
    ) {
      self.name = name
      self.model = model
      self.modelFormat = modelFormat
      self.loss = loss
      self.accuracy = accuracy
      self.seconds = seconds
    }
  }

  /// The report of one model.
  public init<Scalar: Real>(
    _ objective: Objective<Scalar>, dataset: Dataset, _ dissection: NetworkDissection<Scalar>, top: Int,
    context: Context
  ) {
    let network = objective.network
    let description = dataset.description
    var warnings = dissection.warnings
    if let remark = objective.loss.remark(on: network.ending) { warnings.append(remark) }
    if let sampling = objective.samplingRemark(description) { warnings.append(sampling) }
    warnings += Self.doubts(dissection, top: top)
    self.init(
      name: context.name,
      model: ReportedModel(of: objective, source: context.model, format: context.modelFormat),
      data: ReportedData(of: objective, description),
      loss: ReportedLoss(
        name: objective.loss.rawValue, value: context.loss, accuracy: context.accuracy,
        definition: objective.loss.convention),
      layers: dissection.layers.map { ReportedLayer($0, top: top) },
      identity: dissection.identity.map(ReportedIdentity.init), seconds: context.seconds,
      products: dissection.products, warnings: warnings)
  }

  /// What has not converged, an operator a line.
  private static func doubts<Scalar: Real>(_ dissection: NetworkDissection<Scalar>, top: Int) -> [String] {
    var names: [(kind: OperatorKind, layers: [String])] = []
    for layer in dissection.layers {
      for (kind, pairs) in layer.spectra where !pairs.top.prefix(top).allSatisfy(\.converged) {
        if let index = names.firstIndex(where: { $0.kind == kind }) {
          names[index].layers.append(layer.layer.name)
        } else {
          names.append((kind, [layer.layer.name]))
        }
      }
    }
    return names.map { kind, layers in
      "\(kind.title): not all eigenpairs converged in \(layers.joined(separator: ", ")); allow more products, or a larger tolerance"
    }
  }
}
