import Curvature
import Krylov
import Networks
import Tensors

extension StepContext {
  /// z ⊙ Hz of the loaded batch, H with the coupled weight decay: an estimate of the Hessian's diagonal from one product.
  func hutchinsonDiagonal() throws -> Vector<Scalar> {
    let stream = RandomStream(seed: seed, purpose: "probe of the optimiser", index: step)
    let probe = space.random(.rademacher, from: stream)
    var diagonal = try batch.products(of: .hessian, with: [probe])[0]
    if weightDecay != 0 { space.axpy(weightDecay, probe, &diagonal) }
    probe.withUnsafePointer { probe in
      diagonal.withUnsafeMutablePointer { diagonal in
        space.forElements { range in
          ElementwiseProducts.multiply(diagonal + range.lowerBound, probe + range.lowerBound, count: range.count)
        }
      }
    }
    return diagonal
  }

  /// Replaces the elements of each filter of a convolution over images, rows × columns for one channel, by their mean.
  func averageOverFilters(_ diagonal: inout Vector<Scalar>) {
    var offset = 0
    for parameter in batch.network.parameters {
      let begin = offset
      offset += parameter.count
      // [filters, channels, rows, columns]
      guard parameter.shape.count == 4 else { continue }
      let elements = parameter.shape[2] * parameter.shape[3]
      guard elements > 1 else { continue }
      diagonal.withUnsafeMutablePointer { diagonal in
        for start in stride(from: begin, to: offset, by: elements) {
          let filter = start..<start + elements
          let mean = Scalar(filter.reduce(0.0) { $0 + Double(diagonal[$1]) } / Double(elements))
          for index in filter { diagonal[index] = mean }
        }
      }
    }
  }
}

/// Products element by element, on ranges of elements.
enum ElementwiseProducts<Scalar: Real> {
  /// x ← x ⊙ y
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func multiply(_ x: UnsafeMutablePointer<Scalar>, _ y: UnsafePointer<Scalar>, count: Int) {
    for index in 0..<count { x[index] *= y[index] }
  }

  /// x ← s x ⊙ x
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func square(_ x: UnsafeMutablePointer<Scalar>, times factor: Double, count: Int) {
    let factor = Scalar(factor)
    for index in 0..<count { x[index] = factor * x[index] * x[index] }
  }
}
