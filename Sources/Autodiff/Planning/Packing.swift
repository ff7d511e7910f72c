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

/// The packed operands of a plan: weights once for every θ, their tangents once a product, whatever the number of microbatches.
struct Packing: Sendable {
  /// One operand packed for a product.
  private struct Key: Hashable {
    enum Purpose: Hashable {
      case matrix(MatrixProduct)
      case filters(Convolution.Role, ConvolutionGeometry)
    }
    var operand: Value
    var purpose: Purpose
  }

  /// Products below this size are not worth a packed operand.
  static let leastSide = 48

  private var references: [Key: Reference] = [:]
  /// What packs them, by the stage it belongs to.
  private(set) var instructions: [Stage: [Instruction]] = [:]

  /// The kernel that reads the right operand packed, where that operand does not depend on the data and packing is
  /// worth it; the operand is placed in `counts` where it is new.
  mutating func packed(
    _ kernel: any OpaqueKernel, right: Value, stage: Stage, at source: Reference, counts: inout [Region: Int]
  ) -> (kernel: any OpaqueKernel, packed: Reference)? {
    guard stage == .fixed || stage == .direction else { return nil }
    let packed: any OpaqueKernel
    let packer: any OpaqueKernel
    let count: Int
    let purpose: Key.Purpose
    switch kernel {
    case let product as MatrixProduct:
      guard product.batch == 1, product.n >= Self.leastSide, product.k >= Self.leastSide, product.m >= 16,
        let own = PackedProduct(
          transposeA: product.transposeLeft, transposeB: product.transposeRight, m: product.m, n: product.n,
          k: product.k)
      else { return nil }
      packed = PackedMatrixProduct(product: own, operationCount: product.operationCount)
      (packer, count, purpose) = (PackMatrix(product: own), own.packedCount, .matrix(product))
    case var product as PackedConvolutionKernel:
      guard product.role != .filterGradient else { return nil }
      product.isPrepacked = true
      packed = product
      packer = PackFilters(convolution: product.convolution)
      (count, purpose) = (product.convolution.packedCount, .filters(product.role, product.geometry))
    default: return nil
    }
    let key = Key(operand: right, purpose: purpose)
    if let known = references[key] { return (packed, known) }
    let region: Region = stage == .fixed ? .fixed : .direction
    let reference = Reference(region: region, offset: counts[region] ?? 0)
    counts[region, default: 0] += (count + 15) & ~15
    references[key] = reference
    instructions[stage, default: []].append(
      .kernel(packer, operands: [source], result: reference, accumulate: .overwrite))
    return (packed, reference)
  }
}
