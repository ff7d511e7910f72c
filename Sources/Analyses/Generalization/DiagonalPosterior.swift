import Foundation
import Krylov
import Tensors

/// Independent normal weights N(wⱼ, σⱼ²) in the coordinates of a network, beside the prior's mean w₀.
///
/// Where the network is one in other coordinates (``Networks/Network/inCoordinates(_:)``), the covariance is diagonal there.
public struct DiagonalPosterior<Scalar: Real>: Sendable {
  public internal(set) var mean: Vector<Scalar>
  /// ln σ
  public internal(set) var logDeviation: Vector<Scalar>
  /// σ
  public internal(set) var deviation: Vector<Scalar>
  /// w₀
  public let prior: Vector<Scalar>
  let pool: WorkerPool

  /// Elements a worker takes at a time: a dozen arrays of them stay in the second-level cache. A multiple of
  /// ``Tensors/RandomStream/normalGroup``, so that noise does not depend on it.
  static var chunk: Int { 16 * RandomStream.normalGroup }

  public init(mean: Vector<Scalar>, logDeviation: Vector<Scalar>, prior: Vector<Scalar>, pool: WorkerPool) {
    precondition(mean.count == logDeviation.count && mean.count == prior.count)
    self.mean = mean
    self.logDeviation = logDeviation
    self.prior = prior
    self.pool = pool
    deviation = Vector(zeros: mean.count)
    let exponential = Scalar.step(.exponential)
    logDeviation.withUnsafePointer { logarithm in
      deviation.withUnsafeMutablePointer { deviation in
        pool.forRanges(of: mean.count, chunk: Self.chunk) { range, _ in
          Scalar.run(
            exponential, deviation + range.lowerBound, logarithm + range.lowerBound, nil, nil, count: range.count)
        }
      }
    }
  }

  public var dimension: Int { mean.count }

  /// w + σ ⊙ x with x standard normal, a function of the stream.
  public func draw(_ stream: RandomStream) -> Vector<Scalar> {
    Vector(count: dimension) { target in
      guard let target = target.baseAddress else { return }
      draw(stream, into: target)
    }
  }

  func draw(_ stream: RandomStream, into target: UnsafeMutablePointer<Scalar>) {
    let scratch = NoiseScratch(workers: pool.count, chunk: Self.chunk)
    let (count, chunk) = (dimension, Self.chunk)
    mean.withUnsafePointer { mean in
      deviation.withUnsafePointer { deviation in
        pool.run(tasks: (count + chunk - 1) / chunk) { task, worker in
          let start = task * chunk
          let normals = scratch.normals(stream, from: start, count: min(chunk, count - start), worker: worker)
          Scalar.perturb(
            mean + start, deviation + start, normals, to: target + start, count: min(chunk, count - start))
        }
      }
    }
  }

  /// KL from the prior, up to the prior's variance.
  public var divergence: GaussianDivergence {
    let (count, chunk) = (dimension, Self.chunk)
    let chunks = (count + chunk - 1) / chunk
    var parts = [(move: Double, variance: Double, logarithm: Double)](repeating: (0, 0, 0), count: chunks)
    parts.withUnsafeMutableBufferPointer { parts in
      guard let parts = parts.baseAddress else { return }
      mean.withUnsafePointer { mean in
        prior.withUnsafePointer { prior in
          deviation.withUnsafePointer { deviation in
            logDeviation.withUnsafePointer { logarithm in
              pool.run(tasks: chunks) { task, _ in
                let start = task * chunk
                parts[task] = Scalar.posteriorSums(
                  mean: mean + start, prior: prior + start, deviation: deviation + start,
                  logarithm: logarithm + start, count: min(chunk, count - start))
              }
            }
          }
        }
      }
    }
    return GaussianDivergence(dimension: count, sums: parts)
  }
}

extension GaussianDivergence {
  /// Adds the parts up in their order.
  init(dimension: Int, sums parts: [(move: Double, variance: Double, logarithm: Double)]) {
    self.init(
      dimension: dimension, squaredMove: parts.reduce(0) { $0 + $1.move },
      varianceSum: parts.reduce(0) { $0 + $1.variance }, logVarianceSum: 2 * parts.reduce(0) { $0 + $1.logarithm })
  }
}

/// Room for a chunk of normal numbers for each worker.
final class NoiseScratch: Sendable {
  private let storage: [AlignedStorage<Float>]

  init(workers: Int, chunk: Int) {
    let group = RandomStream.normalGroup
    storage = (0..<workers).map { _ in AlignedStorage(count: (chunk + group - 1) / group * group, zeroed: false) }
  }

  /// The normal numbers of a stream from `start` on, a multiple of the group.
  func normals(_ stream: RandomStream, from start: Int, count: Int, worker: Int) -> UnsafePointer<Float> {
    let group = RandomStream.normalGroup
    let first = start / group
    let target = storage[worker].pointer
    stream.fillNormals(groups: first..<first + (count + group - 1) / group, into: target)
    return UnsafePointer(target)
  }
}
