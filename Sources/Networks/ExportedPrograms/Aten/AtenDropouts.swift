import Tensors

extension AtenLowering {
  /// Dropout in all its forms, which must be off.
  static let dropouts: [String: AtenLowering] = [
    "aten.dropout.default": dropout, "aten.feature_dropout.default": dropout, "aten.alpha_dropout.default": dropout,
    "aten.feature_alpha_dropout.default": dropout,
  ]

  private static let dropout = AtenLowering(["input", "self", "p", "train"], isView: true) {
    call, _ throws(InputError) in
    let (isActive, probability) = (try call.flag("train"), try call.number("p"))
    guard !isActive || probability == 0 else {
      throw InputError(
        "dropout is active",
        remedy: "call model.eval() before the export; --batch-norm batch brings batch statistics back")
    }
    // The form in place names it as operators in place do.
    if let x = try call.optionalTensor("self") { return .tensor(x) }
    return .tensor(try call.tensor("input"))
  }
}
