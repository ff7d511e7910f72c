import Networks
import Tensors

/// Vectors over all parameters in orthonormal bases, parameter by parameter.
public struct WorkingCoordinates: Sendable {
  /// By the positions of the parameters; those not named keep their own coordinates.
  public let bases: [Int: ParameterBasis]
  /// Elements of each parameter.
  private let counts: [Int]

  public init(network: Network, bases: [Int: ParameterBasis]) {
    self.bases = bases
    counts = network.parameters.map(\.count)
  }

  /// Qᵀw
  public func coordinates<Scalar: Real>(of weights: Vector<Scalar>) throws -> Vector<Scalar> {
    try map(weights) { basis, elements throws(InputError) in try basis.coordinates(of: elements) }
  }

  /// Q c
  public func weights<Scalar: Real>(of coordinates: Vector<Scalar>) throws -> Vector<Scalar> {
    try map(coordinates) { basis, elements throws(InputError) in try basis.elements(of: elements) }
  }

  /// The diagonal here of a covariance that is diagonal in other coordinates.
  public func variances<Scalar: Real>(
    _ variances: Vector<Scalar>, of other: WorkingCoordinates
  ) throws -> Vector<Scalar> {
    precondition(other.counts == counts)
    var elements: [Scalar] = []
    elements.reserveCapacity(variances.count)
    let given = variances.elements
    for (index, count) in counts.enumerated() {
      let part = given[elements.count..<elements.count + count]
      guard let own = bases[index] ?? other.bases[index].map({ ParameterBasis(rows: $0.rows, columns: $0.columns) })
      else {
        elements += part
        continue
      }
      let from = other.bases[index] ?? ParameterBasis(rows: own.rows, columns: own.columns)
      elements += try own.variances(part.map { Double($0) }, of: from).map { Scalar($0) }
    }
    return Vector(elements)
  }

  private func map<Scalar: Real>(
    _ vector: Vector<Scalar>, _ body: (ParameterBasis, [Double]) throws -> [Double]
  ) throws -> Vector<Scalar> {
    var elements: [Scalar] = []
    elements.reserveCapacity(vector.count)
    let given = vector.elements
    for (index, count) in counts.enumerated() {
      let part = given[elements.count..<elements.count + count]
      if let basis = bases[index] {
        elements += try body(basis, part.map { Double($0) }).map { Scalar($0) }
      } else {
        elements += part
      }
    }
    return Vector(elements)
  }
}
