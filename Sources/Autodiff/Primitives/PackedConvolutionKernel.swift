import Tensors

/// A convolution of channels-last images with the library's kernels. Single precision only.
struct PackedConvolutionKernel: OpaqueKernel {
  let role: Convolution.Role
  let geometry: ConvolutionGeometry
  let convolution: PackedConvolution
  /// Whether the second operand, filters, has been packed beforehand.
  var isPrepacked = false

  /// `nil` where the library has no kernel.
  init?(role: Convolution.Role, geometry: ConvolutionGeometry) {
    let own: PackedConvolution.Role =
      switch role {
      case .forward: .forward
      case .inputGradient: .inputGradient
      case .filterGradient: .filterGradient
      }
    guard let convolution = PackedConvolution(own, geometry) else { return nil }
    self.role = role
    self.geometry = geometry
    self.convolution = convolution
  }

  var canAccumulate: Bool { true }
  var operationCount: Double { geometry.operationCount }
  var scratchCount: Int { convolution.scratchCount + packedCount + sumCount }

  private var packedCount: Int { isPrepacked ? 0 : convolution.packedCount }
  /// Room for a result that the kernel cannot add to what is there.
  private var sumCount: Int { role == .inputGradient && !convolution.canAccumulate ? geometry.inputCount : 0 }

  func run<Scalar: Real>(
    operands: [UnsafePointer<Scalar>], result: UnsafeMutablePointer<Scalar>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    precondition(Scalar.self == Float.self, "packed convolutions exist in single precision only")
    let (left, right) = (single(operands[0]), single(operands[1]))
    let (result, scratch) = (single(result), single(scratch))
    let room = scratch + convolution.scratchCount
    if role == .filterGradient {
      return convolution.filterGradient(
        left, right, to: result, accumulate: accumulate, packed: room, scratch: scratch)
    }
    if !isPrepacked { convolution.pack(right, to: room, scratch: scratch) }
    let packed = isPrepacked ? right : UnsafePointer(room)
    guard accumulate && !convolution.canAccumulate else {
      return convolution.run(left, packed: packed, to: result, accumulate: accumulate, scratch: scratch)
    }
    let sum = room + packedCount
    convolution.run(left, packed: packed, to: sum, accumulate: false, scratch: scratch)
    Float.axpy(1, sum, result, count: geometry.inputCount)
  }
}

/// Brings filters into the order of a ``PackedConvolutionKernel``. Single precision only.
struct PackFilters: OpaqueKernel {
  let convolution: PackedConvolution

  var canAccumulate: Bool { false }
  var operationCount: Double { 0 }
  var scratchCount: Int { convolution.scratchCount }

  func run<Scalar: Real>(
    operands: [UnsafePointer<Scalar>], result: UnsafeMutablePointer<Scalar>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    precondition(Scalar.self == Float.self, "packed convolutions exist in single precision only")
    convolution.pack(single(operands[0]), to: single(result), scratch: single(scratch))
  }
}

/// The pointer of a kernel that exists in single precision only.
func single<Scalar: Real>(_ pointer: UnsafePointer<Scalar>) -> UnsafePointer<Float> {
  UnsafeRawPointer(pointer).assumingMemoryBound(to: Float.self)
}

func single<Scalar: Real>(_ pointer: UnsafeMutablePointer<Scalar>) -> UnsafeMutablePointer<Float> {
  UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Float.self)
}
