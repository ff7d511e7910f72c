import Foundation

/// A long series as a line of characters, in memory that does not grow: means over runs of values, whose length doubles
/// when there are as many as are kept.
struct Sparkline: Sendable {
  private let capacity: Int
  private var means: [Double] = []
  private var together = 1
  private var sum = 0.0
  private var count = 0

  /// - Parameter capacity: the most means kept; an even number.
  init(capacity: Int = 128) { self.capacity = max(2, capacity & ~1) }

  /// Takes a value; one that is not finite is left out.
  mutating func append(_ value: Double) {
    guard value.isFinite else { return }
    sum += value / Double(together)
    count += 1
    guard count == together else { return }
    means.append(sum)
    (sum, count) = (0, 0)
    guard means.count == capacity else { return }
    means = stride(from: 0, to: capacity, by: 2).map { means[$0] / 2 + means[$0 + 1] / 2 }
    together *= 2
  }

  /// The series in `width` characters at most; logarithmic where the values are positive and span more than a factor of 10.
  func text(width: Int, unicode: Bool) -> String {
    guard width > 0, let lowest = means.min(), let highest = means.max() else { return "" }
    let isLogarithmic = lowest > 0 && highest / lowest > 10
    func place(_ value: Double) -> Double { isLogarithmic ? log(value) : value }
    let steps = Array(unicode ? "▁▂▃▄▅▆▇█" : "_.:-=+*#")
    let span = place(highest) - place(lowest)
    let columns = min(width, means.count)
    return String(
      (0..<columns).map { column -> Character in
        let part = means[column * means.count / columns..<(column + 1) * means.count / columns]
        let mean = part.reduce(0) { $0 + $1 / Double(part.count) }
        let fraction = span > 0 && span.isFinite ? (place(mean) - place(lowest)) / span : 0.5
        return steps[min(steps.count - 1, max(0, Int(fraction * Double(steps.count))))]
      })
  }
}
