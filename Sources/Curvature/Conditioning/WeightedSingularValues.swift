import Krylov
import Networks
import Tensors

/// How the singular values of a weighted Jacobian are found, and what it takes.
public struct SingularValuePlan: Sendable {
  /// n·r, the rows of A.
  public let rows: Int
  /// The columns that are left of A's P after orthogonal changes of coordinates, see
  /// ``Objective/weightedSingularValues(of:progress:)``.
  public let columns: Int
  /// Bytes of the factorization and of what its blocks are made from.
  public let bytes: Int
  /// Operations of the factorization.
  public let operations: Double
  let blockRows: Int
  let lanes: Int

  /// The smaller dimension.
  public var order: Int { min(rows, columns) }
  /// The larger one.
  var length: Int { max(rows, columns) }

  /// Numbers that the lanes of a factorization may take before there are fewer of them.
  private static let laneElements = 1 << 27

  init(rows: Int, columns: Int, elements: Int, isWhole: Bool) {
    self.rows = rows
    self.columns = columns
    let (order, length) = (min(rows, columns), max(rows, columns))
    var lanes = 4
    while lanes > 1 && TriangularFactor.elementCount(columns: order, blockRows: order, lanes: lanes) > Self.laneElements
    {
      lanes -= 1
    }
    let room = Self.laneElements / max(1, lanes * order) - order
    let wished = max(1, min(4 * order, (length + lanes - 1) / lanes))
    blockRows = max(min(wished, room), min(wished, max(64, order / 4)))
    self.lanes = lanes
    let factor = isWhole ? 0 : TriangularFactor.elementCount(columns: order, blockRows: blockRows, lanes: lanes)
    bytes = 8 * (factor + 2 * order * order + elements)
    let (n, m) = (Double(order), Double(length))
    operations = 2 * n * n * m * (isWhole ? 1 : 1 + n / Double(blockRows)) + 8 / 3 * n * n * n
  }
}

extension SampleJacobian {
  /// Columns of a layer after the change of coordinates of its x.
  func coordinateWidth(_ layer: SampleProductPlan.Layer) -> Int { min(samples, layer.activationWidth) }

  var compressedColumns: Int {
    plan.layers.reduce(0) { $0 + $1.derivativeWidth * coordinateWidth($1) } + plan.explicit.reduce(0) { $0 + $1.width }
  }

  var singularValuePlan: SingularValuePlan {
    let layers = plan.layers.map(elementCount)
    let isWide = rows <= compressedColumns
    let widest = plan.explicit.map(\.width).max() ?? 0
    // One layer's rows at a time, or all of them; those of an explicit parameter for all samples, or a block of samples.
    let own = isWide ? max(layers.max() ?? 0, 2 * rows * widest) : layers.reduce(0, +)
    let explicit = isWide ? 0 : 2 * 4 * compressedColumns * plan.explicit.reduce(0) { $0 + $1.width }
    return SingularValuePlan(rows: rows, columns: compressedColumns, elements: own + explicit, isWhole: false)
  }

  /// x in coordinates of the span of all samples' x where that is narrower: the columns of R of X = (Q R)ᵀ, an orthogonal change.
  func coordinates(_ layer: LayerRows) throws -> (pointer: AlignedStorage<Double>, width: Int, stride: Int) {
    let (n, width) = (samples, layer.activationWidth)
    guard n < width else { return (layer.activations, width, width) }
    // Rows of X one after the other are the columns of Xᵀ.
    try DenseFactorization.orthogonalize(layer.activations.pointer, rows: width, columns: n, stride: width)
    for sample in 0..<n {
      for row in sample + 1..<max(sample + 1, n) { layer.activations.pointer[sample * width + row] = 0 }
    }
    return (layer.activations, n, width)
  }

  /// Singular values through blocks of columns: A has more of them than rows.
  func wideSingularValues(_ progress: (Int, Int) throws -> Void) throws -> [Double] {
    let (n, slots) = (samples, factor.slots)
    let setting = singularValuePlan
    let total = compressedColumns
    var done = 0
    var triangle = TriangularFactor(
      columns: rows, blockRows: setting.blockRows, lanes: setting.lanes, pool: objective.pool)
    for layer in plan.layers {
      let parts = try rows(of: layer)
      let x = try coordinates(parts)
      // Columns (o, k): δ_o x_k, as many as fit into a block.
      let columns = layer.derivativeWidth * x.width
      for start in stride(from: 0, to: columns, by: setting.blockRows) {
        try progress(done, total)
        let count = min(setting.blockRows, columns - start)
        try triangle.append(rows: count) { target, stride in
          let target = SharedPointer(target)
          let inputs = SharedPointer(x.pointer.pointer)
          objective.pool.run(tasks: slots) { slot, _ in
            parts.derivatives[slot].withUnsafePointer { derivative in
              for sample in 0..<n {
                let column = target.pointer + (slot * n + sample) * stride
                let own = derivative + sample * layer.derivativeWidth
                let input = inputs.pointer + sample * x.stride
                var (output, unit) = (start / x.width, start % x.width)
                for index in 0..<count {
                  column[index] = own[output] * input[unit]
                  unit += 1
                  if unit == x.width { (output, unit) = (output + 1, 0) }
                }
              }
            }
          }
        }
        done += count
      }
    }
    for parameter in plan.explicit {
      let parts = try rows(of: parameter, samples: 0..<n)
      for start in stride(from: 0, to: parameter.width, by: setting.blockRows) {
        try progress(done, total)
        let count = min(setting.blockRows, parameter.width - start)
        try triangle.append(rows: count) { target, stride in
          for slot in 0..<slots {
            parts[slot].withUnsafePointer { rows in
              for sample in 0..<n {
                (target + (slot * n + sample) * stride).update(
                  from: rows + sample * parameter.width + start, count: count)
              }
            }
          }
        }
        done += count
      }
    }
    try progress(done, total)
    return try triangle.singularValues()
  }

  /// Singular values through blocks of rows: A has more of them than columns.
  func tallSingularValues(_ progress: (Int, Int) throws -> Void) throws -> [Double] {
    let (slots, setting, columns) = (factor.slots, singularValuePlan, compressedColumns)
    let layers = try plan.layers.map { layer in
      let parts = try rows(of: layer)
      return (parts, try coordinates(parts))
    }
    var triangle = TriangularFactor(
      columns: columns, blockRows: setting.blockRows, lanes: setting.lanes, pool: objective.pool)
    for block in sampleBlocks(of: max(1, setting.blockRows / slots)) {
      try progress(block.lowerBound, samples)
      let explicit = try plan.explicit.map { ($0.width, try rows(of: $0, samples: block)) }
      // A block of whole samples, or of some of the directions where even one sample has too many.
      let places = block.flatMap { sample in (0..<slots).map { (sample, $0) } }
      for start in stride(from: 0, to: places.count, by: setting.blockRows) {
        let chosen = places[start..<min(places.count, start + setting.blockRows)]
        try triangle.append(rows: chosen.count) { target, stride in
          for (row, (sample, slot)) in chosen.enumerated() {
            var next = target + row
            for (parts, x) in layers {
              for output in 0..<parts.derivativeWidth {
                let derivative = parts.derivatives[slot][sample * parts.derivativeWidth + output]
                for unit in 0..<x.width {
                  next.pointee = derivative * x.pointer.pointer[sample * x.stride + unit]
                  next += stride
                }
              }
            }
            for (width, rows) in explicit {
              for element in 0..<width {
                next.pointee = rows[slot][(sample - block.lowerBound) * width + element]
                next += stride
              }
            }
          }
        }
      }
    }
    try progress(samples, samples)
    return try triangle.singularValues()
  }
}

extension Objective where Scalar == Double {
  /// What ``weightedSingularValues(of:progress:)`` will take.
  public func singularValuePlan(of kind: OperatorKind, scales: Vector<Double>? = nil) throws -> SingularValuePlan {
    let factor = try outputFactor(of: kind)
    if let jacobian = try sampleJacobian(factor, scales: scales) { return jacobian.singularValuePlan }
    let rows = factor.slots * factor.samples
    return SingularValuePlan(rows: rows, columns: dimension, elements: rows * dimension, isWhole: true)
  }

  /// The singular values of the weighted Jacobian A, descending, min(n·r, columns) of them: their squares are the
  /// eigenvalues of the Gauss-Newton matrix AᵀA. A is never squared, so they are right to some ε σ₁ and eigenvalues to
  /// ε² λ₁.
  ///
  /// A is factored in blocks of columns, or of rows where it has fewer columns, and is never held as a whole. A dense
  /// layer's inputs of n samples span at most n dimensions: in coordinates of their span its columns are n instead of
  /// its inputs for each output. Where batch statistics couple the samples A is made a row at a time by products and
  /// held.
  ///
  /// Cost: see ``SingularValuePlan``.
  ///
  /// - Parameters:
  ///   - scales: what the columns of A are multiplied by, such as a mask of zeros and ones, over the selected
  ///     parameters. All columns are then formed.
  ///   - progress: called with the part done and the whole; throws to stop.
  /// - Throws: ``InputError`` for operators other than ggn, fisher and ntk, and what `progress` throws.
  public func weightedSingularValues(
    of kind: OperatorKind, scales: Vector<Double>? = nil,
    progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> [Double] {
    let factor = try outputFactor(of: kind)
    guard factor.slots > 0 else { return [] }
    if let scales, scales.count != dimension {
      throw InputError("\(scales.count) factors for the \(dimension) columns of a weighted Jacobian")
    }
    if let jacobian = try sampleJacobian(factor, scales: scales) {
      guard jacobian.compressedColumns > 0 else { return [0] }
      return jacobian.rows <= jacobian.compressedColumns
        ? try jacobian.wideSingularValues(progress) : try jacobian.tallSingularValues(progress)
    }
    return try coupledSingularValues(try weightedJacobian(of: kind, scales: scales), progress)
  }

  private func coupledSingularValues(
    _ jacobian: WeightedJacobian, _ progress: (Int, Int) throws -> Void
  ) throws -> [Double] {
    let (rows, columns) = (jacobian.codomain.dimension, dimension)
    // Aᵀ in column-major order: a row of A at a time.
    let whole = AlignedStorage<Double>(count: rows * columns, zeroed: false)
    for start in stride(from: 0, to: rows, by: 16) {
      try progress(start, rows)
      let chosen = start..<min(rows, start + 16)
      let units = chosen.map { row in
        var unit = Vector<Double>(zeros: rows)
        unit[row] = 1
        return unit
      }
      for (row, image) in zip(chosen, try jacobian.applyTransposed(units)) {
        image.withUnsafePointer { (whole.pointer + row * columns).update(from: $0, count: columns) }
      }
    }
    try progress(rows, rows)
    return try DenseFactorization.singularValues(overwriting: whole, rows: columns, columns: rows)
  }
}
