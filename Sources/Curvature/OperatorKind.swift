/// The operators of a network, by the name the command line gives them.
public enum OperatorKind: String, CaseIterable, Sendable, Codable {
  case hessian
  case gaussNewton = "ggn"
  case classPart = "ggn-class"
  case crossClassPart = "ggn-cross-class"
  case sameClassPart = "ggn-same-class"
  case withinClassPart = "ggn-within-class"
  case functional
  case gradientSecondMoment = "gradient-second-moment"
  case gradientCovariance = "gradient-covariance"
  case fisher
  case monteCarloFisher = "fisher-mc"
  case tangentKernel = "ntk"
  case kfacExpand = "kfac-expand"
  case kfacReduce = "kfac-reduce"
  case ekfac
  case decoupled
  case shampoo

  /// The name in sentences.
  public var title: String {
    switch self {
    case .hessian: "Hessian"
    case .gaussNewton: "Gauss-Newton matrix"
    case .classPart: "class part of the Gauss-Newton matrix"
    case .crossClassPart: "cross-class part of the Gauss-Newton matrix"
    case .sameClassPart: "same-class part of the Gauss-Newton matrix"
    case .withinClassPart: "within-class part of the Gauss-Newton matrix"
    case .functional: "functional part of the Hessian"
    case .gradientSecondMoment: "second moment of the gradients"
    case .gradientCovariance: "covariance of the gradients"
    case .fisher: "Fisher matrix"
    case .monteCarloFisher: "Monte Carlo Fisher matrix"
    case .tangentKernel: "neural tangent kernel"
    case .kfacExpand, .kfacReduce, .ekfac, .decoupled, .shampoo: approximation?.title ?? rawValue
    }
  }

  /// The definition, as printed with results; n samples, l_i the loss of one, J_i the Jacobian of its outputs z_i.
  public var definition: String {
    switch self {
    case .hessian: "H = (1/n) sum_i d2 l_i / d theta2"
    case .gaussNewton: "G = (1/n) sum_i J_i' (d2 l_i / dz2) J_i"
    case .classPart:
      "sum_c (sum_{k/=c} w_ck) d_c d_c', d_c the mean over k /= c of d_ck; d_ck the mean gradient of samples of class c were their label k, weighted by the network's probability of k, w_ck the sum of these weights"
    case .crossClassPart: "sum_{c/=k} w_ck (d_ck - d_c)(d_ck - d_c)', with d_ck, d_c and w_ck as of ggn-class"
    case .sameClassPart: "sum_c w_cc d_cc d_cc', with d_ck and w_ck as of ggn-class"
    case .withinClassPart: "G - G_class - G_cross - G_same: the spread of the gradients about the means d_ck"
    case .functional: "H - G = (1/n) sum_i sum_c (d l_i / dz_c) d2 z_c / d theta2"
    case .gradientSecondMoment: "M = (1/n) sum_i g_i g_i', g_i the gradient of sample i's loss; not centred"
    case .gradientCovariance: "M - mu mu', mu the gradient: the covariance of the gradients of single samples"
    case .fisher:
      "F = (1/n) sum_i E_y g_i(y) g_i(y)', y from the model's own distribution, of which the loss is the negative log-likelihood"
    case .monteCarloFisher: "as fisher, with labels y drawn once for each sample"
    case .tangentKernel: "J J', J the Jacobian of all outputs of all samples, a row each; neither averaged nor weighted"
    case .kfacExpand:
      "of G for each layer [W b]: (E sum_r M_rr) x (E mean_r x_r x_r'), r the rows of a sample that share W, M = U'(d2 l/dz2)U with U = dz/dh, h = W x; exact blocks for all other parameters"
    case .kfacReduce:
      "of G for each layer [W b]: (E sum_rs M_rs) x (E m m'), m the mean of the rows x_r of a sample; else as kfac-expand"
    case .ekfac: KroneckerOptions().eigenbasisDefinition
    case .decoupled:
      "of G for each weight E M x E xx', for each bias E M, both as of kfac-expand but without the bias's 1"
    case .shampoo: KroneckerOptions().shampooDefinition
    }
  }

  /// Whether the operator acts on vectors with one element a parameter; else on such with one element an output of a sample.
  public var actsOnParameters: Bool { self != .tangentKernel }

  /// The Kronecker approximation that it is; `nil` for matrices that are defined without one.
  public var approximation: KroneckerMethod? { KroneckerMethod(rawValue: rawValue) }

  /// The exact kinds that act on the parameters and need no classes.
  public static var onParameters: [OperatorKind] { withoutClasses.filter(\.actsOnParameters) }

  /// Whether it is a part of the Gauss-Newton matrix by classes, see ``ClassDecomposition``.
  public var isClassPart: Bool {
    switch self {
    case .classPart, .crossClassPart, .sameClassPart, .withinClassPart: true
    default: false
    }
  }

  /// The exact kinds that need no classes.
  public static var withoutClasses: [OperatorKind] { allCases.filter { !$0.isClassPart && $0.approximation == nil } }

  /// Whether the operator needs to know the outputs apart from the loss.
  func splitsAtOutputs(_ options: OperatorOptions) -> Bool {
    switch approximated(options) ?? self {
    case .gaussNewton, .classPart, .crossClassPart, .sameClassPart, .withinClassPart, .functional, .fisher,
      .monteCarloFisher, .kfacExpand, .kfacReduce, .ekfac, .decoupled:
      true
    case .hessian, .gradientSecondMoment, .gradientCovariance, .tangentKernel, .shampoo: false
    }
  }

  /// What an approximation is one of; `nil` for matrices that are defined without one.
  public func approximated(_ options: OperatorOptions) -> OperatorKind? {
    approximation.map { options.kronecker.source(of: $0).kind }
  }
}

/// What is chosen of an operator beside its kind.
public struct OperatorOptions: Sendable, Codable, Hashable {
  /// Labels drawn for each sample, for ``OperatorKind/monteCarloFisher``.
  public var fisherDraws: Int
  /// The seed that labels are drawn with.
  public var seed: UInt64
  /// For approximations by Kronecker products.
  public var kronecker: KroneckerOptions

  public init(fisherDraws: Int = 1, seed: UInt64 = 0, kronecker: KroneckerOptions = KroneckerOptions()) {
    self.fisherDraws = fisherDraws
    self.seed = seed
    self.kronecker = kronecker
  }

  /// The definition of an operator with these options, as printed with results.
  public func definition(of kind: OperatorKind) -> String {
    switch kind {
    case .monteCarloFisher: "\(kind.definition); \(fisherDraws) a sample, seed \(seed)"
    case .shampoo: kronecker.shampooDefinition
    case .ekfac: kronecker.eigenbasisDefinition + kronecker.sourceRemark
    case .kfacExpand, .kfacReduce, .decoupled: kind.definition + kronecker.sourceRemark
    default: kind.definition
    }
  }
}
