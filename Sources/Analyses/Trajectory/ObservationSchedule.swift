import Foundation
import Tensors

/// At which steps of a training run curvature is observed.
public struct ObservationSchedule: Codable, Sendable, Hashable {
  /// Where observations are regular.
  public enum Rule: Codable, Sendable, Hashable {
    /// At steps 0, n, 2n, …
    case steps(Int)
    /// At the first step of every n-th epoch.
    case epochs(Int)
    /// At `count` steps a decade: the whole parts of 10^(i/count).
    case logarithmic(perDecade: Int)
    /// At the start and the end only.
    case none
  }

  /// When a loss counts as a spike.
  public struct Spike: Codable, Sendable, Hashable {
    /// A loss of more than this many times the running median is one.
    public var factor: Double
    /// Losses the running median is of.
    public var window: Int
    /// Steps after an observation of a spike in which there is no other.
    public var pause: Int

    public init(factor: Double = 2, window: Int = 50, pause: Int = 20) {
      self.factor = factor
      self.window = window
      self.pause = pause
    }
  }

  public var rules: [Rule]
  public var spike: Spike?

  public init(_ rules: [Rule], spike: Spike? = nil) {
    self.rules = rules
    self.spike = spike
  }

  /// Reads `steps:50`, `epochs:1`, `log:4`, `spikes`, `spikes:3` (a factor), `ends`, joined by commas.
  ///
  /// - Throws: ``InputError`` naming what is not known.
  public init(parsing text: String) throws(InputError) {
    self.init([])
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let words = part.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let (name, value) = (words[0], words.count > 1 ? words[1] : nil)
      switch (name, value, value.flatMap { Int($0) }) {
      case ("steps", _?, let count?) where count > 0: rules.append(.steps(count))
      case ("epochs", _?, let count?) where count > 0: rules.append(.epochs(count))
      case ("log", _?, let count?) where count > 0 && count <= 1000: rules.append(.logarithmic(perDecade: count))
      case ("ends", nil, _): rules.append(.none)
      case ("spikes", nil, _): spike = Spike()
      case ("spikes", let factor?, _):
        guard let factor = Double(factor), factor > 1, factor.isFinite else { throw Self.unknown(part) }
        spike = Spike(factor: factor)
      default: throw Self.unknown(part)
      }
    }
  }

  private static func unknown(_ part: Substring) -> InputError {
    InputError(
      place: "'\(part)'", "is no schedule of observations",
      remedy: "give steps:N, epochs:N, log:N (per decade), spikes, spikes:FACTOR or ends, joined by commas")
  }

  /// Whether a rule names this step.
  public func isDue(step: Int, stepsPerEpoch: Int) -> Bool {
    rules.contains { rule in
      switch rule {
      case .steps(let count): return step % count == 0
      case .epochs(let count): return step % (count * max(1, stepsPerEpoch)) == 0
      case .logarithmic(let perDecade): return Self.isLogarithmic(step, perDecade)
      case .none: return false
      }
    }
  }

  private static func isLogarithmic(_ step: Int, _ perDecade: Int) -> Bool {
    guard step > 0 else { return true }
    // The exponents whose powers lie in [step, step + 1) are close to this one.
    let nearest = Int((log10(Double(step)) * Double(perDecade)).rounded(.down))
    return (nearest...nearest + perDecade).contains { exponent in
      // Rounded to twelve digits, so that powers of ten are themselves.
      let power = pow(10, Double(exponent) / Double(perDecade))
      return Int((power * (1 + 1e-12)).rounded(.down)) == step
    }
  }
}

/// Whether a loss has jumped: the running state of an ``ObservationSchedule/Spike``. Losses of an earlier session are
/// handed in again on resuming, or stored with the state.
public struct SpikeDetector: Codable, Sendable, Hashable {
  public let rule: ObservationSchedule.Spike
  private var losses: [Double] = []
  private var stepsSinceSpike: Int

  public init(_ rule: ObservationSchedule.Spike) {
    self.rule = rule
    stepsSinceSpike = rule.pause
  }

  /// Takes the loss of the next step and says whether it is a spike; never in the first steps, which fill half the
  /// window. A loss that is not finite is one.
  public mutating func isSpike(_ loss: Double) -> Bool {
    stepsSinceSpike += 1
    var spikes = false
    if losses.count >= max(2, rule.window / 2), stepsSinceSpike > rule.pause {
      let sorted = losses.sorted()
      let median = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
      spikes = !(loss <= rule.factor * median)
    }
    if loss.isFinite {
      losses.append(loss)
      if losses.count > rule.window { losses.removeFirst() }
    }
    if spikes { stepsSinceSpike = 0 }
    return spikes
  }
}
