/// An activation by the name it has among the options of a built-in network.
struct NamedActivation: Sendable {
  let name: String
  let make: @Sendable () -> any Activation
}

let namedActivations = [
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

/// An initialiser by the name it has among the options of a built-in network, and behind `--init`.
struct NamedInitializer: Sendable {
  let name: String
  let initializer: Initializer
}

let namedInitializers = [
  NamedInitializer(name: "torch", initializer: .torch),
  NamedInitializer(name: "kaiming-normal", initializer: .kaimingNormal()),
  NamedInitializer(name: "kaiming-uniform", initializer: .kaimingUniform()),
  NamedInitializer(name: "kaiming-normal-out", initializer: .kaimingNormalOut()),
  NamedInitializer(name: "xavier-normal", initializer: .xavierNormal()),
  NamedInitializer(name: "xavier-uniform", initializer: .xavierUniform()),
  NamedInitializer(name: "orthogonal", initializer: .orthogonal()),
]

/// The initialiser that an option `init=NAME` names.
func namedInitializer(_ option: Substring) -> Initializer? {
  guard option.hasPrefix("init=") else { return nil }
  return namedInitializers.first { $0.name == option.dropFirst(5) }?.initializer
}

extension Initializer {
  /// The names an initialiser can be asked for by.
  public static var names: [String] { namedInitializers.map(\.name) }

  /// The initialiser of a name, as behind `--init`; nil where there is none.
  public init?(named name: String) {
    guard let named = namedInitializers.first(where: { $0.name == name }) else { return nil }
    self = named.initializer
  }
}
