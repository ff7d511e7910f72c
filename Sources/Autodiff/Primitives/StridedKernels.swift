import Tensors

/// A copy whose source is walked with strides of its own: permuted dimensions, repeated ones (stride 0).
struct StridedCopy: OpaqueKernel {
  let extents: [Int]
  let strides: [Int]

  /// The copy that permutes the dimensions of `operand`.
  static func permuting(_ operand: [Int], _ permutation: [Int]) -> StridedCopy {
    let strides = rowMajorStrides(operand)
    return StridedCopy(extents: permutation.map { operand[$0] }, strides: permutation.map { strides[$0] })
  }

  /// The copy that repeats `operand` along all dimensions of `shape` but `dimensions`.
  static func repeating(_ operand: [Int], to shape: [Int], dimensions: [Int]) -> StridedCopy {
    let own = rowMajorStrides(operand)
    var strides = [Int](repeating: 0, count: shape.count)
    for (i, dimension) in dimensions.enumerated() { strides[dimension] = own[i] }
    return StridedCopy(extents: shape, strides: strides)
  }

  var canAccumulate: Bool { false }
  var operationCount: Double { 0 }

  func run<Scalar: Real>(
    operands: [UnsafePointer<Scalar>], result: UnsafeMutablePointer<Scalar>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    Scalar.gather(operands[0], strides: strides, extents: extents, result)
  }
}

/// A sum or maximum over any dimensions, for those that no fused program covers.
struct StridedReduction: OpaqueKernel {
  let reduction: Reduction
  let extents: [Int]
  /// Strides in the result; 0 along reduced dimensions.
  let strides: [Int]
  let resultCount: Int

  init(_ reduction: Reduction, _ operand: [Int], over dimensions: [Int]) {
    self.reduction = reduction
    extents = operand
    let kept = operand.indices.filter { !dimensions.contains($0) }
    let own = rowMajorStrides(kept.map { operand[$0] })
    var strides = [Int](repeating: 0, count: operand.count)
    for (i, dimension) in kept.enumerated() { strides[dimension] = own[i] }
    self.strides = strides
    resultCount = kept.reduce(1) { $0 * operand[$1] }
  }

  var canAccumulate: Bool { false }
  var operationCount: Double { 0 }

  func run<Scalar: Real>(
    operands: [UnsafePointer<Scalar>], result: UnsafeMutablePointer<Scalar>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    switch reduction {
    case .sum:
      result.clear(count: resultCount)
      Scalar.scatter(operands[0], result, strides: strides, extents: extents, accumulate: true)
    case .maximum:
      result.update(repeating: -.infinity, count: resultCount)
      var index = [Int](repeating: 0, count: extents.count)
      for element in 0..<extents.reduce(1, *) {
        let target = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }
        let value = operands[0][element]
        if value > result[target] || value.isNaN { result[target] = value }
        for dimension in extents.indices.reversed() {
          index[dimension] += 1
          if index[dimension] < extents[dimension] { break }
          index[dimension] = 0
        }
      }
    }
  }
}

func rowMajorStrides(_ shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  for i in shape.indices.dropLast().reversed() { strides[i] = strides[i + 1] * shape[i + 1] }
  return strides
}
