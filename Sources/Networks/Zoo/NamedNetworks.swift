import Tensors

extension Network {
  /// A built-in network by the name it has on the command line, such as `mlp:784-200-10,tanh` or `resnet20-no-bn:classes=100`.
  ///
  /// A name is a family, and behind a colon sizes (where the family has any) and options, separated by commas. Every
  /// family knows the option `init=NAME`; see ``NamedNetworkFamily``.
  ///
  /// - Throws: what the name lacks, and what there is to choose from.
  public init(named name: String, seed: UInt64) throws(InputError) {
    let options = try NamedNetworkOptions(name)
    try self.init(input: options.input, seed: seed, source: name, layers: Sequential(options.layers))
  }

  /// The number of parameters of a built-in network, which is not drawn for it.
  public static func parameterCount(ofBuiltIn name: String) throws(InputError) -> Int {
    try NamedNetworkOptions(name).parameterCount
  }

  /// Whether `name` is meant as a built-in network rather than as a file: a family's name, alone or before a colon.
  public static func isBuiltIn(_ name: String) -> Bool {
    NamedNetworkFamily.find(NamedNetworkFamily.parts(name).head) != nil
  }

  /// The name with further options behind those it has, as flags give them.
  public static func builtInName(_ name: String, adding options: [String]) -> String {
    options.isEmpty ? name : name + (name.contains(":") ? "," : ":") + options.joined(separator: ",")
  }
}

/// The built-in networks.
public enum NamedNetworkFamily: String, CaseIterable, Sendable {
  /// Dense layers with an activation between them.
  case mlp
  /// Dense layers without biases and with nothing between them: a deep linear network.
  case linear
  /// For images of one channel and 28 × 28 pixels.
  case lenet5
  /// For ImageNet.
  case vgg11
  /// For CIFAR.
  case resnet8, resnet20, resnet32, resnet56
  /// For ImageNet.
  case resnet18, resnet50

  /// One line that says how a name is written.
  public var usage: String {
    switch self {
    case .mlp: "mlp:784-200-10[,OPTION] (dense layers of these sizes; options \(options))"
    case .linear: "linear:16-12-4[,OPTION] (deep linear network without biases; options \(options))"
    case .lenet5: "lenet5[:OPTION]"
    case .vgg11: "vgg11[-bn][:OPTION]"
    default: "\(rawValue)[-no-bn][-no-skip][:OPTION]"
    }
  }

  /// How all names are written, in one line.
  public static var usages: String {
    allCases.map(\.usage).joined(separator: "; ") + " (options of networks for images: \(resnet18.options))"
  }

  /// The options of a family, in one line.
  var options: String {
    let initializers = namedInitializers.map { "init=\($0.name)" }
    let own: [String] =
      switch self {
      case .mlp: namedActivations.map(\.name) + ["no-bias"]
      case .linear: ["skip=BETA"]
      case .vgg11, .resnet18, .resnet50: ["image=3x224x224", "classes=1000", "cifar"]
      default: ["image=3x32x32", "classes=10"]
      }
    return (own + initializers).joined(separator: ", ")
  }

  /// The most a layer or a whole network may have: what one machine can hold a Krylov basis of.
  static let largestSize = 1_000_000
  static let largestCount = 1 << 30

  /// The part of a name before its first colon, and what follows it.
  static func parts(_ name: String) -> (head: String, tail: Substring?) {
    let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    return (String(parts[0]), parts.count > 1 ? parts[1] : nil)
  }

  /// What is left of a family's name behind it.
  struct Variant {
    var hasBatchNormalization = true
    var hasSkips = true
  }

  /// The family and variant of a name without options.
  static func find(_ head: String) -> (NamedNetworkFamily, Variant)? {
    if head == "vgg11-bn" { return (.vgg11, Variant()) }
    if head == "vgg11" { return (.vgg11, Variant(hasBatchNormalization: false)) }
    if let family = NamedNetworkFamily(rawValue: head) { return (family, Variant()) }
    let parts = head.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard let family = NamedNetworkFamily(rawValue: String(parts[0])), family.rawValue.hasPrefix("resnet"),
      parts.count == 2
    else { return nil }
    switch parts[1] {
    case "no-bn": return (family, Variant(hasBatchNormalization: false))
    case "no-skip": return (family, Variant(hasSkips: false))
    case "no-bn-no-skip", "no-skip-no-bn": return (family, Variant(hasBatchNormalization: false, hasSkips: false))
    default: return nil
    }
  }
}
