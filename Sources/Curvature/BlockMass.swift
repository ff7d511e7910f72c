import Autodiff
import Krylov
import Networks
import Tensors

/// How much of a symmetric matrix A lies in its diagonal blocks and how much between them, as squared Frobenius norms.
public struct BlockMass: Sendable, Hashable, Codable {
  /// The names of the blocks.
  public var names: [String]
  /// ‖A_ab‖_F² of block row a and block column b; symmetric.
  public var squaredNorms: [[MeanEstimate]]
  /// Σ_{a≠b} ‖A_ab‖_F² / ‖A‖_F².
  public var betweenFraction: Double
  /// The standard error of the fraction, to first order in those of its parts; `nil` for a single probe.
  public var betweenFractionError: Double?
  public var probes: Int
  /// Operator products spent.
  public var products: Int

  /// - Parameter samples: for each probe the matrix of estimates.
  init(names: [String], samples: [[[Double]]], products: Int) {
    self.names = names
    self.products = products
    probes = samples.count
    let blocks = names.indices
    squaredNorms = blocks.map { row in
      blocks.map { column in MeanEstimate(samples.map { ($0[row][column] + $0[column][row]) / 2 }) }
    }
    let totals = samples.map { $0.joined().reduce(0, +) }
    let between = samples.map { sample in
      blocks.reduce(0) { sum, row in sum + blocks.reduce(0) { $0 + ($1 == row ? 0 : sample[row][$1]) } }
    }
    let total = MeanEstimate(totals).value
    let fraction = total > 0 ? MeanEstimate(between).value / total : 0
    betweenFraction = fraction
    // The delta method: the error of a ratio of means is that of the mean of (xᵢ − f yᵢ)/ȳ.
    betweenFractionError =
      total > 0 ? MeanEstimate(zip(between, totals).map { ($0 - fraction * $1) / total }).standardError : nil
  }
}

extension Objective {
  /// Vectors multiplied in one call at most.
  private static var blockBatch: Int { 16 }

  /// The mass in and between the blocks of an operator, estimated with random signs: E ‖(A z_a)_b‖² = ‖A_ba‖_F² for z_a
  /// with independent signs in block a and zeros elsewhere. Unbiased.
  ///
  /// Cost: one product a block and probe; several blocks share the primal pass.
  public func blockMass(
    of kind: OperatorKind, by division: ParameterBlock.Division, probes: Int,
    options: OperatorOptions = OperatorOptions(), preconditioner: Vector<Scalar>? = nil, seed: UInt64 = 0,
    interruption: (@Sendable () throws -> Void)? = nil
  ) throws -> BlockMass {
    guard kind.actsOnParameters else {
      throw InputError(place: "--operator \(kind.rawValue)", "acts on outputs and has no blocks of parameters")
    }
    guard probes > 0 else { throw InputError(place: "--block-mass", "must be at least 1, not \(probes)") }
    let operation = try curvature(kind, options: options)
    operation.setInterruption(interruption)
    let preconditioned = try preconditioner.map { try PreconditionedOperator(operation, diagonal: $0) }
    let blocks = blocks(division)
    var samples: [[[Double]]] = []
    for probe in 0..<probes {
      let signs = space.random(.rademacher, from: RandomStream(seed: seed, purpose: "block mass", index: probe))
      var sample: [[Double]] = []
      for start in stride(from: 0, to: blocks.count, by: Self.blockBatch) {
        let vectors = blocks[start..<min(start + Self.blockBatch, blocks.count)].map { signs.restricted(to: $0.ranges) }
        for image in try preconditioned?.apply(vectors) ?? operation.apply(vectors) {
          sample.append(blocks.map { image.squaredNorm(over: $0.ranges) })
        }
      }
      guard sample.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
        throw InputError("products of the \(kind.title) are not finite", remedy: "use --precision double")
      }
      samples.append(sample)
    }
    return BlockMass(names: blocks.map(\.name), samples: samples, products: probes * blocks.count)
  }
}

extension Vector {
  /// The vector with zeros outside some ranges.
  fileprivate func restricted(to ranges: [Range<Int>]) -> Vector {
    var result = Vector(zeros: count)
    result.withUnsafeMutablePointer { target in
      withUnsafePointer { source in
        for range in ranges { (target + range.lowerBound).update(from: source + range.lowerBound, count: range.count) }
      }
    }
    return result
  }

  fileprivate func squaredNorm(over ranges: [Range<Int>]) -> Double {
    withUnsafePointer { elements in
      ranges.reduce(0) { sum, range in
        sum + Scalar.dot(elements + range.lowerBound, elements + range.lowerBound, count: range.count)
      }
    }
  }
}
