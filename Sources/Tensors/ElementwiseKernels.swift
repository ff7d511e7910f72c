import CTensors

/// The operations that have a step kernel: what a fused elementwise program is made of.
///
/// Booleans are 0 and 1 in the scalar type; every non-zero operand counts as true. Comparisons with NaN are false, except
/// `notEqual`; `maximum` and `minimum` are NaN if either operand is.
public enum ElementwiseOperation: Int32, CaseIterable, Hashable, Sendable {
  case copy, negate, absolute
  /// −1, 0 or 1; keeps ±0 and NaN.
  case sign
  case square, reciprocal, squareRoot, reciprocalSquareRoot
  case exponential, exponentialMinusOne, log, logPlusOne, tanh
  /// 1/(1 + exp(−a))
  case logistic
  case erf, sine, cosine, not
  case add, subtract, multiply, divide, maximum, minimum, power
  case equal, notEqual, less, lessEqual, greater, greaterEqual, and, or
  /// a > 0 ? b : 0
  case maskPositive
  /// a ≠ 0 ? b : c
  case select
  /// a b + c, rounded once where the processor has a fused multiply-add.
  case multiplyAdd

  /// How many operands the operation has: 1, 2 or 3.
  public var arity: Int {
    switch self {
    case .select, .multiplyAdd: 3
    case let operation where operation.rawValue >= Self.add.rawValue: 2
    default: 1
    }
  }
}

/// An elementwise operation between a tile and a vector that is repeated over its rows or its columns.
public enum VectorOperation: Int32, CaseIterable, Hashable, Sendable {
  case add, subtract, multiply, divide

  /// The same operation between two tiles.
  public var elementwise: ElementwiseOperation {
    switch self {
    case .add: .add
    case .subtract: .subtract
    case .multiply: .multiply
    case .divide: .divide
    }
  }
}

/// The kernels of fused elementwise programs: single-threaded, made for tiles that fit in L1.
///
/// An element's value depends on its operands only, not on its position, the tile's length or alignment: cutting work into
/// other tiles gives the same bits. Tiles are row-major [rows, columns] without gaps. A result may be the same array as an
/// operand, but must not overlap one in any other way. Pointers are unchecked. The transcendental operations are within
/// 1.5 units in the last place; sine, cosine and power are the C library's, one element at a time, and slow beside them.
public protocol ElementwiseKernels {
  /// A step kernel, to be looked up once and called for every tile with ``run(_:_:_:_:_:count:)``.
  associatedtype Step: Sendable
  /// The kernel of a tile and a vector.
  associatedtype VectorStep: Sendable

  static func step(_ operation: ElementwiseOperation) -> Step
  /// resultᵢ = operation(aᵢ, bᵢ, cᵢ); operands beyond the operation's arity are not read.
  static func run(
    _ step: Step, _ result: UnsafeMutablePointer<Self>, _ a: UnsafePointer<Self>?, _ b: UnsafePointer<Self>?,
    _ c: UnsafePointer<Self>?, count: Int)

  /// result[r, c] = a[r, c] ∘ vector[c]
  static func rowStep(_ operation: VectorOperation) -> VectorStep
  /// result[r, c] = a[r, c] ∘ vector[r]
  static func columnStep(_ operation: VectorOperation) -> VectorStep
  static func run(
    _ step: VectorStep, _ result: UnsafeMutablePointer<Self>, _ a: UnsafePointer<Self>, _ vector: UnsafePointer<Self>,
    rows: Int, columns: Int)

  static func fill(_ value: Self, _ result: UnsafeMutablePointer<Self>, count: Int)
  /// result[r, c] = row[c]
  static func repeatRow(
    _ row: UnsafePointer<Self>, _ result: UnsafeMutablePointer<Self>, rows: Int, columns: Int)
  /// result[r, c] = column[r]
  static func repeatColumn(
    _ column: UnsafePointer<Self>, _ result: UnsafeMutablePointer<Self>, rows: Int, columns: Int)
  /// result[r] = Σ_c a[r, c], accumulated in Double in a fixed order.
  static func rowSum(_ a: UnsafePointer<Self>, _ result: UnsafeMutablePointer<Self>, rows: Int, columns: Int)
  /// result[r] = max_c a[r, c]; NaN if the row has one, −∞ for no columns.
  static func rowMaximum(_ a: UnsafePointer<Self>, _ result: UnsafeMutablePointer<Self>, rows: Int, columns: Int)
  /// result[r] = Σ_c a[r, c] b[r, c], accumulated in Double in a fixed order.
  static func rowDot(
    _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>, _ result: UnsafeMutablePointer<Self>, rows: Int, columns: Int)
  /// result[c] += Σ_r a[r, c], added in order of r.
  static func columnSum(_ a: UnsafePointer<Self>, _ result: UnsafeMutablePointer<Self>, rows: Int, columns: Int)

  /// result[c·resultStride + r] = a[r·stride + c] for every r < rows, c < columns.
  static func transpose(
    _ a: UnsafePointer<Self>, stride: Int, _ result: UnsafeMutablePointer<Self>, resultStride: Int, rows: Int,
    columns: Int)
  /// result, without gaps, = the box of up to eight dimensions in `source`; strides in elements, any sign.
  static func gather(
    _ source: UnsafePointer<Self>, strides: [Int], extents: [Int], _ result: UnsafeMutablePointer<Self>)
  /// The box in `result` = `source`, which has no gaps, or += where `accumulate` (also where its elements coincide).
  static func scatter(
    _ source: UnsafePointer<Self>, _ result: UnsafeMutablePointer<Self>, strides: [Int], extents: [Int],
    accumulate: Bool)
}

extension Float: ElementwiseKernels {
  /// A C function without state, which any thread may call.
  public struct Step: @unchecked Sendable { fileprivate let kernel: ritz_step_s }
  /// A C function without state, which any thread may call.
  public struct VectorStep: @unchecked Sendable { fileprivate let kernel: ritz_vector_step_s }

  public static func step(_ operation: ElementwiseOperation) -> Step {
    guard let kernel = ritz_step_kernel_s(operation.rawValue) else { preconditionFailure("no kernel for \(operation)") }
    return Step(kernel: kernel)
  }
  public static func run(
    _ step: Step, _ result: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>?, _ b: UnsafePointer<Float>?,
    _ c: UnsafePointer<Float>?, count: Int
  ) {
    step.kernel(result, a, b, c, count)
  }
  public static func rowStep(_ operation: VectorOperation) -> VectorStep {
    guard let kernel = ritz_row_kernel_s(operation.elementwise.rawValue) else {
      preconditionFailure("no kernel for \(operation)")
    }
    return VectorStep(kernel: kernel)
  }
  public static func columnStep(_ operation: VectorOperation) -> VectorStep {
    guard let kernel = ritz_column_kernel_s(operation.elementwise.rawValue) else {
      preconditionFailure("no kernel for \(operation)")
    }
    return VectorStep(kernel: kernel)
  }
  public static func run(
    _ step: VectorStep, _ result: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>,
    _ vector: UnsafePointer<Float>,
    rows: Int, columns: Int
  ) {
    step.kernel(result, a, vector, rows, columns)
  }

  public static func fill(_ value: Float, _ result: UnsafeMutablePointer<Float>, count: Int) {
    ritz_fill_s(value, result, count)
  }
  public static func repeatRow(
    _ row: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, rows: Int, columns: Int
  ) {
    ritz_repeat_row_s(row, result, rows, columns)
  }
  public static func repeatColumn(
    _ column: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, rows: Int, columns: Int
  ) {
    ritz_repeat_column_s(column, result, rows, columns)
  }
  public static func rowSum(_ a: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, rows: Int, columns: Int) {
    ritz_row_sum_s(a, result, rows, columns)
  }
  public static func rowMaximum(
    _ a: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, rows: Int, columns: Int
  ) {
    ritz_row_max_s(a, result, rows, columns)
  }
  public static func rowDot(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, rows: Int, columns: Int
  ) {
    ritz_row_dot_s(a, b, result, rows, columns)
  }
  public static func columnSum(
    _ a: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, rows: Int, columns: Int
  ) {
    ritz_column_sum_s(a, result, rows, columns)
  }
  public static func transpose(
    _ a: UnsafePointer<Float>, stride: Int, _ result: UnsafeMutablePointer<Float>, resultStride: Int, rows: Int,
    columns: Int
  ) {
    ritz_transpose_s(a, stride, result, resultStride, rows, columns)
  }
  public static func gather(
    _ source: UnsafePointer<Float>, strides: [Int], extents: [Int], _ result: UnsafeMutablePointer<Float>
  ) {
    precondition(strides.count == extents.count && extents.count <= Int(RITZ_MAXIMUM_RANK))
    ritz_gather_s(source, strides, extents, Int32(extents.count), result)
  }
  public static func scatter(
    _ source: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, strides: [Int], extents: [Int],
    accumulate: Bool
  ) {
    precondition(strides.count == extents.count && extents.count <= Int(RITZ_MAXIMUM_RANK))
    ritz_scatter_s(source, result, strides, extents, Int32(extents.count), accumulate ? 1 : 0)
  }
}

extension Double: ElementwiseKernels {
  /// A C function without state, which any thread may call.
  public struct Step: @unchecked Sendable { fileprivate let kernel: ritz_step_d }
  /// A C function without state, which any thread may call.
  public struct VectorStep: @unchecked Sendable { fileprivate let kernel: ritz_vector_step_d }

  public static func step(_ operation: ElementwiseOperation) -> Step {
    guard let kernel = ritz_step_kernel_d(operation.rawValue) else { preconditionFailure("no kernel for \(operation)") }
    return Step(kernel: kernel)
  }
  public static func run(
    _ step: Step, _ result: UnsafeMutablePointer<Double>, _ a: UnsafePointer<Double>?, _ b: UnsafePointer<Double>?,
    _ c: UnsafePointer<Double>?, count: Int
  ) {
    step.kernel(result, a, b, c, count)
  }
  public static func rowStep(_ operation: VectorOperation) -> VectorStep {
    guard let kernel = ritz_row_kernel_d(operation.elementwise.rawValue) else {
      preconditionFailure("no kernel for \(operation)")
    }
    return VectorStep(kernel: kernel)
  }
  public static func columnStep(_ operation: VectorOperation) -> VectorStep {
    guard let kernel = ritz_column_kernel_d(operation.elementwise.rawValue) else {
      preconditionFailure("no kernel for \(operation)")
    }
    return VectorStep(kernel: kernel)
  }
  public static func run(
    _ step: VectorStep, _ result: UnsafeMutablePointer<Double>, _ a: UnsafePointer<Double>,
    _ vector: UnsafePointer<Double>,
    rows: Int, columns: Int
  ) {
    step.kernel(result, a, vector, rows, columns)
  }

  public static func fill(_ value: Double, _ result: UnsafeMutablePointer<Double>, count: Int) {
    ritz_fill_d(value, result, count)
  }
  public static func repeatRow(
    _ row: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Double>, rows: Int, columns: Int
  ) {
    ritz_repeat_row_d(row, result, rows, columns)
  }
  public static func repeatColumn(
    _ column: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Double>, rows: Int, columns: Int
  ) {
    ritz_repeat_column_d(column, result, rows, columns)
  }
  public static func rowSum(_ a: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Double>, rows: Int, columns: Int)
  {
    ritz_row_sum_d(a, result, rows, columns)
  }
  public static func rowMaximum(
    _ a: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Double>, rows: Int, columns: Int
  ) {
    ritz_row_max_d(a, result, rows, columns)
  }
  public static func rowDot(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Double>, rows: Int,
    columns: Int
  ) {
    ritz_row_dot_d(a, b, result, rows, columns)
  }
  public static func columnSum(
    _ a: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Double>, rows: Int, columns: Int
  ) {
    ritz_column_sum_d(a, result, rows, columns)
  }
  public static func transpose(
    _ a: UnsafePointer<Double>, stride: Int, _ result: UnsafeMutablePointer<Double>, resultStride: Int, rows: Int,
    columns: Int
  ) {
    ritz_transpose_d(a, stride, result, resultStride, rows, columns)
  }
  public static func gather(
    _ source: UnsafePointer<Double>, strides: [Int], extents: [Int], _ result: UnsafeMutablePointer<Double>
  ) {
    precondition(strides.count == extents.count && extents.count <= Int(RITZ_MAXIMUM_RANK))
    ritz_gather_d(source, strides, extents, Int32(extents.count), result)
  }
  public static func scatter(
    _ source: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Double>, strides: [Int], extents: [Int],
    accumulate: Bool
  ) {
    precondition(strides.count == extents.count && extents.count <= Int(RITZ_MAXIMUM_RANK))
    ritz_scatter_d(source, result, strides, extents, Int32(extents.count), accumulate ? 1 : 0)
  }
}
