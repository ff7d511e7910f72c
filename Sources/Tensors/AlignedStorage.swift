/// Memory for `count` elements, aligned to 64 bytes (a cache line and an AVX-512 register), zeroed when asked.
///
/// A reference type so that it can be shared between threads; who may write to which range, and when, is the caller's
/// contract (the executor's tasks write to ranges of their own).
public final class AlignedStorage<Element: BitwiseCopyable>: @unchecked Sendable {
  public let pointer: UnsafeMutablePointer<Element>
  public let count: Int

  /// - Parameter zeroed: whether every byte starts as zero; otherwise the contents are undefined until written.
  public init(count: Int, zeroed: Bool = true) {
    let bytes = Swift.max(64, (count * MemoryLayout<Element>.stride + 63) & ~63)
    let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    if zeroed { raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes) }
    self.pointer = raw.bindMemory(to: Element.self, capacity: Swift.max(1, count))
    self.count = count
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }

  public var buffer: UnsafeMutableBufferPointer<Element> { UnsafeMutableBufferPointer(start: pointer, count: count) }
}
