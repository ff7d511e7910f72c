import Archives
import Autodiff
import Datasets
import Networks
import Tensors

/// The readers of untrusted files. Each must answer any bytes with a value or an `InputError`.
enum FuzzTarget: String, CaseIterable {
  /// Zip and NPZ archives.
  case zip
  /// NPY files: checksums keep mutated archives from reaching this reader.
  case npy
  case gzip
  /// IDX files and what a dataset makes of them.
  case idx
  /// Exported programs, as packed archives (`PackedArchive`).
  case pt2

  /// The target of this process, set once before the fuzzer starts.
  nonisolated(unsafe) static var current: FuzzTarget?

  /// Reads the bytes as the product would.
  func read(_ bytes: [UInt8]) {
    do {
      switch self {
      case .zip: try readArchive(bytes)
      case .npy: try use(NumpyArray(npy: bytes[...], file: "fuzz.npy"))
      case .gzip: _ = try Gzip.decompress(bytes[...], file: "fuzz.gz", limit: 1 << 20)
      case .idx:
        let array = try IDX.decode(bytes[...], file: "fuzz-idx")
        try use(array)
        let data = try Dataset(inputs: array, targets: array, options: .init(standardisation: .meanDeviation))
        _ = data.inputs(0..<1, as: Float.self)
        try data.validateLabels(classes: 10)
      case .pt2:
        let network = try Network(exportedProgram: PackedArchive(bytes).zip, file: "fuzz.pt2")
        var graph = Graph()
        _ = try network.instantiate(batch: 3, in: &graph)
      }
    } catch let error as InputError {
      // Its text is part of the promise: one line, whatever the file holds.
      precondition(!error.description.isEmpty && !error.description.contains("\n"), "an error of more than one line")
    } catch {
      fatalError("an error of another type: \(error)")
    }
  }

  private func readArchive(_ bytes: [UInt8]) throws {
    var limits = ZipArchive.Limits()
    limits.member = 1 << 20
    limits.total = 1 << 22
    let archive = try ZipArchive(bytes: bytes, file: "fuzz.zip", limits: limits)
    for name in archive.names {
      let size = try archive.slice(named: name).count
      precondition(size == archive.size(of: name), "a member of another size than declared")
    }
    let arrays = try NumpyArchive(archive)
    for name in arrays.names { try use(arrays.array(named: name)) }
  }

  private func use(_ array: NumpyArray) throws {
    precondition(array.shape.reduce(1, *) == array.count, "a shape that does not fit the elements")
    _ = try array.doubles()
    _ = try array.floats()
    _ = try array.integers()
  }
}
