extension ExportedSeed {
  /// Two linear layers with shape arithmetic and activations between them.
  static func dense() throws -> PackedArchive {
    var seed = ExportedSeed(
      input: [nil, 4], parameters: [("0.weight", [6, 4]), ("0.bias", [6]), ("1.weight", [3, 6])])
    seed.call("batch", "sym_size.int", ["self": value("x"), "dim": integer(0)], nil)
    seed.call("a", "linear.default", ["input": value("x"), "weight": value("p0"), "bias": value("p1")], [nil, 6])
    seed.call("b", "relu.default", ["self": value("a")], [nil, 6])
    seed.call("c", "reshape.default", ["self": value("b"), "shape": sizes(2, 3)], [nil, 2, 3])
    seed.call("d", "transpose.int", ["self": value("c"), "dim0": integer(1), "dim1": integer(2)], [nil, 3, 2])
    seed.call("e", "softmax.int", ["self": value("d"), "dim": integer(-1)], [nil, 3, 2])
    seed.call("f", "matmul.default", ["self": value("e"), "other": value("c")], [nil, 3, 3])
    seed.call("g", "matmul.default", ["self": value("c"), "other": value("f")], [nil, 2, 3])
    seed.call("h", "div.Tensor", ["self": value("g"), "other": ["as_float": 2.5]], [nil, 2, 3])
    seed.call(
      "i", "flatten.using_ints", ["self": value("h"), "start_dim": integer(1), "end_dim": integer(-1)], [nil, 6])
    seed.call("j", "add.Tensor", ["self": value("a"), "other": value("i")], [nil, 6])
    seed.call("k", "gelu.default", ["self": value("j"), "approximate": ["as_string": "tanh"]], [nil, 6])
    seed.call("l", "unsqueeze.default", ["self": value("k"), "dim": integer(1)], [nil, 1, 6])
    seed.call("m", "squeeze.dim", ["self": value("l"), "dim": integer(1)], [nil, 6])
    seed.call("n", "linear.default", ["input": value("m"), "weight": value("p2")], [nil, 3])
    return try seed.archive(output: "n")
  }

  /// Convolutions, both normalisations, pooling of all kinds and a clip.
  static func images() throws -> PackedArchive {
    var seed = ExportedSeed(
      input: [nil, 2, 8, 8],
      parameters: [
        ("0.weight", [4, 2, 3, 3]), ("0.bias", [4]), ("1.weight", [4]), ("1.bias", [4]), ("2.weight", [4, 2, 2, 2]),
        ("3.weight", [3, 4]),
      ], buffers: [("1.running_mean", [4]), ("1.running_var", [4])])
    seed.call(
      "a", "conv2d.default",
      [
        "input": value("x"), "weight": value("p0"), "bias": value("p1"), "stride": integers(1, 1),
        "padding": integers(1, 1), "dilation": integers(1, 1), "groups": integer(1),
      ], [nil, 4, 8, 8])
    seed.call(
      "b", "batch_norm.default",
      [
        "input": value("a"), "weight": value("p2"), "bias": value("p3"), "running_mean": value("b0"),
        "running_var": value("b1"), "training": ["as_bool": false], "momentum": ["as_float": 0.1],
        "eps": ["as_float": 1e-5], "cudnn_enabled": ["as_bool": false],
      ], [nil, 4, 8, 8])
    seed.call(
      "c", "hardtanh.default", ["self": value("b"), "min_val": integer(0), "max_val": integer(6)], [nil, 4, 8, 8])
    seed.call(
      "d", "max_pool2d.default",
      ["self": value("c"), "kernel_size": integers(3, 3), "stride": integers(2, 2), "padding": integers(1, 1)],
      [nil, 4, 4, 4])
    seed.call(
      "e", "conv_transpose2d.input",
      ["input": value("d"), "weight": value("p4"), "bias": ["as_none": true], "stride": integers(2, 2)], [nil, 2, 8, 8])
    seed.call("f", "avg_pool2d.default", ["self": value("e"), "kernel_size": integers(2, 2)], [nil, 2, 4, 4])
    seed.call(
      "g", "group_norm.default",
      ["input": value("f"), "num_groups": integer(2), "weight": ["as_none": true], "bias": ["as_none": true]],
      [nil, 2, 4, 4])
    seed.call("h", "adaptive_avg_pool2d.default", ["self": value("g"), "output_size": integers(1, 2)], [nil, 2, 1, 2])
    seed.call(
      "i", "flatten.using_ints", ["self": value("h"), "start_dim": integer(1), "end_dim": integer(-1)], [nil, 4])
    seed.call("j", "linear.default", ["input": value("i"), "weight": value("p5")], [nil, 3])
    return try seed.archive(output: "j")
  }
}
