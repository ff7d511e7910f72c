import Analyses

/// The charts of a run's training: what needs no measurement of curvature.
enum TrainingCharts {
  static func all(_ history: RunHistory) -> [RunChart] {
    [loss(history), accuracy(history), norms(history), learningRate(history)].filter { !$0.isEmpty }
  }

  private static let thinned =
    "Where several steps fall on a column of pixels, the area is the range of all of them and the line their mean."

  private static func loss(_ history: RunHistory) -> RunChart {
    let steps = RunLine(
      label: "mini-batch", color: .blue, form: .dense, points: history.steps.map { (Double($0.step), $0.loss) })
    let lines = (steps.isEmpty ? [] : [steps]) + evaluations(history) { $0.loss }
    return RunChart(
      name: "loss", title: "Loss", unit: "loss",
      caption: "The loss of each step’s samples before the step, and on whole sets of samples. \(thinned)",
      lines: lines, axes: RunChart.axes(for: lines))
  }

  private static func accuracy(_ history: RunHistory) -> RunChart {
    let lines = evaluations(history) { $0.accuracy }
    return RunChart(
      name: "accuracy", title: "Accuracy", unit: "fraction classified as labelled",
      caption: "On whole sets of samples.", lines: lines)
  }

  private static func norms(_ history: RunHistory) -> RunChart {
    let lines = [
      RunLine(
        label: "gradient ‖*g*‖", color: .blue, form: .dense,
        points: history.steps.map { (Double($0.step), $0.gradientNorm) }),
      RunLine(
        label: "update ‖*θ*′ − *θ*‖", color: .vermilion, form: .dense,
        points: history.steps.map { (Double($0.step), $0.updateNorm) }),
    ].filter { !$0.isEmpty }
    return RunChart(
      name: "norms", title: "Gradient and update", unit: "Euclidean norm",
      caption:
        "The gradient of each step’s samples before clipping, and how far the step moved the parameters. \(thinned)",
      lines: lines, axes: [.logarithmic, .linear])
  }

  private static func learningRate(_ history: RunHistory) -> RunChart {
    let line = RunLine(
      label: "*η*", color: .blue, form: .dense, points: history.steps.map { (Double($0.step), $0.learningRate) })
    return RunChart(
      name: "learning-rate", title: "Learning rate", unit: "*η*", caption: "The learning rate of each step.",
      lines: line.isEmpty ? [] : [line], holds: 0...0, axes: [.linear, .logarithmic])
  }

  private static func evaluations(_ history: RunHistory, _ value: (RunEvaluation) -> Double?) -> [RunLine] {
    let colors: [SeriesColor] = [.vermilion, .green, .purple, .ochre]
    return history.sets.enumerated().compactMap { number, set in
      let line = RunLine.values(
        Label(plain: set), colors[number % colors.count],
        history.evaluations.filter { $0.set == set }.map { ($0.step, value($0)) }, shape: .ofLine(number))
      return line.isEmpty ? nil : line
    }
  }
}
