import CTensors

/// A convolution of channels-last images in single precision, or one of its two derivatives, with filters in the order the kernel
/// likes best.
///
/// Filters and their tangents are brought into that order once for all microbatches.
public struct PackedConvolution: Sendable {
  /// Which of the three products of ``ConvolutionGeometry``.
  public enum Role: Sendable {
    case forward
    case inputGradient
    case filterGradient
  }

  private enum Kernel: Sendable {
    case library(LibraryConvolution)
    case columns(PixelColumns)
  }

  private let kernel: Kernel

  /// `nil` where there is no kernel for these sizes.
  public init?(_ role: Role, _ geometry: ConvolutionGeometry) {
    if role == .inputGradient, let columns = PixelColumns(geometry) {
      kernel = .columns(columns)
    } else if let convolution = LibraryConvolution(role, geometry) {
      kernel = .library(convolution)
    } else {
      return nil
    }
  }

  /// Elements packed filters take, a multiple of a cache line.
  public var packedCount: Int {
    switch kernel {
    case .library(let convolution): convolution.packedCount
    case .columns(let columns): columns.packedCount
    }
  }

  /// Elements of 64-byte aligned scratch memory every call needs, a multiple of a cache line.
  public var scratchCount: Int {
    switch kernel {
    case .library(let convolution): convolution.scratchCount
    case .columns(let columns): columns.scratchCount
    }
  }

  /// Whether ``run(_:packed:to:accumulate:scratch:)`` can add to its result.
  public var canAccumulate: Bool {
    switch kernel {
    case .library(let convolution): convolution.canAccumulate
    case .columns: true
    }
  }

  /// Brings filters [out, in / groups, rows, columns] into the kernel's order.
  public func pack(
    _ filters: UnsafePointer<Float>, to packed: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    switch kernel {
    case .library(let convolution): convolution.pack(filters, to: packed, scratch: scratch)
    case .columns(let columns): columns.pack(filters, to: packed, scratch: scratch)
    }
  }

  /// The forward product or the gradient of the input.
  public func run(
    _ image: UnsafePointer<Float>, packed: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>,
    accumulate: Bool, scratch: UnsafeMutablePointer<Float>
  ) {
    switch kernel {
    case .library(let convolution):
      convolution.run(image, packed: packed, to: result, accumulate: accumulate, scratch: scratch)
    case .columns(let columns):
      columns.run(image, packed: packed, to: result, accumulate: accumulate, scratch: scratch)
    }
  }

  /// The gradient of the filters of x under u; `packed` is room for them in the kernel's order.
  public func filterGradient(
    _ x: UnsafePointer<Float>, _ u: UnsafePointer<Float>, to filters: UnsafeMutablePointer<Float>, accumulate: Bool,
    packed: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    guard case .library(let convolution) = kernel else { preconditionFailure("columns have no filter gradient") }
    convolution.filterGradient(x, u, to: filters, accumulate: accumulate, packed: packed, scratch: scratch)
  }
}

/// A convolution kernel of oneDNN.
struct LibraryConvolution: @unchecked Sendable {
  private let convolution: OpaquePointer

  /// `nil` where the library has no kernel for these sizes.
  init?(_ role: PackedConvolution.Role, _ geometry: ConvolutionGeometry) {
    var sizes = ritz_convolution_sizes()
    sizes.role =
      switch role {
      case .forward: Int(ritz_forward)
      case .inputGradient: Int(ritz_input_gradient)
      case .filterGradient: Int(ritz_filter_gradient)
      }
    sizes.batch = geometry.batch
    sizes.groups = geometry.groups
    sizes.input_channels = geometry.inputChannels
    sizes.output_channels = geometry.outputChannels
    sizes.rows = geometry.rows.c
    sizes.columns = geometry.columns.c
    sizes.row_padding = geometry.rows.paddingHigh
    sizes.column_padding = geometry.columns.paddingHigh
    guard let convolution = ritz_packed_convolution_get(&sizes) else { return nil }
    self.convolution = convolution
  }

  var packedCount: Int { ((ritz_convolution_packed_size(convolution) + 3) / 4 + 15) & ~15 }
  var scratchCount: Int { ((ritz_convolution_scratch_size(convolution) + 3) / 4 + 15) & ~15 }
  var canAccumulate: Bool { ritz_convolution_adds(convolution) != 0 }

  func pack(
    _ filters: UnsafePointer<Float>, to packed: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    ritz_convolution_pack(convolution, filters, packed, scratch)
  }

  func run(
    _ image: UnsafePointer<Float>, packed: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>,
    accumulate: Bool, scratch: UnsafeMutablePointer<Float>
  ) {
    ritz_convolution_run(convolution, image, packed, result, accumulate ? 1 : 0, scratch)
  }

  func filterGradient(
    _ x: UnsafePointer<Float>, _ u: UnsafePointer<Float>, to filters: UnsafeMutablePointer<Float>, accumulate: Bool,
    packed: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    ritz_convolution_filter_gradient(convolution, x, u, packed, scratch)
    ritz_convolution_unpack(convolution, packed, filters, accumulate ? 1 : 0, scratch)
  }
}
