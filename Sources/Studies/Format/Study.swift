import Tensors

/// A study of how the condition number depends on one or two settings: what a YAML file such as this one says.
///
///     title: Depth and width
///     data: {source: mnist, samples: 1000, side: 7, whiten: pca}
///     network: {kind: linear}
///     vary:
///       depth: [1, 2, 3, 4]
///       width: [16, 64, 256]
///     seeds: 3
///
/// The first setting varied is the horizontal axis, the second one gives the lines. Where there is training, its steps are the
/// horizontal axis. Settings not given have the standards of ``StudyKey``.
public struct Study: Sendable, Equatable {
  /// A setting that is varied, with its values in the order given.
  public struct Axis: Sendable, Equatable {
    public var key: String
    public var values: [SettingValue]

    /// Whether the values lie on a numerical axis; names stand beside each other.
    public var isNumerical: Bool { values.allSatisfy { $0.position != nil } }
  }

  /// What is said to happen to κ along an axis, from its first value to its last.
  public enum Trend: String, Sendable, CaseIterable {
    case grows, falls
  }

  /// A statement about an axis to hold the measurement against.
  public struct Claim: Sendable, Equatable {
    public var axis: String
    public var trend: Trend
  }

  /// Which setting goes along the horizontal axis of a figure, and which gives its lines.
  public struct FigureAxes: Sendable, Equatable {
    public var horizontal: String
    public var lines: String?
  }

  public var name: String
  public var title: String
  /// What it asks, in a sentence.
  public var question: String?
  /// Where the claims are from.
  public var reference: String?
  /// What is given once, by key.
  public var settings: [String: SettingValue]
  public var axes: [Axis]
  /// Steps of gradient descent at which κ is measured; nil without training.
  public var steps: [Int]?
  public var seeds: Int
  public var claims: [Claim]
  public var figures: [FigureAxes]
  /// The bounds that figures show, by name; all that apply where nil. The data have all of them.
  public var bounds: [String]?
  /// The file as it was read.
  public var text: String

  /// The key of the axis that training adds.
  public static let stepKey = "step"

  /// Every axis, that of the steps before the others.
  public var allAxes: [Axis] {
    (steps.map { [Axis(key: Self.stepKey, values: $0.map { .integer($0) })] } ?? []) + axes
  }

  /// The number of cells: networks to draw and measure.
  public var cellCount: Int {
    axes.reduce(seeds) { count, axis in
      let (product, overflows) = count.multipliedReportingOverflow(by: axis.values.count)
      return overflows ? .max : product
    }
  }

  /// The most cells of a study.
  public static let largestCellCount = 100_000

  /// - Throws: ``InputError`` where the study has more cells than one may have.
  public func requireCellCount() throws(InputError) {
    guard cellCount <= Self.largestCellCount else {
      throw InputError(
        place: "study \(name)", "has \(cellCount) networks with \(seeds) seeds; the limit is \(Self.largestCellCount)",
        remedy: "use fewer seeds or fewer values")
    }
  }
}
