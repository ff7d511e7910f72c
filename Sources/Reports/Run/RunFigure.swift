/// Charts of a run as figures of a page, in two widths and on the axes they offer.
enum RunFigure {
  static func drawn(_ chart: RunChart, _ steps: ClosedRange<Double>) -> Markup? {
    let options = chart.axes.compactMap { axis -> (title: String, wide: Figure, compact: Figure?)? in
      chart.drawn(axis, steps: steps, width: FigureWidth.wide).map {
        (axis.title, $0, chart.drawn(axis, steps: steps, width: FigureWidth.compact))
      }
    }
    return options.isEmpty ? nil : Page.choice(chart.name, options)
  }
}
