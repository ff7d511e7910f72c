import Tensors

/// ⟨u, v⟩ in Double.
func dot<Scalar: Real>(_ u: Vector<Scalar>, _ v: Vector<Scalar>) -> Double {
  (0..<u.count).reduce(0) { $0 + Double(u[$1]) * Double(v[$1]) }
}

func norm<Scalar: Real>(_ v: Vector<Scalar>) -> Double { dot(v, v).squareRoot() }

/// ‖actual − expected‖ / ‖expected‖
func relativeError<Scalar: Real>(_ actual: Vector<Scalar>, _ expected: [Double]) -> Double {
  guard actual.count == expected.count else { return .infinity }
  var difference = 0.0
  var size = 0.0
  for (i, value) in expected.enumerated() {
    difference += (Double(actual[i]) - value) * (Double(actual[i]) - value)
    size += value * value
  }
  return difference == 0 ? 0 : (difference / size).squareRoot()
}

/// ‖actual − expected‖ / ‖expected‖
func relativeError<Scalar: Real>(_ actual: Vector<Scalar>, _ expected: Vector<Scalar>) -> Double {
  relativeError(actual, expected.elements.map { Double($0) })
}

/// A vector of uniform numbers in (−1, 1) that depends on the seed only.
func randomVector<Scalar: Real>(_ count: Int, seed: UInt64, as type: Scalar.Type = Scalar.self) -> Vector<Scalar> {
  var stream = RandomStream(seed: seed, purpose: "vector of a test")
  return Vector((0..<count).map { _ in Scalar(2 * RandomStream.unitInterval(stream.next()) - 1) })
}
