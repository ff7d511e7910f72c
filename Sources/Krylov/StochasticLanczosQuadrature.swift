import Tensors

/// How a spectrum is sampled.
public struct QuadratureOptions: Sendable, Hashable, Codable {
  /// Random start vectors.
  public var probes: Int
  /// Lanczos steps, and so products, for each probe.
  public var steps: Int
  public var distribution: RandomDistribution
  public var orthogonalization: Orthogonalization
  /// The relative noise of products; nil: 16 ε of the scalar type.
  public var noise: Double?
  /// Probes that advance together, their products in one call of the operator; memory holds a basis for each.
  public var batch: Int
  public var seed: UInt64

  public init(
    probes: Int = 10, steps: Int = 90, distribution: RandomDistribution = .gaussian,
    orthogonalization: Orthogonalization = .partial, noise: Double? = nil, batch: Int = 1, seed: UInt64 = 0
  ) {
    self.probes = probes
    self.steps = steps
    self.distribution = distribution
    self.orthogonalization = orthogonalization
    self.noise = noise
    self.batch = batch
    self.seed = seed
  }
}

/// Stochastic Lanczos quadrature: Lanczos from random probes, as a value that is stepped, stored and resumed.
///
///     var quadrature = try StochasticLanczosQuadrature(space: hessian.space, options: QuadratureOptions())
///     while !quadrature.isFinished { try quadrature.step(hessian) }
///     let density = try SpectralDensity(quadrature.sample)
///
/// Converged eigenpairs can be deflated: their vectors are projected out of the probes and of every step, and their
/// values enter the ``SpectralSample`` exactly. The weight of one isolated eigenvalue under a random probe is
/// distributed like χ²₁/P, so without deflation its height is noise.
///
/// Probe i is a pure function of (seed, i), whatever the batch and the number of workers.
///
/// Cost: probes × steps products; memory of batch × (steps + 1) vectors and the deflated ones; orthogonalisation as
/// ``Orthogonalization`` says. Source: S. Ubaru, J. Chen, Y. Saad, SIAM J. Matrix Anal. Appl. 38 (2017), 1075–1099,
/// doi:10.1137/16M1104974; B. Ghorbani, S. Krishnan, Y. Xiao, ICML 2019, arXiv:1901.10159 (Algorithm 1).
public struct StochasticLanczosQuadrature<Space: VectorSpace>: Sendable {
  public let space: Space
  public let options: QuadratureOptions
  public let deflatedValues: [Double]
  private let deflatedVectors: [Space.Vector]

  /// T of the probes that are done.
  public private(set) var tridiagonals: [TridiagonalMatrix] = []
  /// What orthogonalisation has cost and reached, for the probes that are done.
  public private(set) var records: [OrthogonalizationRecord] = []
  /// The probes under way.
  public private(set) var running: [Lanczos<Space>] = []
  public private(set) var products = 0

  /// - Parameters:
  ///   - deflatedValues: eigenvalues known to be converged.
  ///   - deflatedVectors: their eigenvectors, orthonormal.
  /// - Throws: ``InputError`` when the options make no sense or the vectors are not orthonormal to 1e-3.
  public init(
    space: Space, options: QuadratureOptions, deflatedValues: [Double] = [], deflatedVectors: [Space.Vector] = []
  ) throws {
    guard options.probes > 0 && options.steps > 0 && options.batch > 0 else {
      throw InputError(
        "density: \(options.probes) probes, \(options.steps) steps and a batch of \(options.batch): each must be at least 1"
      )
    }
    guard space.dimension > 0 else { throw InputError("density: the operator has dimension 0") }
    guard deflatedValues.count == deflatedVectors.count && deflatedValues.count <= space.dimension else {
      throw InputError("density: \(deflatedValues.count) deflated values, but \(deflatedVectors.count) vectors")
    }
    guard space.basis(of: deflatedVectors).orthogonalityDefect() < 1e-3 else {
      throw InputError("density: the deflated vectors are not orthonormal")
    }
    self.space = space
    self.options = options
    self.deflatedValues = deflatedValues
    self.deflatedVectors = deflatedVectors
  }

  /// Whether every probe has taken its steps.
  public var isFinished: Bool { tridiagonals.count == options.probes }

  /// The most products it can take: probes × steps, less what is done.
  public var remainingProducts: Int {
    let waiting = options.probes - tridiagonals.count - running.count
    return waiting * options.steps + running.reduce(0) { $0 + ($1.isInvariant ? 0 : options.steps - $1.order) }
  }

  /// The memory of the bases under way.
  public var bytes: Int { running.reduce(0) { $0 + $1.bytes } }

  /// One Lanczos step of each probe of the batch under way, in one call of the operator.
  ///
  /// - Throws: ``InputError`` when a product is not finite, and what the operator throws; the state is then as before.
  public mutating func step(_ operation: some LinearOperator<Space>) throws {
    guard !isFinished else { return }
    var batch = running
    if batch.isEmpty {
      let first = tridiagonals.count
      batch = try (first..<Swift.min(options.probes, first + options.batch)).map { try start(probe: $0) }
    }
    let active = batch.indices.filter { batch[$0].order < options.steps && !batch[$0].isInvariant }
    let vectors = active.compactMap { batch[$0].nextVector }
    if !vectors.isEmpty {
      let images = try operation.checkedProducts(vectors)
      for (index, image) in zip(active, images) { try batch[index].absorb(product: image) }
      products += images.count
    }
    running = batch
    if batch.allSatisfy({ $0.order >= options.steps || $0.isInvariant }) {
      tridiagonals += batch.map(\.tridiagonal)
      records += batch.map(\.record)
      running = []
    }
  }

  private func start(probe index: Int) throws -> Lanczos<Space> {
    try Lanczos(
      space: space,
      start: space.random(
        options.distribution, from: RandomStream(seed: options.seed, purpose: "density probe", index: index)),
      orthogonalization: options.orthogonalization, noise: options.noise, deflating: deflatedVectors)
  }

  /// Steps until every probe is done.
  ///
  /// - Parameter observe: called after every step, to show progress or to store a snapshot; may throw to stop.
  public mutating func run(
    _ operation: some LinearOperator<Space>, observe: (Self) throws -> Void = { _ in }
  ) throws -> SpectralSample {
    while !isFinished {
      try step(operation)
      try observe(self)
    }
    return sample
  }

  /// What is known of the spectrum from the probes that are done.
  public var sample: SpectralSample {
    SpectralSample(
      dimension: space.dimension, deflated: deflatedValues, tridiagonals: tridiagonals,
      invariant: Set(tridiagonals.indices.filter { tridiagonals[$0].order < options.steps }))
  }
}

extension StochasticLanczosQuadrature {
  private static var kind: String { "stochastic lanczos quadrature 1" }

  /// The whole state but the options and the deflated pairs, which are handed in again on resuming.
  public var snapshot: KrylovSnapshot<Space.Scalar> {
    var result = KrylovSnapshot<Space.Scalar>(kind: Self.kind)
    result.integers = [
      "problem": problem, "products": [products], "orders": tridiagonals.map(\.order),
      "passes": records.map(\.passes), "columns_read": records.map(\.columnsRead),
    ]
    result.numbers = [
      "alphas": tridiagonals.flatMap(\.diagonal), "betas": tridiagonals.flatMap(\.offDiagonal),
      "orthogonality_bounds": records.map(\.orthogonalityBound), "deflated_values": deflatedValues,
    ]
    result.parts = running.map(\.snapshot)
    return result
  }

  /// What must be the same on resuming for the bits to be the same; more probes may be asked for.
  private var problem: [Int] {
    [
      space.dimension, options.steps, options.batch, Int(bitPattern: UInt(options.seed)),
      RandomDistribution.allCases.firstIndex(of: options.distribution) ?? 0,
      Orthogonalization.allCases.firstIndex(of: options.orthogonalization) ?? 0,
      Int(bitPattern: UInt((options.noise ?? 0).bitPattern)),
    ]
  }

  /// The sampling a snapshot was taken of.
  ///
  /// - Throws: ``InputError`` when the snapshot is damaged, or of another space, other options or other deflated eigenvalues.
  public init(
    resuming snapshot: KrylovSnapshot<Space.Scalar>, space: Space, options: QuadratureOptions,
    deflatedValues: [Double] = [], deflatedVectors: [Space.Vector] = []
  ) throws {
    try self.init(
      space: space, options: options, deflatedValues: deflatedValues, deflatedVectors: deflatedVectors)
    try snapshot.requireKind(Self.kind)
    guard try snapshot.integers("problem") == problem, try snapshot.numbers("deflated_values") == deflatedValues else {
      throw InputError(
        place: "stored state", "it belongs to other options of the density",
        remedy: "resume with the options the run was started with")
    }
    products = try snapshot.integer("products")
    let orders = try snapshot.integers("orders")
    guard orders.count + snapshot.parts.count <= options.probes, orders.allSatisfy({ 0...options.steps ~= $0 }) else {
      throw snapshot.damaged("it has \(orders.count) probes, more than the \(options.probes) asked for")
    }
    let passes = try snapshot.integers("passes", count: orders.count)
    let columns = try snapshot.integers("columns_read", count: orders.count)
    let bounds = try snapshot.numbers("orthogonality_bounds", count: orders.count)
    var alphas = try snapshot.numbers("alphas", count: orders.reduce(0, +))[...]
    var betas = try snapshot.numbers("betas", count: orders.reduce(0) { $0 + Swift.max(0, $1 - 1) })[...]
    for (index, order) in orders.enumerated() {
      let diagonal = Array(alphas.prefix(order))
      let offDiagonal = Array(betas.prefix(Swift.max(0, order - 1)))
      alphas = alphas.dropFirst(diagonal.count)
      betas = betas.dropFirst(offDiagonal.count)
      tridiagonals.append(TridiagonalMatrix(diagonal: diagonal, offDiagonal: offDiagonal))
      var record = OrthogonalizationRecord()
      record.passes = passes[index]
      record.columnsRead = columns[index]
      record.orthogonalityBound = bounds[index]
      records.append(record)
    }
    running = try snapshot.parts.map { try Lanczos(resuming: $0, space: space, deflating: deflatedVectors) }
  }
}
