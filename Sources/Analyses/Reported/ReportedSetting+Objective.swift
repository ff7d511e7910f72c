import Curvature
import Datasets
import Networks
import Tensors

extension ReportedModel {
  /// The network of an objective, with what is selected of it.
  init<Scalar: Real>(of objective: Objective<Scalar>, source: String, format: String) {
    let network = objective.network
    let selected = Set(objective.selection.indices)
    self.init(
      source: source, format: format, parameterCount: network.parameterCount,
      parameters: network.parameters.enumerated().map { index, parameter in
        ReportedParameter(name: parameter.name, shape: parameter.shape, selected: selected.contains(index))
      },
      filePrecision: network.parameters.first?.values.precisionName, selection: objective.selection.pattern)
  }
}

extension ReportedData {
  /// The samples of an objective, as the description of their dataset has them.
  init<Scalar: Real>(of objective: Objective<Scalar>, _ description: DatasetDescription) {
    self.init(
      source: description.source, format: description.format, samples: objective.effectiveSamples,
      samplesAvailable: description.samplesAvailable, selection: description.selectionText,
      sampleShape: objective.network.input.sampleShape, targetKind: description.targetKind,
      classes: description.classes, standardisation: description.standardisationText)
  }
}
