import Autodiff
import Tensors
import Testing

@testable import Networks

@Suite struct PrunedNetworkTests {
  private func network() throws -> Network {
    try Network(input: [5], seed: 2) {
      Dense(5, 6)
      ReLU()
      Dense(6, 3)
    }
  }

  @Test func theSmallestWeightsOfEachLayerAreZero() throws {
    let network = try network()
    let pruned = try network.pruned(0.4)
    #expect(pruned.literals.count == 2)
    for (before, after) in zip(network.parameters, pruned.parameters) {
      let (old, new) = (before.values.values(as: Double.self), after.values.values(as: Double.self))
      guard before.shape.count == 2 else {
        #expect(old == new)
        continue
      }
      let zeros = new.indices.filter { new[$0] == 0 }
      #expect(zeros.count == Int(0.4 * Double(old.count)))
      let largestPruned = zeros.map { abs(old[$0]) }.max() ?? 0
      for index in new.indices where new[index] != 0 {
        #expect(new[index] == old[index] && abs(old[index]) >= largestPruned)
      }
      let mask = pruned.literals.first { $0.name == before.name + ".mask" }?.values.values(as: Double.self)
      #expect(mask == new.map { $0 == 0 ? 0 : 1 })
    }
  }

  @Test func nothingIsPrunedOrAllThatIsAskedFor() throws {
    let network = try network()
    let same = try network.pruned(0)
    #expect(
      zip(network.parameters, same.parameters).allSatisfy {
        $0.values.values(as: Double.self) == $1.values.values(as: Double.self)
      })
    for fraction in [-0.1, 1, .nan] { #expect(throws: InputError.self) { try network.pruned(fraction) } }
  }
}
