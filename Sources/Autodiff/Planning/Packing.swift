import Tensors

/// Packs the right operand of a matrix product for ``PackedMatrixProduct``. Single precision only.
struct PackMatrix: OpaqueKernel {
  let product: PackedProduct

  var canAccumulate: Bool { false }
  var operationCount: Double { 0 }
  var scratchCount: Int { product.scratchCount }

  func run<Scalar: Real>(
    operands: [UnsafePointer<Scalar>], result: UnsafeMutablePointer<Scalar>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    precondition(Scalar.self == Float.self, "packed products exist in single precision only")
    product.pack(single(operands[0]), to: single(result), scratch: single(scratch))
  }
}

/// A matrix product whose second operand has been packed. Single precision only.
struct PackedMatrixProduct: OpaqueKernel {
  let product: PackedProduct
  let operationCount: Double

  var canAccumulate: Bool { true }
  var scratchCount: Int { product.scratchCount }

  func run<Scalar: Real>(
    operands: [UnsafePointer<Scalar>], result: UnsafeMutablePointer<Scalar>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    precondition(Scalar.self == Float.self, "packed products exist in single precision only")
    product.run(
      single(operands[0]), packed: single(operands[1]), to: single(result), accumulate: accumulate,
      scratch: single(scratch))
  }
}

private func single<Scalar: Real>(_ pointer: UnsafePointer<Scalar>) -> UnsafePointer<Float> {
  UnsafeRawPointer(pointer).assumingMemoryBound(to: Float.self)
}

private func single<Scalar: Real>(_ pointer: UnsafeMutablePointer<Scalar>) -> UnsafeMutablePointer<Float> {
  UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Float.self)
}

/// The packed matrices of a plan: weights once for every θ, their tangents once a product, whatever the number of microbatches.
struct Packing: Sendable {
  /// One operand packed for products of one shape.
  struct Key: Hashable {
    var operand: Value
    var product: MatrixProduct
  }

  /// Products below this size are not worth a packed operand.
  static let leastSide = 48

  private(set) var references: [Key: Reference] = [:]
  /// What packs them, by the stage it belongs to.
  private(set) var instructions: [Stage: [Instruction]] = [:]

  /// The packed product for a contraction whose right operand does not depend on the data, placing the operand in `counts` where
  /// it is new.
  mutating func product(
    _ product: MatrixProduct, right: Value, stage: Stage, at source: Reference, counts: inout [Region: Int]
  ) -> (kernel: PackedMatrixProduct, packed: Reference)? {
    guard product.batch == 1, product.n >= Self.leastSide, product.k >= Self.leastSide, product.m >= 16,
      stage == .fixed || stage == .direction,
      let packed = PackedProduct(
        transposeA: product.transposeLeft, transposeB: product.transposeRight, m: product.m, n: product.n, k: product.k)
    else { return nil }
    let key = Key(operand: right, product: product)
    let kernel = PackedMatrixProduct(product: packed, operationCount: product.operationCount)
    if let known = references[key] { return (kernel, known) }
    let region: Region = stage == .fixed ? .fixed : .direction
    let reference = Reference(region: region, offset: counts[region] ?? 0)
    counts[region, default: 0] += (packed.packedCount + 15) & ~15
    references[key] = reference
    instructions[stage, default: []].append(
      .kernel(PackMatrix(product: packed), operands: [source], result: reference, accumulate: .overwrite))
    return (kernel, reference)
  }
}
