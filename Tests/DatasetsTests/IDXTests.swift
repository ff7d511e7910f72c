import Archives
import Tensors
import TestSupport
import Testing

@testable import Datasets

@Suite struct IDXTests {
  private let small: [UInt8] = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]

  private func decode(_ bytes: [UInt8]) throws -> NumpyArray { try IDX.decode(bytes[...], file: "a-idx") }

  private func problem(_ bytes: [UInt8]) -> String {
    (#expect(throws: InputError.self) { _ = try decode(bytes) })?.description ?? ""
  }

  @Test func decodesEveryType() throws {
    #expect(try decode(small) == NumpyArray([1, 2, 3, 4, 5, 6] as [UInt8], shape: [2, 3]))
    let one: [UInt8] = [0, 0, 0, 1]
    #expect(try decode([0, 0, 9, 1] + one + [0xff]).elements == .int8([-1]))
    #expect(try decode([0, 0, 0xb, 1] + one + [0xff, 0xfe]).elements == .int16([-2]))
    #expect(try decode([0, 0, 0xc, 1] + one + [0, 0, 1, 2]).elements == .int32([258]))
    #expect(try decode([0, 0, 0xd, 1] + one + [0x3f, 0x80, 0, 0]).elements == .float32([1]))
    #expect(try decode([0, 0, 0xe, 1] + one + [0x40, 0, 0, 0, 0, 0, 0, 0]).elements == .float64([2]))
  }

  @Test func refusesDamage() {
    for count in small.indices { #expect(problem(Array(small.prefix(count))).hasPrefix("a-idx: ")) }
    #expect(problem(small + [7]).contains("holds 7 bytes of data, but uint8 of shape [2, 3] takes 6"))
    #expect(problem([0, 0, 7, 1, 0, 0, 0, 0]).contains("is not an IDX file"))
    #expect(problem([0, 0, 8, 0]).contains("IDX header"))
    #expect(problem([0, 0, 8, 255] + [UInt8](repeating: 0xff, count: 1020)).contains("impossible lengths"))
    #expect(problem([0, 0, 0xe, 2] + [UInt8](repeating: 0xff, count: 8)).contains("impossible lengths"))
  }

  @Test func mutationsNeverTrap() {
    Mutation.variants(of: small, count: 4000, seed: 1) { bytes in
      guard let array = try? decode(bytes) else { return }
      _ = try? Dataset(inputs: array, targets: array, options: .init(samples: 1, standardisation: .meanDeviation))
    }
  }

  @Test func loadsDirectories() throws {
    let directory = try TemporaryDirectory()
    try AtomicFile.write(small, to: directory.path("t10k-images-idx3-ubyte"))
    #expect(throws: InputError.self) { try Dataset.load(directory.path) }
    let text = #expect(throws: InputError.self) { try Dataset.load(directory.path, options: .init(split: .test)) }
    #expect(text?.description.contains("but not t10k-labels-idx1-ubyte") == true)
    try AtomicFile.write([0, 0, 8, 1, 0, 0, 0, 2, 1, 0], to: directory.path("t10k-labels-idx1-ubyte"))
    let data = try Dataset.load(directory.path, options: .init(split: .test))
    #expect(data.inputs(as: Double.self) == [1, 2, 3, 4, 5, 6].map { $0 / 255 })
    #expect(data.description.split == "test" && data.description.standardisation == "unit")
  }

  @Test(.enabled(if: Reference.hasData, "needs ../shared/data"))
  func loadsMNIST() throws {
    let data = try Dataset.load(Reference.path("data/mnist"), options: .init(split: .test))
    #expect(data.count == 10_000 && data.sampleShape == [28, 28] && data.classCount == 10)
    var labels = [Int32](repeating: 0, count: 10)
    try data.copyLabels(0..<10, into: &labels)
    #expect(labels == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
    // The numbers usually quoted for MNIST, 0.1307 and 0.3081, are those of the training images.
    let training = try Dataset.load(
      Reference.path("data/mnist"), options: .init(samples: 100, standardisation: .meanDeviation))
    #expect(training.count == 100 && training.description.samplesAvailable == 60_000)
    #expect(abs(training.scaling.mean - 0.1307) < 5e-5 && abs(training.scaling.deviation - 0.3081) < 5e-5)
  }
}
