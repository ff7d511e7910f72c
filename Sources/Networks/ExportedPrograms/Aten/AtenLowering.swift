import Autodiff
import Tensors

/// How one ATen operator is written in primitives.
///
/// A family of operators is a file with an extension that holds a dictionary of them; it joins by one line in ``table``.
struct AtenLowering: Sendable {
  /// The arguments it reads, by the names of the operator's schema. Any other argument that is not `None` is refused.
  let arguments: Set<String>
  /// Arguments that change where or how PyTorch computes, not what.
  let ignored: Set<String>
  /// Whether PyTorch's result may share memory with its argument `self`.
  let isView: Bool
  /// The result; `nil` for an operator without one.
  let lower: @Sendable (AtenCall, inout Graph, inout BatchNormalizationContext) throws(InputError) -> ProgramValue?

  /// An operator that normalises over the batch.
  init(
    normalizing arguments: Set<String>, ignoring ignored: Set<String> = [],
    lower:
      @escaping @Sendable (AtenCall, inout Graph, inout BatchNormalizationContext) throws(InputError) ->
      ProgramValue?
  ) {
    self.arguments = arguments
    self.ignored = ignored
    isView = false
    self.lower = lower
  }

  init(
    _ arguments: Set<String>, ignoring ignored: Set<String> = [], isView: Bool = false,
    lower: @escaping @Sendable (AtenCall, inout Graph) throws(InputError) -> ProgramValue?
  ) {
    self.arguments = arguments
    self.ignored = ignored
    self.isView = isView
    self.lower = { call, graph, _ throws(InputError) in try lower(call, &graph) }
  }

  /// Every operator that is read, by its target without `torch.ops.`.
  static let table: [String: AtenLowering] = {
    let families = [
      activations, arithmetic, bounds, convolutions, dropouts, matrixProducts, normalizations, normalizedExponentials,
      pooling, reductions, shapes, symbolicIntegers,
    ]
    return families.reduce(into: [:]) { table, family in table.merge(family) { first, _ in first } }
  }()

  /// The lowering of `target`, and whether the operator overwrites its argument `self`.
  static func find(_ target: String) -> (lowering: AtenLowering, isInPlace: Bool)? {
    let name = shortName(target)
    if let lowering = table[name] { return (lowering, false) }
    // aten.relu_.default is aten.relu.default in place.
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "aten", parts[1].hasSuffix("_"), !parts[1].hasPrefix("_") else { return nil }
    return table["aten.\(parts[1].dropLast()).\(parts[2])"].map { ($0, true) }
  }

  static func shortName(_ target: String) -> String {
    target.hasPrefix("torch.ops.") ? String(target.dropFirst("torch.ops.".count)) : target
  }
}

/// A value while an exported graph is walked.
enum ProgramValue: Sendable {
  case tensor(Value)
  case tensors([Value])
  /// The first of several results; the others are not computed.
  case first(Value)
  /// A result that is not computed: it may be named, and not read.
  case missing
  /// A size: shape arithmetic is done when the graph is built, at its concrete batch size.
  case integer(Int)
}

/// An operator's arguments with names looked up.
struct AtenCall: Sendable {
  enum Argument: Sendable {
    case tensor(Value)
    case tensors([Value])
    case integer(Int)
    case integers([Int])
    case number(Double)
    case numbers([Double])
    case flag(Bool)
    case text(String)
    case other(String)
  }

  /// Without those that are `None`.
  let arguments: [String: Argument]

  func tensor(_ name: String) throws(InputError) -> Value {
    guard let value = try optionalTensor(name) else { throw InputError("the argument '\(name)' is missing") }
    return value
  }

  func optionalTensor(_ name: String) throws(InputError) -> Value? {
    switch arguments[name] {
    case nil: return nil
    case .tensor(let value): return value
    case let other?: throw unexpected(name, other, expected: "a tensor")
    }
  }

  func integer(_ name: String, default standard: Int? = nil) throws(InputError) -> Int {
    switch arguments[name] {
    case .integer(let value): return value
    case nil: if let standard { return standard } else { throw InputError("the argument '\(name)' is missing") }
    case let other?: throw unexpected(name, other, expected: "an integer")
    }
  }

  func integers(_ name: String, default standard: [Int]? = nil) throws(InputError) -> [Int] {
    switch arguments[name] {
    case .integers(let values): return values
    case .integer(let value): return [value]
    case nil: if let standard { return standard } else { throw InputError("the argument '\(name)' is missing") }
    case let other?: throw unexpected(name, other, expected: "integers")
    }
  }

  /// A number, be it written as an integer, a truth value or with a decimal point.
  func number(_ name: String, default standard: Double? = nil) throws(InputError) -> Double {
    guard let argument = arguments[name] else {
      if let standard { return standard } else { throw InputError("the argument '\(name)' is missing") }
    }
    guard let value = argument.number else { throw unexpected(name, argument, expected: "a number") }
    return value
  }

  func flag(_ name: String, default standard: Bool? = nil) throws(InputError) -> Bool {
    switch arguments[name] {
    case .flag(let value): return value
    case nil: if let standard { return standard } else { throw InputError("the argument '\(name)' is missing") }
    case let other?: throw unexpected(name, other, expected: "a truth value")
    }
  }

  func text(_ name: String, default standard: String) throws(InputError) -> String {
    switch arguments[name] {
    case .text(let value): return value
    case nil: return standard
    case let other?: throw unexpected(name, other, expected: "a text")
    }
  }

  /// The argument `name` as a dimension of a value of `rank`, counted from the end where negative.
  func dimension(_ name: String, rank: Int, default standard: Int? = nil) throws(InputError) -> Int {
    try Self.dimension(integer(name, default: standard), rank: rank)
  }

  static func dimension(_ dimension: Int, rank: Int) throws(InputError) -> Int {
    guard (-rank..<rank).contains(dimension) else {
      throw InputError("there is no dimension \(dimension) in a value of \(rank) dimensions")
    }
    return dimension < 0 ? dimension + rank : dimension
  }

  private func unexpected(_ name: String, _ argument: Argument, expected: String) -> InputError {
    let found =
      switch argument {
      case .tensor: "a tensor"
      case .tensors: "tensors"
      case .integer: "an integer"
      case .integers: "integers"
      case .number: "a number"
      case .numbers: "numbers"
      case .flag: "a truth value"
      case .text: "a text"
      case .other(let kind): kind
      }
    return InputError("the argument '\(name)' is \(found), expected \(expected)")
  }
}

extension AtenCall.Argument {
  var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .flag(let value): value ? 1 : 0
    default: nil
    }
  }
}
