import Tensors

extension Graph {
  /// The tangents of `outputs` at `inputs` in direction of `tangents` (forward mode), appended to the graph.
  ///
  /// The result splits the graph in two: nodes that depend on `tangents` are the *linear* part, all others the *primal* part,
  /// which depends on θ and the data only and can be kept between products. An output that does not depend on `inputs` has
  /// tangent `nil`, that is, zero.
  ///
  /// Cost when run: each node's tangent rule once, two to three times the work of the function itself.
  public mutating func linearize(
    _ outputs: [Value], at inputs: [Value], along tangents: [Value]
  ) throws(InputError) -> [Value?] {
    precondition(inputs.count == tangents.count)
    var tangent = [Value?](repeating: nil, count: nodes.count)
    for (input, direction) in zip(inputs, tangents) {
      precondition(type(of: input) == type(of: direction))
      tangent[input.index] = direction
    }
    let depends = dependents(of: inputs)
    let needed = ancestors(of: outputs)
    for index in 0..<tangent.count where depends[index] && needed[index] && tangent[index] == nil {
      let node = nodes[index]
      var directions: [Value?] = []
      for operand in node.operands { directions.append(tangent[operand.index]) }
      guard directions.contains(where: { $0 != nil }) else { continue }
      tangent[index] = try node.primitive.tangent(
        of: Value(index), operands: node.operands, tangents: directions, in: &self)
    }
    return outputs.map { tangent[$0.index] }
  }

  /// The transpose of the linear map from `inputs` to `outputs`, applied to `cotangents` (reverse mode), appended to the graph.
  ///
  /// `outputs` must be linear in `inputs`, as the tangents made by ``linearize(_:at:along:)`` are. Returns one value an input,
  /// `nil` where no output depends on it.
  public mutating func transpose(
    _ outputs: [Value], cotangents: [Value], with inputs: [Value]
  ) throws(InputError) -> [Value?] {
    precondition(outputs.count == cotangents.count)
    let linear = dependents(of: inputs)
    let needed = ancestors(of: outputs)
    var cotangent = [Value?](repeating: nil, count: nodes.count)
    for (output, incoming) in zip(outputs, cotangents) where linear[output.index] {
      cotangent[output.index] = try sum(cotangent[output.index], incoming)
    }
    let isInput = Set(inputs)
    for index in stride(from: linear.count - 1, through: 0, by: -1) where linear[index] && needed[index] {
      guard let incoming = cotangent[index], !isInput.contains(Value(index)) else { continue }
      let node = nodes[index]
      let flags = node.operands.map { linear[$0.index] }
      let parts = try node.primitive.transpose(
        cotangent: incoming, operands: node.operands, linear: flags, of: Value(index), in: &self)
      for (operand, part) in zip(node.operands, parts) {
        if let part { cotangent[operand.index] = try sum(cotangent[operand.index], part) }
      }
    }
    return inputs.map { cotangent[$0.index] }
  }

  /// The gradient of the scalar `output` with respect to `inputs`: the transpose of its linearization, applied to 1.
  ///
  /// Inputs that `output` does not depend on get a gradient of zeros.
  public mutating func gradient(of output: Value, at inputs: [Value]) throws(InputError) -> [Value] {
    precondition(type(of: output).shape.isEmpty)
    return try pullBack([output], cotangents: [constant(1, [])], at: inputs)
  }

  /// Jᵀu: `cotangents` u of `outputs` pulled back to `inputs`.
  public mutating func pullBack(
    _ outputs: [Value], cotangents: [Value], at inputs: [Value]
  ) throws(InputError) -> [Value] {
    // Directions that only mark where the linear part begins: transposing leaves none of them behind.
    let directions = inputs.map { source(.direction, type: type(of: $0)) }
    let tangents = try linearize(outputs, at: inputs, along: directions)
    var linear: [(Value, Value)] = []
    for (tangent, cotangent) in zip(tangents, cotangents) { if let tangent { linear.append((tangent, cotangent)) } }
    let parts = try transpose(linear.map(\.0), cotangents: linear.map(\.1), with: directions)
    var result: [Value] = []
    for (part, input) in zip(parts, inputs) {
      if let part { result.append(part) } else { result.append(try constant(0, shape(of: input))) }
    }
    return result
  }

  private mutating func sum(_ left: Value?, _ right: Value) throws(InputError) -> Value {
    guard let left else { return right }
    return try add(left, right)
  }
}
