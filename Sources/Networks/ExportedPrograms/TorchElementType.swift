import Autodiff

/// The element types of PyTorch that are read, by the numbers the export schema gives them.
enum TorchElementType: Int, Sendable {
  case uint8 = 1
  case int8 = 2
  case int16 = 3
  case int32 = 4
  case int64 = 5
  case float16 = 6
  case float32 = 7
  case float64 = 8
  case bool = 12
  case bfloat16 = 13

  /// Bytes an element takes.
  var width: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .int16, .float16, .bfloat16: 2
    case .int32, .float32: 4
    case .int64, .float64: 8
    }
  }

  /// What such an element is in a graph.
  var element: ElementType {
    switch self {
    case .float16, .float32, .float64, .bfloat16: .real
    case .uint8, .int8, .int16, .int32, .int64: .int32
    case .bool: .bool
    }
  }
}
