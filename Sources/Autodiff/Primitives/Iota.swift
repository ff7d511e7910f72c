import Tensors

/// The integers 0 ..< count along one dimension.
public struct Iota: Primitive {
  public let count: Int
  public init(count: Int) { self.count = count }

  public var name: String { "iota" }
  public func resultType(of operands: [TensorType]) throws(InputError) -> TensorType { TensorType([count], .int32) }
  public func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? { nil }
  public var lowering: Lowering { .kernel { _ in IotaKernel(count: count) } }
}

struct IotaKernel: OpaqueKernel {
  let count: Int
  var canAccumulate: Bool { false }
  var operationCount: Double { 0 }
  func run<Scalar: Real>(
    operands: [UnsafePointer<Scalar>], result: UnsafeMutablePointer<Scalar>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    for i in 0..<count { result[i] = Scalar(i) }
  }
}
