import Tensors

/// One layer of a linear convolutional network.
public enum LinearLayer: Sendable {
  /// A matrix of weights, outputs × inputs.
  case dense(DenseMatrix)
  /// A convolution and its weights in the order [filter, channel, row, column].
  case convolution(ToeplitzMap, weights: [Double])

  func matrix() throws(InputError) -> DenseMatrix {
    switch self {
    case .dense(let matrix): matrix
    case .convolution(let map, let weights): try map.matrix(weights)
    }
  }
}

/// The Gauss-Newton matrix of a linear network of convolutions and dense layers, without biases.
///
/// A convolution is the dense layer T(w), vec T(w) = P w: the chain rule gives, for the factor U of
/// ``DeepLinearConditioning`` with T(w_l) in place of W_l,
///
///     G = blockdiag(P_l)ᵀ U K Uᵀ blockdiag(P_l),   P_l = I for dense layers,
///
/// so that block (l, l′) of G is P_lᵀ G_dense(l, l′) P_l′. Its non-zero eigenvalues are the squares of the singular
/// values of blockdiag(P_l)ᵀ U F, K = F Fᵀ, which is formed without the dense U. Its rank has no formula here: tied
/// weights may leave it below that of the dense network.
///
/// Cost: for a convolution ones(P) · kr operations; then the singular values of a p × kr matrix.
/// Source: Zhao, Singh, Lucchi, arXiv:2411.02139 (convolutional networks).
public struct ConvolutionConditioning: Sendable {
  public let layers: [LinearLayer]
  public let moment: InputMoment
  /// The network of the matrices T(w), whose Gauss-Newton matrix the weights of the convolutions tie.
  public let untied: DeepLinearConditioning
  /// P_lᵀ U_l F of every layer, p_l × kr (or the rank of K).
  let blocks: [DenseMatrix]

  /// - Throws: ``InputError`` when shapes do not fit, a number is not finite or memory does not suffice.
  public init(layers: [LinearLayer], moment: InputMoment) throws(InputError) {
    var matrices: [DenseMatrix] = []
    for layer in layers { matrices.append(try layer.matrix()) }
    untied = try DeepLinearConditioning(weights: matrices, moment: moment)
    self.layers = layers
    self.moment = moment
    var blocks: [DenseMatrix] = []
    let maps = try LinearLayerFactors.maps(weights: matrices, biases: nil, basis: moment.basis)
    for (layer, map) in zip(layers, maps) {
      let below = moment.weighting == nil ? map.below.scalingColumns(by: moment.inputScales) : map.below
      let block = Self.block(layer, above: map.above.transposed, below: below)
      if let weighting = moment.weighting {
        blocks.append(try block * weighting.factor)
      } else {
        blocks.append(block)
      }
    }
    self.blocks = blocks
  }

  /// P_lᵀ (A_lᵀ ⊗ B_l)
  private static func block(_ layer: LinearLayer, above: DenseMatrix, below: DenseMatrix) -> DenseMatrix {
    guard case .convolution(let map, _) = layer else { return above.kronecker(below) }
    let (k, r) = (above.columns, below.columns)
    var result = DenseMatrix(zeros: map.weightCount, k * r)
    map.forEachOne { output, input, weight in
      for c in 0..<k {
        let factor = above[output, c]
        let start = (weight * k + c) * r
        for j in 0..<r { result.elements[start + j] += factor * below.elements[input * r + j] }
      }
    }
    return result
  }

  /// The singular values of the factor of G, descending.
  public func singularValues() throws(InputError) -> [Double] { try DenseMatrix.stacked(blocks).singularValues() }

  /// κ of G from singular values, at the rank they resolve.
  public func conditionNumber() throws(InputError) -> ConditionNumber {
    let factor = DenseMatrix.stacked(blocks)
    let values = try factor.singularValues()
    let order = Swift.max(factor.rows, factor.columns)
    return .of(
      singularValues: values, rank: ConditionNumber.resolvedRank(singularValues: values, order: order),
      source: .singularValues, order: order)
  }

  /// G itself, p × p, the weights layer by layer. For small networks and as an oracle. Cost: O(p² kr), 8p² bytes.
  public func gaussNewton() throws(InputError) -> DenseMatrix { try DenseMatrix.stacked(blocks).outerGram() }

  /// Upper bounds of κ(G) where G has rank kr (the rank of K):
  ///
  ///     κ(K) Σ ‖P_l‖² a_l / Σ_{dense l} b_l                  "dense layers"
  ///     Σ σ₁²(G_l) / Σ σ_min²(G_l),  G_l = P_lᵀ U_l F            "blocks"
  ///
  /// a_l and b_l are those of ``DeepLinearConditioning/bounds`` for T(w). Tying restricts: P_lᵀ may take all of b_l
  /// away from a convolution, which therefore adds nothing to the first denominator; ‖P_l‖² is the largest number of
  /// places a weight stands at. The second form is Weyl's inequality over the tied blocks themselves, and tighter.
  ///
  /// Cost: the singular values of each block.
  /// - Throws: ``InputError`` when a number is not finite.
  public func bounds() throws(InputError) -> [ConditioningBound] {
    let (a, b) = (untied.largestTerms, untied.smallestTerms)
    var above = 0.0
    var below = 0.0
    for (l, layer) in layers.enumerated() {
      switch layer {
      case .dense:
        above += a[l]
        below += b[l]
      case .convolution(let map, _): above += Double(map.multiplicities.max() ?? 0) * a[l]
      }
    }
    var (blockAbove, blockBelow) = (0.0, 0.0)
    for block in blocks {
      let values = try block.singularValues()
      let smallest = values.smallest(of: block.columns, order: Swift.max(block.rows, block.columns))
      blockAbove += (values.first ?? 0) * (values.first ?? 0)
      blockBelow += smallest * smallest
    }
    let widths = untied.weights.dropLast().map(\.rows)
    let found =
      "hidden layers of \(widths.map(String.init).joined(separator: ", ")) units for inputs of rank \(moment.rank)"
    let dense = Assumption(
      "a dense layer sees maps of full rank: every layer below has as many units as the inputs' rank \(moment.rank), "
        + "those above as many as outputs", holds: below > 0, detail: found)
    let full = Assumption(
      "the tied factor of one layer has full column rank \(blocks.first?.columns ?? 0)", holds: blockBelow > 0,
      detail: "p_l = " + blocks.map { "\($0.rows)" }.joined(separator: ", "))
    let kappa = moment.conditionNumber
    return [
      ConditioningBound(name: "dense layers", assumptions: [untied.dataAssumption, dense]) { kappa * above / below },
      ConditioningBound(name: "blocks", assumptions: [untied.dataAssumption, full]) { blockAbove / blockBelow },
    ]
  }
}
