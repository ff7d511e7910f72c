import Curvature
import Foundation
import Krylov
import Networks
import Tensors

/// A change of the parameters that leaves the network's function as it is: a layer times α, the next layer's weight
/// divided by it, as a positively homogeneous activation between them allows.
///
/// Source: L. Dinh, R. Pascanu, S. Bengio, Y. Bengio, "Sharp minima can generalize for deep nets", 2017, arXiv:1703.04933.
public struct Rescaling: Sendable {
  /// α
  public var alpha: Double
  /// The names of the layers.
  public var multiplied: String
  public var divided: String
  /// Of all parameters.
  public var factors: [Double]

  /// The first two consecutive linear layers, in the order of the network, between which factors leave the loss on the
  /// objective's data as it is to `tolerance` of itself; `nil` where there are none.
  ///
  /// Cost: an evaluation of the loss for each two layers.
  public static func find<Scalar: Real>(
    _ objective: Objective<Scalar>, alpha: Double, tolerance: Double = 1e-4
  ) throws -> Rescaling? {
    // All groups of a convolution are one layer here.
    var layers: [(name: String, weight: [Range<Int>], bias: Range<Int>?)] = []
    var weight: Int?
    for layer in try objective.linearLayers() {
      if layer.weight == weight {
        layers[layers.count - 1].weight.append(layer.weightRange)
      } else {
        let name = layer.groups == 1 ? layer.name : String(layer.name.prefix { $0 != "[" })
        layers.append((name, [layer.weightRange], layer.biasRange))
      }
      weight = layer.weight
    }
    let function = try objective.lossFunction()
    let before = try function(objective.parameters).loss
    for (first, second) in zip(layers, layers.dropFirst()) {
      var factors = [Double](repeating: 1, count: objective.dimension)
      for range in first.weight + [first.bias].compactMap({ $0 }) { for index in range { factors[index] = alpha } }
      for range in second.weight { for index in range { factors[index] = 1 / alpha } }
      let rescaling = Rescaling(alpha: alpha, multiplied: first.name, divided: second.name, factors: factors)
      let after = try function(rescaling.apply(to: objective.parameters)).loss
      if abs(after - before) <= tolerance * max(abs(before), 1e-12) { return rescaling }
    }
    return nil
  }

  public func apply<Scalar: Real>(to parameters: Vector<Scalar>) -> Vector<Scalar> {
    Vector(zip(parameters.elements, factors).map { $0 * Scalar($1) })
  }
}
