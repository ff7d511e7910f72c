import Foundation

/// The numbers of numpy's `default_rng(seed)`: an independent stream, so that experiments published with numpy can be
/// repeated draw by draw.
///
/// The generator is PCG64 (XSL-RR, 128-bit state), seeded by numpy's `SeedSequence`; normal numbers come from the
/// ziggurat with 256 strips. Sources: O'Neill, Harvey Mudd College HMC-CS-2014-0905 (PCG); O'Neill, "Developing a
/// seed_seq alternative", 2015 (seeding); Marsaglia, Tsang, Journal of Statistical Software 5(8), 2000,
/// doi:10.18637/jss.v005.i08, and Doornik 2005 (ziggurat).
public struct NumpyRandom: Sendable {
  private var state: UInt128
  private let increment: UInt128
  private var heldBits: UInt32?

  private static let multiplier: UInt128 = UInt128(2_549_297_995_355_413_924) << 64 | 4_865_540_595_714_422_341

  public init(seed: UInt32) {
    let words = Self.seedWords(seed)
    increment = (UInt128(words[2]) << 64 | UInt128(words[3])) << 1 | 1
    state = increment
    state &+= UInt128(words[0]) << 64 | UInt128(words[1])
    step()
  }

  private mutating func step() { state = state &* Self.multiplier &+ increment }

  public mutating func nextBits() -> UInt64 {
    step()
    let folded = UInt64(truncatingIfNeeded: state >> 64) ^ UInt64(truncatingIfNeeded: state)
    let rotation = UInt64(truncatingIfNeeded: state >> 122)
    return folded >> rotation | folded << ((64 - rotation) & 63)
  }

  /// A uniform number in [0, 1): numpy's `random()`.
  public mutating func uniform() -> Double { Double(nextBits() >> 11) * 0x1p-53 }

  /// numpy's `integers(0, bound)`, for bounds below 2³².
  public mutating func integer(below bound: UInt32) -> Int {
    var product = UInt64(nextHalf()) * UInt64(bound)
    if UInt32(truncatingIfNeeded: product) < bound {
      let threshold = (0 &- bound) % bound
      while UInt32(truncatingIfNeeded: product) < threshold { product = UInt64(nextHalf()) * UInt64(bound) }
    }
    return Int(product >> 32)
  }

  /// Half of 64 bits; the other half is kept for the next call.
  private mutating func nextHalf() -> UInt32 {
    if let held = heldBits {
      heldBits = nil
      return held
    }
    let bits = nextBits()
    heldBits = UInt32(truncatingIfNeeded: bits >> 32)
    return UInt32(truncatingIfNeeded: bits)
  }

  /// A standard normal number: numpy's `standard_normal()`.
  public mutating func normal() -> Double {
    while true {
      let bits = nextBits()
      let strip = Int(bits & 0xff)
      let isNegative = bits >> 8 & 1 == 1
      let magnitude = bits >> 9 & 0xf_ffff_ffff_ffff
      let x = Double(magnitude) * Ziggurat.shared.widths[strip]
      let signed = isNegative ? -x : x
      if magnitude < Ziggurat.shared.limits[strip] { return signed }
      if strip == 0 {
        while true {
          let excess = -log1p(-uniform()) / Ziggurat.start
          let height = -log1p(-uniform())
          if 2 * height > excess * excess {
            return magnitude >> 8 & 1 == 1 ? -(Ziggurat.start + excess) : Ziggurat.start + excess
          }
        }
      }
      let (upper, lower) = (Ziggurat.shared.heights[strip - 1], Ziggurat.shared.heights[strip])
      if (upper - lower) * uniform() + lower < exp(-0.5 * x * x) { return signed }
    }
  }

  /// `count` standard normal numbers.
  public mutating func normals(_ count: Int) -> [Double] { (0..<count).map { _ in normal() } }

  /// Four 64-bit words from a seed: numpy's `SeedSequence(seed).generate_state(4, uint64)`.
  private static func seedWords(_ seed: UInt32) -> [UInt64] {
    var constant: UInt32 = 0x43b0_d7e5
    func hashed(_ value: UInt32) -> UInt32 {
      var result = value ^ constant
      constant = constant &* 0x931e_8875
      result = result &* constant
      return result ^ result >> 16
    }
    func mixed(_ x: UInt32, _ y: UInt32) -> UInt32 {
      let result = x &* 0xca01_f9dd &- y &* 0x4973_f715
      return result ^ result >> 16
    }
    var pool = [seed, 0, 0, 0].map(hashed)
    for source in 0..<4 {
      for target in 0..<4 where target != source { pool[target] = mixed(pool[target], hashed(pool[source])) }
    }
    var output: UInt32 = 0x8b51_f9dd
    let halves = (0..<8).map { index -> UInt32 in
      var value = pool[index % 4] ^ output
      output = output &* 0x58f3_8ded
      value = value &* output
      return value ^ value >> 16
    }
    return (0..<4).map { UInt64(halves[2 * $0]) | UInt64(halves[2 * $0 + 1]) << 32 }
  }
}

/// 256 strips of equal area v under exp(−x²/2), x ≥ 0; the lowest one (index 0) includes the tail beyond `start`.
private struct Ziggurat: Sendable {
  static let shared = Ziggurat()
  static let start = 3.6541528853610088

  /// The width of strip i over 2⁵².
  var widths = [Double](repeating: 0, count: 256)
  /// Below this 52-bit number a point of strip i lies under the curve for certain.
  var limits = [UInt64](repeating: 0, count: 256)
  /// exp(−x²/2) at the right edge of strip i.
  var heights = [Double](repeating: 1, count: 256)

  init() {
    let height = exp(-0.5 * Self.start * Self.start)
    let area = Self.start * height + (Double.pi / 2).squareRoot() * erfc(Self.start / 2.0.squareRoot())
    var edge = [Double](repeating: 0, count: 256)
    edge[255] = Self.start
    for i in stride(from: 254, through: 1, by: -1) {
      edge[i] = (-2 * log(area / edge[i + 1] + exp(-0.5 * edge[i + 1] * edge[i + 1]))).squareRoot()
    }
    for i in 1..<256 {
      widths[i] = edge[i] * 0x1p-52
      heights[i] = exp(-0.5 * edge[i] * edge[i])
      limits[i] = UInt64(edge[i - 1] / edge[i] * 0x1p52)
    }
    widths[0] = area / height * 0x1p-52
    limits[0] = UInt64(Self.start * height / area * 0x1p52)
  }
}
