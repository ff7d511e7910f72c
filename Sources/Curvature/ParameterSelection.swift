import Networks
import Tensors

/// The parameters an operator acts on, all others held fixed: the whole network, a layer, one parameter or those that match
/// a pattern. The operator is then the corresponding diagonal block of the full matrix.
public struct ParameterSelection: Sendable {
  /// Positions among the network's parameters, ascending.
  public let indices: [Int]
  /// What was asked for, as printed with the result; `nil` for all parameters.
  public let pattern: String?

  private init(_ network: Network, pattern: String?, _ isChosen: (String) -> Bool) throws(InputError) {
    let names = network.parameters.map(\.name)
    indices = names.indices.filter { isChosen(names[$0]) }
    self.pattern = pattern
    guard !indices.isEmpty else {
      throw InputError(
        place: pattern.map { "--params \($0)" },
        pattern == nil ? "the network has no parameters" : "matches no parameter",
        remedy: names.isEmpty ? nil : "the parameters are " + names.prefix(40).joined(separator: ", "))
    }
  }

  /// All parameters.
  public static func all(of network: Network) throws(InputError) -> ParameterSelection {
    try ParameterSelection(network, pattern: nil) { _ in true }
  }

  /// The parameters at some positions among those of another selection.
  init(_ positions: [Int], of other: ParameterSelection) {
    indices = positions.sorted().map { other.indices[$0] }
    pattern = other.pattern
  }

  /// The one parameter of this name.
  public static func parameter(_ name: String, of network: Network) throws(InputError) -> ParameterSelection {
    try ParameterSelection(network, pattern: name) { $0 == name }
  }

  /// The parameters of the layer (or submodule) of this name: `fc1` has `fc1.weight` and `fc1.bias`.
  public static func layer(_ name: String, of network: Network) throws(InputError) -> ParameterSelection {
    try ParameterSelection(network, pattern: name) { $0.hasPrefix(name + ".") }
  }

  /// The parameters in whose name a regular expression matches anywhere; anchor it with ^ and $ for whole names.
  public static func matching(_ pattern: String, of network: Network) throws(InputError) -> ParameterSelection {
    let expression: Regex<AnyRegexOutput>
    do {
      expression = try Regex(pattern)
    } catch {
      throw InputError(place: "--params", "'\(pattern)' is not a regular expression: \(error)")
    }
    return try ParameterSelection(network, pattern: pattern) { $0.firstMatch(of: expression) != nil }
  }

  /// The chosen parameters, in the network's order.
  public func parameters(of network: Network) -> [Network.Parameter] { indices.map { network.parameters[$0] } }

  /// P, the dimension of operators on this selection.
  public func dimension(of network: Network) -> Int { parameters(of: network).reduce(0) { $0 + $1.count } }
}
