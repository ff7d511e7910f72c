import Autodiff
import Krylov
import Networks
import Tensors

/// The dual K = A Aᵀ of a Gauss-Newton matrix G = AᵀA, A the ``WeightedJacobian``: of order n·r, with the eigenvalues
/// of G apart from zeros.
///
/// It is a sum over layers. A dense layer adds the Hadamard product of two Gram matrices, (xᵢ·xⱼ + 1)(δᵢ·δⱼ), x its
/// inputs (1 for the bias), δ the derivatives of a sample's output at the layer's own, so that no Jacobian is held.
/// Convolutions and whatever else has no such product add R Rᵀ with R the parameter's own columns of A, made in blocks
/// of samples. Where batch statistics couple the samples K is made of products with A and Aᵀ.
///
/// Cost: (n·r)² numbers and, for a dense layer of m outputs, m (n·r)² operations, half of that for the whole.
/// Eigenvalues below some ε·n·r·λ₁ are lost, as in any matrix that is a square.
public struct DualMatrix: ~Copyable {
  /// n·r
  public let order: Int
  /// Rows of the upper triangle (columns of the lower); element (s·n + i, t·n + j) for sample i in direction s and j in t.
  private let storage: AlignedStorage<Double>

  /// Samples whose rows a parameter's own columns are made for at once take no more numbers than this.
  static let largestBlock = 1 << 26
  /// Rows of the tiles that the workers share.
  private static let tile = 128

  /// K and what its eigenvalues take beside it, in bytes.
  public static func byteCount(order: Int) -> Int { 8 * order * order + (16 << 20) + 8 * 128 * order }

  init(order: Int) {
    self.order = order
    storage = AlignedStorage(count: order * order)
  }

  /// The element of a row and a column, either of which may be the larger.
  public subscript(row: Int, column: Int) -> Double { storage.pointer[min(row, column) * order + max(row, column)] }

  /// The eigenvalues, ascending; the matrix is used up.
  ///
  /// Cost: (4/3)(n·r)³ operations.
  public consuming func eigenvalues() throws(InputError) -> [Double] {
    try DenseFactorization.eigenvalues(overwriting: storage, order: order)
  }

  /// Adds the Hadamard product of a layer's Gram matrices.
  mutating func add(_ layer: SampleJacobian.LayerRows, samples n: Int, pool: WorkerPool) {
    let (slots, width, order) = (layer.derivatives.count, layer.derivativeWidth, order)
    let target = SharedPointer(storage.pointer)
    let activations = SharedPointer(layer.activations.pointer)
    pool.run(tasks: (n + Self.tile - 1) / Self.tile) { task, _ in
      let first = task * Self.tile
      let count = min(Self.tile, n - first)
      let inputs = AlignedStorage<Double>(count: count * n, zeroed: false)
      let outputs = AlignedStorage<Double>(count: count * n, zeroed: false)
      let x = activations.pointer
      Double.gemm(
        transposeA: false, transposeB: true, m: count, n: n, k: layer.activationWidth, alpha: 1,
        x + first * layer.activationWidth, layer.activationWidth, x, layer.activationWidth, beta: 0, inputs.pointer, n)
      for left in 0..<slots {
        for right in left..<slots {
          layer.derivatives[left].withUnsafePointer { u in
            layer.derivatives[right].withUnsafePointer { v in
              Double.gemm(
                transposeA: false, transposeB: true, m: count, n: n, k: width, alpha: 1, u + first * width, width, v,
                width, beta: 0, outputs.pointer, n)
            }
          }
          for row in 0..<count {
            let sums = target.pointer + (left * n + first + row) * order + right * n
            let (a, b) = (inputs.pointer + row * n, outputs.pointer + row * n)
            for column in 0..<n { sums[column] += a[column] * b[column] }
          }
        }
      }
    }
  }

  /// Adds R Qᵀ for the rows R of some samples and Q of others, of one parameter.
  mutating func add(
    _ left: [Vector<Double>], _ leftSamples: Range<Int>, _ right: [Vector<Double>], _ rightSamples: Range<Int>,
    width: Int, samples n: Int, pool: WorkerPool
  ) {
    let (slots, order) = (left.count, order)
    let target = SharedPointer(storage.pointer)
    pool.run(tasks: slots * slots) { task, _ in
      let (s, t) = (task / slots, task % slots)
      // Below the diagonal nothing is read.
      guard s < t || (s == t && leftSamples.lowerBound <= rightSamples.lowerBound) else { return }
      left[s].withUnsafePointer { u in
        right[t].withUnsafePointer { v in
          Double.gemm(
            transposeA: false, transposeB: true, m: leftSamples.count, n: rightSamples.count, k: width, alpha: 1, u,
            width,
            v, width, beta: 1,
            target.pointer + (s * n + leftSamples.lowerBound) * order + t * n + rightSamples.lowerBound,
            order)
        }
      }
    }
  }

  /// Fills the matrix column by column.
  mutating func set(_ matrix: [Double]) {
    precondition(matrix.count == order * order)
    _ = storage.buffer.update(fromContentsOf: matrix)
  }
}

/// A pointer to memory in which every task has a part of its own.
struct SharedPointer: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Double>
  init(_ pointer: UnsafeMutablePointer<Double>) { self.pointer = pointer }
}

extension Objective where Scalar == Double {
  /// Rows of outputs of all samples: positions of token models.
  public var sampleRows: Int { sampleCount * data.rowsPerSample }

  /// The rows n·r of the weighted Jacobian: the order of the dual.
  public func dualOrder(of kind: OperatorKind) -> Int {
    let directions = loss == .crossEntropy && kind != .tangentKernel ? max(0, classCountOfRows - 1) : classCountOfRows
    return sampleCount * data.rowsPerSample * directions
  }

  private var classCountOfRows: Int { outputsPerSample / data.rowsPerSample }

  /// The dual of the Gauss-Newton matrix or the Fisher matrix, or the tangent kernel.
  ///
  /// - Parameters:
  ///   - scales: what the columns of A are multiplied by, such as a mask of zeros and ones, over the selected
  ///     parameters. All columns are then formed.
  ///   - progress: called with the parameters done and their number; throws to stop.
  /// - Throws: ``InputError`` for other operators, for outputs that are not finite, and what `progress` throws.
  public func dualMatrix(
    of kind: OperatorKind, scales: Vector<Double>? = nil,
    progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> DualMatrix {
    let factor = try outputFactor(of: kind)
    var dual = DualMatrix(order: factor.slots * factor.samples)
    guard let jacobian = try sampleJacobian(factor, scales: scales) else {
      let gram = GramOperator(try weightedJacobian(of: kind, scales: scales).transposed)
      let order = dual.order
      dual.set(try ExactSpectrum.symmetricMatrix(gram, observe: { try progress($0, order) }).matrix)
      return dual
    }
    let plan = jacobian.plan
    let total = plan.layers.count + plan.explicit.count
    for (index, layer) in plan.layers.enumerated() {
      try progress(index, total)
      dual.add(try jacobian.rows(of: layer), samples: factor.samples, pool: pool)
    }
    for (index, parameter) in plan.explicit.enumerated() {
      try progress(plan.layers.count + index, total)
      let blocks = jacobian.sampleBlocks(of: DualMatrix.largestBlock / max(1, parameter.width * factor.slots))
      for left in blocks {
        let rows = try jacobian.rows(of: parameter, samples: left)
        for right in blocks {
          try progress(plan.layers.count + index, total)
          let others = left == right ? rows : try jacobian.rows(of: parameter, samples: right)
          dual.add(
            rows, left, others, right, width: parameter.width, samples: factor.samples, pool: pool)
        }
      }
    }
    try progress(total, total)
    return dual
  }
}
