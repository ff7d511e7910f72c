/// A dense vector with value semantics over 64-byte aligned memory; copied when a shared one is written to.
///
/// Parameters θ, tangents v and operator products are such vectors. `subscript` is for tests and small problems; long
/// loops go through `withUnsafePointer` to the kernels of ``RealKernels``.
public struct Vector<Scalar: Real>: Sendable {
  private var storage: AlignedStorage<Scalar>

  /// A vector of `count` zeros.
  public init(zeros count: Int) { storage = AlignedStorage(count: count) }

  public init(_ elements: some Collection<Scalar>) {
    storage = AlignedStorage(count: elements.count, zeroed: false)
    _ = storage.buffer.update(fromContentsOf: elements)
  }

  /// A vector of `count` elements that `body` must all initialize.
  public init(count: Int, initializedBy body: (UnsafeMutableBufferPointer<Scalar>) throws -> Void) rethrows {
    storage = AlignedStorage(count: count, zeroed: false)
    try body(storage.buffer)
  }

  /// A vector in memory that is already filled and that nobody else writes to.
  public init(adopting storage: AlignedStorage<Scalar>) { self.storage = storage }

  public var count: Int { storage.count }

  public subscript(index: Int) -> Scalar {
    get {
      precondition(index >= 0 && index < count)
      return storage.pointer[index]
    }
    set {
      precondition(index >= 0 && index < count)
      makeUnique()
      storage.pointer[index] = newValue
    }
  }

  public var elements: [Scalar] { Array(storage.buffer) }

  public func withUnsafePointer<R>(_ body: (UnsafePointer<Scalar>) throws -> R) rethrows -> R {
    try body(UnsafePointer(storage.pointer))
  }

  public mutating func withUnsafeMutablePointer<R>(_ body: (UnsafeMutablePointer<Scalar>) throws -> R) rethrows -> R {
    makeUnique()
    return try body(storage.pointer)
  }

  private mutating func makeUnique() {
    guard !isKnownUniquelyReferenced(&storage) else { return }
    let copy = AlignedStorage<Scalar>(count: count, zeroed: false)
    _ = copy.buffer.update(fromContentsOf: storage.buffer)
    storage = copy
  }

  /// The vector in another precision, each element rounded to nearest.
  public func converted<Other: Real>(to type: Other.Type = Other.self) -> Vector<Other> {
    if let same = self as? Vector<Other> { return same }
    return Vector<Other>(count: count) { target in
      for i in 0..<count { target.initializeElement(at: i, to: Other(storage.pointer[i])) }
    }
  }
}

extension Vector: Equatable {
  /// Element-wise equality of values (so −0 equals 0 and NaN differs from itself).
  public static func == (left: Vector, right: Vector) -> Bool {
    left.count == right.count && (0..<left.count).allSatisfy { left.storage.pointer[$0] == right.storage.pointer[$0] }
  }
}
