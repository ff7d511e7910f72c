import CTensors

/// A streaming decompressor of raw deflate data (RFC 1951), the payload of zip members and gzip files.
///
/// Memory: zlib's window, about 40 kB, whatever the stream says.
public struct Inflate: ~Copyable {
  /// What a step ended with.
  public enum Status: Sendable {
    /// More input, or more room for output, is needed.
    case unfinished
    /// The stream is complete.
    case finished
    /// The bytes are not a deflate stream.
    case damaged
    /// There was no memory for zlib's window.
    case outOfMemory
  }

  private let stream: UnsafeMutableRawPointer?

  public init() { stream = ritz_inflate_open() }

  deinit { ritz_inflate_close(stream) }

  /// Decompresses as much of `input` as fits into `output`.
  public mutating func step(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> (status: Status, consumed: Int, produced: Int) {
    guard let stream else { return (.outOfMemory, 0, 0) }
    // zlib refuses null pointers even where the count is zero.
    var nothing: UInt8 = 0
    var consumed = 0
    var produced = 0
    let status = withUnsafeMutablePointer(to: &nothing) { placeholder in
      let source = input.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? UnsafePointer(placeholder)
      let target = output.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? placeholder
      return ritz_inflate_step(stream, source, input.count, &consumed, target, output.count, &produced)
    }
    switch Int(status) {
    case Int(RITZ_INFLATE_END): return (.finished, consumed, produced)
    case Int(RITZ_INFLATE_MORE): return (.unfinished, consumed, produced)
    case Int(RITZ_INFLATE_MEMORY): return (.outOfMemory, consumed, produced)
    default: return (.damaged, consumed, produced)
    }
  }

  /// The CRC-32 checksum of zip, gzip and PNG, continued from `start` (0 for a fresh one).
  public static func checksum(_ bytes: UnsafeRawBufferPointer, from start: UInt32 = 0) -> UInt32 {
    guard let base = bytes.baseAddress else { return start }
    return ritz_crc32(start, base.assumingMemoryBound(to: UInt8.self), bytes.count)
  }
}
