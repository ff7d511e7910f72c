import Analyses
import Foundation
import Testing

@testable import Reports

@Suite struct RunChartTests {
  /// Every column holds the extremes and the mean of its values, computed here the plain way.
  @Test func pixelColumnsLoseNoExtreme() {
    let scale = Scale.linear(0...10_000, from: 40, to: 740)
    let points = (0..<10_000).map { (step: Double($0), value: SyntheticRun.noise($0, 1) + ($0 == 4321 ? 50 : 0)) }
    let columns = PixelColumns(points, scale)
    #expect(columns.isDense && columns.runs.count == 1)
    let all = columns.runs.flatMap { $0 }
    #expect(all.count <= 701 && all.map(\.count).reduce(0, +) == 10_000)
    #expect(all.map(\.highest).max() == points.map(\.value).max())
    #expect(all.map(\.lowest).min() == points.map(\.value).min())
    var rest = points[...]
    for column in all {
      let values = rest.prefix(column.count).map(\.value)
      rest = rest.dropFirst(column.count)
      #expect(column.highest == values.max() && column.lowest == values.min())
      #expect(abs(column.mean - values.reduce(0, +) / Double(values.count)) < 1e-12)
    }
  }

  @Test func whatIsNotFiniteLeavesAGap() {
    let scale = Scale.linear(0...100, from: 0, to: 700)
    let points = (0..<100).map { (step: Double($0), value: $0 == 30 ? .nan : $0 == 60 ? .infinity : 1.0) }
    let columns = PixelColumns(points, scale)
    #expect(columns.runs.map(\.count) == [30, 29, 39] && !columns.isDense)
  }

  @Test func signedLogarithmicScales() throws {
    let scale = Scale.signedLogarithmic(-10...1000, threshold: 0.01, from: 300, to: 20)
    let ends = try [-10.0, 1000].map { try #require(scale.position($0)) }
    #expect(abs(ends[0] - 300) < 1e-9 && abs(ends[1] - 20) < 1e-9)
    var last = Double.infinity
    for value in [-9, -1, -0.1, -0.001, 0, 0.001, 0.1, 1, 10, 999] {
      let place = try #require(scale.position(value))
      #expect(place < last)
      last = place
    }
    // Far from the threshold a decade is a decade.
    let decades = try [1.0, 10, 100].map { try #require(scale.position($0)) }
    #expect(abs((decades[0] - decades[1]) - (decades[1] - decades[2])) < 0.01)
    for (domain, threshold) in [(0.0...0.0, 0.0), (-1e308...1e308, 1e-308), (1...2, 5), (-1...1, .nan)] {
      let odd = Scale.signedLogarithmic(domain, threshold: threshold, from: 0, to: 100)
      #expect(odd.position(0)?.isFinite == true)
      #expect(odd.ticks(6).values.allSatisfy { odd.position($0)?.isFinite == true })
    }
    let ticks = scale.ticks(8)
    #expect(ticks.values.contains(0) && ticks.values == ticks.values.sorted() && ticks.values.count <= 9)
  }

  @Test(arguments: [350.0, 760]) func everyChartStaysInsideItsFigure(_ width: Double) throws {
    let history = RunHistory(SyntheticRun.records(steps: 500, interval: 25))
    let charts =
      TrainingCharts.all(history)
      + CurvatureCharts(
        prefix: "c-", measurements: history.measurements(of: history.subjects[0]), edgeFormula: "2/η"
      ).all
    #expect(charts.count == 15)
    for chart in charts {
      for axis in chart.axes {
        let figure = try #require(chart.drawn(axis, steps: 0...500, width: width), "\(chart.name)")
        let reader = XMLReader(figure.standalone)
        #expect(reader.isWellFormed, "\(chart.name): \(reader.problem)")
        for (name, attributes) in reader.elements where name == "text" || name == "circle" {
          for key in ["x", "cx"] {
            if let x = attributes[key].flatMap(Double.init) { #expect((-1...width + 1).contains(x), "\(chart.name)") }
          }
        }
      }
    }
  }

  @Test func theMapShowsWhatThereIs() throws {
    let measurements = stride(from: 0, to: 5000, by: 50).map { SyntheticRun.measurement($0, interval: 50) }
    let map = try #require(RunDensityMap(measurements, parameters: SyntheticRun.parameters))
    for width in [FigureWidth.wide, FigureWidth.compact] {
      let figure = try #require(map.drawn(name: "map", steps: 0...5000, width: width))
      #expect(XMLReader(figure.standalone).isWellFormed)
      #expect(figure.standalone.utf8.count < 400_000)
    }
    #expect(RunDensityMap([], parameters: 10) == nil)
    var empty = measurements[0]
    empty.density?.density = [Double](repeating: .nan, count: 900)
    #expect(RunDensityMap([empty], parameters: 10) == nil)
    // A single measurement, a single point, and no extent.
    for density in [
      ReportedDensity(grid: [0], density: [1e6], sigma: 1e-6, probes: 1, steps: 1),
      ReportedDensity(grid: [-1e300, 1e300], density: [1, 1], sigma: 1, probes: 1, steps: 1),
      ReportedDensity(grid: [1, 2, 3], density: [1, 1], sigma: .nan, probes: 1, steps: 1),
    ] {
      var odd = measurements[0]
      odd.density = density
      let drawn = RunDensityMap([odd], parameters: 10)?.drawn(name: "m", steps: 0...1, width: 760)
      if let drawn { #expect(XMLReader(drawn.standalone).isWellFormed && !drawn.standalone.contains("nan")) }
    }
  }
}
