import Autodiff
import Tensors

/// An exported graph as a network's definition: its nodes, lowered one after the other.
struct ExportedDefinition: NetworkDefinition {
  let nodes: [ProgramNode]
  /// The names of the graph's parameters in the order of ``Network/parameters``; tied ones have several.
  let parameterNames: [[String]]
  let literalNames: [[String]]
  let inputName: String
  let outputName: String

  func outputs(
    in graph: inout Graph, inputs: Value, parameters: [Value], literals: [Value],
    normalization: inout BatchNormalizationContext
  ) throws(InputError) -> Value {
    try outputs(
      in: &graph, inputs: inputs, parameters: parameters, literals: literals, normalization: &normalization,
      expecting: nil)
  }

  /// - Parameter expected: the shapes the file records for every tensor, to be compared with those that come out.
  func outputs(
    in graph: inout Graph, inputs: Value, parameters: [Value], literals: [Value],
    normalization: inout BatchNormalizationContext, expecting expected: [String: [Int?]]?
  ) throws(InputError) -> Value {
    var walk = ProgramWalk(expected: expected)
    try walk.define(inputName, .tensor(inputs), in: graph)
    for (names, value) in zip(parameterNames + literalNames, parameters + literals) {
      for name in names { try walk.define(name, .tensor(value), in: graph) }
    }
    for node in nodes {
      do {
        try walk.lower(node, in: &graph, &normalization)
      } catch {
        throw error.at(node)
      }
    }
    guard case .tensor(let value) = try walk.value(outputName) else {
      throw InputError(place: "output", "'\(outputName)' is not a tensor")
    }
    return value
  }

  /// The operators that are not read, each with the nodes that call it; `nil` where all are.
  static func unsupported(in nodes: [ProgramNode]) -> InputError? {
    var callers: [(target: String, nodes: [String])] = []
    var positions: [String: Int] = [:]
    for node in nodes where AtenLowering.find(node.target) == nil {
      if let position = positions[node.target] {
        callers[position].nodes.append(node.name)
      } else {
        positions[node.target] = callers.count
        callers.append((node.target, [node.name]))
      }
    }
    guard !callers.isEmpty else { return nil }
    let list = callers.prefix(40).map { caller in
      let names = caller.nodes.prefix(4).map { "'\($0)'" }.joined(separator: ", ")
      let more = caller.nodes.count > 4 ? " and \(caller.nodes.count - 4) more" : ""
      return "\(AtenLowering.shortName(caller.target)) at node \(names)\(more)"
    }
    let more = callers.count > 40 ? "; and \(callers.count - 40) more operators" : ""
    return InputError(
      "unsupported operators: \(list.joined(separator: "; "))\(more)",
      remedy: "replace these layers by supported ones and export the model again")
  }
}

/// The state of a walk through an exported graph: the values its names stand for so far.
private struct ProgramWalk {
  private static let largestRank = 32

  let expected: [String: [Int?]]?
  private var values: [String: ProgramValue] = [:]
  /// For names whose tensors may share memory in PyTorch: which memory, and how many names it had before.
  private var sharing: [String: (memory: Int, order: Int)] = [:]
  /// How many names each memory has had.
  private var nameCounts: [Int] = []
  /// By memory, the node that overwrote it last and the number of names from then on: older ones are not to be read.
  private var overwritten: [Int: (node: String, order: Int)] = [:]

  init(expected: [String: [Int?]]?) { self.expected = expected }

  func value(_ name: String) throws(InputError) -> ProgramValue {
    if let (memory, order) = sharing[name], let last = overwritten[memory], order < last.order {
      throw InputError(
        "'\(name)' is read after the operator in place at node '\(last.node)' changed it through another view",
        remedy: "build the model with inplace=False and export it again")
    }
    guard let value = values[name] else { throw InputError("'\(name)' is read before it is computed") }
    if case .missing = value {
      throw InputError("'\(name)', a further result of its operator, is not supported as an input")
    }
    return value
  }

  private func integer(_ name: String) throws(InputError) -> Int {
    guard case .integer(let number) = try value(name) else { throw InputError("'\(name)' is not an integer") }
    return number
  }

  mutating func define(_ name: String, _ value: ProgramValue, in graph: Graph) throws(InputError) {
    guard values.updateValue(value, forKey: name) == nil else { throw InputError("'\(name)' is computed twice") }
    guard case .tensor(let tensor) = value else { return }
    let shape = graph.shape(of: tensor)
    guard shape.count <= Self.largestRank else {
      throw InputError("'\(name)' has \(shape.count) dimensions, more than \(Self.largestRank)")
    }
    _ = try AtenLowering.checkedCount(shape)
    guard let expected else { return }
    guard let recorded = expected[name] else {
      throw InputError("the file records no shape for '\(name)'", remedy: "export the model again")
    }
    guard recorded.count == shape.count, zip(recorded, shape).allSatisfy({ $0 == nil || $0 == $1 }) else {
      let text = recorded.map { $0.map(String.init) ?? "?" }.joined(separator: ", ")
      throw InputError("'\(name)' has shape \(shape), the file records [\(text)]", remedy: "export the model again")
    }
  }

  mutating func lower(
    _ node: ProgramNode, in graph: inout Graph, _ normalization: inout BatchNormalizationContext
  ) throws(InputError) {
    guard let (lowering, isInPlace) = AtenLowering.find(node.target) else {
      throw InputError("the operator is not supported")
    }
    var arguments: [String: AtenCall.Argument] = [:]
    for input in node.inputs {
      if lowering.ignored.contains(input.name) { continue }
      guard let argument = try resolve(input.argument) else { continue }
      guard lowering.arguments.contains(input.name) else {
        throw InputError("the argument '\(input.name)' is not supported")
      }
      guard arguments.updateValue(argument, forKey: input.name) == nil else {
        throw InputError("the argument '\(input.name)' is given twice")
      }
    }
    let call = AtenCall(arguments: arguments)
    let result = try lowering.lower(call, &graph, &normalization)
    let own = node.inputs.first { $0.name == "self" || $0.name == "input" }?.argument
    if isInPlace, let result, case .tensor(let name)? = own { overwrite(name, with: result, by: node) }
    switch (result, node.outputs.first) {
    case (nil, _): break
    case (.tensor(let value)?, .tensor(let name)?) where node.outputs.count == 1:
      try define(name, .tensor(value), in: graph)
      if lowering.isView || isInPlace, case .tensor(let viewed)? = own { share(name, viewed) }
    case (.tensors(let tensors)?, .tensors(let names)?) where node.outputs.count == 1 && tensors.count == names.count:
      for (name, value) in zip(names, tensors) {
        try define(name, .tensor(value), in: graph)
        if lowering.isView, case .tensor(let viewed)? = own { share(name, viewed) }
      }
    case (.first(let value)?, .tensor(let name)?):
      try define(name, .tensor(value), in: graph)
      for output in node.outputs.dropFirst() {
        if case .tensor(let name) = output { try define(name, .missing, in: graph) }
      }
    case (.integer(let number)?, .symbol(let name)?) where node.outputs.count == 1:
      try define(name, .integer(number), in: graph)
    case (.integer?, .integer?), (.integer?, .flag?), (.integer?, .other?): break
    default: throw InputError("the node's outputs are not those of its operator")
    }
  }

  private func resolve(_ argument: ProgramArgument) throws(InputError) -> AtenCall.Argument? {
    switch argument {
    case .none: return nil
    case .tensor(let name):
      guard case .tensor(let tensor) = try value(name) else { throw InputError("'\(name)' is not a tensor") }
      return .tensor(tensor)
    case .tensors(let names):
      var tensors: [Value] = []
      for name in names {
        guard case .tensor(let tensor) = try value(name) else { throw InputError("'\(name)' is not a tensor") }
        tensors.append(tensor)
      }
      return .tensors(tensors)
    case .integer(let number): return .integer(number)
    case .symbol(let name): return .integer(try integer(name))
    case .integers(let list):
      var numbers: [Int] = []
      for entry in list {
        switch entry {
        case .number(let number): numbers.append(number)
        case .name(let name): numbers.append(try integer(name))
        }
      }
      return .integers(numbers)
    case .number(let number): return .number(number)
    case .numbers(let numbers): return .numbers(numbers)
    case .flag(let flag): return .flag(flag)
    case .text(let text): return .text(text)
    case .elementType: return .other("an element type")
    case .other(let kind): return .other(kind)
    }
  }

  /// Notes that `name` may be the same memory as `other`.
  private mutating func share(_ name: String, _ other: String) {
    let memory = sharing[other]?.memory ?? nameCounts.count
    if memory == nameCounts.count {
      nameCounts.append(1)
      sharing[other] = (memory, 0)
    }
    sharing[name] = (memory, nameCounts[memory])
    nameCounts[memory] += 1
  }

  /// What an operator in place does to `name`: it stands for the result from now on, and no view of it may be read.
  private mutating func overwrite(_ name: String, with value: ProgramValue, by node: ProgramNode) {
    values[name] = value
    guard let memory = sharing[name]?.memory else { return }
    overwritten[memory] = (node.name, nameCounts[memory])
    sharing[name] = (memory, nameCounts[memory])
    nameCounts[memory] += 1
  }
}

extension InputError {
  /// The same error, with the node as its place.
  func at(_ node: ProgramNode) -> InputError {
    var error = self
    error.place = "node '\(node.name)' (\(AtenLowering.shortName(node.target)))"
    return error
  }
}
