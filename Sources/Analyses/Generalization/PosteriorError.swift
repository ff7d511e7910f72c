import Curvature
import Datasets
import Foundation
import Krylov
import Networks
import Tensors

/// The mean 0–1 loss of weights drawn from a posterior, from independent draws that can be added to.
public struct PosteriorError: Sendable, Hashable, Codable {
  public var draws = 0
  public var sum = 0.0
  public var sumOfSquares = 0.0
  /// Samples of each draw; all where nil.
  public var samplesPerDraw: Int?

  public init(samplesPerDraw: Int?) { self.samplesPerDraw = samplesPerDraw }

  mutating func add(_ error: Double) {
    draws += 1
    sum += error
    sumOfSquares += error * error
  }

  public var mean: Double { draws > 0 ? sum / Double(draws) : 0 }

  /// Of the mean.
  public var standardError: Double {
    guard draws > 1 else { return .infinity }
    let variance = max(0, sumOfSquares - sum * mean) / Double(draws - 1)
    return (variance / Double(draws)).squareRoot()
  }

  /// What was drawn, in words.
  public var summary: String {
    samplesPerDraw.map { "\(draws) draws of weights, each on \($0) samples drawn uniformly with replacement" }
      ?? "\(draws) draws of weights, each on all samples"
  }
}

/// Draws weights from a posterior, and for each an independent batch of the samples, whose errors it counts.
///
/// The errors of different draws are independent and identically distributed in [0, 1] with the posterior's empirical
/// error as their expectation: what ``PACBayesBound/empiricalError(mean:draws:)`` asks for. A draw is a function of the
/// seed and its number.
public struct BatchDraws<Scalar: Real>: Sendable {
  public let posterior: DiagonalPosterior<Scalar>
  let batch: MinibatchGradient<Scalar>
  let seed: UInt64

  public init(posterior: DiagonalPosterior<Scalar>, batch: MinibatchGradient<Scalar>, seed: UInt64) {
    self.posterior = posterior
    self.batch = batch
    self.seed = seed
  }

  /// Draws on until there are `draws` of them.
  ///
  /// - Parameter observe: called after every draw; throws to stop.
  public func extend(_ error: inout PosteriorError, to draws: Int, observe: (Int) throws -> Void = { _ in }) throws {
    let count = UInt64(batch.dataset.count)
    var (weights, spare) = (Vector<Scalar>(zeros: posterior.dimension), Vector<Scalar>(zeros: posterior.dimension))
    while error.draws < draws {
      var places = RandomStream(seed: seed, purpose: "samples of a posterior's draw", index: error.draws)
      batch.load((0..<batch.batchSize).map { _ in Int(UInt64.random(in: 0..<count, using: &places)) })
      let noise = RandomStream(seed: seed, purpose: "weights of a posterior's draw", index: error.draws)
      // The batch holds on to the weights it was evaluated at last: those before are free.
      weights.withUnsafeMutablePointer { posterior.draw(noise, into: $0) }
      error.add(try batch.errorRate(at: weights))
      swap(&weights, &spare)
      try observe(error.draws)
    }
  }
}

/// Draws weights from a posterior, and counts the errors of each on all samples of a set.
public struct WholeDraws<Scalar: Real>: Sendable {
  public let posterior: DiagonalPosterior<Scalar>
  let errors: ErrorFunction<Scalar>
  let seed: UInt64
  let purpose: String

  /// - Parameter purpose: draws for different purposes are independent.
  public init(
    posterior: DiagonalPosterior<Scalar>, errors: ErrorFunction<Scalar>, seed: UInt64, purpose: String
  ) {
    self.posterior = posterior
    self.errors = errors
    self.seed = seed
    self.purpose = purpose
  }

  /// Draws on until there are `draws` of them.
  public func extend(_ error: inout PosteriorError, to draws: Int, observe: (Int) throws -> Void = { _ in }) throws {
    while error.draws < draws {
      let noise = RandomStream(seed: seed, purpose: "weights of a draw for " + purpose, index: error.draws)
      error.add(errors(posterior.draw(noise)))
      try observe(error.draws)
    }
  }
}
