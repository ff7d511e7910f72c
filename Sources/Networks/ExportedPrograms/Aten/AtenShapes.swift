import Autodiff
import Tensors

extension AtenLowering {
  /// Operators that keep the elements: the same value, other shapes, other orders of dimensions.
  static let shapes: [String: AtenLowering] = [
    "aten.clone.default": same, "aten.alias.default": same, "aten.contiguous.default": same,
    "aten.lift_fresh_copy.default": same,
    "aten.detach.default": AtenLowering(["self"], isView: true) { call, graph throws(InputError) in
      .tensor(try graph.stopGradient(call.tensor("self")))
    },
    "aten.flatten.using_ints": AtenLowering(["self", "start_dim", "end_dim"], isView: true) {
      call, graph throws(InputError) in
      let x = try call.tensor("self")
      let shape = graph.shape(of: x)
      guard !shape.isEmpty else { return .tensor(try graph.reshape(x, to: [1])) }
      let first = try call.dimension("start_dim", rank: shape.count, default: 0)
      let last = try call.dimension("end_dim", rank: shape.count, default: -1)
      guard first <= last else { throw InputError("flatten from dimension \(first) to \(last)") }
      let merged = shape[first...last].reduce(1, *)
      return .tensor(try graph.reshape(x, to: shape[..<first] + [merged] + shape[(last + 1)...]))
    },
    "aten.view.default": reshape("size"), "aten._unsafe_view.default": reshape("size"),
    "aten.reshape.default": reshape("shape"),
    "aten.unsqueeze.default": AtenLowering(["self", "dim"], isView: true) { call, graph throws(InputError) in
      let x = try call.tensor("self")
      var shape = graph.shape(of: x)
      shape.insert(1, at: try call.dimension("dim", rank: shape.count + 1))
      return .tensor(try graph.reshape(x, to: shape))
    },
    "aten.squeeze.dim": AtenLowering(["self", "dim"], isView: true) { call, graph throws(InputError) in
      let x = try call.tensor("self")
      var shape = graph.shape(of: x)
      let dimension = try call.dimension("dim", rank: shape.count)
      if shape[dimension] == 1 { shape.remove(at: dimension) }
      return .tensor(try graph.reshape(x, to: shape))
    },
    "aten.squeeze.dims": AtenLowering(["self", "dim"], isView: true) { call, graph throws(InputError) in
      let x = try call.tensor("self")
      let shape = graph.shape(of: x)
      var dropped: Set<Int> = []
      for dimension in try call.integers("dim") {
        dropped.insert(try AtenCall.dimension(dimension, rank: shape.count))
      }
      return .tensor(
        try graph.reshape(x, to: shape.indices.filter { shape[$0] != 1 || !dropped.contains($0) }.map { shape[$0] }))
    },
    "aten.repeat.default": AtenLowering(["self", "repeats"]) { call, graph throws(InputError) in
      let x = try call.tensor("self")
      let repeats = try call.integers("repeats")
      let own = graph.shape(of: x)
      guard repeats.count >= own.count else {
        throw InputError("repeats \(repeats) has fewer numbers than shape \(own) has dimensions")
      }
      let shape = Array(repeating: 1, count: repeats.count - own.count) + own
      _ = try checkedCount(repeats)
      _ = try checkedCount(zip(repeats, shape).flatMap { [$0, $1] })
      let apart = zip(repeats, shape).flatMap { [$0, $1] }
      let spread = try graph.broadcast(
        graph.reshape(x, to: shape), to: apart, dimensions: shape.indices.map { 2 * $0 + 1 })
      return .tensor(try graph.reshape(spread, to: zip(repeats, shape).map { $0 * $1 }))
    },
    "aten.t.default": AtenLowering(["self"], isView: true) { call, graph throws(InputError) in
      let x = try call.tensor("self")
      let rank = graph.shape(of: x).count
      guard rank <= 2 else { throw InputError("t() takes a matrix, got a value of \(rank) dimensions") }
      return .tensor(try graph.transpose(x, permutation: Array((0..<rank).reversed())))
    },
    "aten.transpose.int": AtenLowering(["self", "dim0", "dim1"], isView: true) { call, graph throws(InputError) in
      let x = try call.tensor("self")
      let rank = graph.shape(of: x).count
      var permutation = Array(0..<rank)
      permutation.swapAt(try call.dimension("dim0", rank: rank), try call.dimension("dim1", rank: rank))
      return .tensor(try graph.transpose(x, permutation: permutation))
    },
    "aten.permute.default": AtenLowering(["self", "dims"], isView: true) { call, graph throws(InputError) in
      let x = try call.tensor("self")
      var permutation: [Int] = []
      for dimension in try call.integers("dims") {
        permutation.append(try AtenCall.dimension(dimension, rank: graph.shape(of: x).count))
      }
      guard permutation.sorted() == Array(graph.shape(of: x).indices) else {
        throw InputError("\(permutation) is not a permutation of the dimensions of shape \(graph.shape(of: x))")
      }
      return .tensor(try graph.transpose(x, permutation: permutation))
    },
  ]

  private static let same = AtenLowering(["self"], ignoring: ["memory_format"], isView: true) {
    call, _ throws(InputError) in .tensor(try call.tensor("self"))
  }

  /// A reshape to the sizes in argument `name`, of which one may be −1: whatever is left.
  private static func reshape(_ name: String) -> AtenLowering {
    AtenLowering(["self", name], isView: true) { call, graph throws(InputError) in
      let x = try call.tensor("self")
      let count = graph.type(of: x).count
      var shape = try call.integers(name)
      let known = try checkedCount(shape.filter { $0 != -1 })
      if let open = shape.firstIndex(of: -1) {
        guard known > 0, count % known == 0 else {
          throw InputError("\(graph.shape(of: x)) cannot be reshaped to \(shape)")
        }
        shape[open] = count / known
      }
      return .tensor(try graph.reshape(x, to: shape))
    }
  }

  /// The number of elements of a shape.
  ///
  /// - Throws: where it is negative anywhere or more than any computation here holds, so that no later product overflows.
  static func checkedCount(_ shape: [Int]) throws(InputError) -> Int {
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow, product <= 1 << 44 else {
        throw InputError("a value of shape \(shape) is no size a network has")
      }
      count = product
    }
    return count
  }
}
