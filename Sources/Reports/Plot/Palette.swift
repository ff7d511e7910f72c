/// The colours of figures and pages, told apart by readers with any colour vision and in grey print.
///
/// Blue and vermilion differ in lightness too; what matters is never told by colour alone.
struct Palette {
  var paper: String
  var panel: String
  var ink: String
  var muted: String
  var grid: String
  var blue: String
  var vermilion: String
  var caution: String
  var cautionPaper: String
  /// Further lines of figures with many.
  var further: [SeriesColor: String]
  /// The colours of a map, from few to many: always further from the paper in lightness.
  var heat: [String]

  static let light = Palette(
    paper: "#ffffff", panel: "#f5f7f9", ink: "#1a1f26", muted: "#55606e", grid: "#dde2e8", blue: "#0b5fa5",
    vermilion: "#bf4a0a", caution: "#7a4b00", cautionPaper: "#fff4dd",
    further: [
      .green: "#00795b", .purple: "#8148a0", .ochre: "#8f6400", .sky: "#1f86bd", .rose: "#b5336f", .slate: "#4d5a68",
    ],
    heat: [
      "#c3daee", "#a9cbe7", "#8bb9de", "#6aa5d3", "#4a8fc5", "#2f77b2", "#1b5f9b", "#0f457b", "#082a52",
    ])

  static let dark = Palette(
    paper: "#13171c", panel: "#1c2229", ink: "#e9edf1", muted: "#a6b1bd", grid: "#2f3843", blue: "#6cb4f0",
    vermilion: "#f5a05f", caution: "#ffd58a", cautionPaper: "#33290f",
    further: [
      .green: "#4ecfa4", .purple: "#c99fe3", .ochre: "#e3bf4f", .sky: "#9bd8f5", .rose: "#f392bb", .slate: "#b4c0cc",
    ],
    heat: [
      "#28435d", "#2d5273", "#32638b", "#3a77a5", "#4a8dbf", "#66a5d4", "#8abee6", "#b6d7f2", "#e3f1fb",
    ])

  static let fontFamily = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"

  /// The rules for figures. Plain colours and a media query, since not every program that opens SVG knows variables.
  static var figureSheet: String {
    """
    \(shapes(in: fontFamily))
    \(light.figureRules)@media screen and (prefers-color-scheme: dark) {
    \(dark.figureRules)}

    """
  }

  /// The rules for figures on paper: the light ones alone, in fonts that programs for print find.
  static var printSheet: String {
    shapes(in: "Helvetica, Arial, 'DejaVu Sans', sans-serif") + "\n" + light.figureRules
  }

  private static func shapes(in fonts: String) -> String {
    """
    .rz-figure { font-family: \(fonts); font-size: 12px; font-variant-numeric: tabular-nums; }
    .rz-italic { font-style: italic; }
    .rz-small { font-size: 74%; }
    .rz-curve { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
    .rz-thin { fill: none; stroke-width: 1; }
    .rz-dashed { fill: none; stroke-width: 1.2; stroke-dasharray: 5 4; }
    .rz-dotted { fill: none; stroke-width: 1; stroke-dasharray: 2 3; }
    .rz-dash-dot { fill: none; stroke-width: 1.2; stroke-dasharray: 7 3 1.5 3; }
    .rz-stem { fill: none; stroke-width: 2; }
    .rz-marker { stroke-width: 1.6; }
    .rz-halo { paint-order: stroke; stroke-width: 4; stroke-linejoin: round; }
    .rz-strong { font-weight: 600; }
    """
  }

  private var figureRules: String {
    """
    .rz-halo { stroke: \(paper); }
    .rz-paper { fill: \(paper); }
    .rz-ink { fill: \(ink); }
    .rz-muted { fill: \(muted); }
    .rz-frame { stroke: \(muted); }
    .rz-grid { stroke: \(grid); }
    .rz-zero { stroke: \(muted); }
    .rz-blue-line { stroke: \(blue); }
    .rz-vermilion-line { stroke: \(vermilion); }
    .rz-blue-text { fill: \(blue); }
    .rz-vermilion-text { fill: \(vermilion); }
    .rz-blue-area { fill: \(blue); fill-opacity: 0.24; }
    .rz-vermilion-area { fill: \(vermilion); fill-opacity: 0.24; }
    .rz-blue-filled { fill: \(blue); stroke: \(blue); }
    .rz-vermilion-filled { fill: \(vermilion); stroke: \(vermilion); }
    .rz-blue-open { fill: \(paper); stroke: \(blue); }
    .rz-vermilion-open { fill: \(paper); stroke: \(vermilion); }
    .rz-map-edge { stroke: \(ink); }
    \(furtherRules)\(heatRules)
    """
  }

  private var heatRules: String {
    heat.enumerated().map { ".rz-heat-\($0) { fill: \($1); }\n" }.joined()
  }

  private var furtherRules: String {
    SeriesColor.allCases.compactMap { color in
      further[color].map { value in
        """
        .rz-\(color.rawValue)-line { stroke: \(value); }
        .rz-\(color.rawValue)-area { fill: \(value); fill-opacity: 0.24; }
        .rz-\(color.rawValue)-filled { fill: \(value); stroke: \(value); }
        .rz-\(color.rawValue)-open { fill: \(paper); stroke: \(value); }

        """
      }
    }.joined()
  }
}

/// The series colours of a figure: two in most, more for the lines of a study.
enum SeriesColor: String, CaseIterable {
  case blue, vermilion, green, purple, ochre, sky, rose, slate

  /// The colour of a line by its number.
  static func ofLine(_ number: Int) -> SeriesColor { allCases[number % allCases.count] }
}

/// The shapes that tell the lines of a study apart where colours do not.
enum MarkShape: Int, CaseIterable {
  case circle, square, triangle, diamond, inverted

  /// The shape of a line by its number: five shapes and eight colours give forty pairs.
  static func ofLine(_ number: Int) -> MarkShape { allCases[number % allCases.count] }
}
