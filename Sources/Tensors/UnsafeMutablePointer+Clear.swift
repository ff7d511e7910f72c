extension UnsafeMutablePointer where Pointee: Real {
  /// Sets `count` numbers to 0, at the speed of memory also where the type is not known.
  public func clear(count: Int) {
    UnsafeMutableRawPointer(self).initializeMemory(
      as: UInt8.self, repeating: 0, count: count * MemoryLayout<Pointee>.size)
  }
}
