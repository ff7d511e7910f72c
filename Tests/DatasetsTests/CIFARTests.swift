import Archives
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Datasets

@Suite struct CIFARTests {
  /// A record whose pixels count up from `label`.
  private func record(_ label: UInt8) -> [UInt8] {
    [label] + (0..<3072).map { UInt8(truncatingIfNeeded: $0 + Int(label)) }
  }

  private func directory(_ files: [String: [UInt8]]) throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for (name, bytes) in files { try Data(bytes).write(to: URL(fileURLWithPath: directory.path(name))) }
    return directory
  }

  @Test func recordsOfAllFiles() throws {
    let place = try directory([
      "data_batch_2.bin": record(9), "data_batch_1.bin": record(3) + record(0), "test_batch.bin": record(5),
      "batches.meta.txt": Array("airplane\n".utf8),
    ])
    let train = try Dataset.load(place.path)
    #expect(train.count == 3 && train.sampleShape == [3, 32, 32] && train.classCount == 10)
    guard case .labels(let labels) = train.targets else { throw InputError("no labels") }
    #expect(labels == [3, 0, 9])
    let values = train.inputs(0..<1, as: Double.self)
    #expect(values == (0..<3072).map { Double(UInt8(truncatingIfNeeded: $0 + 3)) / 255 })
    #expect(train.description.format == "cifar" && train.description.split == "train")
    let test = try Dataset.load(place.path, options: DatasetOptions(split: .test))
    #expect(test.count == 1 && test.description.split == "test")
  }

  @Test func damage() throws {
    func problem(_ files: [String: [UInt8]], _ options: DatasetOptions = DatasetOptions()) throws -> String {
      let place = try directory(files)
      return (#expect(throws: InputError.self) { try Dataset.load(place.path, options: options) })?.description ?? ""
    }
    #expect(try problem(["data_batch_1.bin": Array(record(1).dropLast())]).contains("is 3072 bytes long"))
    #expect(try problem(["data_batch_1.bin": []]).contains("is 0 bytes long"))
    #expect(try problem(["data_batch_1.bin": record(1) + record(10)]).contains("record 1: has label 10"))
    #expect(try problem(["test_batch.bin": record(1)]).contains("use --split test"))
    #expect(try problem(["data_batch_1.bin.gz": [0x1f, 0x8b, 8, 0, 1]]).contains("data_batch_1.bin.gz"))
    #expect(try problem(["batches.meta.txt": []]).contains("holds neither"))
  }

  @Test(.enabled(if: Reference.hasData, "needs the data sets")) func distributedFiles() throws {
    let train = try Dataset.load(
      Reference.path("data/cifar10"), options: DatasetOptions(standardisation: .meanDeviation))
    #expect(train.count == 10_000 && train.sampleShape == [3, 32, 32])
    guard case .labels(let labels) = train.targets else { throw InputError("no labels") }
    for label in 0..<10 { #expect(labels.filter { $0 == label }.count == 1000) }
    // What is known of CIFAR-10: means 0.491, 0.482, 0.447 and deviations about 0.25 of the three planes.
    #expect(abs(train.scaling.mean - 0.473) < 0.01 && abs(train.scaling.deviation - 0.25) < 0.01)
    let test = try Dataset.load(Reference.path("data/cifar10"), options: DatasetOptions(split: .test, samples: 7))
    #expect(test.description.samplesAvailable == 2000 && test.count == 7)
  }
}
