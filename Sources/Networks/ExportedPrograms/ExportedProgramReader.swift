import Autodiff
import Tensors

/// Turns a parsed export into a ``Network``: which arrays are parameters, what the batch dimension is, what comes out.
struct ExportedProgramReader {
  private let archive: ExportedArchive
  private var parameters: [Network.Parameter] = []
  private var literals: [Network.Literal] = []
  /// The graph's names of each parameter and literal.
  private var parameterNames: [[String]] = []
  private var literalNames: [[String]] = []
  /// The parameters' places in the archive, to find tied and overlapping ones.
  private var parameterEntries: [ExportedArchive.Entry] = []
  /// The parameters in each member of the archive.
  private var parametersByMember: [String: [Int]] = [:]
  private let used: Set<String>
  /// Without those that only compute new values of buffers.
  private let nodes: [ProgramNode]

  private static let largestNodeCount = 1 << 18
  private static let largestArrayCount = 1 << 16

  private var graph: ProgramGraph { archive.program.module.graph }
  private var signature: ProgramSignature { archive.program.module.signature }

  init(_ archive: ExportedArchive) {
    self.archive = archive
    nodes = archive.program.module.withoutBufferUpdates()
    used = nodes.reduce(into: []) { $0.formUnion($1.tensorsRead) }
  }

  func network() throws(InputError) -> Network {
    var reader = self
    return try reader.read()
  }

  private mutating func read() throws(InputError) -> Network {
    guard graph.nodes.count <= Self.largestNodeCount, archive.weights.count <= Self.largestArrayCount else {
      throw InputError(
        "the model has \(graph.nodes.count) nodes and \(archive.weights.count) arrays; "
          + "\(Self.largestNodeCount) and \(Self.largestArrayCount) are read at most")
    }
    if let error = ExportedDefinition.unsupported(in: nodes) { throw error }
    let (inputName, outputName) = (try userInput(), try userOutput())
    let (input, batch, example) = try inputType(of: inputName)
    for specification in signature.inputs {
      switch specification {
      case .parameter(let value, let name): try addParameter(name, value: value)
      case .buffer(let value, let name), .constant(let value, let name): try addLiteral(name, value: value)
      case .userInput, .other: break
      }
    }
    addAliases()
    guard !parameters.isEmpty else {
      throw InputError("the model has no parameters that require a gradient", remedy: "export the trainable model")
    }
    let definition = ExportedDefinition(
      nodes: nodes, parameterNames: parameterNames, literalNames: literalNames, inputName: inputName,
      outputName: outputName)
    func network(_ mode: BatchNormalizationMode?) -> Network {
      Network(
        parameters: parameters, literals: literals, input: input, batch: batch, source: source,
        ending: ending(of: outputName), batchNormalization: mode, definition: definition)
    }
    let sites = try check(definition, of: network(nil), example: example)
    if sites.isEmpty { return network(nil) }
    // Layers that are frozen among others in training stay so.
    return network(sites.contains { $0.isTraining } ? .batch : .running)
  }

  // MARK: Inputs and outputs

  private func userInput() throws(InputError) -> String {
    var names: [String] = []
    for specification in signature.inputs {
      guard case .userInput(let argument) = specification else { continue }
      switch argument {
      case .tensor(let name): names.append(name)
      case .none: break
      default: throw InputError("an input of the model is not a tensor", remedy: "export a model of one tensor")
      }
    }
    guard names.count == 1 else {
      throw InputError(
        "the model has \(names.count) inputs (\(names.prefix(8).joined(separator: ", "))), expected one",
        remedy: "wrap it in a module that takes one tensor and export that")
    }
    return names[0]
  }

  private func userOutput() throws(InputError) -> String {
    var names: [String] = []
    for specification in signature.outputs {
      switch specification {
      case .userOutput(.tensor(let name)): names.append(name)
      case .userOutput(.none), .bufferMutation: break
      case .userOutput:
        throw InputError("an output of the model is not a tensor", remedy: "export a model with one tensor as output")
      case .other(let kind):
        throw InputError("the model's outputs include a \(kind), which is not supported")
      }
    }
    guard names.count == 1 else {
      throw InputError(
        "the model has \(names.count) outputs (\(names.prefix(8).joined(separator: ", "))), expected one",
        remedy: "wrap it in a module that returns one tensor and export that")
    }
    return names[0]
  }

  /// The input's type, whether the first dimension is the symbol of a dynamic batch, and its size in the export's example.
  private func inputType(of name: String) throws(InputError) -> (Network.Input, Network.BatchSize, Int?) {
    guard let description = graph.tensors[name] else {
      throw InputError(place: "input '\(name)'", "the file records no shape for it", remedy: "export the model again")
    }
    guard let type = TorchElementType(rawValue: description.elementType) else {
      throw InputError(
        place: "input '\(name)'", "has element type number \(description.elementType), which is not read here",
        remedy: "export the model with a float or integer input")
    }
    guard let first = description.sizes.first else {
      throw InputError(
        place: "input '\(name)'", "has no batch dimension", remedy: "export the model with a batch of samples")
    }
    var sample: [Int] = []
    for size in description.sizes.dropFirst() {
      guard case .number(let number) = size, number > 0 else {
        throw InputError(
          place: "input '\(name)'", "has a dynamic or empty dimension besides the first",
          remedy: "export the model with only the batch dimension dynamic")
      }
      sample.append(number)
    }
    _ = try AtenLowering.checkedCount(sample)
    let input = Network.Input(sampleShape: sample, element: type.element)
    let sizes = 1...(1 << 31)
    switch first {
    case .number(let number) where sizes.contains(number): return (input, .fixed(number), number)
    case .expression(_, nil): return (input, .dynamic, nil)
    case .expression(_, let hint?) where sizes.contains(hint): return (input, .dynamic, hint)
    default:
      throw InputError(
        place: "input '\(name)'", "has a batch dimension of no usable size",
        remedy: "export the model with a batch of samples")
    }
  }

  // MARK: Arrays

  private mutating func addParameter(_ name: String, value: String) throws(InputError) {
    let entry = try entry(name, value: value)
    guard entry.requiresGradient else { return try addLiteral(name, value: value) }
    guard entry.tensor.elementType.element == .real else {
      throw InputError(place: "parameter '\(name)'", "holds integers", remedy: "export a floating-point model")
    }
    for index in parametersByMember[entry.member, default: []] {
      let other = parameterEntries[index]
      if other.tensor.isSame(as: entry.tensor) {
        parameterNames[index].append(value)
        return parameters[index] = parameters[index].withAlias(name)
      }
      guard !other.tensor.overlaps(entry.tensor) else {
        throw InputError(
          place: "parameter '\(name)'", "shares a part of its memory with parameter '\(parameters[index].name)'",
          remedy: "give each parameter memory of its own, or tie them as a whole")
      }
    }
    parameters.append(
      Network.Parameter(name: name, shape: entry.tensor.shape, values: try values(of: entry, named: name)))
    parameterNames.append([value])
    parametersByMember[entry.member, default: []].append(parameterEntries.count)
    parameterEntries.append(entry)
  }

  /// A literal, where the graph reads it.
  private mutating func addLiteral(_ name: String, value: String) throws(InputError) {
    guard used.contains(value) else { return }
    let entry = try entry(name, value: value)
    literals.append(
      Network.Literal(
        name: name, shape: entry.tensor.shape, element: entry.tensor.elementType.element,
        values: try values(of: entry, named: name)))
    literalNames.append([value])
  }

  private func entry(_ name: String, value: String) throws(InputError) -> ExportedArchive.Entry {
    let isPlain =
      !name.isEmpty && name.utf8.count <= 512
      && name.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 && $0 != "/" && $0 != "\\" }
    guard isPlain else { throw InputError(place: "parameter '\(name.prefix(80))'", "is no usable name") }
    guard let entry = archive.weights[name] ?? archive.constants[name] else {
      throw InputError(
        place: "parameter '\(name)'", "has no bytes in the archive", remedy: "write the file with torch.export.save")
    }
    return entry
  }

  private func values(of entry: ExportedArchive.Entry, named name: String) throws(InputError) -> StoredValues {
    let values = try archive.values(of: entry)
    if let position = values.firstNonFinite {
      throw InputError(
        place: "parameter '\(name)'", "element \(position) is infinite or not a number",
        remedy: "train the model to finite weights")
    }
    return values
  }

  /// Names of tied weights that are in the archive but not in the program.
  private mutating func addAliases() {
    let known = Set(parameters.flatMap { [$0.name] + $0.aliases })
    for (name, entry) in archive.weights.sorted(by: { $0.key < $1.key }) where !known.contains(name) {
      for index in parametersByMember[entry.member, default: []]
      where parameterEntries[index].tensor.isSame(as: entry.tensor) {
        parameters[index] = parameters[index].withAlias(name)
      }
    }
  }

  // MARK: Description

  private var source: String {
    let version = (archive.program.torchVersion ?? "").prefix(40).filter { character in
      character.isASCII && (character.isLetter || character.isNumber || ".+-_".contains(character))
    }
    return version.isEmpty ? "PyTorch export" : "PyTorch export (torch \(version))"
  }

  /// What the operator behind the output is, seen through operators that keep the elements.
  private func ending(of output: String) -> OutputEnding {
    var producers: [String: ProgramNode] = [:]
    for node in graph.nodes { if case .tensor(let name)? = node.outputs.first { producers[name] = node } }
    var name = output
    for _ in graph.nodes {
      guard let node = producers[name], let (lowering, _) = AtenLowering.find(node.target) else { return .linear }
      let target = AtenLowering.shortName(node.target)
      if target.contains("log_softmax") { return .logSoftmax }
      if target.contains("softmax") { return .softmax }
      if target.hasPrefix("aten.sigmoid") { return .sigmoid }
      guard lowering.isView, case .tensor(let operand)? = node.inputs.first?.argument else { return .linear }
      name = operand
    }
    return .linear
  }

  /// Builds the graph once at the export's own batch size and compares every shape with the recorded one.
  private func check(
    _ definition: ExportedDefinition, of network: Network, example: Int?
  ) throws(InputError) -> [BatchNormalizationSite] {
    var shapes: [String: [Int?]] = [:]
    for (name, description) in graph.tensors {
      shapes[name] = description.sizes.map { size in
        switch size {
        case .number(let number): number
        case .expression(_, let hint): example == nil ? nil : hint
        }
      }
    }
    var scratch = Graph()
    let inputs = scratch.source(.data(.inputs), type: network.input.type(batch: example ?? 2))
    let parameters = network.parameters.enumerated().map { index, parameter in
      scratch.source(.parameter(index), type: TensorType(parameter.shape))
    }
    let literals = network.literals.enumerated().map { index, literal in
      scratch.source(.literal(index), type: literal.type)
    }
    var normalization = BatchNormalizationContext(mode: nil, batch: example ?? 2)
    _ = try definition.outputs(
      in: &scratch, inputs: inputs, parameters: parameters, literals: literals, normalization: &normalization,
      expecting: shapes)
    return normalization.sites
  }
}

extension StoredTensor {
  fileprivate func isSame(as other: StoredTensor) -> Bool {
    elementType == other.elementType && shape == other.shape && strides == other.strides && offset == other.offset
  }

  /// Whether the ranges of memory from first to last element meet.
  fileprivate func overlaps(_ other: StoredTensor) -> Bool {
    let (width, otherWidth) = (elementType.width, other.elementType.width)
    return offset * width < other.end * otherWidth && other.offset * otherWidth < end * width
  }
}

extension Network.Parameter {
  fileprivate func withAlias(_ alias: String) -> Network.Parameter {
    Network.Parameter(name: name, shape: shape, values: values, aliases: aliases + [alias])
  }
}
