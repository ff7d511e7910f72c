import TestSupport
import Testing

/// Against numpy 2.4's `default_rng`. Its table of strips is computed here, and differs from the printed one in the last bits.
@Suite struct NumpyRandomTests {
  static let firstNumbers: [(UInt32, [Double])] = [
    (0, [0.1257302210933933, -0.1321048632913019, 0.6404226504432821]),
    (1, [0.345584192064786, 0.8216181435011584, 0.33043707618338714]),
    (7, [0.0012301533574825742, 0.2987455375084699, -0.2741378553622176]),
    (100, [-1.1575496471201177, 0.2897558023277514, 0.7808540692250985]),
  ]

  @Test(arguments: firstNumbers)
  func normalNumbers(_ seed: UInt32, _ expected: [Double]) {
    var random = NumpyRandom(seed: seed)
    for (value, expected) in zip(random.normals(3), expected) { #expect(abs(value - expected) < 1e-14) }
  }

  /// A million draws pass through every branch of the ziggurat: 247 of them come from beyond its last strip.
  @Test func manyNormalNumbers() {
    var random = NumpyRandom(seed: 7)
    let values = random.normals(1_000_000)
    #expect(abs((values.max() ?? 0) - 4.947871460149176) < 1e-14)
    #expect(abs((values.min() ?? 0) + 4.586801064244291) < 1e-14)
    #expect(abs((values.last ?? 0) - 1.617001458485082) < 1e-14)
    #expect(values.count { abs($0) > 3.6541528853610088 } == 247)
    #expect(abs(values.reduce(0, +) + 112.78554893201783) < 1e-7)
    #expect(abs(values.reduce(0) { $0 + $1 * $1 } - 999527.3904784273) < 1e-6)
  }

  @Test func integersThenNormal() {
    var random = NumpyRandom(seed: 7)
    #expect((0..<12).map { _ in random.integer(below: 3) } == [2, 1, 2, 2, 1, 2, 2, 0, 0, 0, 0, 2])
    #expect(abs(random.normal() - 0.060143602597438485) <= 1e-17)
  }

  @Test func uniformNumbers() {
    var random = NumpyRandom(seed: 7)
    #expect(random.uniform() == 0.625095466604667)
  }
}
