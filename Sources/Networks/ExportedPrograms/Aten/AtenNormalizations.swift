import Autodiff
import Tensors

extension AtenLowering {
  /// Normalisation layers. Of the operators that also return statistics, these are not read: the new running ones of a layer in
  /// training mode are no function of the parameters that anything here asks for.
  static let normalizations: [String: AtenLowering] = [
    "aten.batch_norm.default": batch(isTraining: nil) { .tensor($0) },
    "aten.native_batch_norm.default": batch(isTraining: nil) { .first($0) },
    "aten._native_batch_norm_legit.default": batch(isTraining: nil) { .first($0) },
    "aten._native_batch_norm_legit.no_stats": batch(isTraining: nil) { .first($0) },
    "aten._native_batch_norm_legit_functional.default": batch(isTraining: nil) { .first($0) },
    "aten._native_batch_norm_legit_no_training.default": batch(isTraining: false) { .first($0) },
    "aten._batch_norm_no_update.default": batch(isTraining: false) { .first($0) },
    "aten._batch_norm_with_update.default": batch(isTraining: true) { .first($0) },
    "aten._batch_norm_with_update_functional.default": batch(isTraining: true) { .first($0) },
    "aten.instance_norm.default": instance,
    "aten.group_norm.default": AtenLowering(
      ["input", "num_groups", "weight", "bias", "eps"], ignoring: ["cudnn_enabled"]
    ) { call, graph throws(InputError) in
      .tensor(
        try graph.groupNormalized(
          call.tensor("input"), groups: call.integer("num_groups"), weight: call.optionalTensor("weight"),
          bias: call.optionalTensor("bias"), epsilon: call.number("eps", default: 1e-5)))
    },
    "aten.native_group_norm.default": AtenLowering(
      ["input", "weight", "bias", "group", "eps"], ignoring: ["N", "C", "HxW"]
    ) { call, graph throws(InputError) in
      .first(
        try graph.groupNormalized(
          call.tensor("input"), groups: call.integer("group"), weight: call.optionalTensor("weight"),
          bias: call.optionalTensor("bias"), epsilon: call.number("eps")))
    },
    "aten.layer_norm.default": layer { .tensor($0) },
    "aten.native_layer_norm.default": layer { .first($0) },
  ]

  /// - Parameter fixed: whether the operator is that of training mode; `nil` where its argument `training` says so.
  private static func batch(
    isTraining fixed: Bool?, _ result: @escaping @Sendable (Value) -> ProgramValue
  ) -> AtenLowering {
    AtenLowering(
      normalizing: ["input", "weight", "bias", "running_mean", "running_var", "training", "eps"],
      ignoring: ["momentum", "cudnn_enabled"]
    ) { call, graph, normalization throws(InputError) in
      let isTraining = if let fixed { fixed } else { try call.flag("training") }
      let mean = try call.optionalTensor("running_mean")
      let variance = try call.optionalTensor("running_var")
      return result(
        try normalization.normalize(
          call.tensor("input"), mean: mean, variance: variance, weight: call.optionalTensor("weight"),
          bias: call.optionalTensor("bias"), epsilon: call.number("eps", default: 1e-5),
          isTraining: isTraining || mean == nil, in: &graph))
    }
  }

  private static let instance = AtenLowering(
    ["input", "weight", "bias", "running_mean", "running_var", "use_input_stats", "eps"],
    ignoring: ["momentum", "cudnn_enabled"]
  ) { call, graph throws(InputError) in
    let x = try call.tensor("input")
    let shape = graph.shape(of: x)
    guard shape.count >= 3 else { throw InputError("instance_norm takes [n, c, …], got shape \(shape)") }
    let (weight, bias) = (try call.optionalTensor("weight"), try call.optionalTensor("bias"))
    let epsilon = try call.number("eps", default: 1e-5)
    if try call.flag("use_input_stats", default: true) {
      return .tensor(
        try graph.groupNormalized(x, groups: shape[1], weight: weight, bias: bias, epsilon: epsilon))
    }
    // With stored statistics it is batch normalisation with its running ones, and never anything else.
    var stored = BatchNormalizationContext(mode: .running, batch: shape[0])
    return .tensor(
      try stored.normalize(
        x, mean: call.tensor("running_mean"), variance: call.tensor("running_var"), weight: weight, bias: bias,
        epsilon: epsilon, isTraining: false, in: &graph))
  }

  private static func layer(_ result: @escaping @Sendable (Value) -> ProgramValue) -> AtenLowering {
    AtenLowering(
      ["input", "normalized_shape", "weight", "bias", "eps"], ignoring: ["cudnn_enable"]
    ) { call, graph throws(InputError) in
      let x = try call.tensor("input")
      let normalized = try call.integers("normalized_shape")
      guard !normalized.isEmpty, Array(graph.shape(of: x).suffix(normalized.count)) == normalized else {
        throw InputError("layer_norm over \(normalized) does not fit a value of shape \(graph.shape(of: x))")
      }
      return result(
        try graph.layerNormalized(
          x, axes: normalized.count, weight: call.optionalTensor("weight"), bias: call.optionalTensor("bias"),
          epsilon: call.number("eps", default: 1e-5)))
    }
  }
}
