import Autodiff
import Networks
import Tensors

/// A deep linear network z = M_L … M₁ x, M_l = W_l + β_l I, found in a network's graph: no biases, nothing between the layers.
///
/// Ranks of its matrices follow from the widths where every M_l has full rank and they are in general position:
///
/// | matrix | rank | |
/// |---|---|---|
/// | Gauss-Newton | q (r + k − q) | q the least of r, k and the hidden widths |
/// | functional part | 2 q′ Σ m_l + 2 q′ s − L q′², 0 for L = 1 | q′ the least of s and the hidden widths m_l |
///
/// with r the rank of the inputs of all samples, k the number of outputs (C − 1 for cross-entropy, whose second
/// derivative annihilates the vector of ones) and s the rank of Σ (∂ℓᵢ/∂z) xᵢᵀ (Singh, Bachmann, Hofmann 2021,
/// arXiv:2106.16225).
public struct LinearNetwork: Sendable {
  public struct Layer: Sendable, Hashable {
    /// The position of W [m_l, m_{l−1}] among the network's parameters.
    public var parameter: Int
    /// β: what is added to the diagonal of W.
    public var skip: Double
  }

  /// The first layer first.
  public let layers: [Layer]

  /// `nil` for networks that are not deep and linear in this sense.
  public init?(_ network: Network) throws(InputError) {
    var batch = 2
    if case .fixed(let size) = network.batch { batch = size }
    var graph = Graph()
    let instance = try network.instantiate(batch: batch, in: &graph)
    var found: [Layer] = []
    var value = instance.outputs
    while true {
      let node = graph[value]
      if case .data(.inputs)? = node.primitive as? Source { break }
      if node.primitive is Reshape, graph.shape(of: node.operands[0]).first == batch, node.type.shape.first == batch {
        value = node.operands[0]
      } else if let (parameter, input) = Self.product(value, graph, instance.parameters) {
        found.append(Layer(parameter: parameter, skip: 0))
        value = input
      } else if let (parameter, input, skip) = Self.skipping(node, graph, instance.parameters) {
        found.append(Layer(parameter: parameter, skip: skip))
        value = input
      } else {
        return nil
      }
    }
    let parameters = found.map(\.parameter)
    guard !found.isEmpty, parameters.sorted() == Array(network.parameters.indices) else { return nil }
    layers = found.reversed()
  }

  /// x Wᵀ with W a parameter.
  private static func product(_ value: Value, _ graph: Graph, _ parameters: [Value]) -> (parameter: Int, input: Value)?
  {
    let node = graph[value]
    guard let product = node.primitive as? DotGeneral, product.batch == 0, product.contracted == 1,
      !product.leftContractsFirst, graph.shape(of: node.operands[0]).count == 2
    else { return nil }
    var weight = node.operands[1]
    var contractsFirst = product.rightContractsFirst
    if graph[weight].primitive is Transpose, graph.shape(of: weight).count == 2 {
      weight = graph[weight].operands[0]
      contractsFirst.toggle()
    }
    guard !contractsFirst, let parameter = parameters.firstIndex(of: weight) else { return nil }
    return (parameter, node.operands[0])
  }

  /// x Wᵀ + β x
  private static func skipping(
    _ node: Graph.Node, _ graph: Graph, _ parameters: [Value]
  ) -> (parameter: Int, input: Value, skip: Double)? {
    guard node.primitive as? ElementwiseBinary == .add else { return nil }
    for (first, second) in [(0, 1), (1, 0)] {
      guard let (parameter, input) = product(node.operands[first], graph, parameters) else { continue }
      let other = graph[node.operands[second]]
      if node.operands[second] == input { return (parameter, input, 1) }
      guard other.primitive as? ElementwiseBinary == .multiply else { continue }
      for (scaled, factor) in [(0, 1), (1, 0)] where other.operands[scaled] == input {
        if let skip = graph.splat(other.operands[factor]) { return (parameter, input, skip) }
      }
    }
    return nil
  }
}

/// A rank that follows from a formula.
public struct AnalyticRank: Sendable, Equatable {
  public var rank: Int
  /// The formula with its numbers.
  public var reason: String
}

extension Objective where Scalar == Double {
  /// The rank of the Gauss-Newton matrix, the Fisher matrix or the tangent kernel by formula: of deep linear networks
  /// with all parameters selected and layers of full rank; `nil` for others.
  public func analyticRank(of kind: OperatorKind) throws -> AnalyticRank? {
    guard [.gaussNewton, .fisher, .tangentKernel].contains(kind), let layers = try fullRankLayers() else { return nil }
    let isLabels = loss == .crossEntropy && kind != .tangentKernel
    let k = layers.outputs - (isLabels ? 1 : 0)
    let r = try rank(ofRows: countedInputs(), width: layers.inputs)
    let q = ([r, k] + layers.hidden).min() ?? 0
    return AnalyticRank(
      rank: q * (r + k - q),
      reason:
        "q (r + k - q) with q = \(q), r = \(r) the rank of the inputs, k = \(k) \(isLabels ? "classes less one" : "outputs")"
    )
  }

  /// The rank of the functional part H − G by formula, under the same conditions.
  public func analyticFunctionalRank() throws -> AnalyticRank? {
    guard loss != .output, let layers = try fullRankLayers() else { return nil }
    let count = layers.hidden.count + 1
    guard count > 1 else { return AnalyticRank(rank: 0, reason: "the network is linear in its parameters") }
    let moment = try residualMoment(inputs: layers.inputs, outputs: layers.outputs)
    let s = try rank(ofRows: moment, width: layers.inputs)
    let q = ([s] + layers.hidden).min() ?? 0
    let widths = layers.hidden.reduce(0, +)
    return AnalyticRank(
      rank: 2 * q * widths + 2 * q * s - count * q * q,
      reason:
        "2 q M + 2 q s - L q^2 with q = \(q), M = \(widths) hidden units, s = \(s) the rank of the residuals times inputs, L = \(count)"
    )
  }

  /// Widths of a linear network whose layers all have full rank.
  private func fullRankLayers() throws -> (inputs: Int, hidden: [Int], outputs: Int)? {
    guard let linear = try LinearNetwork(network), selection.indices.count == network.parameters.count else {
      return nil
    }
    var widths: [Int] = []
    for layer in linear.layers {
      let parameter = network.parameters[layer.parameter]
      let (rows, columns) = (parameter.shape[0], parameter.shape[1])
      let matrix = parameter.values.values(as: Double.self)
      var effective = matrix
      if layer.skip != 0 { for index in 0..<min(rows, columns) { effective[index * columns + index] += layer.skip } }
      guard try rank(ofRows: effective, width: columns) == min(rows, columns) else { return nil }
      if widths.isEmpty { widths.append(columns) }
      widths.append(rows)
    }
    return (widths[0], Array(widths[1..<widths.count - 1]), widths[widths.count - 1])
  }

  /// The inputs of samples of non-zero weight, one after the other.
  private func countedInputs() -> [Double] {
    (0..<sampleCount).flatMap { sample -> [Double] in
      guard data.weights.pointer[sample] != 0 else { return [] }
      return (0..<data.inputSize).map { data.inputs.pointer[sample * data.inputSize + $0] }
    }
  }

  /// Σᵢ wᵢ (∂ℓᵢ/∂z) xᵢᵀ, row-major with a row for each output.
  private func residualMoment(inputs: Int, outputs: Int) throws -> [Double] {
    let residuals = try executor { graph throws(InputError) in
      [(try graph.graph.gradient(of: graph.loss, at: [graph.outputs])[0], .primalRows)]
    }.evaluateRows()
    var moment = [Double](repeating: 0, count: outputs * inputs)
    for sample in 0..<sampleCount {
      for output in 0..<outputs {
        let residual = residuals[sample * outputs + output]
        for input in 0..<inputs {
          moment[output * inputs + input] += residual * data.inputs.pointer[sample * inputs + input]
        }
      }
    }
    return moment
  }

  /// The number of singular values above 10·N·ε·σ₁, N the larger dimension.
  private func rank(ofRows elements: [Double], width: Int) throws -> Int {
    guard width > 0, !elements.isEmpty else { return 0 }
    let storage = AlignedStorage<Double>(count: elements.count, zeroed: false)
    _ = storage.buffer.update(fromContentsOf: elements)
    // Rows one after the other are the columns of the transpose.
    let count = elements.count / width
    let values = try DenseFactorization.singularValues(overwriting: storage, rows: width, columns: count)
    let limit = 10 * Double(max(width, count)) * Double.ulpOfOne * (values.first ?? 0)
    return values.count { $0 > limit }
  }
}
