import Curvature
import Krylov
import Networks
import Tensors

/// What was measured of one layer: the numbers and vectors behind a ``ReportedLayer``.
public struct LayerDissection<Scalar: Real>: Sendable {
  public var layer: SharedLinearLayer
  /// The leading eigenpairs of the layer's block, one more than asked for where there is one; in the order of the
  /// settings' operators.
  public var spectra: [(kind: OperatorKind, pairs: Eigenpairs<Vector<Scalar>>)]
  /// The eigenvectors of each of ``spectra`` as matrices; empty where there are no factors.
  public var shapes: [[ReshapedEigenvector]] = []
  /// `nil` where the network or the loss has none.
  public var factors: FactorSpectra?
  /// E[M] ⊗ E[xxᵀ] and the other Kronecker approximations.
  public var approximations: [LayerApproximation<Scalar>] = []
}

/// What is kept of a layer's two factors.
public struct FactorSpectra: Sendable, Hashable {
  /// The leading eigenvalues of E[xxᵀ], descending.
  public var inputValues: [Double]
  /// Those of E[M].
  public var outputValues: [Double]
  /// See ``LayerEigenfactors/meanAlignment`` and ``LayerEigenfactors/inputLeadingShare``.
  public var meanAlignment: Double
  public var inputLeadingShare: Double
  public var outputGaps: OutputGaps?
}

/// A network's curvature taken apart by layers.
public struct NetworkDissection<Scalar: Real>: Sendable {
  public var layers: [LayerDissection<Scalar>]
  /// `nil` where batch statistics couple the samples.
  public var identity: ProbabilityIdentity?
  /// Operator products over all samples.
  public var products: Int
  public var warnings: [String]
}

/// What a dissection tells while it runs.
public struct DissectionObserver {
  /// A stage in words, the products done in it, and how many it will be at most (0 where nobody knows).
  public var progress: (_ stage: String, _ done: Int, _ total: Int) throws -> Void

  public init(progress: @escaping (_ stage: String, _ done: Int, _ total: Int) throws -> Void = { _, _, _ in }) {
    self.progress = progress
  }
}

extension Objective {
  /// Takes the curvature apart by layers, as the settings say.
  ///
  /// Cost: for each operator and layer some two to three products a pair, each of that layer's block alone; one pass
  /// for the factors with a backward pass an output; memory of two to three vectors a pair of the largest block, and
  /// `top` + 1 of every block and operator that are kept.
  ///
  /// - Throws: ``InputError`` where no parameter is the weight of a linear layer, and what the operators throw.
  public func dissect(
    _ settings: DissectionSettings, storage: DissectionStorage<Scalar> = DissectionStorage(),
    observer: DissectionObserver = DissectionObserver(), interruption: (@Sendable () throws -> Void)? = nil
  ) throws -> NetworkDissection<Scalar> {
    let (part, warnings) = try layersAlone(settings)
    let layers = try part.linearLayers()
    var result = NetworkDissection<Scalar>(
      layers: layers.map { LayerDissection(layer: $0, spectra: []) }, products: 0, warnings: warnings)
    for kind in settings.operators {
      let spectra = try part.layerSpectra(
        of: kind, layers: layers, settings, storage: storage,
        observer: { try observer.progress("\(kind.title), \(layers[$0].name)", $1, 0) }, interruption: interruption)
      for (index, pairs) in spectra.enumerated() {
        result.layers[index].spectra.append((kind, pairs))
        result.products += pairs.products
      }
    }
    if network.batchNormalization?.couplesSamples == true {
      result.warnings.append(
        "batch statistics couple the samples, so there are no factors of single samples: no correspondences, no approximations"
      )
      return result
    }
    if loss == .output {
      result.warnings.append(
        "the network returns losses itself, so there is no output to split at: no factors, no correspondences, no approximations"
      )
    } else {
      try part.measureFactors(settings, storage, observer, interruption, &result)
    }
    try observer.progress("H = M - H_p", 0, 0)
    let identity = try storage.value("identity") {
      try probabilityIdentity(vectors: min(2, settings.probes), seed: settings.seed)
    }
    result.identity = identity
    result.products += 3 * identity.vectors
    return result
  }

  /// The objective as a function of the layers with a block of their own, and what is to be said of the others.
  private func layersAlone(_ settings: DissectionSettings) throws -> (Objective, [String]) {
    let found = try linearLayers()
    let layers = found.filter { $0.groups == 1 }
    guard !layers.isEmpty else {
      throw InputError(
        "no selected parameter of \(network.source) is the weight of a dense or convolutional layer",
        remedy: "choose weights with --params")
    }
    let grouped = found.filter { $0.groups > 1 && $0.group == 0 }.map(\.name)
    let biases = settings.includesBias ? layers.compactMap(\.bias) : []
    return (
      selecting((layers.map(\.weight) + biases).sorted()),
      grouped.isEmpty
        ? [] : ["left out, as the groups of a convolution share a parameter: " + grouped.joined(separator: ", ")]
    )
  }

  private func measureFactors(
    _ settings: DissectionSettings, _ storage: DissectionStorage<Scalar>, _ observer: DissectionObserver,
    _ interruption: (@Sendable () throws -> Void)?, _ result: inout NetworkDissection<Scalar>
  ) throws {
    let layers = result.layers.map(\.layer)
    try observer.progress("E xx' and E M", 0, 0)
    let factors = try layerFactors(of: layers, interruption: interruption ?? {})
    for (index, factors) in factors.enumerated() {
      try interruption?()
      try observer.progress("factors, \(layers[index].name)", 0, 0)
      try measure(LayerEigenfactors(factors), settings, &result.layers[index])
    }
    for method in settings.approximations where method != .decoupled {
      try observer.progress(method.title, 0, 0)
      let approximation = try kroneckerCurvature(
        method, options: settings.options.kronecker, interruption: interruption ?? {})
      let source = approximation.source
      for block in approximation.blocks {
        guard let layer = block.layer, let index = layers.firstIndex(where: { $0.name == layer.name }) else { continue }
        result.layers[index].approximations.append(
          LayerApproximation(method, of: source, block.matrix, layers[index], top: settings.top + 1))
      }
    }
    for index in layers.indices {
      try observer.progress("errors of approximations, \(layers[index].name)", 0, 0)
      let layer = result.layers[index]
      let found = try storage.value("judgement-\(index)") { try judgement(of: layer, settings, interruption) }
      result.products += found.products
      result.layers[index].take(found)
    }
  }

  /// Holds a layer's eigenvectors against the factors'.
  private func measure(
    _ eigen: LayerEigenfactors, _ settings: DissectionSettings, _ result: inout LayerDissection<Scalar>
  ) throws {
    let layer = result.layer
    let rounding = 10 * Double(layer.outputs) * Double(Scalar.ulpOfOne)
    let shown = max(settings.factorVectors, 3 * classCount)
    result.factors = FactorSpectra(
      inputValues: Array(eigen.inputValues.prefix(shown)), outputValues: Array(eigen.outputValues.prefix(shown)),
      meanAlignment: eigen.meanAlignment, inputLeadingShare: eigen.inputLeadingShare,
      outputGaps: eigen.outputGaps(classes: classCount, rounding: rounding))
    result.shapes = try result.spectra.map { spectrum in
      try spectrum.pairs.top.prefix(settings.top).map { pair in
        try ReshapedEigenvector(layer.matrix(of: pair.vector), eigen, count: settings.factorVectors)
      }
    }
    result.approximations.append(
      LayerApproximation(.decoupled, of: .gaussNewton, try eigen.decoupled(pool: pool), layer, top: settings.top + 1))
  }

  /// How good a layer's approximations are.
  private func judgement(
    of layer: LayerDissection<Scalar>, _ settings: DissectionSettings, _ interruption: (@Sendable () throws -> Void)?
  ) throws -> Judgement {
    let products = layer.approximations.compactMap(\.product)
    var judgement = Judgement()
    for (kind, pairs) in layer.spectra where kind != .gradientCovariance {
      let operation = try selecting(layer.layer).curvature(kind, options: settings.options)
      operation.setInterruption(interruption)
      let found = try ApproximationError.of(
        operation, products, pairs: pairs.top, probes: settings.probes, seed: settings.seed)
      judgement.errors.append(Judgement.Row(kind: kind, values: found.errors))
      judgement.products += found.products
      // Only where a block has no negative eigenvalues is its damped inverse one of a minimum.
      guard [.gaussNewton, .gradientSecondMoment].contains(kind), let largest = pairs.top.first?.value else { continue }
      let steps = try DampedStep.of(
        operation, gradient: selecting(layer.layer).lossAndGradient().gradient, damping: settings.damping * largest,
        layer.approximations.compactMap(\.inverse))
      judgement.steps.append(Judgement.Row(kind: kind, values: steps.steps))
      judgement.products += steps.products
    }
    return judgement
  }
}

/// How good each of a layer's approximations is, as one of each operator, and the products that took.
private struct Judgement: Codable {
  struct Row<Value: Codable>: Codable {
    var kind: OperatorKind
    /// One for each approximation.
    var values: [Value]

    subscript(index: Int) -> Value? { values.indices.contains(index) ? values[index] : nil }
  }

  var errors: [Row<ApproximationError>] = []
  var steps: [Row<DampedStep?>] = []
  var products = 0
}

extension LayerDissection {
  /// Puts what was judged with the approximations, whose matrices are let go.
  fileprivate mutating func take(_ judgement: Judgement) {
    for index in approximations.indices {
      approximations[index].errors = judgement.errors.compactMap { row in row[index].map { (row.kind, $0) } }
      approximations[index].steps = judgement.steps.compactMap { row in (row[index] ?? nil).map { (row.kind, $0) } }
      approximations[index].product = nil
      approximations[index].inverse = nil
    }
  }
}
