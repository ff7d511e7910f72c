/// The complete result of `ritz conditioning`: every study with all that was measured, and what was found.
///
/// A plain value, as ``SpectrumReport`` is. Each key is documented in `docs/result-schema.md`.
public struct StudyReport: Codable, Sendable, Equatable {
  /// The layout this version of the library writes.
  public static let currentSchema = "ritz.conditioning/1"

  /// The name and version of the layout, `ritz.conditioning/1`.
  public var schema: String
  /// The command line that reproduces the run, one argument an element, unquoted.
  public var command: [String]
  public var tool: ReportedTool
  public var execution: ReportedStudyExecution
  /// Every definition that changes a number, as text by its topic.
  public var conventions: [String: String]
  public var studies: [ReportedStudy]
  /// What a reader must know before trusting the run as a whole.
  public var warnings: [String]

  public init(
    schema: String = StudyReport.currentSchema, command: [String] = [], tool: ReportedTool,
    execution: ReportedStudyExecution, conventions: [String: String] = [:], studies: [ReportedStudy],
    warnings: [String] = []
  ) {
    self.schema = schema
    self.command = command
    self.tool = tool
    self.execution = execution
    self.conventions = conventions
    self.studies = studies
    self.warnings = warnings
  }
}

/// How studies were run.
public struct ReportedStudyExecution: Codable, Sendable, Equatable {
  public var workers: Int
  /// Cells measured in this run, and those found in the cache.
  public var cellsMeasured: Int
  public var cellsFromCache: Int
  /// Wall-clock seconds of this run.
  @ReportedNumber public var seconds: Double
  public var peakMemoryBytes: Int?

  public init(workers: Int, cellsMeasured: Int, cellsFromCache: Int, seconds: Double, peakMemoryBytes: Int? = nil) {
    self.workers = workers
    self.cellsMeasured = cellsMeasured
    self.cellsFromCache = cellsFromCache
    self.seconds = seconds
    self.peakMemoryBytes = peakMemoryBytes
  }

  private enum CodingKeys: String, CodingKey {
    case workers, seconds
    case cellsMeasured = "cells_measured"
    case cellsFromCache = "cells_from_cache"
    case peakMemoryBytes = "peak_memory_bytes"
  }
}

/// One study: what was varied, what was measured, what was found.
public struct ReportedStudy: Codable, Sendable, Equatable {
  /// A setting that was varied, or `step` for the steps of training.
  public struct Axis: Codable, Sendable, Equatable {
    public var key: String
    /// The values as they are written in the study, in its order.
    public var values: [String]
    /// Whether they are numbers; names stand beside each other.
    public var isNumerical: Bool

    public init(key: String, values: [String], isNumerical: Bool) {
      self.key = key
      self.values = values
      self.isNumerical = isNumerical
    }

    private enum CodingKeys: String, CodingKey {
      case key, values
      case isNumerical = "is_numerical"
    }
  }

  /// Which axes a figure shows.
  public struct FigureAxes: Codable, Sendable, Equatable {
    public var horizontal: String
    public var lines: String?

    public init(horizontal: String, lines: String? = nil) {
      self.horizontal = horizontal
      self.lines = lines
    }
  }

  /// What its files are called.
  public var name: String
  public var title: String
  public var question: String?
  /// Where the claims are from.
  public var reference: String?
  /// The study as it was read, in YAML.
  public var definition: String
  /// The data sets with what was done to them, a line each.
  public var data: [String]
  public var axes: [Axis]
  public var seeds: Int
  public var figures: [FigureAxes]
  /// The bounds that figures show.
  public var shownBounds: [String]
  /// What was measured, cell by cell and step by step.
  public var points: [ReportedStudyPoint]
  /// The points that differ in their seed only, taken together.
  public var groups: [ReportedStudyGroup]
  public var findings: [ReportedFinding]
  @ReportedNumber public var seconds: Double

  public init(
    name: String, title: String, question: String? = nil, reference: String? = nil, definition: String, data: [String],
    axes: [Axis], seeds: Int, figures: [FigureAxes], shownBounds: [String], points: [ReportedStudyPoint],
    groups: [ReportedStudyGroup], findings: [ReportedFinding], seconds: Double
  ) {
    self.name = name
    self.title = title
    self.question = question
    self.reference = reference
    self.definition = definition
    self.data = data
    self.axes = axes
    self.seeds = seeds
    self.figures = figures
    self.shownBounds = shownBounds
    self.points = points
    self.groups = groups
    self.findings = findings
    self.seconds = seconds
  }

  private enum CodingKeys: String, CodingKey {
    case name, title, question, reference, definition, data, axes, seeds, figures, points, groups, findings, seconds
    case shownBounds = "shown_bounds"
  }
}

/// A statement about a study, computed from its numbers.
public struct ReportedFinding: Codable, Sendable, Equatable {
  public var text: String
  /// The axis it is about.
  public var axis: String?
  /// What is said elsewhere to happen along it, `grows` or `falls`.
  public var claim: String?
  /// Whether that is what was measured; nil where nothing is claimed or the lines disagree.
  public var isConfirmed: Bool?
  /// Spearman's rank correlation of κ with the position along the axis, for each line; the mean over seeds is taken first.
  @ReportedNumbers public var correlations: [Double]

  public init(
    text: String, axis: String? = nil, claim: String? = nil, isConfirmed: Bool? = nil, correlations: [Double] = []
  ) {
    self.text = text
    self.axis = axis
    self.claim = claim
    self.isConfirmed = isConfirmed
    self.correlations = correlations
  }

  private enum CodingKeys: String, CodingKey {
    case text, axis, claim, correlations
    case isConfirmed = "is_confirmed"
  }
}
