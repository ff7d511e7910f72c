/// Offsets for values in one block of memory, reused after a value's last use (first fit by increasing offset).
struct Arena {
  private struct Block {
    var offset: Int
    var size: Int
    var end: Int
  }
  private var live: [Block] = []
  /// Elements the block must have.
  private(set) var count = 0

  /// A place for `size` elements that live from instruction `start` up to and including instruction `end`.
  ///
  /// Calls must come in order of `start`.
  mutating func place(size: Int, from start: Int, through end: Int) -> Int {
    let aligned = (max(1, size) + 15) & ~15
    live.removeAll { $0.end < start }
    var offset = 0
    for block in live.sorted(by: { $0.offset < $1.offset }) {
      if offset + aligned <= block.offset { break }
      offset = max(offset, block.offset + block.size)
    }
    live.append(Block(offset: offset, size: aligned, end: end))
    count = max(count, offset + aligned)
    return offset
  }
}
