import Foundation
import Tensors

/// Vectors as arrays in memory, worked on in chunks of fixed size by the workers of a pool.
///
/// Inner products accumulate in Double within a chunk, and the chunks' sums are added in their order, so results are
/// the same bits for any number of workers.
public struct DenseVectorSpace<Scalar: Real>: VectorSpace {
  public typealias Vector = Tensors.Vector<Scalar>
  public typealias Basis = DenseBasis<Scalar>

  /// Elements per chunk: a chunk of a vector stays in the second-level cache; even, so that pairs of normals do not
  /// straddle chunks.
  public static var chunk: Int { 8192 }

  public let dimension: Int
  /// The workers that share the chunks.
  public let pool: WorkerPool

  /// - Parameter pool: by default a single worker, the calling thread.
  public init(dimension: Int, pool: WorkerPool = WorkerPool(count: 1)) {
    precondition(dimension >= 0)
    self.dimension = dimension
    self.pool = pool
  }

  public func zero() -> Vector { Vector(zeros: dimension) }

  public func dot(_ x: Vector, _ y: Vector) -> Double {
    precondition(x.count == dimension && y.count == dimension)
    return x.withUnsafePointer { x in
      y.withUnsafePointer { y in
        sum { Scalar.dot(x + $0.lowerBound, y + $0.lowerBound, count: $0.count) }
      }
    }
  }

  public func norm(_ x: Vector) -> Double {
    let squares = dot(x, x)
    if squares >= 0x1p-900 && squares.isFinite { return squares.squareRoot() }
    let largest = x.withUnsafePointer { x in
      (0..<dimension).reduce(0.0) { $0.isNaN || Double(x[$1]).isNaN ? .nan : Swift.max($0, abs(Double(x[$1]))) }
    }
    guard largest > 0 && largest.isFinite else { return largest }
    let scaled = x.withUnsafePointer { x in
      (0..<dimension).reduce(0.0) { total, index in
        let ratio = Double(x[index]) / largest
        return total + ratio * ratio
      }
    }
    return largest * scaled.squareRoot()
  }

  public func axpy(_ a: Double, _ x: Vector, _ y: inout Vector) {
    precondition(x.count == dimension && y.count == dimension)
    x.withUnsafePointer { x in
      y.withUnsafeMutablePointer { y in
        pool.forRanges(of: dimension, chunk: Self.chunk) { range, _ in
          withUnsafePointer(to: a) { a in
            withUnsafePointer(to: Optional(x)) { column in
              withUnsafePointer(to: Optional(y)) { target in
                Scalar.axpys(a, column, columns: 1, target, vectors: 1, offset: range.lowerBound, count: range.count)
              }
            }
          }
        }
      }
    }
  }

  public func scale(_ a: Double, _ x: inout Vector) {
    precondition(x.count == dimension)
    x.withUnsafeMutablePointer { x in
      pool.forRanges(of: dimension, chunk: Self.chunk) { range, _ in
        Scalar.multiply(by: a, x + range.lowerBound, count: range.count)
      }
    }
  }

  /// Element 2i and 2i + 1 of a Gaussian vector come from block i of the stream (Box–Muller), elements 128i ..< 128(i +
  /// 1) of a Rademacher vector from the bits of block i.
  public func random(_ distribution: RandomDistribution, from stream: RandomStream) -> Vector {
    Vector(count: dimension) { target in
      guard let target = target.baseAddress else { return }
      pool.forRanges(of: dimension, chunk: Self.chunk) { range, _ in
        let numbers = AlignedStorage<Double>(count: range.count, zeroed: false)
        switch distribution {
        case .gaussian: fillGaussian(numbers.pointer, range, stream)
        case .rademacher: fillRademacher(numbers.pointer, range, stream)
        }
        Scalar.round(UnsafePointer(numbers.pointer), to: target + range.lowerBound, count: range.count)
      }
    }
  }

  public func basis() -> DenseBasis<Scalar> { DenseBasis(space: self) }

  public func elements(of vector: Vector) -> Vector { vector }

  public func vector(of elements: Vector) throws -> Vector {
    guard elements.count == dimension else {
      throw InputError(
        "a stored vector has \(elements.count) elements, expected \(dimension)",
        remedy: "resume with the network and the parameters the run was started with")
    }
    guard norm(elements).isFinite else { throw InputError("a stored vector has an element that is not finite") }
    return elements
  }

  /// The sum of `body` over the chunks, added in their order.
  private func sum(_ body: (Range<Int>) -> Double) -> Double {
    let chunks = (dimension + Self.chunk - 1) / Self.chunk
    if chunks <= 1 { return dimension == 0 ? 0 : body(0..<dimension) }
    let partial = AlignedStorage<Double>(count: chunks)
    pool.forRanges(of: dimension, chunk: Self.chunk) { range, index in partial.pointer[index] = body(range) }
    return partial.buffer.reduce(0, +)
  }
}

/// Normals number `range` of a stream by the method of Box and Muller; the range starts at an even number.
private func fillGaussian(_ target: UnsafeMutablePointer<Double>, _ range: Range<Int>, _ stream: RandomStream) {
  for index in stride(from: 0, to: range.count, by: 2) {
    let (first, second) = stream.block(UInt64((range.lowerBound + index) / 2))
    let radius = (-2 * log(RandomStream.unitInterval(first))).squareRoot()
    let angle = 2 * Double.pi * RandomStream.unitInterval(second)
    target[index] = radius * cos(angle)
    if index + 1 < range.count { target[index + 1] = radius * sin(angle) }
  }
}

/// Signs number `range` of a stream; the range starts at a multiple of 128.
private func fillRademacher(_ target: UnsafeMutablePointer<Double>, _ range: Range<Int>, _ stream: RandomStream) {
  for start in stride(from: 0, to: range.count, by: 128) {
    let (low, high) = stream.block(UInt64((range.lowerBound + start) / 128))
    for bit in 0..<Swift.min(128, range.count - start) {
      let word = bit < 64 ? low : high
      target[start + bit] = (word >> UInt64(bit & 63)) & 1 == 0 ? 1 : -1
    }
  }
}
