/// The graph that `torch.export.save` writes, as far as it is read: `models/<name>.json` of schema 8.
///
/// Source: PyTorch, torch/_export/serde/schema.py and docs/source/export/pt2_archive.md.
struct ExportedProgram: Decodable, Sendable {
  struct Version: Decodable, Sendable {
    let major: Int
    let minor: Int
  }

  struct Module: Decodable, Sendable {
    let graph: ProgramGraph
    let signature: ProgramSignature
  }

  let module: Module
  let schemaVersion: Version
  let torchVersion: String?

  enum CodingKeys: String, CodingKey {
    case module = "graph_module"
    case schemaVersion = "schema_version"
    case torchVersion = "torch_version"
  }
}

/// The version alone, read first: what else a file of another version holds is unknown.
struct ExportedProgramVersion: Decodable {
  let version: ExportedProgram.Version

  enum CodingKeys: String, CodingKey { case version = "schema_version" }
}

struct ProgramGraph: Decodable, Sendable {
  let nodes: [ProgramNode]
  let tensors: [String: TensorDescription]

  enum CodingKeys: String, CodingKey {
    case nodes
    case tensors = "tensor_values"
  }
}

/// One call of an operator.
struct ProgramNode: Decodable, Sendable {
  struct Input: Decodable, Sendable {
    let name: String
    let argument: ProgramArgument

    enum CodingKeys: String, CodingKey {
      case name
      case argument = "arg"
    }
  }

  let target: String
  let inputs: [Input]
  let outputs: [ProgramArgument]
  let ownName: String?

  enum CodingKeys: String, CodingKey {
    case target, inputs, outputs
    case ownName = "name"
  }

  /// The node's name, or that of its first result.
  var name: String {
    if let ownName { return ownName }
    return if case .tensor(let name)? = outputs.first { name } else { target }
  }
}

/// What the graph's inputs and outputs stand for.
struct ProgramSignature: Decodable, Sendable {
  let inputs: [InputSpecification]
  let outputs: [OutputSpecification]

  enum CodingKeys: String, CodingKey {
    case inputs = "input_specs"
    case outputs = "output_specs"
  }

  enum InputSpecification: Decodable, Sendable {
    /// A value of the graph and the array of the archive it is.
    case parameter(value: String, name: String)
    case buffer(value: String, name: String)
    case constant(value: String, name: String)
    case userInput(ProgramArgument)
    case other(String)

    private struct Named: Decodable {
      let arg: [String: String]
      let parameter_name: String?
      let buffer_name: String?
      let tensor_constant_name: String?
    }
    private struct User: Decodable { let arg: ProgramArgument }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: AnyKey.self)
      let key = try container.alternative()
      func named(_ name: (Named) -> String?) throws -> (String, String) {
        let content = try container.decode(Named.self, forKey: key)
        guard let value = content.arg["name"], let name = name(content) else {
          throw DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: "a name is missing")
        }
        return (value, name)
      }
      switch key.stringValue {
      case "parameter":
        let (value, name) = try named(\.parameter_name)
        self = .parameter(value: value, name: name)
      case "buffer":
        let (value, name) = try named(\.buffer_name)
        self = .buffer(value: value, name: name)
      case "tensor_constant":
        let (value, name) = try named(\.tensor_constant_name)
        self = .constant(value: value, name: name)
      case "user_input": self = .userInput(try container.decode(User.self, forKey: key).arg)
      default: self = .other(key.stringValue)
      }
    }
  }

  enum OutputSpecification: Decodable, Sendable {
    case userOutput(ProgramArgument)
    /// The new value of a buffer, which a function of the parameters alone has no use for.
    case bufferMutation(value: String?)
    case other(String)

    private struct User: Decodable { let arg: ProgramArgument }
    private struct Mutation: Decodable { let arg: [String: String] }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: AnyKey.self)
      let key = try container.alternative()
      switch key.stringValue {
      case "user_output": self = .userOutput(try container.decode(User.self, forKey: key).arg)
      case "buffer_mutation":
        self = .bufferMutation(value: try container.decode(Mutation.self, forKey: key).arg["name"])
      default: self = .other(key.stringValue)
      }
    }
  }
}
