import Curvature
import Krylov

/// What is measured at the points of a trajectory, and how hard.
public struct TrajectorySettings: Codable, Sendable, Hashable {
  public var kind: OperatorKind
  /// K: the largest and the smallest eigenpairs.
  public var top: Int
  public var bottom: Int
  /// Ritz pairs kept beyond them.
  public var guards: Int
  /// Of residuals, relative to ‖A‖; eigenvalues then err by its square over the relative gap.
  public var tolerance: Double
  /// Products of one search at most; `nil` for 20 an eigenpair.
  public var maximumProducts: Int?
  /// How the density is sampled; `nil` for none.
  public var quadrature: QuadratureOptions?
  public var density: DensityOptions
  /// Probes of Hutchinson's trace; `nil`: from the density where there is one.
  public var traceProbes: Int?
  /// The dimension of the eigenspace that fractions of gradients and overlaps are of; `nil`: C, at most K.
  public var subspace: Int?
  /// Mini-batches drawn, with replacement, from the samples that are measured on: for the fraction of their gradients and the
  /// change of the loss. 0 for none, but for those that the change of the loss and the fate of directions need.
  public var batches: Int
  /// Samples of each; that of the training by default.
  public var batchSize: Int?
  /// Whether the change of the loss that a step makes is predicted, and taken at the drawn mini-batches.
  public var lossChange: Bool
  /// Whether each leading eigendirection is followed by the noisy quadratic model.
  public var directions: Bool
  /// Eigenvalues of every layer's diagonal block at its top; 0 for no measurements of layers.
  public var layerTop: Int
  /// G, the groups of samples that errors over the data are found with by leaving out each in turn; 0 for no such errors.
  public var dataGroups: Int
  /// Samples of a group whose statistics batch normalisation takes; all where nil.
  public var batchNormGroup: Int?
  public var seed: UInt64

  public init(
    kind: OperatorKind = .hessian, top: Int = 10, bottom: Int = 0, guards: Int = 2, tolerance: Double = 1e-3,
    maximumProducts: Int? = nil, quadrature: QuadratureOptions? = nil,
    density: DensityOptions = DensityOptions(gridCount: 400), traceProbes: Int? = nil, subspace: Int? = nil,
    batches: Int = 0, batchSize: Int? = nil, lossChange: Bool = false, directions: Bool = false, layerTop: Int = 0,
    dataGroups: Int = 0, batchNormGroup: Int? = nil, seed: UInt64 = 0
  ) {
    self.kind = kind
    self.top = top
    self.bottom = bottom
    self.guards = guards
    self.tolerance = tolerance
    self.maximumProducts = maximumProducts
    self.quadrature = quadrature
    self.density = density
    self.traceProbes = traceProbes
    self.subspace = subspace
    self.batches = batches
    self.batchSize = batchSize
    self.lossChange = lossChange
    self.directions = directions
    self.layerTop = layerTop
    self.dataGroups = dataGroups
    self.batchNormGroup = batchNormGroup
    self.seed = seed
  }

  /// How eigenpairs are followed; `nil` where none are asked for.
  var tracking: EigenpairTrackerOptions? {
    guard top + bottom > 0 else { return nil }
    return EigenpairTrackerOptions(
      top: top, bottom: bottom, guards: guards, tolerance: tolerance, maximumProducts: maximumProducts, seed: seed)
  }
}
