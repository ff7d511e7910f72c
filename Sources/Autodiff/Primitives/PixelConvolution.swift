import Tensors

/// A convolution of channels-last images without groups as matrix products, in both precisions.
///
/// The taps of an output pixel are copied side by side, row by row of the filter in one run each; with the filters in
/// the same order, w[o, (k, c)], the three roles are
///
///     y = columns(x) wᵀ,   ∂⟨u, y⟩/∂x = columnsᵀ(u w),   ∂⟨u, y⟩/∂w = uᵀ columns(x).
struct PixelConvolution: OpaqueKernel {
  let role: Convolution.Role
  let geometry: ConvolutionGeometry
  /// Images whose columns are made at once.
  private let block: Int

  /// Elements of a block's columns: half a mebibyte in double precision.
  private static let blockCount = 1 << 16

  /// `nil` for groups of channels.
  init?(role: Convolution.Role, geometry: ConvolutionGeometry) {
    guard geometry.groups == 1 else { return nil }
    self.role = role
    self.geometry = geometry
    block = max(1, min(geometry.batch, Self.blockCount / max(1, geometry.outputPixels * geometry.filterSize)))
  }

  var canAccumulate: Bool { true }
  var operationCount: Double { geometry.operationCount }
  var scratchCount: Int { columnCount + geometry.filterCount }

  private var columnCount: Int { isPointwise ? 0 : (block * geometry.outputPixels * geometry.filterSize + 15) & ~15 }

  /// Whether an image is its own matrix of columns.
  private var isPointwise: Bool {
    [geometry.rows, geometry.columns].allSatisfy {
      $0.filter == 1 && $0.stride == 1 && $0.paddingLow == 0 && $0.paddingHigh == 0
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func run<Scalar: Real>(
    operands: [UnsafePointer<Scalar>], result: UnsafeMutablePointer<Scalar>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    let (outputs, size) = (geometry.outputChannels, geometry.filterSize)
    let inputCount = geometry.inputChannels * geometry.inputPixels
    let columns = scratch
    let filters = scratch + columnCount
    if role == .filterGradient {
      filters.clear(count: geometry.filterCount)
    } else {
      forEachTap { own, tap in filters[tap] = operands[1][own] }
    }
    if role == .inputGradient && !accumulate { result.clear(count: geometry.inputCount) }
    for first in stride(from: 0, to: geometry.batch, by: block) {
      let images = min(block, geometry.batch - first)
      let pixels = images * geometry.outputPixels
      let (x, y) = (first * inputCount, first * geometry.outputPixels * outputs)
      switch role {
      case .forward:
        Scalar.gemm(
          transposeA: false, transposeB: true, m: pixels, n: outputs, k: size, alpha: 1,
          self.columns(operands[0] + x, images, columns), size, filters, size, beta: accumulate ? 1 : 0, result + y,
          outputs)
      case .inputGradient:
        Scalar.gemm(
          transposeA: false, transposeB: false, m: pixels, n: size, k: outputs, alpha: 1, operands[0] + y, outputs,
          filters, size, beta: isPointwise ? 1 : 0, isPointwise ? result + x : columns, size)
        if isPointwise { continue }
        for image in 0..<images {
          Scalar.addPixelColumns(
            columns + image * geometry.outputPixels * size, span: size / geometry.rows.filter,
            channels: geometry.inputChannels, geometry, result + x + image * inputCount)
        }
      case .filterGradient:
        Scalar.gemm(
          transposeA: true, transposeB: false, m: outputs, n: size, k: pixels, alpha: 1, operands[1] + y, outputs,
          self.columns(operands[0] + x, images, columns), size, beta: 1, filters, size)
      }
    }
    if role == .filterGradient {
      forEachTap { own, tap in result[own] = accumulate ? result[own] + filters[tap] : filters[tap] }
    }
  }

  /// Calls `body` with the places of each element of the filters in [o, c, k] and in [o, k, c].
  @inline(__always)
  private func forEachTap(_ body: (_ own: Int, _ tap: Int) -> Void) {
    let (channels, taps) = (geometry.inputChannels, geometry.rows.filter * geometry.columns.filter)
    var own = 0
    for output in 0..<geometry.outputChannels {
      for channel in 0..<channels {
        for tap in 0..<taps {
          body(own, (output * taps + tap) * channels + channel)
          own += 1
        }
      }
    }
  }

  private func columns<Scalar: Real>(
    _ x: UnsafePointer<Scalar>, _ images: Int, _ columns: UnsafeMutablePointer<Scalar>
  ) -> UnsafePointer<Scalar> {
    if isPointwise { return x }
    for image in 0..<images {
      Scalar.pixelColumns(
        x + image * geometry.inputChannels * geometry.inputPixels, channels: geometry.inputChannels, geometry,
        columns + image * geometry.outputPixels * geometry.filterSize)
    }
    return UnsafePointer(columns)
  }
}
