import Networks

/// A setting that a study may give once or vary.
public struct StudyKey: Sendable {
  /// The part of a study file a setting stands in.
  public enum Section: String, Sendable, CaseIterable {
    case data, network, measure, training
  }

  /// What values it takes.
  enum Form: Sendable {
    case integer(ClosedRange<Int>)
    case number(Range<Double>)
    case flag
    case choice([String])
    case text
    /// An integer, or an integer times the depth.
    case width(ClosedRange<Int>)

    /// In words, for errors.
    var description: String {
      switch self {
      case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
      case .number(let range):
        range.lowerBound == 0 && range.upperBound == 1
          ? "a number from 0 to below 1"
          : range.lowerBound == 0 ? "a number that is not negative" : "a finite number"
      case .flag: "true or false"
      case .choice(let names): "one of \(names.joined(separator: ", "))"
      case .text: "a text"
      case .width: "a whole number, or one times the depth such as 16 * depth"
      }
    }
  }

  public let name: String
  public let section: Section
  let form: Form
  /// What it is where nothing is given; nil where the data or the kind of the network decides, or it must be given.
  let standard: SettingValue?
  /// The kinds of networks that have it; all where empty.
  let kinds: Set<String>
  /// What it means, in a few words.
  public let meaning: String

  private init(
    _ name: String, _ section: Section, _ form: Form, standard: SettingValue? = nil, kinds: Set<String> = [],
    _ meaning: String
  ) {
    self.name = name
    self.section = section
    self.form = form
    self.standard = standard
    self.kinds = kinds
    self.meaning = meaning
  }

  /// All there are, in the order of a cell's canonical text.
  public static let all: [StudyKey] = [
    StudyKey("source", .data, .text, "mnist, cifar10, digits, a name given with --data, or a path"),
    StudyKey("split", .data, .choice(["train", "test"]), "the part of the data, where it has parts"),
    StudyKey("samples", .data, .integer(2...1_000_000), "how many samples, the first ones"),
    StudyKey("standardise", .data, .text, standard: .text("automatic"), "automatic, none, unit, mean-std or MEAN,STD"),
    StudyKey("grey", .data, .flag, standard: .flag(false), "colour images to grey ones"),
    StudyKey(
      "side", .data, .integer(0...4096), standard: .integer(0), "rows and columns after averaging blocks; 0 as they are"
    ),
    StudyKey(
      "whiten", .data, .choice(["none", "pca", "zca"]), standard: .text("none"), "the covariance to the identity"),
    StudyKey("kind", .network, .choice(kinds), standard: .text("linear"), "linear, mlp or convolution"),
    StudyKey("depth", .network, .integer(1...64), standard: .integer(2), kinds: dense, "weight matrices"),
    StudyKey(
      "width", .network, .width(1...100_000), standard: .integer(64), kinds: dense, "units of each hidden layer"),
    StudyKey(
      "kernel", .network, .integer(1...64), standard: .integer(3), kinds: ["convolution"],
      "rows and columns of a filter"),
    StudyKey("filters", .network, .integer(1...4096), standard: .integer(4), kinds: ["convolution"], "filters"),
    StudyKey(
      "activation", .network, .choice(activations), kinds: ["mlp", "convolution"],
      "between layers; relu for mlp, identity for convolution"),
    StudyKey(
      "slope", .network, .number(-1e6..<1e6), standard: .number(0.01), kinds: ["mlp", "convolution"], "of leaky-relu"),
    StudyKey(
      "bias", .network, .flag, standard: .flag(false), kinds: ["mlp", "convolution"], "whether layers have biases"),
    StudyKey(
      "skip", .network, .number(-1e6..<1e6), standard: .number(0), kinds: ["linear"],
      "β, the strength of a skip connection over each square layer"),
    StudyKey(
      "batch-norm", .network, .flag, standard: .flag(false), kinds: dense,
      "batch normalisation behind each hidden layer, over all samples, differentiated through"),
    StudyKey("init", .network, .choice(Initializer.names), standard: .text("kaiming-normal"), "how weights are drawn"),
    StudyKey(
      "prune", .network, .number(0..<1), standard: .number(0),
      "fraction of each weight matrix that is pruned at initialisation"),
    StudyKey(
      "loss", .measure, .choice(["squared-error", "mse", "cross-entropy"]), standard: .text("squared-error"),
      "the loss; its Hessian over the outputs is in the matrix"),
    StudyKey(
      "operator", .measure, .choice(["ggn", "fisher", "ntk"]), standard: .text("ggn"), "the matrix whose κ is measured"),
    StudyKey("learning-rate", .training, .number(0..<1e6), standard: .number(0.1), "of gradient descent"),
    StudyKey("momentum", .training, .number(0..<1), standard: .number(0), "of gradient descent"),
  ]

  static let kinds = ["linear", "mlp", "convolution"]
  private static let dense: Set<String> = ["linear", "mlp"]
  static let activations = ["identity", "relu", "leaky-relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softplus"]

  static func named(_ name: String) -> StudyKey? { all.first { $0.name == name } }
}
