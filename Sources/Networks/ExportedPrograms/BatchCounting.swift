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
  /// The nodes without those by which batch normalisation in training mode counts batches: an integer buffer and one more, which
  /// nothing else reads.
  func withoutBatchCounting() -> [ProgramNode] {
    var readers: [String: Int] = [:]
    for node in graph.nodes { for name in node.tensorsRead { readers[name, default: 0] += 1 } }
    for case .userOutput(.tensor(let name)) in signature.outputs { readers[name, default: 0] += 1 }
    var counters: Set<String> = []
    for case .buffer(let value, _) in signature.inputs {
      guard let description = graph.tensors[value] else { continue }
      if TorchElementType(rawValue: description.elementType)?.element == .int32 { counters.insert(value) }
    }
    return graph.nodes.filter { node in
      let read = node.tensorsRead
      let isCounting =
        ["aten.add_.Tensor", "aten.add.Tensor"].contains(AtenLowering.shortName(node.target)) && read.count == 1
        && read.allSatisfy { counters.contains($0) && readers[$0] == 1 }
        && node.tensorsWritten.allSatisfy { readers[$0] == nil }
      return !isCounting
    }
  }
}
