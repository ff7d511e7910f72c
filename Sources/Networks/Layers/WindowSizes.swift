import Autodiff
import Tensors

/// Checks of the sizes that convolutions and pooling are given in, by builders and by files.
enum WindowSizes {
  /// Far beyond any filter or stride in use, and small enough that no sum or product of a few of them overflows.
  static let largest = 1 << 20
  /// The most elements a layer makes of one sample.
  static let largestSample = 1 << 28

  /// One number for each of `rank` spatial axes; a single one holds for all.
  static func spread(
    _ numbers: [Int], _ name: String, rank: Int, from least: Int
  ) throws(InputError) -> [Int] {
    guard numbers.count == 1 || numbers.count == rank else {
      throw InputError("\(name) has \(numbers.count) numbers, expected 1 or \(rank)")
    }
    for number in numbers where !(least...largest).contains(number) {
      throw InputError("\(name) \(number) is not from \(least) to \(largest)")
    }
    return numbers.count == rank ? numbers : Array(repeating: numbers[0], count: rank)
  }

  /// - Throws: where a value [batch, …] is of no size that a network has.
  static func requireSize(_ shape: [Int]) throws(InputError) {
    var count = 1
    for size in shape.dropFirst() {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size > 0, !overflow, product <= largestSample else {
        throw InputError("a value of shape \(shape) is no size a network has")
      }
      count = product
    }
  }
}

extension Layer {
  /// The shape of a sample's output, found by writing the layer into a graph of its own.
  func outputShape(
    input: [Int], parameters: [ParameterDeclaration] = [], literals: [LiteralDeclaration] = []
  ) throws(InputError) -> [Int] {
    var scratch = Graph()
    let x = scratch.source(.data(.inputs), type: TensorType([1] + input))
    var reader = ParameterReader(
      parameters.enumerated().map { scratch.source(.parameter($0), type: TensorType($1.shape)) },
      literals: literals.enumerated().map { scratch.source(.literal($0), type: TensorType($1.shape)) },
      normalization: BatchNormalizationContext(mode: .running, batch: 1))
    let output = try lower(x, parameters: &reader, in: &scratch)
    return Array(scratch.shape(of: output).dropFirst())
  }
}
