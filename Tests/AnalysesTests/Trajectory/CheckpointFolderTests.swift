import Archives
import Foundation
import Networks
import Tensors
import TestSupport
import Testing
import Training

@testable import Analyses

@Suite struct CheckpointFolderTests {
  @Test func orderIsNatural() {
    let names = ["step-10", "step-9", "step-100", "a2b10", "a2b9", "a10b1", "step", "x-1.5", "x-1.05"]
    #expect(
      names.sorted(by: CheckpointFolder.precedes)
        == ["a2b9", "a2b10", "a10b1", "step", "step-9", "step-10", "step-100", "x-1.05", "x-1.5"])
  }

  @Test func stepsAreTheLastNumbers() throws {
    let directory = try TemporaryDirectory()
    for name in ["run3-epoch-10.pt2", "run3-epoch-9.pt2", "run3-epoch-100.safetensors", "notes.txt", ".hidden.pt2"] {
      try AtomicFile.write([0], to: directory.path(name))
    }
    let folder = try CheckpointFolder(directory.path(""))
    #expect(folder.entries.map(\.step) == [9, 10, 100])
    #expect(folder.entries.map(\.name) == ["run3-epoch-9.pt2", "run3-epoch-10.pt2", "run3-epoch-100.safetensors"])
    try AtomicFile.write([0], to: directory.path("best.pt2"))
    #expect(try CheckpointFolder(directory.path("")).entries.map(\.step) == [0, 1, 2, 3])
  }

  @Test func saysWhatIsWrong() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: InputError.self) { try CheckpointFolder(directory.path("missing")) }
    #expect(throws: InputError.self) { try CheckpointFolder(directory.path("")) }
    let network = try Network(named: "mlp:4-3-2", seed: 0)
    let arrays = network.parameters.map { ($0.name, NumpyArray($0.values.values(as: Float.self), shape: $0.shape)) }
    try SafetensorsFile.write(arrays, to: directory.path("step-1.safetensors"))
    try SafetensorsFile.write(Array(arrays.dropLast()), to: directory.path("step-2.safetensors"))
    let wrong = arrays.map { ($0.0, NumpyArray([1.0, Double($0.1.shape.count)])) }
    try SafetensorsFile.write(wrong, to: directory.path("step-3.safetensors"))
    try AtomicFile.write(Array("not a header".utf8), to: directory.path("step-4.safetensors"))
    let entries = try CheckpointFolder(directory.path("")).entries
    let read = try CheckpointFolder.network(of: entries[0], network)
    #expect(read.parameterVector(as: Float.self) == network.parameterVector(as: Float.self))
    func problem(_ index: Int, _ network: Network?) -> String {
      do {
        _ = try CheckpointFolder.network(of: entries[index], network)
        return "none"
      } catch { return "\(error)" }
    }
    #expect(problem(0, nil).contains("--network"))
    #expect(problem(1, network).contains("2.bias") && problem(1, network).contains("step-2"))
    #expect(problem(2, network).contains("shape") && problem(3, network).contains("step-4"))
  }
}
