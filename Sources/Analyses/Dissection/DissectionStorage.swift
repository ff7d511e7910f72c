import Curvature
import Foundation
import Krylov
import Tensors

/// Where the parts of a dissection are kept once they are done, so that one that was stopped goes on behind the last of them.
public struct DissectionStorage<Scalar: Real> {
  /// What is kept of a part beside its name.
  public typealias Part = (vectors: [String: Vector<Scalar>], note: Data)

  /// `nil` for a part that is not done.
  private let restore: (_ name: String) throws -> Part?
  private let store: (_ name: String, _ part: Part) throws -> Void

  /// By default nothing is kept.
  public init(
    restore: @escaping (_ name: String) throws -> Part? = { _ in nil },
    store: @escaping (_ name: String, _ part: Part) throws -> Void = { _, _ in }
  ) {
    self.restore = restore
    self.store = store
  }

  /// The value of a part: the one that was kept, or one measured now.
  func value<Value: Codable>(_ name: String, measure: () throws -> Value) throws -> Value {
    if let part = try restore(name) { return try Self.decoder.decode(Value.self, from: part.note) }
    let value = try measure()
    try store(name, ([:], Self.encoder.encode(value)))
    return value
  }

  /// The eigenpairs of a part: those that were kept, or those measured now.
  func eigenpairs(
    _ name: String, measure: () throws -> Eigenpairs<Vector<Scalar>>
  ) throws -> Eigenpairs<Vector<Scalar>> {
    if let part = try restore(name) {
      let evidence = try Self.decoder.decode(EigenpairEvidence.self, from: part.note)
      return try evidence.eigenpairs { index in
        guard let vector = part.vectors[String(index)] else {
          throw InputError(place: "stored state", "eigenvector \(index) of \(name) is missing", remedy: "start anew")
        }
        return vector
      }
    }
    let pairs = try measure()
    let vectors = (pairs.top + pairs.bottom).enumerated().map { (String($0), $1.vector) }
    try store(name, (Dictionary(uniqueKeysWithValues: vectors), Self.encoder.encode(EigenpairEvidence(pairs))))
    return pairs
  }

  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }

  private static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return decoder
  }
}

/// Eigenpairs without their vectors.
private struct EigenpairEvidence: Codable {
  struct Pair: Codable {
    var value: Double
    var residual: Double
    var converged: Bool
    var errorBound: Double
    var multiplicity: Int
    var multiplicityVerified: Bool
  }

  var top: [Pair]
  var bottom: [Pair]
  var reason: EigenpairReason
  var tolerance: Double
  var normEstimate: Double
  var products: Int
  var verificationProducts: Int
  var restarts: Int
  var orthogonality: Double
  var unavailable: Int

  init<V>(_ pairs: Eigenpairs<V>) {
    func evidence(_ pair: Eigenpair<V>) -> Pair {
      Pair(
        value: pair.value, residual: pair.residual, converged: pair.converged, errorBound: pair.errorBound,
        multiplicity: pair.multiplicity, multiplicityVerified: pair.multiplicityVerified)
    }
    top = pairs.top.map(evidence)
    bottom = pairs.bottom.map(evidence)
    reason = pairs.reason
    tolerance = pairs.tolerance
    normEstimate = pairs.normEstimate
    products = pairs.products
    verificationProducts = pairs.verificationProducts
    restarts = pairs.restarts
    orthogonality = pairs.orthogonality
    unavailable = pairs.unavailable
  }

  func eigenpairs<V>(_ vector: (_ index: Int) throws -> V) rethrows -> Eigenpairs<V> {
    func pair(_ index: Int, _ evidence: Pair) throws -> Eigenpair<V> {
      try Eigenpair(
        value: evidence.value, vector: vector(index), residual: evidence.residual, converged: evidence.converged,
        errorBound: evidence.errorBound, multiplicity: evidence.multiplicity,
        multiplicityVerified: evidence.multiplicityVerified)
    }
    return try Eigenpairs(
      top: top.enumerated().map { try pair($0, $1) },
      bottom: bottom.enumerated().map { try pair(top.count + $0, $1) }, reason: reason, tolerance: tolerance,
      normEstimate: normEstimate, products: products, verificationProducts: verificationProducts, restarts: restarts,
      orthogonality: orthogonality, unavailable: unavailable)
  }
}
