/// A cap on what observations may cost beside the training they observe, counted in floating-point operations.
///
/// Operations are known from plans and numbers of products, the same on every machine and in every repetition:
/// decisions are then a function of the run alone, and a resumed run observes where an undisturbed one does. Clock time
/// would not be. Products of curvature run at about the rate of gradients; the optimiser's own work is left out, which
/// errs on the safe side.
///
/// Due observations are made as long as all of them together stay below `fraction` of the training done so far; the
/// first may borrow from training to come, and what it took is paid back before the next. What an observation will cost
/// is forecast as the dearest of its kind so far.
public struct ObservationBudget: Codable, Sendable, Hashable {
  /// At most this part of the training's work; `nil` for no cap.
  public var fraction: Double?
  /// Operations of all the training that is planned.
  public var planned: Double
  /// Operations of the training so far.
  public private(set) var trained = 0.0
  /// Operations of observations so far.
  public private(set) var spent = 0.0
  /// Observations made, and those left out because they were too dear.
  public private(set) var made = 0
  public private(set) var skipped = 0
  /// The dearest observation so far, with and without a density.
  private var dearest: [Double]

  /// - Parameter forecast: operations of a first observation with a density, and of one without.
  public init(fraction: Double?, planned: Double, forecast: (whole: Double, withoutDensity: Double)) {
    self.fraction = fraction
    self.planned = planned
    dearest = [forecast.whole, forecast.withoutDensity]
  }

  public mutating func train(operations: Double) { trained += operations }

  /// What a due observation comes to.
  public enum Decision: String, Codable, Sendable, Hashable {
    case whole
    /// There is room for eigenpairs, but not for the density.
    case withoutDensity
    case skip
  }

  /// Decides on a due observation; ``record(operations:hasDensity:)`` follows where it is made.
  public mutating func decide(_ reason: ObservationReason, wantsDensity: Bool) -> Decision {
    guard let fraction else { return wantsDensity ? .whole : .withoutDensity }
    // At both ends the whole of the training counts: the start borrows, the end takes what is left.
    let isEnd = reason == .start || reason == .end
    let room = fraction * (isEnd ? Swift.max(planned, trained) : trained) - spent
    if wantsDensity && dearest[0] <= room { return .whole }
    if dearest[1] <= room { return .withoutDensity }
    skipped += 1
    return .skip
  }

  public mutating func record(operations: Double, hasDensity: Bool) {
    spent += operations
    made += 1
    let index = hasDensity ? 0 : 1
    dearest[index] = Swift.max(dearest[index], operations)
  }

  /// What the cheapest observation would take of all the training that is planned; `nil` where there is none.
  public var leastShare: Double? { planned > 0 ? dearest[1] / planned : nil }

  /// Observations' share of the training so far; `nil` before there is any.
  public var share: Double? { trained > 0 ? spent / trained : nil }
}
