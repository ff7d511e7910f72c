import Foundation
import Tensors

/// The learning rate of every step, as a factor of the one that was chosen: a pure function of the step's number.
///
/// The factor is the decay's times min(1, (t + 1)/w) during a linear warm-up of w steps.
public struct LearningRateSchedule: Codable, Sendable, Hashable {
  public enum Decay: Codable, Sendable, Hashable {
    /// 1
    case constant
    /// `factor` to the power of the number of milestones, in steps, that are at or before t.
    case step(milestones: [Int], factor: Double)
    /// f + (1 − f)(1 + cos(π (t − w)/(T − w)))/2 with T all steps, w those of the warm-up and f the part that is left at the end.
    /// Source: Loshchilov, Hutter, "SGDR", 2016, arXiv:1608.03983, without restarts.
    case cosine(final: Double)
  }

  public var decay: Decay
  /// Steps of linear warm-up; 0 for none. Source: Goyal et al., 2017, arXiv:1706.02677.
  public var warmUp: Int

  public init(_ decay: Decay = .constant, warmUp: Int = 0) {
    self.decay = decay
    self.warmUp = warmUp
  }

  /// Parses `constant`, `cosine`, `cosine:FINAL`, `step:30,60` or `step:30,60@FACTOR` (milestones in epochs; 0.1 by default).
  ///
  /// - Throws: what the text lacks.
  public init(argument: String, stepsPerEpoch: Int, warmUp: Int = 0) throws(InputError) {
    let error = InputError(
      place: "--schedule", "'\(argument)' is no schedule",
      remedy:
        "use constant, step:30,60 (epochs), step:30,60@0.1 (with the factor), cosine or cosine:0.01 (with the end)")
    let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    switch (parts[0], parts.count > 1 ? parts[1] : nil) {
    case ("constant", nil): decay = .constant
    case ("cosine", nil): decay = .cosine(final: 0)
    case ("cosine", let text?):
      guard let final = Double(text), (0...1).contains(final) else { throw error }
      decay = .cosine(final: final)
    case ("step", let text?):
      let halves = text.split(separator: "@", omittingEmptySubsequences: false)
      let epochs = halves[0].split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? -1 }
      let factor = halves.count == 2 ? Double(halves[1]) ?? -1 : 0.1
      guard halves.count <= 2, factor > 0, factor.isFinite, epochs.allSatisfy({ $0 > 0 && $0 < 1e9 }) else {
        throw error
      }
      decay = .step(milestones: epochs.map { Int(($0 * Double(stepsPerEpoch)).rounded()) }.sorted(), factor: factor)
    default: throw error
    }
    self.warmUp = warmUp
  }

  /// The factor of step t of T, t from 0 on.
  public func factor(step: Int, of total: Int) -> Double {
    var factor = warmUp > 0 ? min(1, Double(step + 1) / Double(warmUp)) : 1
    switch decay {
    case .constant: break
    case .step(let milestones, let drop): factor *= pow(drop, Double(milestones.count { $0 <= step }))
    case .cosine(let final):
      let progress = min(1, max(0, Double(step - warmUp) / Double(max(1, total - warmUp))))
      factor *= final + (1 - final) * (1 + cos(.pi * progress)) / 2
    }
    return factor
  }

  /// In words.
  public var summary: String {
    let text =
      switch decay {
      case .constant: "constant"
      case .step(let milestones, let factor):
        "times \(factor) at steps " + milestones.map(String.init).joined(separator: ", ")
      case .cosine(let final): "cosine to \(final) of it"
      }
    return text + (warmUp > 0 ? ", linear warm-up of \(warmUp) steps" : "")
  }
}
