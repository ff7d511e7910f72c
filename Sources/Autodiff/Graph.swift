import Tensors

/// A value of a ``Graph``: the result of one of its nodes.
public struct Value: Hashable, Sendable {
  public let index: Int
  init(_ index: Int) { self.index = index }
}

/// A computation in static single assignment form: nodes in an order in which operands come first, with concrete shapes.
///
/// A graph only grows. Derivatives are appended to the graph they differentiate (``linearize(_:at:along:)``,
/// ``transpose(_:cotangents:with:)``), so values are shared between a function and its derivatives, and the passes remove what
/// nothing reads.
///
///     var graph = Graph()
///     let x = try graph.append(Source.data(.inputs), type: TensorType([32, 784]))
public struct Graph: Sendable {
  public struct Node: Sendable {
    public let primitive: any Primitive
    public let operands: [Value]
    public let type: TensorType
  }

  public private(set) var nodes: [Node] = []

  public init() {}

  public subscript(value: Value) -> Node { nodes[value.index] }

  public func type(of value: Value) -> TensorType { nodes[value.index].type }
  public func shape(of value: Value) -> [Int] { nodes[value.index].type.shape }

  public var values: some Sequence<Value> { (0..<nodes.count).lazy.map(Value.init) }

  /// Appends a node.
  ///
  /// - Throws: what the primitive's shape rule says of the operands.
  public mutating func append(_ primitive: any Primitive, _ operands: [Value]) throws(InputError) -> Value {
    var types: [TensorType] = []
    types.reserveCapacity(operands.count)
    for operand in operands { types.append(type(of: operand)) }
    return appendChecked(primitive, operands, try primitive.resultType(of: types))
  }

  /// Appends a source, whose type is not a function of operands.
  public mutating func source(_ source: Source, type: TensorType) -> Value { appendChecked(source, [], type) }

  private mutating func appendChecked(_ primitive: any Primitive, _ operands: [Value], _ type: TensorType) -> Value {
    nodes.append(Node(primitive: primitive, operands: operands, type: type))
    return Value(nodes.count - 1)
  }

  /// For each node, whether it depends on one of `roots`.
  public func dependents(of roots: some Sequence<Value>) -> [Bool] {
    var depends = [Bool](repeating: false, count: nodes.count)
    for root in roots { depends[root.index] = true }
    for (index, node) in nodes.enumerated() where !depends[index] {
      depends[index] = node.operands.contains { depends[$0.index] }
    }
    return depends
  }

  /// For each node, whether one of `outputs` needs it.
  public func ancestors(of outputs: some Sequence<Value>) -> [Bool] {
    var needed = [Bool](repeating: false, count: nodes.count)
    for output in outputs { needed[output.index] = true }
    for index in nodes.indices.reversed() where needed[index] {
      for operand in nodes[index].operands { needed[operand.index] = true }
    }
    return needed
  }
}

extension Graph: CustomStringConvertible {
  /// One line a node, such as `%7 = dot_general(%1, %2): real[32×10]`.
  public var description: String {
    nodes.enumerated().map { index, node in
      "%\(index) = \(node.primitive.name)(\(node.operands.map { "%\($0.index)" }.joined(separator: ", "))): \(node.type)"
    }.joined(separator: "\n")
  }
}
