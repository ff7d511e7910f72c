import Tensors

extension Network {
  /// A built-in network by the name it has on the command line, such as `mlp:784-200-10,tanh`.
  ///
  /// A name is a family, a colon, sizes joined by hyphens, and options behind commas. Every family knows the option
  /// `init=NAME`; see ``NamedNetworkFamily``.
  ///
  /// - Throws: what the name lacks, and what there is to choose from.
  public init(named name: String, seed: UInt64) throws(InputError) {
    let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let family = NamedNetworkFamily(rawValue: String(parts[0])) else {
      throw InputError(
        place: name, "there is no built-in network '\(parts[0])'",
        remedy: "built in are " + NamedNetworkFamily.allCases.map(\.usage).joined(separator: "; "))
    }
    var options = (parts.count > 1 ? parts[1] : "").split(separator: ",", omittingEmptySubsequences: false)
    let sizes = try family.sizes(options.removeFirst(), in: name)
    var activation: any Activation = ReLU()
    var initializer = Initializer.torch
    var hasBias = family == .mlp
    for option in options {
      if let chosen = namedActivations.first(where: { $0.name == option }), family == .mlp {
        activation = chosen.make()
      } else if option.hasPrefix("init="),
        let chosen = namedInitializers.first(where: { $0.name == option.dropFirst(5) })
      {
        initializer = chosen.initializer
      } else if option == "no-bias" {
        hasBias = false
      } else {
        throw InputError(
          place: name, "'\(option)' is no option of \(family.rawValue)", remedy: "options are \(family.options)")
      }
    }
    var layers: [any Layer] = []
    for (inputs, outputs) in zip(sizes, sizes.dropFirst()) {
      if !layers.isEmpty, family == .mlp { layers.append(activation) }
      layers.append(Dense(inputs, outputs, bias: hasBias, initializer: initializer))
    }
    try self.init(input: [sizes[0]], seed: seed, source: name, layers: Sequential(layers))
  }

  /// Whether `name` is meant as a built-in network rather than as a file: it begins with a family and a colon.
  public static func isBuiltIn(_ name: String) -> Bool {
    NamedNetworkFamily.allCases.contains { name == $0.rawValue || name.hasPrefix($0.rawValue + ":") }
  }
}

/// The built-in networks.
public enum NamedNetworkFamily: String, CaseIterable, Sendable {
  /// Dense layers with an activation between them.
  case mlp
  /// Dense layers without biases and with nothing between them: a deep linear network.
  case linear

  /// One line that says how a name is written.
  public var usage: String {
    switch self {
    case .mlp: "mlp:784-200-10[,OPTION] (dense layers of these sizes; options \(options))"
    case .linear: "linear:16-12-4[,OPTION] (deep linear network without biases; options \(options))"
    }
  }

  var options: String {
    let initializers = namedInitializers.map { "init=\($0.name)" }
    let own: [String] = self == .mlp ? namedActivations.map(\.name) + ["no-bias"] : []
    return (own + initializers).joined(separator: ", ")
  }

  /// The most a layer or a whole network may have: what one machine can hold a Krylov basis of.
  private static let largestSize = 1_000_000
  private static let largestCount = 1 << 30

  fileprivate func sizes(_ text: Substring, in name: String) throws(InputError) -> [Int] {
    var sizes: [Int] = []
    for part in text.split(separator: "-", omittingEmptySubsequences: false) {
      guard let size = Int(part), (1...Self.largestSize).contains(size) else {
        throw InputError(
          place: name, "'\(part)' is no layer size between 1 and \(Self.largestSize)", remedy: "write \(usage)")
      }
      sizes.append(size)
    }
    guard sizes.count >= 2 else {
      throw InputError(place: name, "a network needs an input and an output size", remedy: "write \(usage)")
    }
    var count = 0
    for (inputs, outputs) in zip(sizes, sizes.dropFirst()) {
      count += inputs * outputs
      guard count <= Self.largestCount else {
        throw InputError(place: name, "the network would have more than \(Self.largestCount) parameters")
      }
    }
    return sizes
  }
}

private struct NamedActivation: Sendable {
  let name: String
  let make: @Sendable () -> any Activation
}

private let namedActivations = [
  NamedActivation(name: "relu") { ReLU() },
  NamedActivation(name: "leaky-relu") { LeakyReLU() },
  NamedActivation(name: "elu") { ELU() },
  NamedActivation(name: "gelu") { GELU(.erf) },
  NamedActivation(name: "gelu-tanh") { GELU(.tanh) },
  NamedActivation(name: "silu") { SiLU() },
  NamedActivation(name: "tanh") { Tanh() },
  NamedActivation(name: "sigmoid") { Sigmoid() },
  NamedActivation(name: "softplus") { Softplus() },
  NamedActivation(name: "identity") { Identity() },
]

private struct NamedInitializer: Sendable {
  let name: String
  let initializer: Initializer
}

private let namedInitializers = [
  NamedInitializer(name: "torch", initializer: .torch),
  NamedInitializer(name: "kaiming-normal", initializer: .kaimingNormal()),
  NamedInitializer(name: "kaiming-uniform", initializer: .kaimingUniform()),
  NamedInitializer(name: "xavier-normal", initializer: .xavierNormal()),
  NamedInitializer(name: "xavier-uniform", initializer: .xavierUniform()),
  NamedInitializer(name: "orthogonal", initializer: .orthogonal()),
]
