/// The largest of many numbers, in a heap whose root is the smallest of them; among equal numbers those that came first.
struct BoundedHeap {
  struct Entry {
    var value: Double
    var index: Int

    /// Whether this entry goes before another one.
    func precedes(_ other: Entry) -> Bool {
      value > other.value || value == other.value && index < other.index
    }
  }

  private let capacity: Int
  private var entries: [Entry] = []

  init(capacity: Int) {
    self.capacity = capacity
    entries.reserveCapacity(capacity)
  }

  /// The entries, largest first.
  var descending: [Entry] { entries.sorted { $0.precedes($1) } }

  mutating func insert(_ value: Double, _ index: Int) {
    let entry = Entry(value: value, index: index)
    if entries.count < capacity {
      entries.append(entry)
      var child = entries.count - 1
      while child > 0, entries[(child - 1) / 2].precedes(entries[child]) {
        entries.swapAt(child, (child - 1) / 2)
        child = (child - 1) / 2
      }
    } else if let last = entries.first, entry.precedes(last) {
      entries[0] = entry
      sink()
    }
  }

  private mutating func sink() {
    var parent = 0
    while true {
      var last = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < entries.count && entries[last].precedes(entries[child]) {
        last = child
      }
      if last == parent { return }
      entries.swapAt(parent, last)
      parent = last
    }
  }
}
