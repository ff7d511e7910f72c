import Ritz

/// How far the posterior in a basis is, beside its arrays.
struct PosteriorProgress: Codable {
  var step = 0
  var history: [PosteriorRecord] = []
  /// The loss of the steps since the last record.
  var lossSum = 0.0
  var basisClock = ReportedClock()
  var trainingClock = ReportedClock()
  var drawClock = ReportedClock()
  var error: PosteriorError
  var test = PosteriorError(samplesPerDraw: nil)
}
