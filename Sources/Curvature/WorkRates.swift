/// What work that is bound by memory takes, in operations of a matrix product that take as long: rough ratios of rates,
/// the same on every machine so that what is decided by them is.
public enum WorkRates {
  /// An element that an elementwise step reads or writes: 4 bytes at 10 GB/s against 200 billion operations a second,
  /// or 8 against 100.
  public static let operationsPerElement = 80.0
  /// An element of a vector that is multiplied and added against a basis: several columns and vectors share what is read.
  public static let operationsPerVectorElement = 12.0
}
