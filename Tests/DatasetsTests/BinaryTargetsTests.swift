import Archives
import Tensors
import Testing

@testable import Datasets

@Suite struct BinaryTargetsTests {
  private func values(_ dataset: Dataset) -> [Double] {
    if case .values(let values, width: 1) = dataset.targets { values } else { [] }
  }

  @Test func halvesOfTheClasses() throws {
    let digits = try Dataset.load("digits")
    guard case .labels(let labels) = digits.targets else {
      Issue.record("the digits have labels")
      return
    }
    let binary = try digits.withBinaryTargets()
    #expect(values(binary) == labels.map { $0 >= 5 ? 1 : 0 })
    #expect(binary.description.preparation == ["labels 0 to 4 as 0, 5 to 9 as 1"])
    #expect(throws: InputError.self) { try binary.withBinaryTargets() }
  }

  /// Random targets are uniform, and a function of the seed and the position.
  @Test func randomTargets() throws {
    let digits = try Dataset.load("digits")
    let random = try digits.withRandomTargets(seed: 1)
    guard case .labels(let labels) = random.targets, case .labels(let original) = digits.targets else {
      Issue.record("the digits have labels")
      return
    }
    #expect(Set(labels) == Set(0..<10))
    let same = zip(labels, original).count { $0 == $1 }
    #expect(abs(Double(same) - 179.7) < 4 * 12.7)
    let binary = try digits.withBinaryTargets().withRandomTargets(seed: 1)
    #expect(abs(values(binary).reduce(0, +) - 898.5) < 4 * 21.2)
    #expect(try values(digits.withBinaryTargets().withRandomTargets(seed: 1)) == values(binary))
    #expect(try values(digits.withBinaryTargets().withRandomTargets(seed: 2)) != values(binary))
    let bare = try Dataset(inputs: NumpyArray([1.0, 2], shape: [2, 1]))
    #expect(throws: InputError.self) { try bare.withRandomTargets(seed: 1) }
  }
}
