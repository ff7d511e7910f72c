import Tensors

/// What an ``EigenpairSolver`` looks for, and how hard.
public struct EigenpairOptions: Sendable, Hashable, Codable {
  /// How many of the algebraically largest eigenvalues.
  public var top: Int
  /// How many of the algebraically smallest.
  public var bottom: Int
  /// A pair has converged when ‖Av − λv‖ ≤ tolerance · ‖A‖; nil: 1e-10 in Double, 1e-5 in Float.
  public var tolerance: Double?
  /// Vectors multiplied at once. A block as wide as a repeated eigenvalue's multiplicity finds its copies together.
  public var blockSize: Int
  /// Vectors the basis may hold; nil: max(2(top + bottom) + 10 blockSize, top + bottom + 30).
  public var basisSize: Int?
  /// Products to spend at most, the final ones that measure residuals included; nil: 1000 + 50 (top + bottom).
  public var maximumProducts: Int?
  /// After convergence, search the orthogonal complement from a fresh random vector, so that repeated eigenvalues are not missed.
  public var verifiesMultiplicity: Bool
  public var seed: UInt64

  public init(
    top: Int = 0, bottom: Int = 0, tolerance: Double? = nil, blockSize: Int = 1, basisSize: Int? = nil,
    maximumProducts: Int? = nil, verifiesMultiplicity: Bool = true, seed: UInt64 = 0
  ) {
    self.top = top
    self.bottom = bottom
    self.tolerance = tolerance
    self.blockSize = blockSize
    self.basisSize = basisSize
    self.maximumProducts = maximumProducts
    self.verifiesMultiplicity = verifiesMultiplicity
    self.seed = seed
  }
}

/// The options with every default filled in and every size cut to the dimension.
struct EigenpairPlan: Sendable, Hashable {
  let top: Int
  let bottom: Int
  let tolerance: Double
  let blockSize: Int
  let basisSize: Int
  let maximumProducts: Int

  var wanted: Int { top + bottom }

  init(_ options: EigenpairOptions, dimension n: Int, ulp: Double) throws(InputError) {
    func require(_ holds: Bool, _ problem: String) throws(InputError) {
      if !holds { throw InputError("eigenpairs: " + problem) }
    }
    try require(n > 0, "the operator has dimension 0")
    try require(options.top >= 0 && options.bottom >= 0, "a negative number was asked for")
    try require(options.top > 0 || options.bottom > 0, "none was asked for")
    try require(options.blockSize > 0, "the block size is \(options.blockSize), expected at least 1")
    tolerance = options.tolerance ?? (ulp < 1e-12 ? 1e-10 : 1e-5)
    try require(tolerance > 0 && tolerance.isFinite, "the tolerance is \(tolerance), expected a positive number")
    // Pairs asked for from both ends of a small matrix are given once.
    top = Swift.min(options.top, n)
    bottom = Swift.min(options.bottom, n - Swift.min(options.top, n))
    blockSize = Swift.min(options.blockSize, n)
    let count = top + bottom
    let least = Swift.min(n, count + 2 * blockSize + 1)
    let wished = options.basisSize ?? Swift.max(2 * count + 10 * blockSize, count + 30)
    basisSize = Swift.min(n, Swift.max(wished, least))
    maximumProducts = options.maximumProducts ?? (1000 + 50 * count)
    try require(maximumProducts > 0, "the number of products is \(maximumProducts), expected a positive number")
  }
}
