import Autodiff

extension ProgramNode {
  /// The names of the tensors it reads.
  var tensorsRead: [String] {
    inputs.flatMap { input in
      switch input.argument {
      case .tensor(let name): [name]
      case .tensors(let names): names
      default: [String]()
      }
    }
  }

  /// The names of the tensors it computes.
  fileprivate var tensorsWritten: [String] {
    outputs.flatMap { output in
      switch output {
      case .tensor(let name): [name]
      case .tensors(let names): names
      default: [String]()
      }
    }
  }
}

extension ExportedProgram.Module {
  /// The nodes without those that only compute new values of buffers, which a function of the parameters has no use
  /// for: what leads to a mutation of a buffer and to nothing else, and the counters of batches that are overwritten in
  /// place.
  func withoutBufferUpdates() -> [ProgramNode] {
    var readers: [String: Int] = [:]
    for node in graph.nodes { for name in node.tensorsRead { readers[name, default: 0] += 1 } }
    for case .userOutput(.tensor(let name)) in signature.outputs { readers[name, default: 0] += 1 }
    var updates: Set<String> = []
    for case .bufferMutation(let name?) in signature.outputs { updates.insert(name) }
    var kept: [ProgramNode] = []
    for node in graph.nodes.reversed() {
      let written = node.tensorsWritten
      let isUnread = written.allSatisfy { readers[$0, default: 0] == 0 }
      // Updates leave other names of their results behind.
      let isAlias = AtenLowering.shortName(node.target) == "aten.alias.default"
      let isUpdate = isUnread && (isAlias || !isInPlace(node) && written.contains { updates.contains($0) })
      guard isUpdate || isCounting(node, readers) else {
        kept.append(node)
        continue
      }
      for name in node.tensorsRead {
        readers[name, default: 0] -= 1
        updates.insert(name)
      }
    }
    return kept.reversed()
  }

  /// By the names of operators: those in place end in an underscore.
  private func isInPlace(_ node: ProgramNode) -> Bool {
    let parts = AtenLowering.shortName(node.target).split(separator: ".")
    return parts.count != 3 || parts[1].hasSuffix("_")
  }

  /// Whether a node adds one to an integer buffer that nothing else reads, in place.
  private func isCounting(_ node: ProgramNode, _ readers: [String: Int]) -> Bool {
    guard AtenLowering.shortName(node.target) == "aten.add_.Tensor", node.tensorsRead.count == 1,
      let counter = node.tensorsRead.first, readers[counter] == 1,
      node.tensorsWritten.allSatisfy({ readers[$0] == nil }),
      let description = graph.tensors[counter],
      TorchElementType(rawValue: description.elementType)?.element == .int32
    else { return false }
    return signature.inputs.contains { if case .buffer(counter, _) = $0 { true } else { false } }
  }
}
