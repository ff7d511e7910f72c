import Autodiff
import Tensors

extension AtenLowering {
  /// Sums, means and maxima over dimensions.
  static let reductions: [String: AtenLowering] = [
    "aten.mean.dim": reduction(.sum, isMean: true), "aten.mean.default": reduction(.sum, isMean: true),
    "aten.sum.dim_IntList": reduction(.sum), "aten.sum.default": reduction(.sum),
    "aten.amax.default": reduction(.maximum),
  ]

  /// Over the dimensions in `dim`, over all where there are none.
  private static func reduction(_ reduction: Reduction, isMean: Bool = false) -> AtenLowering {
    AtenLowering(["self", "dim", "keepdim"], ignoring: ["dtype"]) { call, graph throws(InputError) in
      let x = try call.tensor("self")
      let shape = graph.shape(of: x)
      var dimensions: Set<Int> = []
      for dimension in try call.integers("dim", default: []) {
        guard dimensions.insert(try AtenCall.dimension(dimension, rank: shape.count)).inserted else {
          throw InputError("the dimension \(dimension) is given twice")
        }
      }
      let reduced = dimensions.isEmpty ? Array(shape.indices) : dimensions.sorted()
      var value = try graph.reduce(reduction, x, over: reduced)
      if isMean {
        let count = reduced.reduce(1) { $0 * shape[$1] }
        guard count > 0 else { throw InputError("the mean over no elements is not defined") }
        value = try graph.multiply(value, 1 / Double(count))
      }
      guard try call.flag("keepdim", default: false) else { return .tensor(value) }
      return .tensor(try graph.reshape(value, to: shape.indices.map { reduced.contains($0) ? 1 : shape[$0] }))
    }
  }
}
