import Archives
import Tensors
import TestSupport
import Testing

@testable import Datasets

@Suite struct DigitsTests {
  @Test func areWholeAndAttributed() throws {
    let (images, labels) = try Digits.load()
    #expect(images.shape == [1797, 8, 8] && labels.shape == [1797])
    let counts = try images.integers()
    #expect(counts.allSatisfy { (0...16).contains($0) } && counts.max() == 16)
    var perClass = [Int](repeating: 0, count: 10)
    for label in try labels.integers() { perClass[label] += 1 }
    #expect(perClass == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    let bytes = images.npy().dropFirst(128) + labels.npy().dropFirst(128)
    #expect(bytes.withUnsafeBytes { Inflate.checksum($0) } == 0xb89d_aea8)
    #expect(Digits.attribution.contains("Alpaydin") && Digits.attribution.contains("CC BY 4.0"))
  }

  @Test(.enabled(if: Reference.hasData, "needs ../shared/data"))
  func equalTheirSource() throws {
    let (images, labels) = try Digits.load()
    let pixels = try images.integers()
    let classes = try labels.integers()
    let text = String(
      decoding: try FileBytes(contentsOf: Reference.path("data/digits/digits.csv")).bytes, as: UTF8.self)
    let rows = text.split(whereSeparator: \.isNewline).map { $0.split(separator: ",").compactMap { Int($0) } }
    #expect(rows.count == 1797)
    for (index, row) in rows.enumerated() {
      #expect(row == pixels[64 * index..<64 * index + 64] + [classes[index]])
    }
  }

  @Test func loadByName() throws {
    let data = try Dataset.load("digits")
    #expect(data.count == 1797 && data.sampleShape == [8, 8] && data.classCount == 10)
    #expect(data.scaling == Scaling(unit: 16) && data.description.attribution == Digits.attribution)
    #expect(data.inputs(0..<1, as: Double.self)[2] == 5.0 / 16)
    let test = try Dataset.load("digits", options: .init(split: .test, samples: 10))
    #expect(test.count == 10 && test.description.samplesAvailable == 360)
    #expect(test.inputs(0..<10, as: Double.self) == data.inputs(1437..<1447, as: Double.self))
    #expect(try Dataset.load("digits", options: .init(split: .train)).count == 1437)
  }
}
