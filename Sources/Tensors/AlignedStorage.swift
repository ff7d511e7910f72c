/// Memory for `count` elements, aligned to 64 bytes (a cache line and an AVX-512 register), zeroed when asked.
///
/// A reference type so that it can be shared between threads; who may write to which range, and when, is the caller's
/// contract (the executor's tasks write to ranges of their own).
public final class AlignedStorage<Element: BitwiseCopyable>: @unchecked Sendable {
  public let pointer: UnsafeMutablePointer<Element>
  public let count: Int

  /// What was allocated: up to 63 bytes before `pointer`. Blocks are aligned here and not by the allocator, because one that was
  /// freed after an aligned allocation is too small to serve the next of the same size, and the heap grows with every vector.
  private let block: UnsafeMutableRawPointer

  /// - Parameter zeroed: whether every byte starts as zero; otherwise the contents are undefined until written.
  public init(count: Int, zeroed: Bool = true) {
    let bytes = Swift.max(64, (count * MemoryLayout<Element>.stride + 63) & ~63)
    block = UnsafeMutableRawPointer.allocate(byteCount: bytes + 64, alignment: MemoryLayout<Int>.alignment)
    let aligned = block.alignedUp(toMultipleOf: 64)
    if zeroed { aligned.initializeMemory(as: UInt8.self, repeating: 0, count: bytes) }
    self.pointer = aligned.bindMemory(to: Element.self, capacity: Swift.max(1, count))
    self.count = count
  }

  deinit { block.deallocate() }

  public var buffer: UnsafeMutableBufferPointer<Element> { UnsafeMutableBufferPointer(start: pointer, count: count) }
}
