import Tensors

/// How ``DeflatingQuadrature`` samples a spectrum and its ends.
public struct DeflatingQuadratureOptions: Sendable, Hashable {
  public var quadrature: QuadratureOptions
  /// How many of the algebraically largest eigenvalues, and of the smallest.
  public var top: Int
  public var bottom: Int
  /// Ritz pairs beyond them at each end that is wanted, deflated too where they have converged.
  public var guards: Int
  /// A pair has converged when its residual is at most tolerance · ‖A‖.
  public var tolerance: Double

  public init(quadrature: QuadratureOptions, top: Int = 0, bottom: Int = 0, guards: Int = 2, tolerance: Double = 1e-3) {
    self.quadrature = quadrature
    self.top = top
    self.bottom = bottom
    self.guards = guards
    self.tolerance = tolerance
  }
}

/// What one call of an operator A gave: A v, and A′v of operators near A, for each of the vectors.
public struct ProductsWithReplicates<Vector: Sendable>: Sendable {
  public var images: [Vector]
  /// A row for each of the operators near A.
  public var replicates: [[Vector]]

  public init(images: [Vector], replicates: [[Vector]] = []) {
    self.images = images
    self.replicates = replicates
  }
}

/// A sampled spectrum with the eigenpairs at its ends.
public struct DeflatedSample<Vector: Sendable>: Sendable {
  public var sample: SpectralSample
  /// Ritz pairs of the first probe; multiplicities are not looked into.
  public var pairs: TrackedEigenpairs<Vector>
  /// The samples of the operators near A, and their eigenvalues in the places of `pairs.top`.
  public var replicates: [(sample: SpectralSample, top: [Double])]
  public var products: Int
}

/// Stochastic Lanczos quadrature whose first probe finds the eigenpairs that the other probes deflate.
///
/// Where a density is sampled anyway, the outermost eigenpairs cost no product: m Lanczos steps from the first probe
/// give Ritz pairs (θᵢ, yᵢ) with the residuals β_m |s_mi|. Those at the ends that have converged are deflated: their
/// nodes leave the first probe's rule, the other probes are drawn and kept orthogonal to the yᵢ, and the θᵢ enter the
/// ``SpectralSample`` with weight exactly 1/P.
///
/// Of operators A′ near A whose products come along, such as those of parts of the data, it takes the projections VᵀA′V
/// on the same spaces: their rules e₁ᵀ f(VᵀA′V) e₁ and outermost Ritz values differ from those of A by what the
/// difference A′ − A does, with the same probes, at no Lanczos process of their own. Exact where the Krylov space is
/// the whole space; otherwise right to first order in A′ − A as far as the quadrature of A is.
///
/// Cost: probes × steps products; one basis of steps + 1 vectors and the deflated ones; full orthogonalisation; for
/// each A′ as many dot products as for A. Source: S. Ubaru, J. Chen, Y. Saad, SIAM J. Matrix Anal. Appl. 38 (2017),
/// 1075–1099, doi:10.1137/16M1104974; deflation: A. S. Gambhir, A. Stathopoulos, K. Orginos, SIAM J. Sci. Comput. 39
/// (2017), A532–A558, doi:10.1137/16M1066361.
public struct DeflatingQuadrature<Space: VectorSpace>: Sendable {
  public let space: Space
  public let options: DeflatingQuadratureOptions

  /// - Throws: ``InputError`` when the options make no sense.
  public init(space: Space, options: DeflatingQuadratureOptions) throws {
    guard options.top >= 0, options.bottom >= 0, options.guards >= 0, options.tolerance > 0 else {
      throw InputError(
        "density: \(options.top) eigenpairs at the top, \(options.bottom) at the bottom, \(options.guards) guards and a tolerance of "
          + "\(options.tolerance) make no sense")
    }
    // Checks the rest.
    _ = try StochasticLanczosQuadrature(space: space, options: options.quadrature)
    self.space = space
    self.options = options
  }

  /// - Parameter multiply: products of A, and of as many operators near it in every call.
  /// - Throws: ``InputError`` when a product is not finite, and what `multiply` throws.
  public func run(
    _ multiply: ([Space.Vector]) throws -> ProductsWithReplicates<Space.Vector>
  ) throws -> DeflatedSample<Space.Vector> {
    let (ends, rest, firstProjections) = try search(multiply)
    var sample = rest
    var replicates = try firstProjections.map { columns in
      let rule = try Self.rule(ofProjection: columns)
      let others = SpectralSample(
        dimension: space.dimension, deflated: ends.outermost(of: rule.nodes), tridiagonals: [ends.inner(of: rule)],
        invariant: sample.invariant)
      return (sample: others, top: Array(rule.nodes.suffix(options.top).reversed()))
    }
    var products = ends.steps
    for index in 1..<Swift.max(1, options.quadrature.probes) {
      let (lanczos, projections) = try grow(probe: index, deflating: ends.deflated.map(\.vector), multiply)
      products += lanczos.order
      if lanczos.isInvariant { sample.invariant.insert(index) }
      sample.tridiagonals.append(lanczos.tridiagonal)
      for (place, columns) in projections.enumerated() {
        replicates[place].sample.tridiagonals.append(TridiagonalMatrix(try Self.rule(ofProjection: columns)))
        replicates[place].sample.invariant = sample.invariant
      }
    }
    return DeflatedSample(sample: sample, pairs: ends.pairs, replicates: replicates, products: products)
  }

  /// The first probe: the ends of the spectrum, the sample of what lies between, and VᵀA′V by columns.
  private func search(
    _ multiply: ([Space.Vector]) throws -> ProductsWithReplicates<Space.Vector>
  ) throws -> (Ends<Space.Vector>, SpectralSample, [[[Double]]]) {
    let (lanczos, projections) = try grow(probe: 0, deflating: [], multiply)
    let ends = try Ends(lanczos, options)
    let sample = SpectralSample(
      dimension: space.dimension, deflated: ends.deflated.map(\.value),
      tridiagonals: [ends.inner(of: try QuadratureRule(lanczos.tridiagonal))],
      invariant: lanczos.isInvariant ? [0] : [])
    return (ends, sample, projections)
  }

  private func grow(
    probe index: Int, deflating: [Space.Vector],
    _ multiply: ([Space.Vector]) throws -> ProductsWithReplicates<Space.Vector>
  ) throws -> (lanczos: Lanczos<Space>, projections: [[[Double]]]) {
    let quadrature = options.quadrature
    var lanczos = try Lanczos(
      space: space,
      start: space.random(
        quadrature.distribution, from: RandomStream(seed: quadrature.seed, purpose: "density probe", index: index)),
      orthogonalization: .full, noise: quadrature.noise, deflating: deflating)
    var projections: [[[Double]]] = []
    while lanczos.order < quadrature.steps, let vector = lanczos.nextVector {
      let products = try multiply([vector])
      guard let image = products.images.first, products.replicates.allSatisfy({ $0.count == 1 }) else {
        throw InputError("an operator returned \(products.images.count) products for 1 vector")
      }
      if projections.isEmpty { projections = products.replicates.map { _ in [] } }
      let shares = lanczos.basis.coefficients(of: products.replicates.map { $0[0] }, columns: 0..<lanczos.order + 1)
      for (place, share) in shares.enumerated() { projections[place].append(share) }
      try lanczos.absorb(product: image)
    }
    return (lanczos, projections)
  }

  /// e₁ᵀ f(B) e₁ for the symmetric B whose upper triangle is given by columns.
  private static func rule(ofProjection columns: [[Double]]) throws -> QuadratureRule {
    let order = columns.count
    var elements = [Double](repeating: 0, count: order * order)
    for (column, values) in columns.enumerated() {
      for (row, value) in values.enumerated() {
        elements[row * order + column] = value
        elements[column * order + row] = value
      }
    }
    let eigen = try SymmetricEigen.decompose(elements, order: order, vectors: true)
    return QuadratureRule(
      nodes: eigen.values, weights: (0..<order).map { eigen.vectors[$0 * order] * eigen.vectors[$0 * order] })
  }
}

/// The Ritz pairs at the ends of the first probe's Krylov space.
private struct Ends<Vector: Sendable> {
  var pairs: TrackedEigenpairs<Vector>
  /// The converged ones, from the outside in: those of the top, then those of the bottom.
  var deflated: [Eigenpair<Vector>]
  var steps: Int
  private var above: Int
  private var below: Int

  init<Space: VectorSpace>(
    _ lanczos: Lanczos<Space>, _ options: DeflatingQuadratureOptions
  ) throws where Space.Vector == Vector {
    steps = lanczos.order
    let order = steps
    let eigen = try lanczos.tridiagonal.eigen()
    let norm = eigen.values.reduce(0) { Swift.max($0, abs($1)) }
    let rounding = lanczos.noise * norm
    let isComplete = order == lanczos.space.dimension
    func kept(_ wanted: Int, of available: Int) -> Int {
      wanted > 0 ? Swift.min(wanted + options.guards, available) : 0
    }
    let high = kept(options.top, of: order)
    let low = kept(options.bottom, of: order - high)
    let indices = (0..<high).map { order - 1 - $0 } + Array(0..<low)
    let vectors = lanczos.basis.combinations(indices.map { Array(eigen.vector($0)) })
    let all = zip(indices, vectors).map { index, vector in
      let residual = Swift.max(rounding, lanczos.remainder * abs(eigen.vectors[(index + 1) * order - 1]))
      return Eigenpair(
        value: eigen.values[index], vector: vector, residual: residual, converged: residual <= options.tolerance * norm,
        errorBound: residual, multiplicity: 1, multiplicityVerified: isComplete)
    }
    let (top, bottom) = (all[..<high], all[high...])
    let wantedTop = Swift.min(options.top, high)
    let wantedBottom = Swift.min(options.bottom, low)
    pairs = TrackedEigenpairs(
      top: Array(top.prefix(wantedTop)), topGuards: Array(top.dropFirst(wantedTop)),
      bottom: Array(bottom.prefix(wantedBottom)), bottomGuards: Array(bottom.dropFirst(wantedBottom)),
      tolerance: options.tolerance, normEstimate: norm, products: order, restarts: 0)
    // A node is left in the rule: the rest of the spectrum has to be somewhere.
    above = Swift.min(top.prefix(while: \.converged).count, order - 1)
    below = Swift.min(bottom.prefix(while: \.converged).count, order - 1 - above)
    deflated = Array(top.prefix(above)) + Array(bottom.prefix(below))
  }

  /// The values in the places of the deflated ones.
  func outermost(of nodes: [Double]) -> [Double] { nodes.suffix(above).reversed() + nodes.prefix(below) }

  /// The rule without the nodes in those places, its weights with sum 1 again.
  func inner(of rule: QuadratureRule) -> TridiagonalMatrix {
    let places = below..<rule.nodes.count - above
    let weights = rule.weights[places]
    let sum = weights.reduce(0, +)
    guard sum > 0 else { return TridiagonalMatrix(diagonal: [], offDiagonal: []) }
    return TridiagonalMatrix(QuadratureRule(nodes: Array(rule.nodes[places]), weights: weights.map { $0 / sum }))
  }
}
