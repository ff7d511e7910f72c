import Curvature
import Datasets
import Foundation
import Krylov
import Networks
import Tensors
import Training

/// The training of a posterior that makes a PAC-Bayes bound small.
///
/// It minimises E ℓ̃(w + σ ⊙ x) + √(complexity/2) over w and ln σ, x standard normal and drawn afresh for every step,
/// ℓ̃ the loss in bits (the natural one divided by ln 2, which is never below the 0–1 loss). λ of the prior follows its
/// best value (Σ σ² + ‖w − w₀‖²)/d, below c. Steps are those of RMSprop.
///
/// Everything drawn is a function of the seed and the step: a training that is stored and restored goes on with the
/// same bits, for any number of workers. Cost of a step: the gradient of a batch, and one pass over a dozen arrays of
/// the size of the parameters.
///
/// Source: Dziugaite, Roy 2017, arXiv:1703.11008; Wu et al. 2020, arXiv:2010.04261.
public struct PosteriorTraining<Scalar: Real>: Sendable {
  public let settings: PosteriorSettings
  public private(set) var posterior: DiagonalPosterior<Scalar>
  /// Steps taken.
  public private(set) var step = 0
  public let batch: MinibatchGradient<Scalar>
  /// m
  public var samples: Int { order.samples }
  private var order: BatchOrder
  private var meanSquare: Vector<Scalar>
  private var logarithmSquare: Vector<Scalar>
  /// The divergence of the posterior as it is.
  public private(set) var divergence: GaussianDivergence
  /// The weights drawn for the next step, and room for those after it.
  private var noisy: Vector<Scalar>
  private var spare: Vector<Scalar>
  private let scratch: NoiseScratch
  /// Of a nat.
  private static var bits: Double { 1 / log(2) }

  /// - Parameters:
  ///   - network: in the working coordinates.
  ///   - posterior: w, σ and w₀ in the same.
  /// - Throws: ``InputError`` where network, data, loss and settings do not fit each other.
  public init(
    network: Network, dataset: Dataset, loss: Loss, posterior: DiagonalPosterior<Scalar>, settings: PosteriorSettings,
    options: ExecutionOptions = ExecutionOptions(), pool: WorkerPool
  ) throws {
    self.settings = settings
    batch = try MinibatchGradient(
      network: network, dataset: dataset, loss: loss, batchSize: settings.batchSize, options: options, pool: pool)
    order = BatchOrder(samples: dataset.count, batchSize: settings.batchSize, seed: settings.seed)
    precondition(posterior.dimension == batch.dimension)
    self.posterior = posterior
    meanSquare = Vector(zeros: posterior.dimension)
    logarithmSquare = Vector(zeros: posterior.dimension)
    divergence = posterior.divergence
    noisy = Vector(zeros: 0)
    spare = Vector(zeros: posterior.dimension)
    scratch = NoiseScratch(workers: pool.count, chunk: DiagonalPosterior<Scalar>.chunk)
  }

  public var isFinished: Bool { step >= settings.steps }

  public var stepsPerEpoch: Int { order.stepsPerEpoch }

  public var epoch: Double { Double(step) / Double(max(1, stepsPerEpoch)) }

  /// λ: the best one for the posterior, below c.
  public var priorVariance: Double {
    min(settings.bound.grid.variance(1), divergence.bestPriorVariance)
  }

  /// (KL + …)/(m − 1) at the posterior and ``priorVariance``.
  public var complexity: Double {
    let variance = priorVariance
    return settings.bound.complexity(
      divergence: divergence.value(priorVariance: variance), variance: variance, samples: samples)
  }

  private func noise(_ step: Int) -> RandomStream {
    RandomStream(seed: settings.seed, purpose: "noise of a posterior's weights", index: step)
  }

  /// Takes a step.
  ///
  /// - Returns: ℓ̃ of the batch at the weights that were drawn.
  /// - Throws: ``InputError`` where the loss is no longer finite.
  @discardableResult
  public mutating func advance() throws -> Double {
    if noisy.count == 0 { noisy = posterior.draw(noise(step)) }
    batch.load(order.rows(ofStep: step))
    let (loss, gradient) = try batch.gradient(at: noisy)
    let surrogate = (complexity / 2).squareRoot()
    let kernel = PosteriorStep(
      learningRate: settings.learningRate * settings.schedule.factor(step: step, of: settings.steps),
      smoothing: settings.smoothing, epsilon: settings.epsilon, gradientScale: Self.bits,
      divergenceWeight: 1 / (4 * Double(max(1, samples - 1)) * surrogate), priorPrecision: 1 / priorVariance)
    move(kernel, gradient)
    swap(&noisy, &spare)
    step += 1
    return loss * Self.bits
  }

  /// Moves w and ln σ, and draws the weights of the next step.
  private mutating func move(_ kernel: PosteriorStep, _ gradient: Vector<Scalar>) {
    let (count, chunk) = (posterior.dimension, DiagonalPosterior<Scalar>.chunk)
    let chunks = (count + chunk - 1) / chunk
    var parts = [(move: Double, variance: Double, logarithm: Double)](repeating: (0, 0, 0), count: chunks)
    let arrays = Arrays(
      gradient: gradient.withUnsafePointer { $0 }, noisy: noisy.withUnsafePointer { $0 },
      prior: posterior.prior.withUnsafePointer { $0 }, mean: posterior.mean.withUnsafeMutablePointer { $0 },
      logarithm: posterior.logDeviation.withUnsafeMutablePointer { $0 },
      deviation: posterior.deviation.withUnsafeMutablePointer { $0 },
      meanSquare: meanSquare.withUnsafeMutablePointer { $0 },
      logarithmSquare: logarithmSquare.withUnsafeMutablePointer { $0 },
      next: spare.withUnsafeMutablePointer { $0 })
    let (stream, scratch, exponential) = (noise(step + 1), scratch, Scalar.step(.exponential))
    parts.withUnsafeMutableBufferPointer { parts in
      guard let parts = parts.baseAddress else { return }
      posterior.pool.run(tasks: chunks) { task, worker in
        let start = task * chunk
        let length = min(chunk, count - start)
        Scalar.step(
          kernel, gradient: arrays.gradient + start, noisy: arrays.noisy + start, prior: arrays.prior + start,
          deviation: arrays.deviation + start, mean: arrays.mean + start, logarithm: arrays.logarithm + start,
          meanSquare: arrays.meanSquare + start, logarithmSquare: arrays.logarithmSquare + start, count: length)
        Scalar.run(exponential, arrays.deviation + start, arrays.logarithm + start, nil, nil, count: length)
        parts[task] = Scalar.posteriorSums(
          mean: arrays.mean + start, prior: arrays.prior + start, deviation: arrays.deviation + start,
          logarithm: arrays.logarithm + start, count: length)
        let normals = scratch.normals(stream, from: start, count: length, worker: worker)
        Scalar.perturb(
          arrays.mean + start, arrays.deviation + start, normals, to: arrays.next + start, count: length)
      }
    }
    withExtendedLifetime((gradient, noisy, posterior, meanSquare, logarithmSquare, spare, scratch)) {}
    divergence = GaussianDivergence(dimension: count, sums: parts)
  }

  /// Where the arrays of a step are; each is held by a property until the step is over.
  private struct Arrays {
    var gradient: UnsafePointer<Scalar>
    var noisy: UnsafePointer<Scalar>
    var prior: UnsafePointer<Scalar>
    var mean: UnsafeMutablePointer<Scalar>
    var logarithm: UnsafeMutablePointer<Scalar>
    var deviation: UnsafeMutablePointer<Scalar>
    var meanSquare: UnsafeMutablePointer<Scalar>
    var logarithmSquare: UnsafeMutablePointer<Scalar>
    var next: UnsafeMutablePointer<Scalar>
  }
}

// MARK: - State

extension PosteriorTraining {
  /// What the training needs to go on, by name.
  public var state: [(name: String, vector: Vector<Scalar>)] {
    [
      ("mean", posterior.mean), ("log-deviation", posterior.logDeviation), ("mean-square", meanSquare),
      ("log-deviation-square", logarithmSquare),
    ]
  }

  /// Takes up a state at a step.
  ///
  /// - Throws: ``InputError`` where a vector is missing or of another length.
  public mutating func restore(_ vectors: [String: Vector<Scalar>], step: Int) throws(InputError) {
    func vector(_ name: String) throws(InputError) -> Vector<Scalar> {
      guard let vector = vectors[name], vector.count == posterior.dimension else {
        throw InputError(
          place: name, "is missing or of another length in the state of the posterior", remedy: "start the run anew")
      }
      return vector
    }
    posterior = DiagonalPosterior(
      mean: try vector("mean"), logDeviation: try vector("log-deviation"), prior: posterior.prior, pool: posterior.pool)
    meanSquare = try vector("mean-square")
    logarithmSquare = try vector("log-deviation-square")
    divergence = posterior.divergence
    noisy = Vector(zeros: 0)
    self.step = step
  }
}
