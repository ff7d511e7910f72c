/// Zeros put around an image before a convolution.
public enum ConvolutionPadding: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  /// As many at both ends of each spatial axis; one number holds for all axes.
  case zeros([Int])
  /// As many as make the output as large as the input, the odd one at the end; for stride 1.
  case same

  /// None.
  public static let valid = ConvolutionPadding.zeros([0])

  public init(integerLiteral value: Int) { self = .zeros([value]) }
  public init(arrayLiteral elements: Int...) { self = .zeros(elements) }
}

/// Sizes along the spatial axes, rows before columns: `3` for all axes, `[3, 5]` for each.
public struct SpatialSizes: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  public let numbers: [Int]

  public init(_ numbers: [Int]) { self.numbers = numbers }
  public init(integerLiteral value: Int) { numbers = [value] }
  public init(arrayLiteral elements: Int...) { numbers = elements }
}
