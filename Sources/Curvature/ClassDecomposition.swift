import Autodiff
import Datasets
import Krylov
import Networks
import Tensors

/// The Gauss-Newton matrix of cross-entropy taken apart by classes: G = G_class + G_cross + G_same + G_within.
///
/// With gᵢ(k) = ∇ℓ(zᵢ, k), the gradient of sample i were its label k, and pᵢ its probabilities, G = Σᵢ Σ_k wᵢ pᵢₖ gᵢ(k)
/// gᵢ(k)ᵀ. The pairs (i, k) are grouped by the sample's label c and by k, with total weights w_ck and mean gradients
/// δ_ck; δ_c is the mean of δ_ck over k ≠ c. Then
/// - G_class = Σ_c (Σ_{k≠c} w_ck) δ_c δ_cᵀ makes up to C outliers,
/// - G_cross = Σ_{c≠k} w_ck (δ_ck − δ_c)(δ_ck − δ_c)ᵀ up to C(C − 1) more eigenvalues,
/// - G_same = Σ_c w_cc δ_cc δ_ccᵀ,
/// - G_within, the spread in the groups, the bulk.
///
/// Source: V. Papyan, "Traces of class/cross-class structure pervade deep learning spectra", JMLR 21 (2020), arXiv:2008.11865.
public struct ClassDecomposition<Scalar: Real>: Sendable {
  public typealias Part = LowRankOperator<DenseVectorSpace<Scalar>>

  /// C.
  public let classes: Int
  /// w_ck, a row a label.
  public let weights: [[Double]]
  /// G_class, of rank at most C.
  public let classPart: Part
  /// G_cross, of rank at most C(C − 1).
  public let crossClassPart: Part
  /// G_same, of rank at most C.
  public let sameClassPart: Part
  /// G_within = G − G_class − G_cross − G_same, positive semidefinite up to rounding.
  public let withinPart: OperatorSum<OperatorSum<OperatorSum<NetworkOperator<Scalar>, Part>, Part>, Part>
  /// Microbatches whose primal pass ``withinPart`` keeps between products.
  let keptMicrobatches: Int
}

extension Objective {
  /// The most memory the mean gradients of a class decomposition may take.
  private static var largestClassBytes: Int { 16 << 30 }

  /// The Gauss-Newton matrix taken apart by classes.
  ///
  /// Cost: C² backward passes over the data. Memory: C² + C vectors.
  ///
  /// - Throws: ``InputError`` for other losses than cross-entropy with labels, or where the vectors would not fit into memory.
  public func classDecomposition() throws -> ClassDecomposition<Scalar> {
    guard loss == .crossEntropy, targetType?.element == .int32 else {
      throw InputError("classes are those of cross-entropy with labels", remedy: "use --loss cross-entropy and labels")
    }
    let classes = outputsPerSample / data.rowsPerSample
    let vectorBytes = dimension * MemoryLayout<Scalar>.stride
    guard classes * (classes + 1) <= Self.largestClassBytes / max(1, vectorBytes) else {
      throw InputError(
        "the mean gradients of \(classes)² pairs of classes would not fit into memory",
        remedy: "restrict the parameters with --params")
    }
    let (pairs, weights) = try pairGradients(classes)
    let space = self.space
    var classMeans: [Vector<Scalar>] = []
    var classWeights: [Double] = []
    var crosses: [Vector<Scalar>] = []
    var crossWeights: [Double] = []
    var same: [Vector<Scalar>] = []
    for label in 0..<classes {
      let others = (0..<classes).filter { $0 != label }
      let total = others.reduce(0) { $0 + weights[label][$1] }
      var mean = space.zero()
      for other in others { space.axpy(total > 0 ? 1 / total : 0, pairs[label][other], &mean) }
      for other in others {
        let weight = weights[label][other]
        var difference = pairs[label][other]
        space.scale(weight > 0 ? 1 / weight : 0, &difference)
        space.axpy(-1, mean, &difference)
        crosses.append(difference)
        crossWeights.append(weight)
      }
      classMeans.append(mean)
      classWeights.append(total)
      var own = pairs[label][label]
      space.scale(weights[label][label] > 0 ? 1 / weights[label][label] : 0, &own)
      same.append(own)
    }
    let classPart = LowRankOperator(space: space, vectors: classMeans, weights: classWeights)
    let crossPart = LowRankOperator(space: space, vectors: crosses, weights: crossWeights)
    let samePart = LowRankOperator(space: space, vectors: same, weights: (0..<classes).map { weights[$0][$0] })
    let whole = try gaussNewton()
    return ClassDecomposition(
      classes: classes, weights: weights, classPart: classPart, crossClassPart: crossPart, sameClassPart: samePart,
      withinPart: whole - classPart - crossPart - samePart, keptMicrobatches: whole.keptMicrobatches)
  }

  /// One of the parts as an operator; the decomposition is made when it is.
  func classPart(_ kind: OperatorKind) throws -> NetworkOperator<Scalar> {
    let parts = try classDecomposition()
    func operation<A: LinearOperator & Sendable>(_ part: A, kept: Int = 0) -> NetworkOperator<Scalar>
    where A.Space == DenseVectorSpace<Scalar> {
      NetworkOperator(kind: kind, space: space, schedule: schedule, keptMicrobatches: kept) { try part.apply($0) }
    }
    switch kind {
    case .classPart: return operation(parts.classPart)
    case .crossClassPart: return operation(parts.crossClassPart)
    case .sameClassPart: return operation(parts.sameClassPart)
    default: return operation(parts.withinPart, kept: parts.keptMicrobatches)
    }
  }

  /// w_ck δ_ck = Σ over samples of label c of wᵢ pᵢₖ gᵢ(k), and w_ck.
  private func pairGradients(_ classes: Int) throws -> (pairs: [[Vector<Scalar>]], weights: [[Double]]) {
    let jacobian = try cutJacobian()
    let probabilities = try executor { graph throws(InputError) in
      let shape = graph.graph.shape(of: graph.outputs)
      return [(try graph.graph.softmax(graph.outputs, dimension: shape.count - 1), .primalRows)]
    }.evaluateRows()
    let rows = sampleCount * data.rowsPerSample
    var weights = [[Double]](repeating: [Double](repeating: 0, count: classes), count: classes)
    for row in 0..<rows where data.weights.pointer[row] != 0 {
      let label = Int(data.targets.pointer[row])
      for other in 0..<classes {
        weights[label][other] += Double(data.weights.pointer[row]) * Double(probabilities[row * classes + other])
      }
    }
    var pairs: [[Vector<Scalar>]] = []
    for label in 0..<classes {
      var images: [Vector<Scalar>] = []
      for start in stride(from: 0, to: classes, by: 8) {
        images += try jacobian.applyTransposed(
          (start..<min(start + 8, classes)).map { other in
            var residuals = Vector<Scalar>(zeros: rows * classes)
            for row in 0..<rows where data.weights.pointer[row] != 0 && Int(data.targets.pointer[row]) == label {
              let factor = data.weights.pointer[row] * probabilities[row * classes + other]
              for index in 0..<classes {
                let residual = probabilities[row * classes + index] - (index == other ? 1 : 0)
                residuals[row * classes + index] = factor * residual
              }
            }
            return residuals
          })
      }
      pairs.append(images)
    }
    return (pairs, weights)
  }
}
