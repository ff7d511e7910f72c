import Tensors

/// One operation of the closed set that graphs are made of.
///
/// A primitive states four things and nothing else in the project knows a derivative:
/// - its shape rule, ``resultType(of:)``;
/// - its ``tangent(of:operands:tangents:in:)`` rule, the Jacobian-vector product;
/// - its ``transpose(cotangent:operands:linear:of:in:)`` rule where it is linear in some operands;
/// - its kernel, as a ``Lowering`` that the planner turns into an instruction.
///
/// The set is closed: both rules are written with primitives of the set again, so any derivative can be differentiated once more.
/// Names and semantics are StableHLO's.
public protocol Primitive: Hashable, Sendable {
  /// StableHLO's name of the operation, for error texts and graph dumps.
  var name: String { get }

  /// The type of the result, or an error that says which operand does not fit.
  func resultType(of operands: [TensorType]) throws(InputError) -> TensorType

  /// The tangent of `result` in direction of `tangents`, one per operand, `nil` standing for zero; `nil` when it is zero.
  func tangent(of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph) throws(InputError)
    -> Value?

  /// For each operand flagged in `linear`, the transpose of the linear map from it to the result, applied to `cotangent`.
  ///
  /// Called only where the result is linear in the flagged operands jointly; `nil` for the others.
  func transpose(
    cotangent: Value, operands: [Value], linear: [Bool], of result: Value, in graph: inout Graph
  ) throws(InputError) -> [Value?]

  /// How the planner runs it.
  var lowering: Lowering { get }
}

/// How a primitive is executed.
public enum Lowering: Sendable {
  /// A value that exists before the graph runs: a parameter, data, a tangent vector.
  case source
  /// Every element of the result is the same known number.
  case splat(Double)
  /// One kernel applied element by element; operands have the result's shape. Fused with its neighbours.
  case elementwise(ElementwiseOperation)
  /// An operand repeated along the dimensions not listed; fused where rows or columns are repeated.
  case broadcast(dimensions: [Int])
  /// A sum or maximum over dimensions; fused where whole rows or columns are reduced.
  case reduction(Reduction)
  /// The operand's elements in the same order under another shape: costs nothing.
  case alias
  /// A product, linear in each of its two operands; sums of products accumulate in place.
  case product(any Product)
  /// The sum of two products.
  case products(any Product, any Product)
  /// A sum over the slices of a group, which wait for each other there.
  case allReduce(slices: Int)
  /// A copy with permuted dimensions.
  case permutation([Int])
  /// A kernel of its own over whole operands, made from their shapes.
  case kernel(@Sendable ([[Int]]) -> any OpaqueKernel)
}

/// A primitive that is linear in each of its two operands: a matrix product, a convolution.
public protocol Product: Primitive {
  /// The kernel for operands of these shapes, which ``Primitive/resultType(of:)`` has accepted.
  func kernel(_ left: [Int], _ right: [Int]) -> any OpaqueKernel
}

extension Product {
  public func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? {
    let left: Value? = if let dx = tangents[0] { try graph.append(self, [dx, operands[1]]) } else { nil }
    let right: Value? = if let dy = tangents[1] { try graph.append(self, [operands[0], dy]) } else { nil }
    guard let left, let right else { return left ?? right }
    return try graph.add(left, right)
  }

  public var lowering: Lowering { .product(self) }
}

/// A kernel that reads whole operands and writes (or adds to) a whole result, single-threaded.
public protocol OpaqueKernel: Sendable {
  /// Whether the kernel can add to the result instead of overwriting it.
  var canAccumulate: Bool { get }
  /// Arithmetic operations of one call, for forecasts.
  var operationCount: Double { get }
  /// Elements of scratch memory one call needs.
  var scratchCount: Int { get }
  func run<Scalar: Real>(
    operands: [UnsafePointer<Scalar>], result: UnsafeMutablePointer<Scalar>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Scalar>)
}

extension OpaqueKernel {
  public var scratchCount: Int { 0 }
}

extension Primitive {
  /// For primitives that are linear in nothing.
  public func transpose(
    cotangent: Value, operands: [Value], linear: [Bool], of result: Value, in graph: inout Graph
  ) throws(InputError) -> [Value?] {
    throw InputError("\(name) is not linear: it has no transpose")
  }
}
