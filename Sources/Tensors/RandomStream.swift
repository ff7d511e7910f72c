import CTensors

/// A counter-based random stream: the i-th number is a pure function of (seed, purpose, index, i).
///
/// Streams are named after what they are for ("probe", "initialisation of layer 3") and not after who draws them, so results
/// do not depend on the number of workers or on the order of work, and a run can be resumed in the middle.
/// The generator is Philox4x32 with ten rounds.
///
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, doi:10.1145/2063384.2063405.
public struct RandomStream: RandomNumberGenerator, Sendable {
  private let key: (UInt32, UInt32)
  private let stream: UInt64
  private var counter: UInt64 = 0
  private var pending: UInt64?

  /// - Parameters:
  ///   - purpose: what the numbers are for; part of the key.
  ///   - index: distinguishes streams of one purpose, such as probe 0, 1, 2, …
  public init(seed: UInt64, purpose: String, index: Int = 0) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a: stable across runs, which Hasher is not
    for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let mixed = seed ^ (hash &* 0x9e37_79b9_7f4a_7c15)
    key = (UInt32(truncatingIfNeeded: mixed), UInt32(truncatingIfNeeded: mixed >> 32))
    stream = UInt64(bitPattern: Int64(index))
  }

  /// The 128 bits at position `block` of the stream: positions are independent, so ranges can be filled in parallel.
  @inline(__always)
  public func block(_ block: UInt64) -> (UInt64, UInt64) {
    var c0 = UInt32(truncatingIfNeeded: block)
    var c1 = UInt32(truncatingIfNeeded: block >> 32)
    var c2 = UInt32(truncatingIfNeeded: stream)
    var c3 = UInt32(truncatingIfNeeded: stream >> 32)
    var (k0, k1) = key
    for _ in 0..<10 {
      let p0 = UInt64(0xd251_1f53) &* UInt64(c0)
      let p1 = UInt64(0xcd9e_8d57) &* UInt64(c2)
      (c0, c1, c2, c3) = (
        UInt32(truncatingIfNeeded: p1 >> 32) ^ c1 ^ k0, UInt32(truncatingIfNeeded: p1),
        UInt32(truncatingIfNeeded: p0 >> 32) ^ c3 ^ k1, UInt32(truncatingIfNeeded: p0)
      )
      k0 &+= 0x9e37_79b9
      k1 &+= 0xbb67_ae85
    }
    return (UInt64(c0) | UInt64(c1) << 32, UInt64(c2) | UInt64(c3) << 32)
  }

  public mutating func next() -> UInt64 {
    if let value = pending {
      pending = nil
      return value
    }
    let (first, second) = block(counter)
    counter += 1
    pending = second
    return first
  }

  /// A uniform number in the open interval (0, 1), from the top 52 bits.
  @inline(__always)
  public static func unitInterval(_ bits: UInt64) -> Double { (Double(bits >> 12) + 0.5) * 0x1p-52 }

  /// Numbers that ``fillNormals(groups:into:)`` makes at a time.
  public static let normalGroup = Int(RITZ_NORMAL_GROUP)

  /// Standard normal numbers in single precision for some groups of ``normalGroup``: those of group g are a function of
  /// the stream and g, from the blocks 64g ..< 64(g + 1).
  ///
  /// For noise that is drawn afresh at every step: a pair by the method of Box and Muller from 64 bits, so that |x| ≤
  /// 6.77 and the distribution function is within 10⁻⁷ of the normal one. Cost: about a nanosecond a number with
  /// 256-bit vectors or wider.
  public func fillNormals(groups: Range<Int>, into target: UnsafeMutablePointer<Float>) {
    ritz_normal_groups(key.0, key.1, stream, UInt64(groups.lowerBound), groups.count, target)
  }
}
