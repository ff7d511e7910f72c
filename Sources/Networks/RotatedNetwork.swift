import Autodiff
import Tensors

extension Network {
  /// The same function of other coordinates: a network whose parameters are the coordinates of this one's in
  /// orthonormal bases, by the positions of the parameters.
  ///
  /// Where a dense layer reads few rows, its inputs and outputs are turned instead of its weight, x Wᵀ = ((x R) Cᵀ) Lᵀ,
  /// which takes r (m² + n²) multiplications for r rows instead of m n (m + n).
  ///
  /// - Parameter turnsRows: whether inputs and outputs of dense layers are turned in any case, so that the gradients of
  ///   single samples are at hand.
  /// - Throws: ``InputError`` where a basis does not fit its parameter.
  public func inCoordinates(
    _ bases: [Int: ParameterBasis], turnsRows: Bool = false
  ) throws(InputError) -> Network {
    var values: [StoredValues] = []
    var further: [Literal] = []
    var matrices: [DenseMatrix] = []
    var turned: [Int: RotatedDefinition.Turn] = [:]
    for (index, parameter) in parameters.enumerated() {
      guard let basis = bases[index], basis.left != nil || basis.right != nil else {
        values.append(parameter.values)
        continue
      }
      guard basis.count == parameter.count else {
        throw InputError(
          place: parameter.name,
          "a basis of \(basis.rows) × \(basis.columns) for a parameter of shape \(parameter.shape)"
        )
      }
      func add(_ matrix: DenseMatrix?, _ side: String) -> Int? {
        guard let matrix else { return nil }
        if let index = matrices.firstIndex(of: matrix) { return index }
        matrices.append(matrix)
        further.append(
          Literal(
            name: parameter.name + ".basis." + side, shape: [matrix.rows, matrix.columns],
            values: .double(matrix.elements)))
        return further.count - 1
      }
      turned[index] = RotatedDefinition.Turn(
        rows: basis.rows, columns: basis.columns, left: add(basis.left, "left"), right: add(basis.right, "right"))
      values.append(.double(try basis.coordinates(of: parameter.values.values(as: Double.self))))
    }
    let definition = RotatedDefinition(
      inner: definition, turns: turned, bases: further.count, couplesLayers: batchNormalization != nil,
      turnsRows: turnsRows)
    return try withParameters(values).adding(further, definition: definition)
  }
}

/// A network that reads coordinates of its parameters, the bases standing behind its own literals.
private struct RotatedDefinition: NetworkDefinition {
  struct Turn: Sendable {
    var rows: Int
    var columns: Int
    /// Positions among the bases.
    var left: Int?
    var right: Int?
  }

  let inner: any NetworkDefinition
  let turns: [Int: Turn]
  let bases: Int
  /// Whether batch normalisations are told of by values of the graph they are in, so that the layers cannot be put into another.
  let couplesLayers: Bool
  let turnsRows: Bool

  func outputs(
    in graph: inout Graph, inputs: Value, parameters: [Value], literals: [Value],
    normalization: inout BatchNormalizationContext
  ) throws(InputError) -> Value {
    let own = Array(literals[..<(literals.count - bases)])
    let matrices = Array(literals[(literals.count - bases)...])
    if couplesLayers {
      var turned = parameters
      for (index, turn) in turns.sorted(by: { $0.key < $1.key }) {
        turned[index] = try turn.weight(parameters[index], matrices, in: &graph)
      }
      return try inner.outputs(
        in: &graph, inputs: inputs, parameters: turned, literals: own, normalization: &normalization)
    }
    var layers = Graph()
    func source(_ value: Value, _ source: Source) -> Value { layers.source(source, type: graph.type(of: value)) }
    let given = [inputs] + parameters + own
    let input = source(inputs, .data(.inputs))
    let places = parameters.enumerated().map { source($0.element, .parameter($0.offset)) }
    let constants = own.enumerated().map { source($0.element, .literal($0.offset)) }
    let outputs = try inner.outputs(
      in: &layers, inputs: input, parameters: places, literals: constants, normalization: &normalization)
    let turnOf = Dictionary(uniqueKeysWithValues: turns.map { (places[$0.key], (index: $0.key, turn: $0.value)) })
    var copy = LayerCopy(parameters: parameters, matrices: matrices, turns: turnOf, turnsRows: turnsRows)
    for (value, node) in zip(layers.values, layers.nodes) {
      if value.index < given.count {
        copy.renamed.append(given[value.index])
      } else {
        try copy.append(node, inputsOf: layers, to: &graph)
      }
    }
    return try copy.value(outputs, in: &graph)
  }
}

/// A copy of a network's nodes that turns what goes in and out of dense layers.
private struct LayerCopy {
  let parameters: [Value]
  let matrices: [Value]
  /// The turned parameters by their values in the network that is copied.
  let turns: [Value: (index: Int, turn: RotatedDefinition.Turn)]
  let turnsRows: Bool
  /// The copy of each node.
  var renamed: [Value] = []
  /// Of values that are V Lᵀ: V, and the position of L. Sums of them are turned once, after they are taken.
  private var before: [Value: (value: Value, left: Int)] = [:]
  private var weights: [Value: Value] = [:]

  init(
    parameters: [Value], matrices: [Value], turns: [Value: (index: Int, turn: RotatedDefinition.Turn)],
    turnsRows: Bool
  ) {
    self.parameters = parameters
    self.matrices = matrices
    self.turns = turns
    self.turnsRows = turnsRows
  }

  /// A value of the network, turned parameters in full.
  mutating func value(_ value: Value, in graph: inout Graph) throws(InputError) -> Value {
    guard let (index, turn) = turns[value] else { return renamed[value.index] }
    if let known = weights[value] { return known }
    let full = try turn.weight(parameters[index], matrices, in: &graph)
    weights[value] = full
    return full
  }

  /// Copies the next node.
  mutating func append(_ node: Graph.Node, inputsOf layers: Graph, to graph: inout Graph) throws(InputError) {
    if let copied = try turned(node, layers, in: &graph) {
      renamed.append(copied)
      return
    }
    var operands: [Value] = []
    for operand in node.operands { operands.append(try value(operand, in: &graph)) }
    renamed.append(try graph.append(node.primitive, operands))
  }

  /// The copy of a node that a turn can be put off behind; `nil` for all others.
  private mutating func turned(
    _ node: Graph.Node, _ layers: Graph, in graph: inout Graph
  ) throws(InputError) -> Value? {
    switch node.primitive {
    case let product as DotGeneral where product == DotGeneral(rightContractsFirst: false):
      guard let (index, turn) = turns[node.operands[1]], turns[node.operands[0]] == nil,
        layers.shape(of: node.operands[1]) == [turn.rows, turn.columns],
        turnsRows || turn.isCheaper(rows: layers.type(of: node.operands[0]).count / max(1, turn.columns))
      else { return nil }
      var result = renamed[node.operands[0].index]
      if let right = turn.right { result = try graph.append(DotGeneral(), [result, matrices[right]]) }
      return try finish(try graph.dense(result, weight: parameters[index]), turn.left, in: &graph)
    case let broadcast as BroadcastInDim where broadcast.dimensions == [broadcast.shape.count - 1]:
      guard let (index, turn) = turns[node.operands[0]], turn.columns == 1, turn.right == nil else { return nil }
      return try finish(graph.append(broadcast, [parameters[index]]), turn.left, in: &graph)
    case let sum as ElementwiseBinary where sum == .add:
      guard turns[node.operands[0]] == nil, turns[node.operands[1]] == nil,
        let first = before[renamed[node.operands[0].index]], let second = before[renamed[node.operands[1].index]],
        first.left == second.left
      else { return nil }
      return try finish(graph.add(first.value, second.value), first.left, in: &graph)
    default: return nil
    }
  }

  private mutating func finish(_ value: Value, _ left: Int?, in graph: inout Graph) throws(InputError) -> Value {
    guard let left else { return value }
    let result = try graph.dense(value, weight: matrices[left])
    before[result] = (value, left)
    return result
  }
}

extension RotatedDefinition.Turn {
  /// Whether turning inputs and outputs of a product takes less work than turning the weight.
  fileprivate func isCheaper(rows: Int) -> Bool {
    let (r, m, n) = (Double(rows), Double(self.rows), Double(columns))
    return r * (m * m + n * n) < m * n * (m + n)
  }

  /// L C Rᵀ in the parameter's shape.
  fileprivate func weight(
    _ coordinates: Value, _ matrices: [Value], in graph: inout Graph
  ) throws(InputError) -> Value {
    let shape = graph.shape(of: coordinates)
    var result = try graph.reshape(coordinates, to: [rows, columns])
    if let right { result = try graph.dense(result, weight: matrices[right]) }
    if let left { result = try graph.matrixProduct(matrices[left], result) }
    return try graph.reshape(result, to: shape)
  }
}
