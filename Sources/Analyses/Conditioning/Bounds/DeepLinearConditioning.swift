import Tensors

/// The Gauss-Newton matrix of a deep linear network in closed form: its spectrum, rank and condition number.
///
/// For F(x) = W_L ⋯ W₁ x, W_l of shape m_l × m_{l−1}, m₀ = d, m_L = k, let A_l = W_L ⋯ W_{l+1} (k × m_l) and B_l =
/// W_{l−1} ⋯ W₁ (m_{l−1} × d). With weights in row-major order and samples weighted 1/n,
///
///     G = U K Uᵀ,   block l of U:  A_lᵀ ⊗ B_l,   K = (1/n) Σᵢ Hᵢ ⊗ xᵢxᵢᵀ  (= I_k ⊗ Σ for squared error, Hᵢ = I),
///
/// and the non-zero eigenvalues of G are those of the small matrix (order kd, or kr when the inputs span r dimensions)
///
///     Ĝ = Fᵀ [ Σ_l (A_l A_lᵀ) ⊗ (B_lᵀ B_l) ] F,   K = F Fᵀ.
///
/// Biases in all layers or none: with them xᵢ carries a one as its last element and B_l becomes the affine map of the
/// first l − 1 layers, with the one handed on.
///
/// Cost: the products A_l, B_l, one thin singular value decomposition of each, and O((kr)³) for a spectrum.
/// Source: Singh, Bachmann, Hofmann, NeurIPS 2021, arXiv:2106.16225; Zhao, Singh, Lucchi, NeurIPS 2024, arXiv:2411.02139.
public struct DeepLinearConditioning: Sendable {
  public let weights: [DenseMatrix]
  public let hasBiases: Bool
  public let moment: InputMoment
  let layers: [LinearLayerFactors]
  private let biases: [[Double]]?

  /// - Parameters:
  ///   - weights: W₁ … W_L, each outputs × inputs.
  ///   - biases: b₁ … b_L, or `nil` for a network without biases; the moment must then have been made with a one appended.
  ///
  /// - Throws: ``InputError`` when shapes do not fit, a weight is not finite or memory does not suffice.
  public init(weights: [DenseMatrix], biases: [[Double]]? = nil, moment: InputMoment) throws(InputError) {
    guard let first = weights.first, let last = weights.last else { throw InputError("a linear network has no layers") }
    if let index = weights.firstIndex(where: { !$0.elements.allSatisfy(\.isFinite) }) {
      throw InputError("layer \(index + 1) has weights that are not finite")
    }
    for (index, (below, above)) in zip(weights, weights.dropFirst()).enumerated() where below.rows != above.columns {
      throw InputError(
        "layer \(index + 1) has \(below.rows) outputs and layer \(index + 2) takes \(above.columns) inputs")
    }
    if let biases, biases.count != weights.count || !zip(biases, weights).allSatisfy({ $0.count == $1.rows }) {
      throw InputError("biases do not fit the layers", remedy: "give one for each output of each layer, or none at all")
    }
    guard moment.hasOne == (biases != nil), moment.dimension == first.columns + (biases == nil ? 0 : 1) else {
      throw InputError(
        "the second moment is of \(moment.dimension) inputs, the first layer takes \(first.columns)",
        remedy: "append a one to the inputs if, and only if, the layers have biases")
    }
    if let weighting = moment.weighting, weighting.outputs != last.rows {
      throw InputError("output Hessians of order \(weighting.outputs) for \(last.rows) outputs")
    }
    self.weights = weights
    self.biases = biases
    hasBiases = biases != nil
    self.moment = moment
    layers = try LinearLayerFactors.factors(weights: weights, biases: biases, basis: moment.basis)
  }

  /// d, without the one that biases add.
  public var inputs: Int { weights[0].columns }
  /// k
  public var outputs: Int { weights[weights.count - 1].rows }

  /// The rank of G for weights in general position, from shapes alone.
  ///
  /// The range of Uᵀ is the sum of the nested products range(A_l) ⊗ range(B_lᵀ), which grow in the first and shrink in
  /// the second factor:
  ///
  ///     rank G = Σ_l (rank A_l − rank A_{l−1}) · rank B_l          (A₀ = 0)
  ///
  /// with rank A_l = min(k, m_l, …, m_{L−1}) and rank B_l = min(r, m₁, …, m_{l−1}): that is q(r + k − q), q = min(r,
  /// m₁, …, m_L), as Singh, Bachmann and Hofmann have it; and q(r + k − q) + k with biases on inputs that do not span a
  /// constant. Rows and columns of a layer that are all zero (after pruning) are not counted. `nil` where Hᵢ mix with
  /// the inputs so that no formula holds, or where biases meet inputs whose combinations give a constant.
  public var analyticRank: Int? {
    var inputRank = moment.rank
    var outputRank = outputs
    if let weighting = moment.weighting {
      guard weighting.scales.count == weighting.outputRank * moment.rank else { return nil }
      outputRank = weighting.outputRank
    }
    if hasBiases {
      guard moment.spansOne else { return nil }
      inputRank -= 1
    }
    let structural = weights.map(\.structuralRank)
    var rank = 0
    var previous = 0
    for l in weights.indices {
      let above = structural[(l + 1)...].reduce(outputRank, Swift.min)
      let below = structural[..<l].reduce(inputRank, Swift.min)
      rank += (above - previous) * (below + (hasBiases ? 1 : 0))
      previous = above
    }
    return rank
  }

  /// Σ_l (A_l A_lᵀ) ⊗ (Q̃ᵀ B_lᵀ B_l Q̃) between the factors of K: Ĝ, of order kr (or the rank of K).
  func reducedMatrix() throws(InputError) -> DenseMatrix {
    let order = outputs * moment.rank
    var sum = DenseMatrix(zeros: order, order)
    for layer in layers {
      let below = moment.weighting == nil ? layer.below.scalingColumns(by: moment.inputScales) : layer.below
      sum.addKronecker(try layer.above.gram(), try below.gram())
    }
    guard let factor = moment.weighting?.factor else { return sum }
    return try DenseMatrix.product(factor, true, sum * factor, false)
  }

  /// All eigenvalues of Ĝ, ascending: the eigenvalues of G that can be other than zero.
  ///
  /// Those below some kr·ε·λ₁ are rounding; ``singularValues()`` reaches ε² times λ₁. Cost: O(L (kr)² + (kr)³).
  public func eigenvalues() throws(InputError) -> [Double] { try reducedMatrix().symmetricEigenvalues() }

  /// The singular values of U F, descending; their squares are the eigenvalues of Ĝ.
  ///
  /// The factors A_l and B_l are replaced by those of their singular value decompositions, so that the stack has at
  /// most L·kr rows; nothing is squared. Cost: O(L (kr)³).
  public func singularValues() throws(InputError) -> [Double] { try stackedFactor().singularValues() }

  private func stackedFactor() throws(InputError) -> DenseMatrix {
    var blocks: [DenseMatrix] = []
    for layer in layers {
      if let factor = moment.weighting?.factor {
        blocks.append(try layer.above.kronecker(layer.below) * factor)
      } else {
        blocks.append(layer.above.kronecker(layer.below.scalingColumns(by: moment.inputScales)))
      }
    }
    return .stacked(blocks)
  }

  /// κ of G, from the eigenvalues of Ĝ where they give the smallest one to the relative accuracy asked for, and else
  /// from the singular values of its factor.
  ///
  /// An eigenvalue is good to about 10·ε·λ₁. Cost: that of ``eigenvalues()``, or with it that of ``singularValues()``.
  public func conditionNumber(accuracy: Double = 1e-6) throws(InputError) -> ConditionNumber {
    let rank = analyticRank
    let values = try eigenvalues()
    if let rank, rank > 0, let largest = values.last,
      values[values.count - rank] * accuracy > 10 * Double.ulpOfOne * largest
    {
      return .of(eigenvalues: values, rank: rank, source: .analytic, order: values.count)
    }
    let factor = try stackedFactor()
    let singularValues = try factor.singularValues()
    let order = Swift.max(factor.rows, factor.columns)
    return .of(
      singularValues: singularValues,
      rank: rank ?? ConditionNumber.resolvedRank(singularValues: singularValues, order: order),
      source: rank == nil ? .singularValues : .analytic, order: order)
  }

  /// G itself, p × p: layer by layer, weights by rows and then biases. For small networks and as an oracle.
  ///
  /// Cost: O(p² kd), 8p² bytes.
  public func gaussNewton() throws(InputError) -> DenseMatrix {
    let u = try parameterFactor()
    return try DenseMatrix.product(u * moment.matrix(outputs: outputs), false, u, true)
  }

  /// U, p × kd (d with the one counted where there are biases).
  private func parameterFactor() throws(InputError) -> DenseMatrix {
    let maps = try LinearLayerFactors.maps(weights: weights, biases: biases, basis: .identity(moment.dimension))
    var blocks: [DenseMatrix] = []
    for (l, map) in maps.enumerated() {
      let above = map.above.transposed
      let width = weights[l].columns
      let d = moment.dimension
      blocks.append(
        above.kronecker(DenseMatrix(rows: width, columns: d, elements: Array(map.below.elements[..<(width * d)]))))
      if hasBiases {
        blocks.append(above.kronecker(DenseMatrix(rows: 1, columns: d, elements: Array(map.below.row(width)))))
      }
    }
    return .stacked(blocks)
  }
}
