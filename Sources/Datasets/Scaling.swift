/// How an input is turned into the number the network sees: (value / unit − mean) / deviation.
///
/// Mean and deviation are in units of `unit`, the way they are usually quoted: MNIST's 0.1307 and 0.3081 belong to bytes
/// divided by 255.
public struct Scaling: Sendable, Hashable, Codable {
  public var unit: Double
  public var mean: Double
  public var deviation: Double

  public init(unit: Double = 1, mean: Double = 0, deviation: Double = 1) {
    self.unit = unit
    self.mean = mean
    self.deviation = deviation
  }

  /// Whether values stay as they are.
  public var isIdentity: Bool { unit == 1 && mean == 0 && deviation == 1 }

  /// The number the network sees, computed in double precision.
  @inline(__always)
  public func callAsFunction(_ value: Double) -> Double { (value / unit - mean) / deviation }
}
