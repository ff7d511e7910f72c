import Tensors

/// How the elements of a random vector are distributed; independent, mean 0, variance 1.
public enum RandomDistribution: String, Sendable, Codable, CaseIterable {
  /// Standard normal.
  case gaussian
  /// ±1 with equal probability.
  case rademacher
}

/// A real vector space with an inner product: all that the Krylov methods know of vectors.
///
/// Everything a method needs of its (long) vectors passes through this interface and through ``VectorBasis``, so that
/// vectors may be dense arrays in memory, sharded over ranks, or kept on disk. Coefficients are Double whatever the
/// vectors are made of.
///
/// Implementations must be deterministic: the same operands give the same bits, for any number of workers.
public protocol VectorSpace: Sendable {
  /// The type vectors are stored in.
  associatedtype Scalar: Real
  associatedtype Vector: Sendable
  associatedtype Basis: VectorBasis where Basis.Vector == Vector

  /// The number of elements of a vector.
  var dimension: Int { get }

  /// The zero vector.
  func zero() -> Vector

  /// ⟨x, y⟩, accumulated in Double.
  func dot(_ x: Vector, _ y: Vector) -> Double

  /// ‖x‖₂, without overflow or underflow of the squares; not finite exactly when an element of x is not.
  func norm(_ x: Vector) -> Double

  /// y ← y + a x, each element rounded once.
  func axpy(_ a: Double, _ x: Vector, _ y: inout Vector)

  /// x ← a x
  func scale(_ a: Double, _ x: inout Vector)

  /// A vector of independent elements, a pure function of the stream and the distribution.
  func random(_ distribution: RandomDistribution, from stream: RandomStream) -> Vector

  /// A basis without vectors.
  func basis() -> Basis

  /// The elements of a vector, for storing it; without a copy where that is possible.
  func elements(of vector: Vector) -> Tensors.Vector<Scalar>

  /// The vector that has these elements.
  ///
  /// - Throws: ``InputError`` when their number is not the dimension, or one is not finite.
  func vector(of elements: Tensors.Vector<Scalar>) throws -> Vector
}

/// A growable sequence of vectors b₀, b₁, …, usually orthonormal, that can be multiplied with as a tall matrix B.
///
/// Every operation below reads the columns it names once: at hundreds of thousands of rows and tens of columns the
/// memory traffic of these calls is what orthogonalisation costs.
public protocol VectorBasis: Sendable {
  associatedtype Vector: Sendable

  /// The number of vectors.
  var count: Int { get }

  /// The memory the vectors take.
  var bytes: Int { get }

  subscript(index: Int) -> Vector { get }

  mutating func append(_ vector: Vector)

  /// Keeps the first `count` vectors.
  mutating func truncate(to count: Int)

  /// Bᵀv restricted to the given columns, for several v; every column is read from memory once. What one v gives does
  /// not depend on the others.
  func coefficients(of vectors: [Vector], columns: Range<Int>) -> [[Double]]

  /// v ← v − B c over the given columns, each element of v rounded once.
  func subtract(_ coefficients: [Double], columns: Range<Int>, from vector: inout Vector)

  /// The same for several v; every column is read from memory once.
  func subtract(_ coefficients: [[Double]], columns: Range<Int>, from vectors: inout [Vector])

  /// v − B c over the given columns and its norm, each element rounded once; v is left alone.
  func remainder(of vector: Vector, subtracting coefficients: [Double], columns: Range<Int>) -> (Vector, norm: Double)

  /// Makes the last two vectors of a recurrence orthogonal to the given columns in one sweep: each is replaced by v − B
  /// Bᵀv. Returns what was found, Bᵀv of both.
  ///
  /// Every column is read from memory twice, as for one vector.
  func orthogonalize(_ first: inout Vector, _ second: inout Vector, columns: Range<Int>) -> ([Double], [Double])

  /// Puts another vector in the place of one.
  mutating func replace(_ index: Int, with vector: Vector)

  /// B C for several columns of coefficients, over as many first columns of B as the longest has; every column of B is
  /// read from memory once.
  func combinations(_ coefficients: [[Double]]) -> [Vector]

  /// B ← B S in place, S a `count` × `columns` matrix stored by columns: afterwards there are `columns` vectors.
  mutating func rotate(by matrix: [Double], columns: Int)
}

extension VectorBasis {
  /// Bᵀv restricted to the given columns, all where none are.
  public func coefficients(of vector: Vector, columns: Range<Int>? = nil) -> [Double] {
    coefficients(of: [vector], columns: columns ?? 0..<count)[0]
  }

  /// Bᵀv over all columns, for several v.
  public func coefficients(of vectors: [Vector]) -> [[Double]] { coefficients(of: vectors, columns: 0..<count) }

  /// v ← v − B c over all columns.
  public func subtract(_ coefficients: [Double], from vector: inout Vector) {
    subtract(coefficients, columns: 0..<count, from: &vector)
  }

  /// B c over the first `coefficients.count` columns, rounded once.
  public func combination(_ coefficients: [Double]) -> Vector { combinations([coefficients])[0] }

  /// max |BᵀB − I|, in count²/2 inner products: how orthonormal the basis is.
  public func orthogonalityDefect() -> Double {
    var worst = 0.0
    for index in 0..<count {
      for (other, value) in coefficients(of: self[index], columns: 0..<index + 1).enumerated() {
        worst = Swift.max(worst, abs(value - (other == index ? 1 : 0)))
      }
    }
    return worst
  }
}
