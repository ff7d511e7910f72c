import Tensors

extension Function {
  /// The function without nodes that no output needs.
  public func eliminatingDeadCode() throws(InputError) -> Function { try rewritten { _, _, _ in nil } }
}
