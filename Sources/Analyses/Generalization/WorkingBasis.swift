import Curvature
import Krylov
import Networks
import Tensors

/// The coordinates a posterior is diagonal in.
public enum WorkingBasis: String, Codable, Sendable, CaseIterable {
  /// Those of the weights themselves.
  case standard
  /// For each dense layer or convolution the eigenvectors of E M ⊗ those of E xxᵀ, for its bias those of E M (Wu et al. 2020,
  /// arXiv:2010.04261); other parameters as they are.
  case kronecker
  /// For each parameter the eigenvectors of its block of the Hessian, for blocks of up to ``largestBlock`` rows; larger
  /// ones are refused.
  case exact

  /// Rows of a block that can be taken apart.
  public static var largestBlock: Int { 4096 }

  /// - Throws: ``InputError`` where a block of the network is too large for ``exact``.
  public static func requireExact(_ network: Network) throws(InputError) {
    for parameter in network.parameters where parameter.count > largestBlock {
      throw InputError(
        place: parameter.name,
        "has \(parameter.count) elements, more than the \(largestBlock) whose block can be taken apart",
        remedy: "use --basis kronecker")
    }
  }

  /// In words.
  public var summary: String {
    switch self {
    case .standard: "standard: a variance for each weight"
    case .kronecker:
      "kronecker: a variance for each eigenvector of E[M] ⊗ E[xxᵀ] of a layer (Gauss-Newton, decoupled), and of E[M] for its bias"
    case .exact: "exact: a variance for each eigenvector of each parameter's block of the Hessian"
    }
  }
}

extension Objective {
  /// The bases of the parameters at θ, by their positions; those not named keep their own coordinates.
  ///
  /// Cost: for `kronecker` a pass forward and for every output a pass back over the data, and the eigenvectors of
  /// matrices of the order of a layer's inputs and outputs; for `exact` a product for every row of every block.
  public func parameterBases(
    _ kind: WorkingBasis, interruption: () throws -> Void = {}
  ) throws -> [Int: ParameterBasis] {
    switch kind {
    case .standard: return [:]
    case .kronecker: return try kroneckerBases(interruption)
    case .exact: return try exactBases(interruption)
    }
  }

  private func kroneckerBases(_ interruption: () throws -> Void) throws -> [Int: ParameterBasis] {
    let layers = try linearLayers().filter { $0.groups == 1 && !$0.isTransposed }
    var bases: [Int: ParameterBasis] = [:]
    for factors in try layerFactors(of: layers.map(\.withoutBias), interruption: interruption) {
      try interruption()
      let layer = factors.layer
      let left = try factors.outputMoment.descendingEigenvectors()
      let right = try factors.inputMoment.descendingEigenvectors()
      bases[layer.weight] = ParameterBasis(rows: layer.outputs, columns: layer.inputs, left: left, right: right)
      guard let bias = layers.first(where: { $0.weight == layer.weight })?.bias else { continue }
      bases[bias] = ParameterBasis(rows: layer.outputs, columns: 1, left: left)
    }
    return bases
  }

  private func exactBases(_ interruption: () throws -> Void) throws -> [Int: ParameterBasis] {
    try WorkingBasis.requireExact(network)
    let blocks = ParameterBlock.blocks(.parameter, of: selection, in: network)
    let hessian = try curvature(.hessian, blocks: blocks)
    var bases: [Int: ParameterBasis] = [:]
    var offset = 0
    for (index, parameter) in network.parameters.enumerated() {
      let count = parameter.count
      var matrix = DenseMatrix(zeros: count, count)
      for start in stride(from: 0, to: count, by: 32) {
        try interruption()
        let units = (start..<min(start + 32, count)).map { row in
          var unit = Vector<Scalar>(zeros: hessian.dimension)
          unit[offset + row] = 1
          return unit
        }
        for (row, product) in try hessian.apply(units).enumerated() {
          for column in 0..<count { matrix[start + row, column] = Double(product[offset + column]) }
        }
      }
      for i in 0..<count {
        for j in 0..<i {
          let mean = 0.5 * (matrix[i, j] + matrix[j, i])
          (matrix[i, j], matrix[j, i]) = (mean, mean)
        }
      }
      bases[index] = ParameterBasis(rows: 1, columns: count, right: try matrix.descendingEigenvectors())
      offset += count
    }
    return bases
  }
}

extension DenseMatrix {
  /// Eigenvectors of a symmetric matrix as columns, that of the largest eigenvalue first.
  func descendingEigenvectors() throws(InputError) -> DenseMatrix {
    let decomposition = try symmetricEigen()
    var result = DenseMatrix(zeros: rows, rows)
    for column in 0..<rows {
      let vector = decomposition.vector(rows - 1 - column)
      for (row, value) in vector.enumerated() { result[row, column] = value }
    }
    return result
  }
}

extension ParameterBasis {
  /// The variances in this basis of independent coordinates in another one: the diagonal of the covariance there.
  ///
  /// With A = LᵀL′ and B = RᵀR′ the variances are (A ∘ A) S (B ∘ B)ᵀ; of the diagonal posteriors in this basis it is
  /// the one that is nearest to the old one, KL(old‖new).
  public func variances(_ variances: [Double], of other: ParameterBasis) throws(InputError) -> [Double] {
    func squared(_ own: DenseMatrix?, _ others: DenseMatrix?, _ order: Int) throws(InputError) -> DenseMatrix {
      var product = try DenseMatrix.product(
        own ?? .identity(order), true, others ?? .identity(order), false)
      for index in product.elements.indices { product.elements[index] *= product.elements[index] }
      return product
    }
    let matrix = DenseMatrix(rows: rows, columns: columns, elements: variances)
    let turned = try squared(left, other.left, rows) * matrix
    return try DenseMatrix.product(turned, false, squared(right, other.right, columns), true).elements
  }
}
