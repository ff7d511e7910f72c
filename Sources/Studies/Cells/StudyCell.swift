/// One network of a study: its settings, the seed it is drawn with, and the steps of training at which it is measured.
struct StudyCell: Sendable {
  let settings: CellSettings
  let seed: Int
  /// nil without training.
  let steps: [Int]?
  /// Its place on the axes of the study, as written there.
  let coordinates: [String: String]

  /// What the numbers of the cell depend on, as text: equal texts mean equal numbers.
  ///
  /// - Parameter data: the fingerprint of the prepared data.
  func canonicalText(data: String) -> String {
    var text = "format: \(CellMeasurement.format)\ndata: \(data)\n"
    text += settings.lines(.network, .measure)
    if let steps { text += settings.lines(.training) + "steps: \(steps.map(String.init).joined(separator: " "))\n" }
    return text + "seed: \(seed)\n"
  }
}

extension Study {
  /// The cells, the last axis and then the seeds running fastest.
  var cells: [StudyCell] {
    var places: [[(key: String, value: SettingValue)]] = [[]]
    for axis in axes { places = places.flatMap { place in axis.values.map { place + [(axis.key, $0)] } } }
    return places.flatMap { place in
      let coordinates = Dictionary(uniqueKeysWithValues: place.map { ($0.key, $0.value.description) })
      let values = place.reduce(into: settings) { $0[$1.key] = $1.value }
      return (0..<seeds).map { seed in
        StudyCell(settings: CellSettings(values), seed: seed, steps: steps, coordinates: coordinates)
      }
    }
  }
}
