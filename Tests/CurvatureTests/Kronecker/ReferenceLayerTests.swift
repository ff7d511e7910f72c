import Archives
import Curvature
import Krylov
import Networks
import Tensors
import TestSupport
import Testing

/// Linear layers of networks exported by PyTorch.
@Suite(.enabled(if: Reference.isAvailable, "needs the reference cases"))
struct ReferenceLayerTests {
  /// The diagonal that the layers' rows give in the unit vectors is that of the Gauss-Newton matrix, and every weight
  /// of two dimensions or more is of a layer.
  @Test(arguments: Reference.cases("mlp-", "linear-", "lenet-", "resnet-"), [false, true])
  func diagonals(name: String, isStatic: Bool) throws {
    let reference = try ReferenceCase.load(name)
    let objective = try ReferenceObjective.make(reference, static: isStatic, as: Double.self)
    let layers = try objective.linearLayers()
    let matrices = objective.network.parameters.indices.filter { objective.network.parameters[$0].shape.count > 1 }
    #expect(layers.map(\.weight) == matrices)
    guard objective.network.batchNormalization?.couplesSamples != true else {
      #expect(throws: InputError.self) { try objective.layerFactors() }
      return
    }
    let bases = layers.map { (inputs: DenseMatrix.identity($0.inputWidth), outputs: DenseMatrix.identity($0.outputs)) }
    let found = try objective.kroneckerDiagonals(of: layers, bases: bases)
    // Files of a fixed batch size give the same numbers as others.
    let single = try ReferenceObjective.make(reference, as: Double.self)
    let exact = try #require(try single.exactDiagonal(of: .gaussNewton)).values
    for (layer, diagonal) in zip(layers, found) {
      #expect(relativeError(Vector(diagonal.elements), layer.elementPlaces.map { exact[$0] }) <= 1e-11, "\(layer.name)")
    }
  }
}
