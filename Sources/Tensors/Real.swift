/// A floating-point type the numerical kernels exist for: `Float` (single precision) or `Double`.
///
/// Generic code is written once against `Real`; every kernel it reaches is a concrete C routine chosen by the conformance.
public protocol Real: BinaryFloatingPoint, LosslessStringConvertible, SIMDScalar, BitwiseCopyable, Codable, Sendable,
  RealKernels, ElementwiseKernels, ImageKernels, PosteriorKernels
{
  /// The name a user gives the type on the command line: `single` or `double`.
  static var precisionName: String { get }
}

extension Float: Real {
  public static var precisionName: String { "single" }
}

extension Double: Real {
  public static var precisionName: String { "double" }
}
