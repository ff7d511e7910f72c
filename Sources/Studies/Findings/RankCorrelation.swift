/// Spearman's rank correlation: the correlation of the ranks of two series, ties having the mean of their ranks.
///
/// Source: C. Spearman, American Journal of Psychology 15 (1904), 72–101, doi:10.2307/1412159.
public enum RankCorrelation {
  /// Between −1 and 1; nil for fewer than two pairs, or where one of the series does not vary.
  public static func of(_ x: [Double], _ y: [Double]) -> Double? {
    guard x.count == y.count, x.count >= 2 else { return nil }
    let (a, b) = (ranks(x), ranks(y))
    let mean = Double(x.count + 1) / 2
    var (product, first, second) = (0.0, 0.0, 0.0)
    for (p, q) in zip(a, b) {
      product += (p - mean) * (q - mean)
      first += (p - mean) * (p - mean)
      second += (q - mean) * (q - mean)
    }
    guard first > 0, second > 0 else { return nil }
    return product / (first * second).squareRoot()
  }

  /// Ranks from 1, ties with the mean of theirs.
  static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start
      while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
      for place in start...end { ranks[order[place]] = Double(start + end) / 2 + 1 }
      start = end + 1
    }
    return ranks
  }
}
