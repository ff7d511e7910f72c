import Foundation
import Krylov
import Networks
import Tensors

extension Objective {
  /// The approximation of a curvature matrix by one block with Kronecker eigenvectors a layer, see ``KroneckerMethod``.
  ///
  /// Cost: for each output of a sample a backward pass over the data (one pass for gradients at labels), a second one
  /// for EKFAC; dense eigenproblems of orders m and n + 1 for each layer. Memory: m² + n² + 2mn numbers a layer.
  ///
  /// - Parameter interruption: called between passes; throws to stop.
  /// - Throws: ``InputError`` where batch statistics couple the samples, for the loss `output` but for gradients at
  ///   labels, and for parameters that are neither of a linear layer nor few.
  public func kroneckerCurvature(
    _ method: KroneckerMethod, options: KroneckerOptions = KroneckerOptions(), interruption: () throws -> Void = {}
  ) throws -> KroneckerCurvature<Scalar> {
    let layers = try linearLayers()
    let source = options.source(of: method)
    var blocks = try kroneckerBlocks(method, layers, options, interruption)
    let rest = remainingBlocks(layers)
    for (block, matrix) in zip(rest, try exactBlocks(rest, source: source, interruption: interruption)) {
      blocks.append(try KroneckerBlock(name: block.name, ranges: block.ranges, matrix: matrix, pool: pool))
    }
    return KroneckerCurvature(method: method, options: options, space: space, blocks: blocks)
  }

  private func kroneckerBlocks(
    _ method: KroneckerMethod, _ layers: [SharedLinearLayer], _ options: KroneckerOptions,
    _ interruption: () throws -> Void
  ) throws -> [KroneckerBlock<Scalar>] {
    guard !layers.isEmpty else { return [] }
    if method == .shampoo { return try shampooBlocks(layers, options, interruption) }
    let sharing = method == .ekfac ? options.basis : method.sharing
    let factors = try layerFactors(of: layers, sharing: sharing, source: options.source, interruption: interruption)
    switch method {
    case .decoupled:
      return try factors.flatMap { factors in
        let weight = factors.withoutBias
        var blocks = [
          KroneckerBlock(
            layer: weight.layer,
            matrix: try KroneckerOperator<Scalar>(weight.outputMoment, weight.inputMoment, pool: pool))
        ]
        if let range = factors.layer.biasRange {
          blocks.append(
            try KroneckerBlock(
              name: factors.layer.name, ranges: [range], matrix: factors.outputMoment, pool: pool))
        }
        return blocks
      }
    case .kfacExpand, .kfacReduce, .shampoo:
      return try factors.map {
        KroneckerBlock(
          layer: $0.layer, matrix: try KroneckerOperator<Scalar>($0.outputMoment, $0.inputMoment, pool: pool))
      }
    case .ekfac:
      let eigen = try factors.map { factors in
        (inputs: try factors.inputMoment.descendingEigen(), outputs: try factors.outputMoment.descendingEigen())
      }
      let diagonals = try kroneckerDiagonals(
        of: layers, bases: eigen.map { ($0.inputs.vectors, $0.outputs.vectors) }, source: options.source,
        interruption: interruption)
      return try zip(zip(layers, eigen), diagonals).map { pair, diagonal in
        let product = try KroneckerOperator<Scalar>(
          leftVectors: pair.1.outputs.vectors, rightVectors: pair.1.inputs.vectors,
          factors: KroneckerOperator<Scalar>.Factors(left: pair.1.outputs.values, right: pair.1.inputs.values),
          pool: pool)
        return KroneckerBlock(layer: pair.0, matrix: product.withValues(diagonal.elements))
      }
    }
  }

  private func shampooBlocks(
    _ layers: [SharedLinearLayer], _ options: KroneckerOptions, _ interruption: () throws -> Void
  ) throws -> [KroneckerBlock<Scalar>] {
    let exponent = options.shampooExponent
    guard exponent > 0, exponent <= 1 else {
      throw InputError("Shampoo's exponent is in (0, 1], not \(exponent)")
    }
    let moments = try shampooMoments(of: layers, batch: options.shampooBatch, interruption: interruption)
    return try zip(layers, moments).map { layer, moments in
      let (left, right) = (try moments.left.descendingEigen(), try moments.right.descendingEigen())
      let trace = left.values.reduce(0, +)
      // A gradient that is zero for every sample leaves nothing to scale.
      let scale = trace > 0 ? pow(trace, 1 - 4 * exponent) : 0
      let factors = KroneckerOperator<Scalar>.Factors(
        left: left.values.map { scale * pow(max($0, 0), 2 * exponent) },
        right: right.values.map { pow(max($0, 0), 2 * exponent) })
      return KroneckerBlock(
        layer: layer,
        matrix: try KroneckerOperator<Scalar>(
          leftVectors: left.vectors, rightVectors: right.vectors, factors: factors, pool: pool))
    }
  }

  /// The selected parameters that are of no linear layer, by layer.
  func remainingBlocks(_ layers: [SharedLinearLayer]) -> [ParameterBlock] {
    let taken = Set(layers.map(\.weight) + layers.compactMap(\.bias))
    return blocks(.layer).compactMap { block in
      let kept = block.indices.indices.filter { !taken.contains(block.indices[$0]) }
      guard !kept.isEmpty else { return nil }
      return ParameterBlock(
        name: block.name, indices: kept.map { block.indices[$0] }, ranges: kept.map { block.ranges[$0] })
    }
  }
}
