import Tensors

/// Which samples of a source to take, how to standardise and how to prepare them.
public struct DatasetOptions: Sendable, Hashable {
  /// A source's own division of its samples.
  public enum Split: String, Sendable, Hashable, Codable, CaseIterable {
    case train, test
  }

  /// Which samples are taken where fewer are asked for than there are.
  public enum Selection: Sendable, Hashable {
    /// The first ones, in the order of the file.
    case first
    /// A subset drawn without replacement, kept in the order of the file; the same for the same seed.
    case random(seed: UInt64)
  }

  /// How inputs are standardised.
  public enum Standardisation: Sendable, Hashable {
    /// Bytes of IDX images are divided by 255, the digits' counts by 16, arrays are taken as they are.
    case automatic
    /// Values are taken as they are.
    case none
    /// Bytes are divided by 255, the digits' counts by 16.
    case unit
    /// The unit is divided out, then the mean of all inputs of the split subtracted and their standard deviation divided out.
    case meanDeviation
    /// As `meanDeviation`, with numbers given by the user, in the unit.
    case explicit(mean: Double, deviation: Double)

    /// Parses `automatic`, `none`, `unit`, `mean-std`, or two numbers such as `0.1307,0.3081`.
    public init(argument: String) throws {
      switch argument {
      case "automatic": self = .automatic
      case "none": self = .none
      case "unit": self = .unit
      case "mean-std": self = .meanDeviation
      default:
        let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
        guard numbers.count == 2, let mean = numbers[0], let deviation = numbers[1], mean.isFinite,
          deviation.isFinite, deviation > 0
        else {
          throw InputError(
            place: "standardisation", "'\(argument)' is not a way to standardise",
            remedy: "use automatic, none, unit, mean-std, or MEAN,STD with a positive STD")
        }
        self = .explicit(mean: mean, deviation: deviation)
      }
    }

    /// The name under which it is given and printed.
    public var name: String {
      switch self {
      case .automatic: "automatic"
      case .none: "none"
      case .unit: "unit"
      case .meanDeviation: "mean-std"
      case .explicit: "explicit"
      }
    }
  }

  /// The part of the source; where nil, `train` for IDX directories and everything for other sources.
  public var split: Split?
  /// How many samples to take; all where nil.
  public var samples: Int?
  public var selection: Selection
  public var standardisation: Standardisation
  /// What is done to the samples taken, after they are standardised.
  public var preparation: [Preparation]

  public init(
    split: Split? = nil, samples: Int? = nil, selection: Selection = .first,
    standardisation: Standardisation = .automatic, preparation: [Preparation] = []
  ) {
    self.split = split
    self.samples = samples
    self.selection = selection
    self.standardisation = standardisation
    self.preparation = preparation
  }
}
