import Tensors

/// A convolution of channels-last images with the kernels of the library. Single precision only.
struct PackedConvolutionKernel: OpaqueKernel {
  let role: Convolution.Role
  let geometry: ConvolutionGeometry
  var canAccumulate: Bool { true }
  var operationCount: Double { geometry.operationCount }
  func run<Scalar: Real>(
    operands: [UnsafePointer<Scalar>], result: UnsafeMutablePointer<Scalar>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Scalar>
  ) {}
}
