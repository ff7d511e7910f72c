import Tensors

/// A convolution of channels-first images as matrix products: the pixels each tap sees are copied into the rows of a matrix.
struct ColumnConvolution: OpaqueKernel {
  let role: Convolution.Role
  let geometry: ConvolutionGeometry

  var canAccumulate: Bool { true }
  var operationCount: Double { geometry.operationCount }
  var scratchCount: Int { isPointwise ? 0 : geometry.filterSize * geometry.outputPixels }

  /// Whether an image is its own matrix of columns.
  private var isPointwise: Bool {
    [geometry.rows, geometry.columns].allSatisfy {
      $0.filter == 1 && $0.stride == 1 && $0.paddingLow == 0 && $0.paddingHigh == 0
    }
  }

  func run<Scalar: Real>(
    operands: [UnsafePointer<Scalar>], result: UnsafeMutablePointer<Scalar>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    let groups = geometry.groups
    let (inputs, outputs) = (geometry.inputChannels / groups, geometry.outputChannels / groups)
    let (pixels, size) = (geometry.outputPixels, geometry.filterSize)
    if role == .inputGradient && !accumulate { result.clear(count: geometry.inputCount) }
    for image in 0..<geometry.batch {
      for group in 0..<groups {
        let x = (image * groups + group) * inputs * geometry.inputPixels
        let y = (image * groups + group) * outputs * pixels
        let filter = group * outputs * size
        switch role {
        case .forward:
          let columns = columns(operands[0] + x, inputs, scratch)
          Scalar.gemm(
            transposeA: false, transposeB: false, m: outputs, n: pixels, k: size, alpha: 1, operands[1] + filter, size,
            columns, pixels, beta: accumulate ? 1 : 0, result + y, pixels)
        case .inputGradient:
          let target = isPointwise ? result + x : scratch
          Scalar.gemm(
            transposeA: true, transposeB: false, m: size, n: pixels, k: outputs, alpha: 1, operands[1] + filter, size,
            operands[0] + y, pixels, beta: isPointwise ? 1 : 0, target, pixels)
          if !isPointwise { Scalar.addColumns(scratch, channels: inputs, geometry, result + x) }
        case .filterGradient:
          let columns = columns(operands[0] + x, inputs, scratch)
          Scalar.gemm(
            transposeA: false, transposeB: true, m: outputs, n: size, k: pixels, alpha: 1, operands[1] + y, pixels,
            columns, pixels, beta: accumulate || image > 0 ? 1 : 0, result + filter, size)
        }
      }
    }
  }

  private func columns<Scalar: Real>(
    _ image: UnsafePointer<Scalar>, _ channels: Int, _ scratch: UnsafeMutablePointer<Scalar>
  ) -> UnsafePointer<Scalar> {
    if isPointwise { return image }
    Scalar.columns(image, channels: channels, geometry, scratch)
    return UnsafePointer(scratch)
  }
}
