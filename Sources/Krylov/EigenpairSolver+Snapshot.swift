import Tensors

extension EigenpairSolver {
  private static var kind: String { "eigenpairs 1" }

  /// The whole state but the options, which are handed in again on resuming.
  public var snapshot: KrylovSnapshot<Space.Scalar> {
    var result = KrylovSnapshot<Space.Scalar>(kind: Self.kind)
    result.vectors = ["basis": space.elements(of: basis), "next": next.map { space.elements(of: $0) }]
    result.numbers = [
      "projected": projected.elements, "coupling": coupling.flatMap { $0 }, "locked_residuals": lockedResiduals,
      "norm_estimate": [normEstimate], "verification_values": verification?.values ?? [],
      "verification_growth": verification?.growth ?? [], "verification_threshold": [verification?.threshold ?? 0],
    ]
    result.integers = [
      "problem": problem, "products": [products], "verification_products": [verificationProducts],
      "restarts": [restarts], "random_vectors": [randomVectors], "steps_since_check": [stepsSinceCheck],
      "converged_pairs": [convergedPairs], "verified": verified.map { $0 ? 1 : 0 },
      "reason": [reason.flatMap { EigenpairReason.allCases.firstIndex(of: $0) } ?? -1],
      "verification": verification.map { [$0.firstProduct, $0.cap, $0.steps] } ?? [],
    ]
    return result
  }

  /// What must be the same on resuming for the bits to be the same.
  private var problem: [Int] {
    [
      space.dimension, plan.top, plan.bottom, plan.blockSize, plan.basisSize, options.verifiesMultiplicity ? 1 : 0,
      Int(bitPattern: UInt(options.seed)), Int(bitPattern: UInt(plan.tolerance.bitPattern)),
    ]
  }

  /// The solver a snapshot was taken of.
  ///
  /// - Parameter options: as before; only the maximum number of products may differ, so that a search that ran out can go on.
  /// - Throws: ``InputError`` when the snapshot is damaged, or of another space or other options.
  public init(resuming snapshot: KrylovSnapshot<Space.Scalar>, space: Space, options: EigenpairOptions) throws {
    try self.init(space: space, options: options)
    try snapshot.requireKind(Self.kind)
    guard try snapshot.integers("problem") == problem else {
      throw InputError(
        place: "stored state", "it belongs to other options of the eigenpair search",
        remedy: "resume with the options the run was started with")
    }
    let vectors = try snapshot.vectors("basis", in: space)
    next = try snapshot.vectors("next", in: space)
    let order = vectors.count
    guard order <= plan.basisSize, next.count <= plan.blockSize else {
      throw snapshot.damaged("it has \(order) + \(next.count) vectors, more than the basis may hold")
    }
    basis = space.basis(of: vectors)
    projected = DenseMatrix(
      rows: order, columns: order, elements: try snapshot.numbers("projected", count: order * order))
    let coefficients = try snapshot.numbers("coupling", count: order * next.count)
    coupling = next.indices.map { Array(coefficients[$0 * order..<($0 + 1) * order]) }
    lockedResiduals = try snapshot.numbers("locked_residuals", count: order)
    normEstimate = try snapshot.number("norm_estimate")
    products = try snapshot.integer("products")
    verificationProducts = try snapshot.integer("verification_products")
    restarts = try snapshot.integer("restarts")
    randomVectors = try snapshot.integer("random_vectors")
    stepsSinceCheck = try snapshot.integer("steps_since_check")
    convergedPairs = try snapshot.integer("converged_pairs", in: 0...plan.wanted)
    verified = try snapshot.integers("verified", count: plan.wanted).map { $0 == 1 }
    let reasons = EigenpairReason.allCases
    let index = try snapshot.integer("reason", in: -1...reasons.count - 1)
    reason = index < 0 ? nil : reasons[index]
    if reason == .productsExhausted && !isOutOfProducts { reason = nil }
    let counters = try snapshot.integers("verification")
    verification = nil
    if counters.isEmpty { return }
    guard counters.count == 3, counters.allSatisfy({ $0 >= 0 }) else { throw snapshot.damaged("'verification'") }
    var state = MultiplicityVerification(
      values: try snapshot.numbers("verification_values", count: plan.wanted), top: plan.top, products: counters[0],
      cap: counters[1], threshold: try snapshot.number("verification_threshold"))
    state.growth = try snapshot.numbers("verification_growth", count: plan.wanted)
    state.steps = counters[2]
    verification = state
  }
}
