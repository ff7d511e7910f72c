import Tensors

/// The Gauss-Newton matrix (squared error) and tangent kernel of F(x) = W φ(V x), φ(z) = max(z, αz): ReLU (α = 0),
/// leaky ReLU and linear (α = 1).
///
/// With X = [x₁ … x_n] (d × n), slopes D[r, i] = φ′(v_r · x_i), Λ_r = diag(D[r, ·]), w_r column r of W and Γ = φ(VX)ᵀ
/// φ(VX), the non-zero eigenvalues of G = (1/n) Σᵢ JᵢᵀJᵢ are those of the dual matrix of order nk, sample by sample,
///
///     D̂ = (1/n) [ Σ_r (Λ_r XᵀX Λ_r) ⊗ (w_r w_rᵀ) + Γ ⊗ I_k ].
///
/// The tangent kernel is n D̂. φ′(0) is α. For a bias in the hidden layer append a one to the inputs and the bias to V.
///
/// Cost: O(n²(d + m k²)) for the dual and O((nk)³) for its spectrum.
/// Source: Zhao, Singh, Lucchi, arXiv:2411.02139 (one hidden layer, piecewise linear activation).
public struct TwoLayerRectifierConditioning: Sendable {
  /// V, m × d
  public let hidden: DenseMatrix
  /// W, k × m
  public let output: DenseMatrix
  /// One sample a row, n × d
  public let inputs: DenseMatrix
  /// α
  public let slope: Double
  /// Dᵀ, n × m
  let slopes: DenseMatrix
  /// φ(VX)ᵀ, a row for each sample, n × m
  public let features: DenseMatrix

  var samples: Int { inputs.rows }
  var outputs: Int { output.rows }
  var width: Int { hidden.rows }

  /// - Parameters:
  ///   - hidden: V, m × d.
  ///   - output: W, k × m.
  ///   - inputs: one sample a row, n × d.
  ///   - slope: α, from 0 to 1.
  ///
  /// - Throws: ``InputError`` when shapes do not fit.
  public init(hidden: DenseMatrix, output: DenseMatrix, inputs: DenseMatrix, slope: Double) throws(InputError) {
    guard output.columns == hidden.rows, inputs.columns == hidden.columns, inputs.rows > 0 else {
      throw InputError(
        "weights \(hidden.rows) × \(hidden.columns) and \(output.rows) × \(output.columns) for inputs \(inputs.rows) × \(inputs.columns)"
      )
    }
    guard slope >= 0, slope <= 1 else { throw InputError("the slope is \(slope)", remedy: "give one from 0 to 1") }
    self.hidden = hidden
    self.output = output
    self.inputs = inputs
    self.slope = slope
    var features = try DenseMatrix.product(inputs, false, hidden, true)
    var slopes = features
    for index in features.elements.indices {
      slopes.elements[index] = features.elements[index] > 0 ? 1 : slope
      features.elements[index] *= slopes.elements[index]
    }
    self.slopes = slopes
    self.features = features
  }

  /// D̂, nk × nk, index i·k + c.
  public func dual() throws(InputError) -> DenseMatrix {
    let (n, k) = (samples, outputs)
    let inputGram = try inputs.outerGram()
    let featureGram = try features.outerGram()
    let weighted = weightedOutputs
    let activeGram = try weighted.outerGram()
    var result = DenseMatrix(zeros: n * k, n * k)
    let scale = 1 / Double(n)
    for i in 0..<n {
      for j in 0..<n {
        for c in 0..<k {
          for e in 0..<k {
            var value = inputGram[i, j] * activeGram[i * k + c, j * k + e]
            if c == e { value += featureGram[i, j] }
            result[i * k + c, j * k + e] = scale * value
          }
        }
      }
    }
    return result
  }

  /// Row i·k + c: D[r, i] W[c, r], so that its Gram matrix is Σ_r d_r d_rᵀ ⊗ w_r w_rᵀ.
  var weightedOutputs: DenseMatrix {
    var result = DenseMatrix(zeros: samples * outputs, width)
    for i in 0..<samples {
      for c in 0..<outputs {
        for r in 0..<width { result[i * outputs + c, r] = slopes[i, r] * output[c, r] }
      }
    }
    return result
  }

  /// J/√n, nk × (md + km): rows sample by sample, columns V by rows and then W by rows.
  public func scaledJacobian() -> DenseMatrix {
    let (k, m, d) = (outputs, width, inputs.columns)
    let scale = 1 / Double(samples).squareRoot()
    var result = DenseMatrix(zeros: samples * k, m * d + k * m)
    for i in 0..<samples {
      for c in 0..<k {
        for r in 0..<m {
          let factor = scale * slopes[i, r] * output[c, r]
          for j in 0..<d { result[i * k + c, r * d + j] = factor * inputs[i, j] }
          result[i * k + c, m * d + c * m + r] = scale * features[i, r]
        }
      }
    }
    return result
  }

  /// κ of G from the singular values of J/√n, at the rank they resolve. Cost: O((nk)² (md + km)).
  public func conditionNumber() throws(InputError) -> ConditionNumber {
    let jacobian = scaledJacobian()
    let values = try jacobian.singularValues()
    let order = Swift.max(jacobian.rows, jacobian.columns)
    return .of(
      singularValues: values, rank: ConditionNumber.resolvedRank(singularValues: values, order: order),
      source: .singularValues, order: order)
  }
}
