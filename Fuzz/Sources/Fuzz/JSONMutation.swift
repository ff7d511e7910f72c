import Foundation

/// Changes to JSON that leave it well-formed, so that they reach what is behind the parser: values replaced by others of the document, by
/// extremes or by another kind; keys and elements removed, repeated or exchanged.
struct JSONMutation {
  var stream: any RandomNumberGenerator
  /// Operators to put where a string stands.
  static let operators = [
    "abs.default", "add.Scalar", "addmm.default", "celu.default", "div.Tensor", "dropout.default", "elu.default",
    "erf.default", "exp.default", "flatten.using_ints", "gelu.default", "leaky_relu.default", "linear.default",
    "log.default", "log_softmax.int", "matmul.default", "mm.default", "mul.Tensor", "permute.default", "relu_.default",
    "reshape.default", "rsub.Scalar", "selu.default", "sigmoid.default", "silu.default", "softmax.int",
    "softplus.default", "squeeze.dim", "sub.Tensor", "sym_size.int", "t.default", "tanh.default", "transpose.int",
    "unsqueeze.default", "view.default",
  ].map { "torch.ops.aten." + $0 }

  /// A changed copy; nil where `bytes` are not JSON.
  mutating func mutated(_ bytes: [UInt8]) -> [UInt8]? {
    guard let root = try? JSONSerialization.jsonObject(with: Data(bytes)) else { return nil }
    var leaves: [Any] = []
    var nodes = 0
    collect(root, &leaves, &nodes)
    guard nodes > 0 else { return nil }
    var changed: Any = root
    for _ in 0..<random(1...3) {
      var countdown = random(0...nodes - 1)
      changed = change(changed, &countdown, leaves)
    }
    guard JSONSerialization.isValidJSONObject(changed) else { return nil }
    return (try? JSONSerialization.data(withJSONObject: changed, options: [.sortedKeys])).map { Array($0) }
  }

  private mutating func random(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(stream.next() % UInt64(range.count))
  }

  private func collect(_ value: Any, _ leaves: inout [Any], _ nodes: inout Int) {
    nodes += 1
    if let object = value as? [String: Any] {
      for key in object.keys.sorted() { object[key].map { collect($0, &leaves, &nodes) } }
    } else if let array = value as? [Any] {
      for element in array { collect(element, &leaves, &nodes) }
    } else if leaves.count < 4096 {
      leaves.append(value)
    }
  }

  /// The value with its node number `countdown`, in document order, changed.
  private mutating func change(_ value: Any, _ countdown: inout Int, _ leaves: [Any]) -> Any {
    countdown -= 1
    if countdown == -1 { return replacement(value, leaves) }
    guard countdown >= 0 else { return value }
    if var object = value as? [String: Any] {
      for key in object.keys.sorted() {
        if let element = object[key] { object[key] = change(element, &countdown, leaves) }
      }
      return object
    }
    return (value as? [Any]).map { array in array.map { change($0, &countdown, leaves) } } ?? value
  }

  private mutating func replacement(_ value: Any, _ leaves: [Any]) -> Any {
    if var object = value as? [String: Any], let key = object.keys.sorted().randomElement(using: &stream) {
      switch random(0...3) {
      case 0: object[key] = nil
      case 1: object[key + "_"] = object.removeValue(forKey: key)
      case 2: if let other = object.keys.sorted().randomElement(using: &stream) { object[key] = object[other] }
      default: return leaf(leaves)
      }
      return object
    }
    if var array = value as? [Any], !array.isEmpty {
      let (first, second) = (random(0...array.count - 1), random(0...array.count - 1))
      switch random(0...4) {
      case 0: array.remove(at: first)
      case 1: array.insert(array[first], at: second)
      case 2: array.swapAt(first, second)
      case 3: array = Array(repeating: array[first], count: random(0...70))
      default: return leaf(leaves)
      }
      return array
    }
    return leaf(leaves)
  }

  private mutating func leaf(_ leaves: [Any]) -> Any {
    let extremes: [Any] = [
      0, 1, -1, 2, 7, 64, 1 << 31, 1 << 32, Int.max, Int.min, 1e308, -0.5, 1e-300, "", "x", "-1", true, NSNull(),
      [Any](), [String: Any](), ["as_int": Int.max], ["as_int": -1], ["as_ints": [-1, 0, 3]], ["as_none": true],
      ["as_float": 0.25], ["as_tensor": ["name": "a"]], ["as_string": "tanh"],
    ]
    switch random(0...3) {
    case 0: return extremes[random(0...extremes.count - 1)]
    case 1: return Self.operators[random(0...Self.operators.count - 1)]
    default: return leaves.isEmpty ? 0 : leaves[random(0...leaves.count - 1)]
    }
  }
}
