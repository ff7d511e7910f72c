/// An argument or result of a node: a literal, or the name of a value of the graph.
enum ProgramArgument: Decodable, Sendable {
  case none
  case tensor(String)
  case tensors([String])
  case integer(Int)
  case integers([SymbolicInteger])
  case number(Double)
  case numbers([Double])
  case flag(Bool)
  case text(String)
  /// An integer that is a value of the graph.
  case symbol(String)
  /// A number that says which element type, by PyTorch's numbering.
  case elementType(Int)
  /// Anything that no operator read here depends on, by its key.
  case other(String)

  private struct Name: Decodable { let name: String }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: AnyKey.self)
    let key = try container.alternative()
    switch key.stringValue {
    case "as_none": self = .none
    case "as_tensor": self = .tensor(try container.decode(Name.self, forKey: key).name)
    case "as_tensors": self = .tensors(try container.decode([Name].self, forKey: key).map(\.name))
    case "as_int": self = .integer(try container.decode(Int.self, forKey: key))
    case "as_ints": self = .integers(try container.decode([Int].self, forKey: key).map { .number($0) })
    case "as_sym_ints": self = .integers(try container.decode([SymbolicInteger].self, forKey: key))
    case "as_sym_int":
      switch try container.decode(SymbolicInteger.self, forKey: key) {
      case .number(let number): self = .integer(number)
      case .name(let name): self = .symbol(name)
      }
    case "as_float": self = .number(try container.decode(ProgramNumber.self, forKey: key).number)
    case "as_floats": self = .numbers(try container.decode([ProgramNumber].self, forKey: key).map(\.number))
    case "as_bool": self = .flag(try container.decode(Bool.self, forKey: key))
    case "as_string": self = .text(try container.decode(String.self, forKey: key))
    case "as_scalar_type": self = .elementType(try container.decode(Int.self, forKey: key))
    default: self = .other(key.stringValue)
    }
  }
}

/// An integer, or the name of one that the graph computes.
enum SymbolicInteger: Decodable, Sendable {
  case number(Int)
  case name(String)

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: AnyKey.self)
    let key = try container.alternative()
    self =
      switch key.stringValue {
      case "as_int": .number(try container.decode(Int.self, forKey: key))
      case "as_name": .name(try container.decode(String.self, forKey: key))
      default:
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container, debugDescription: "expected as_int or as_name")
      }
  }
}

/// A number; the format writes those that JSON has no notation for as texts.
struct ProgramNumber: Decodable, Sendable {
  let number: Double

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      switch text {
      case "Infinity": number = .infinity
      case "-Infinity": number = -.infinity
      case "NaN": number = .nan
      default:
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected a number, got a text")
      }
    } else {
      number = try container.decode(Double.self)
    }
  }
}

/// Type and layout of a tensor.
struct TensorDescription: Decodable, Sendable {
  /// The size of one dimension.
  enum Size: Decodable, Sendable {
    case number(Int)
    /// An expression in the sizes of the inputs, with its value in the export's example where recorded.
    case expression(String, hint: Int?)

    private struct Expression: Decodable {
      struct Hint: Decodable { let as_int: Int? }
      let expr_str: String
      let hint: Hint?
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: AnyKey.self)
      let key = try container.alternative()
      switch key.stringValue {
      case "as_int": self = .number(try container.decode(Int.self, forKey: key))
      case "as_expr":
        let expression = try container.decode(Expression.self, forKey: key)
        self = .expression(expression.expr_str, hint: expression.hint?.as_int)
      default:
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container, debugDescription: "expected as_int or as_expr")
      }
    }
  }

  /// By PyTorch's numbering, see ``TorchElementType``.
  let elementType: Int
  let sizes: [Size]
  let strides: [Size]
  let offset: Size
  let layout: Int?
  let requiresGradient: Bool?

  enum CodingKeys: String, CodingKey {
    case elementType = "dtype"
    case sizes, strides, layout
    case offset = "storage_offset"
    case requiresGradient = "requires_grad"
  }
}
