import Analyses

/// The spectral density over a linear axis of eigenvalues and a logarithmic axis of density.
enum DensityFigure {
  static func drawn(_ spectrum: ReportedSpectrum, name: String, width: Double) -> Figure? {
    guard let density = spectrum.density, let view = DensityView(density, dimension: spectrum.dimension) else {
      return nil
    }
    let legend = legend(density, view)
    let top = 14 + legend.height(within: width - 16) + 30
    let height = top + (width < 500 ? 250 : 300) + 52
    var area = PlotArea(left: 0, top: top, right: width - 16, bottom: height - 52)
    let vertical = Scale.logarithmic(view.heights, from: area.bottom, to: area.top)
    area.left = Axis.width(of: vertical, height: area.height) + 6
    let horizontal = Scale.linear(view.domain.padded(0.02), from: area.left, to: area.right)
    let clip = "\(name)-\(Int(width))-clip"

    // Below the window the curve goes out of sight through the bottom.
    func y(_ value: Double) -> Double {
      value < view.heights.lowerBound ? area.bottom + 10 : vertical.clamped(value) ?? area.bottom + 10
    }
    var curves: [Markup] = []
    curves.append(
      Draw.band(
        view.band.compactMap { point in
          horizontal.position(point.position).map { ($0, y(point.lower), y(point.upper)) }
        }, classes: "rz-blue-area"))
    if let single = view.single, let level = vertical.position(single) {
      curves.append(Draw.line(area.left, level, area.right, level, classes: "rz-dashed rz-zero"))
    }
    curves.append(
      Draw.curve(
        view.points.compactMap { point in horizontal.position(point.position).map { ($0, y(point.density)) } },
        classes: "rz-curve rz-blue-line"))

    var content: [Markup] = [
      area.clip(clip),
      legend.drawn(left: 8, top: 8, within: width - 16),
      Axis.horizontal(horizontal, in: area, title: "eigenvalue *λ*", grid: false),
      Axis.vertical(vertical, in: area, title: "density *φ*(*λ*)", titleX: 8),
    ]
    if let zero = horizontal.position(0), zero > area.left, zero < area.right {
      content.append(Draw.line(zero, area.top, zero, area.bottom, classes: "rz-dotted rz-zero"))
    }
    content.append(.element("g", ["clip-path": "url(#\(clip))"], curves))
    content.append(markers(view, horizontal, vertical, area))
    return Figure(
      name: name, title: "Spectral density of the \(OperatorName.full(spectrum))",
      description: description(spectrum, density, view), caption: caption(density), width: width, height: height,
      content: content)
  }

  private static func legend(_ density: ReportedDensity, _ view: DensityView) -> Legend {
    var entries: [(Legend.Swatch, Label)] = [
      (.curve(.blue), Label("density, " + density.samplingText(times: "×")))
    ]
    if !view.band.isEmpty {
      let level = density.confidence.map { NumberText.shortest($0 * 100) + " % " } ?? ""
      entries.append((.area(.blue), Label(level + "confidence band")))
    }
    if !view.isolated.isEmpty { entries.append((.triangle(.vermilion), "deflated eigenvalue")) }
    if view.single != nil { entries.append((.dashed(nil), "height of one eigenvalue")) }
    return Legend(entries: entries.map { (swatch: $0.0, label: $0.1) })
  }

  /// Triangles above the peaks of deflated eigenvalues, with as many values beside them as have room, extremes first.
  private static func markers(_ view: DensityView, _ horizontal: Scale, _ vertical: Scale, _ area: PlotArea) -> Markup {
    var parts: [Markup] = []
    var taken: [ClosedRange<Double>] = []
    let places: [(value: Double, x: Double, tip: Double)] = view.isolated.compactMap { value in
      let level = max(view.height(at: value) ?? 0, view.single ?? view.heights.lowerBound)
      guard let x = horizontal.position(value), let y = vertical.clamped(level) else { return nil }
      return (value, x, max(area.top + 7, y - 4))
    }
    for place in places { parts.append(Draw.triangle(place.x, place.tip, .vermilion)) }
    for place in places.sorted(by: { abs($0.value) > abs($1.value) }) {
      let text = Label(NumberText.typeset(place.value, digits: 3))
      let half = text.width(fontSize: Axis.fontSize) / 2
      let centre = min(max(place.x, area.left + half + 2), area.right - half)
      let extent = (centre - half - 3)...(centre + half + 3)
      let base = place.tip - 10
      guard base - 12 > area.top, !taken.contains(where: { $0.overlaps(extent) }) else { continue }
      // The curve must not run through the number, nor another marker stand in it.
      let crossed = view.points.contains { point in
        guard let x = horizontal.position(point.position), extent.contains(x) else { return false }
        return (vertical.clamped(point.density) ?? area.bottom) < base + 4
      }
      let hidden = places.contains { extent.contains($0.x) && $0.tip - 6 < base + 2 }
      if crossed || hidden { continue }
      taken.append(extent)
      parts.append(Draw.text(text, x: centre, y: base, anchor: .middle, classes: "rz-halo rz-vermilion-text"))
    }
    return .element("g", [:], parts)
  }

  private static func description(
    _ spectrum: ReportedSpectrum, _ density: ReportedDensity, _ view: DensityView
  ) -> String {
    let range = "\(NumberText.typeset(view.domain.lowerBound)) to \(NumberText.typeset(view.domain.upperBound))"
    return
      "Density of the \(NumberText.count(spectrum.dimension)) eigenvalues over \(range), on a logarithmic axis, with "
      + "\(view.isolated.count) deflated eigenvalues marked."
  }

  private static func caption(_ density: ReportedDensity) -> String {
    var text =
      "How the eigenvalues are distributed: each contributes a Gaussian of standard deviation σ\u{A0}=\u{A0}"
      + "\(NumberText.typeset(density.sigma)), and the area under the curve is 1. The vertical axis is logarithmic, so a "
      + "single eigenvalue (dashed line) shows beside a bulk of all the others."
    if !density.deflated.isEmpty {
      text +=
        " Triangles mark eigenvalues that were found one by one and taken out of the estimate (those inside the bulk are "
        + "not marked); the band covers the rest."
    } else if !density.upper.isEmpty {
      text += " The band says how far the random probes and the steps leave the curve open."
    }
    return text
  }
}
