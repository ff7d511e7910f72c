import Autodiff
import Krylov
import Networks
import Tensors

extension Objective {
  /// The most parameters of a block that is held in full.
  public static var largestExactBlock: Int { 4096 }

  /// Diagonal blocks in full, for parameters that belong to no linear layer: scales and shifts of normalisations, lone biases.
  ///
  /// Where the gradients of single samples are at hand, as for scales and shifts, it takes a backward pass for each
  /// direction of `source`, for all blocks together; else as many products as the largest block has parameters.
  ///
  /// - Throws: ``InputError`` for a block of more than ``largestExactBlock`` parameters.
  public func exactBlocks(
    _ blocks: [ParameterBlock], source: DerivativeSource = .outputs, interruption: () throws -> Void = {}
  ) throws -> [DenseMatrix] {
    guard !blocks.isEmpty else { return [] }
    try requireLayerProducts(source)
    for block in blocks where block.dimension > Self.largestExactBlock {
      throw InputError(
        place: block.name,
        "has \(block.dimension) parameters that enter neither as a dense product nor as a convolution; a block in full has \(Self.largestExactBlock) at most",
        remedy: "leave them out with --params")
    }
    guard let suited = try cutForSampleSquares(), try suited.hasSampleRows(blocks, source) else {
      return try exactBlocksFromProducts(blocks, source, interruption)
    }
    return try suited.exactBlocksFromSamples(blocks, source, interruption)
  }

  /// Whether the gradients of single samples are at hand for all parameters of the blocks.
  private func hasSampleRows(_ blocks: [ParameterBlock], _ source: DerivativeSource) throws(InputError) -> Bool {
    for size in schedule.sizes {
      var graph = try layerGraph(microbatch: size)
      if try graph.sampleRows(blocks, source, directions: directions(of: source)) == nil { return false }
    }
    return true
  }

  private func exactBlocksFromSamples(
    _ blocks: [ParameterBlock], _ source: DerivativeSource, _ interruption: () throws -> Void
  ) throws -> [DenseMatrix] {
    let sums = try sumOverDirections(source, interruption) { graph, directions throws(InputError) in
      guard let rows = try graph.sampleRows(blocks, source, directions: directions) else { return [] }
      var outputs: [(Value, ResultDestination)] = []
      var (offset, first) = (0, 0)
      for block in blocks {
        let own = rows[first..<first + block.indices.count]
        first += block.indices.count
        for left in own {
          for right in own {
            let product = try graph.objective.graph.append(
              DotGeneral(leftContractsFirst: true, rightContractsFirst: true), [left, right])
            outputs.append((product, .linear(offset: offset)))
            offset += graph.objective.graph.type(of: product).count
          }
        }
      }
      return outputs
    }
    var offset = 0
    return blocks.map { block in
      let counts = block.ranges.map(\.count)
      let starts = ObjectiveGraph.offsets(counts)
      var matrix = DenseMatrix(zeros: block.dimension, block.dimension)
      for (row, height) in zip(starts, counts) {
        for (column, width) in zip(starts, counts) {
          for i in 0..<height {
            for j in 0..<width { matrix[row + i, column + j] = sums[offset + i * width + j] }
          }
          offset += height * width
        }
      }
      return matrix.symmetrized()
    }
  }

  /// Column j of every block at once.
  private func exactBlocksFromProducts(
    _ blocks: [ParameterBlock], _ source: DerivativeSource, _ interruption: () throws -> Void
  ) throws -> [DenseMatrix] {
    let operation: NetworkOperator<Scalar>
    switch source {
    case .outputs: operation = try curvature(.gaussNewton, blocks: blocks)
    case .labels: operation = try curvature(.gradientSecondMoment, blocks: blocks)
    case .draws(let draws, let seed):
      operation = try curvature(
        .monteCarloFisher, blocks: blocks, options: OperatorOptions(fisherDraws: draws, seed: seed))
    }
    var matrices = blocks.map { DenseMatrix(zeros: $0.dimension, $0.dimension) }
    let places = blocks.map { $0.ranges.flatMap { Array($0) } }
    let largest = blocks.map(\.dimension).max() ?? 0
    for start in stride(from: 0, to: largest, by: 4) {
      try interruption()
      let columns = Array(start..<min(start + 4, largest))
      let units = columns.map { column in
        var unit = Vector<Scalar>(zeros: dimension)
        for own in places where column < own.count { unit[own[column]] = 1 }
        return unit
      }
      for (column, product) in zip(columns, try operation.apply(units)) {
        for (block, own) in places.enumerated() where column < own.count {
          for (row, place) in own.enumerated() { matrices[block][row, column] = Double(product[place]) }
        }
      }
    }
    return matrices.map { $0.symmetrized() }
  }
}

extension LayerGraph {
  /// The gradients of the samples with respect to every parameter of the blocks in turn, a row for each sample; `nil` where
  /// they are not at hand.
  fileprivate mutating func sampleRows(
    _ blocks: [ParameterBlock], _ source: DerivativeSource, directions: Int
  ) throws(InputError) -> [Value]? {
    let unit = objective.graph.source(.vector(0), type: TensorType([directions]))
    let gradients = try objective.pullBack(
      source, unit: unit, microbatch: microbatch, at: blocks.flatMap(\.indices).map { objective.parameters[$0] })
    var squares = SampleSquares(graph: objective.graph, samples: microbatch)
    var rows: [Value] = []
    for gradient in gradients {
      let count = squares.graph.type(of: gradient).count
      if squares.graph.splat(gradient) == 0 {
        rows.append(try squares.graph.constant(0, [microbatch, count]))
        continue
      }
      guard let parts = try squares.rows(of: gradient) else { return nil }
      rows.append(try squares.graph.reshape(parts, to: [microbatch, count]))
    }
    objective.graph = squares.graph
    return rows
  }
}
