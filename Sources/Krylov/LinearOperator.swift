import Tensors

/// A symmetric linear operator A on a vector space: all that the Krylov methods know of a matrix.
///
/// Bring your own by conforming a type, or with ``ClosureOperator``.
public protocol LinearOperator<Space> {
  associatedtype Space: VectorSpace

  /// The space A maps to itself.
  var space: Space { get }

  /// A v for each of the vectors, in their order.
  ///
  /// Several vectors come in one call because their products may share work (the primal pass of a network). A product
  /// must not depend on the other vectors of its call.
  func apply(_ vectors: [Space.Vector]) throws -> [Space.Vector]
}

extension LinearOperator {
  /// The number of rows and of columns.
  public var dimension: Int { space.dimension }

  /// A v
  public func apply(_ vector: Space.Vector) throws -> Space.Vector {
    try checkedProducts([vector])[0]
  }

  /// The products, after checking that there is one for each vector.
  func checkedProducts(_ vectors: [Space.Vector]) throws -> [Space.Vector] {
    let products = try apply(vectors)
    guard products.count == vectors.count else {
      throw InputError("an operator returned \(products.count) products for \(vectors.count) vectors")
    }
    return products
  }
}

/// The error every method here throws when A v holds a NaN or an infinity.
func nonFiniteProduct(_ number: Int) -> InputError {
  InputError(
    "product number \(number) of the operator has elements that are not finite",
    remedy: "look for NaN, infinity or overflow in the weights, the data and the loss, or use --precision double")
}
