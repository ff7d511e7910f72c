import Analyses

/// One layer of a report with everything that is about it, over all models that have it.
struct DissectionLayerView {
  struct Member {
    var model: ReportedDissection
    var layer: ReportedLayer
    /// A name for files, unique within the layer.
    var identifier: String
    /// Between operators of this model.
    var comparisons: [ReportedComparison]
  }

  var name: String
  /// The name, and whose layer it is where the report has networks of several kinds.
  var heading: String
  /// A name for files and anchors, unique within the report.
  var identifier: String
  var outputs: Int
  var inputs: Int
  var classes: Int?
  var operators: [String]
  var members: [Member]
  var betweenModels: [ReportedComparison]

  /// The layers of all models; those of one name and shape in networks of one kind are one.
  static func all(_ report: DissectionReport) -> [DissectionLayerView] {
    var views: [DissectionLayerView] = []
    for (number, model) in report.models.enumerated() {
      for layer in model.layers {
        let own = report.comparisons.filter {
          $0.layer == layer.name && $0.first.model == model.name && $0.second.model == model.name
        }
        let member = Member(
          model: model, layer: layer, identifier: "\(number + 1)-" + OperatorName.identifier(model.name),
          comparisons: own)
        if let index = views.firstIndex(where: {
          $0.name == layer.name && $0.outputs == layer.outputs && $0.inputs == layer.inputs
            && $0.members.first?.model.isAlike(model) == true
        }) {
          views[index].members.append(member)
          continue
        }
        views.append(
          DissectionLayerView(
            name: layer.name, heading: layer.name,
            identifier: "layer-\(views.count + 1)-" + OperatorName.identifier(layer.name),
            outputs: layer.outputs, inputs: layer.inputs, classes: model.data.classes,
            operators: layer.spectra.map(\.operator), members: [member], betweenModels: []))
      }
    }
    let isMixed = report.models.contains { model in report.models.first.map { !$0.isAlike(model) } ?? false }
    for index in views.indices {
      if isMixed { views[index].heading += " of " + ModelNames.joined(views[index].members.map(\.model.name)) }
      let names = Set(views[index].members.map(\.model.name))
      views[index].betweenModels = report.comparisons.filter {
        $0.layer == views[index].name && $0.first.model != $0.second.model && names.contains($0.first.model)
          && names.contains($0.second.model)
      }
    }
    return views
  }

  /// The overlap at k = m, or as far as there are eigenvectors, of the first operator between the first two models.
  var characteristicOverlap: (comparison: ReportedComparison, k: Int)? {
    guard let comparison = betweenModels.first(where: { $0.first.operator == operators.first }) else { return nil }
    return (comparison, min(outputs, comparison.overlaps.count))
  }
}

extension ReportedDissection {
  /// Whether the networks have the same parameters.
  fileprivate func isAlike(_ other: ReportedDissection) -> Bool {
    model.parameters.count == other.model.parameters.count
      && zip(model.parameters, other.model.parameters).allSatisfy { $0.name == $1.name && $0.shape == $1.shape }
  }
}
