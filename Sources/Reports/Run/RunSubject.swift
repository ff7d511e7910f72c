import Analyses

/// What measurements of a run are of: an operator, and where batch normalisation took its statistics.
struct RunSubject: Hashable {
  var operatorName: String
  var batchNormalization: String?

  init(_ measurement: RunMeasurement) {
    operatorName = measurement.operatorName
    batchNormalization = measurement.batchNormalization
  }

  /// For headings: `Hessian, population statistics`.
  var title: String {
    operatorName.prefix(1).uppercased() + operatorName.dropFirst()
      + (batchNormalization.map { ", \($0) statistics" } ?? "")
  }
}
