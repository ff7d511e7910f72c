public import Analyses

/// The figures of a bound: how the divergence, the loss and the terms of the objective went as posteriors were trained.
public enum BoundFigures {
  /// A figure as a file.
  public struct Drawing: Sendable {
    /// The file name without extension.
    public let name: String
    public let svg: String
  }

  public static func all(_ report: BoundReport) -> [Drawing] {
    charts(report).compactMap { chart in
      chart.axes.first.flatMap { chart.drawn($0, steps: steps(report), width: FigureWidth.wide) }.map {
        Drawing(name: chart.name, svg: $0.standalone)
      }
    }
  }

  static func steps(_ report: BoundReport) -> ClosedRange<Double> {
    0...Double(max(1, report.posteriors.map(\.steps).max() ?? 1))
  }

  static func charts(_ report: BoundReport) -> [RunChart] {
    guard report.posteriors.contains(where: { $0.history.count > 1 }) else { return [] }
    let divergence = lines(report) { $0.divergence }
    return [
      RunChart(
        name: "bound-divergence", title: "Divergence from the prior", unit: "KL / nats",
        caption: "KL of each posterior from the prior whose variance suits it best, as it was trained.",
        lines: divergence, axes: RunChart.axes(for: divergence)),
      RunChart(
        name: "bound-objective", title: "The two terms of the objective", unit: "bits and √(complexity/2)",
        caption:
          "The loss in bits of weights drawn from the posterior, mean of the steps since the mark before, and the complexity term, dashed.",
        lines: lines(report) { $0.loss ?? .nan } + lines(report, .reference, " (complexity)") { $0.complexityTerm },
        holds: 0...0),
    ]
  }

  private static func lines(
    _ report: BoundReport, _ form: RunLine.Form = .measured, _ suffix: String = "",
    _ value: (PosteriorRecord) -> Double
  ) -> [RunLine] {
    report.posteriors.enumerated().map { number, posterior in
      RunLine(
        label: Label(posterior.basis + suffix), color: .ofLine(number), form: form,
        points: posterior.history.map { (Double($0.step), value($0)) }, shape: .ofLine(number))
    }
  }
}
