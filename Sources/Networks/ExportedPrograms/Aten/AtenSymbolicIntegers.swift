import Autodiff
import Tensors

extension AtenLowering {
  /// Arithmetic of sizes, done while the graph is built, and the checks that exports add to it.
  static let symbolicIntegers: [String: AtenLowering] = [
    "aten.sym_size.int": AtenLowering(["self", "dim"]) { call, graph throws(InputError) in
      let shape = graph.shape(of: try call.tensor("self"))
      return .integer(shape[try call.dimension("dim", rank: shape.count)])
    },
    "_operator.add": integers { $0.addingReportingOverflow($1) },
    "_operator.sub": integers { $0.subtractingReportingOverflow($1) },
    "_operator.mul": integers { $0.multipliedReportingOverflow(by: $1) },
    // Sizes are not negative, so rounding down is rounding towards zero.
    "_operator.floordiv": integers { $0.dividedReportingOverflow(by: $1) },
    "_operator.ge": integers { ($0 >= $1 ? 1 : 0, false) },
    "_operator.le": integers { ($0 <= $1 ? 1 : 0, false) },
    "_operator.gt": integers { ($0 > $1 ? 1 : 0, false) },
    "_operator.lt": integers { ($0 < $1 ? 1 : 0, false) },
    "_operator.eq": integers { ($0 == $1 ? 1 : 0, false) },
    "_operator.ne": integers { ($0 != $1 ? 1 : 0, false) },
    "aten._assert_scalar.default": check, "aten._assert_tensor_metadata.default": check,
    "aten.sym_constrain_range.default": check, "aten.sym_constrain_range_for_size.default": check,
  ]

  /// A check of the exported program: it guards tracing, shapes are checked here by the primitives.
  private static let check = AtenLowering(
    [],
    ignoring: ["self", "assert_msg", "a", "size", "stride", "dtype", "device", "layout", "min", "max"]
  ) { _, _ in nil }

  private static func integers(
    _ function: @escaping @Sendable (Int, Int) -> (partialValue: Int, overflow: Bool)
  ) -> AtenLowering {
    AtenLowering(["a", "b"], ignoring: []) { call, _ throws(InputError) in
      let (value, overflow) = function(try call.integer("a"), try call.integer("b"))
      guard !overflow else { throw InputError("arithmetic of sizes overflows or divides by zero") }
      return .integer(value)
    }
  }
}
