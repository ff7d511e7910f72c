import TestSupport
import Testing

@testable import Archives

@Suite struct NumpyArrayTests {
  /// An NPY file with the given header text and data, version 1.0 unless told.
  private func npy(_ header: String, _ data: [UInt8] = [], version: UInt8 = 1) -> [UInt8] {
    let length = [UInt8(header.utf8.count & 0xff), UInt8(header.utf8.count >> 8)]
    return [0x93] + "NUMPY".utf8 + [version, 0] + length + (version == 1 ? [] : [0, 0]) + header.utf8 + data
  }

  private func read(_ header: String, _ data: [UInt8] = [], version: UInt8 = 1) throws -> NumpyArray {
    try NumpyArray(npy: npy(header, data, version: version)[...], file: "a.npz", place: "x")
  }

  @Test func everyTypeReadsBackAsWritten() throws {
    let arrays: [NumpyArray.Elements] = [
      .bool([true, false]), .int8([-128, 127]), .int16([-32768, 32767]), .int32([.min, .max]), .int64([.min, .max]),
      .uint8([0, 255]), .uint16([0, 65535]), .uint32([0, .max]), .uint64([0, .max]), .float16([0x3c00, 0xfbff]),
      .float32([-0.0, .greatestFiniteMagnitude]), .float64([.pi, .leastNonzeroMagnitude]),
    ]
    #expect(Set(arrays.map(\.type)) == Set(NumpyArray.ElementType.allCases))
    for elements in arrays {
      for shape in [[2], [1, 2], [2, 1, 1]] {
        let array = NumpyArray(shape: shape, elements: elements)
        let bytes = array.npy()
        #expect((bytes.count - array.count * array.elementType.width) % 64 == 0)
        #expect(try NumpyArray(npy: bytes[...]) == array)
      }
    }
    for shape in [[0], [3, 0], [0, 5]] {
      let empty = NumpyArray([Float](), shape: shape)
      #expect(try NumpyArray(npy: empty.npy()[...]) == empty)
    }
    let scalar = NumpyArray(scalar: 2.5)
    #expect(try NumpyArray(npy: scalar.npy()[...]) == scalar)
  }

  @Test func readsWhatNumpyWrites() throws {
    let archive = try NumpyArchive(bytes: Fixtures.numpyArchive, file: "numpy.npz")
    #expect(archive.names == ["a", "f", "h", "s"])
    // Big-endian integers; a Fortran-ordered array; half precision; a scalar.
    #expect(try archive.array(named: "a") == NumpyArray([0, 1, 2, 3, 4, 5] as [Int32], shape: [2, 3]))
    #expect(try archive.array(named: "f") == NumpyArray((0..<24).map(Double.init), shape: [2, 3, 4]))
    let half = try archive.array(named: "h")
    #expect(half.elementType == .float16)
    #expect(try half.doubles() == [1.5, -2, 65504, 0x1p-24])
    #expect(try archive.array(named: "s") == NumpyArray(scalar: 2.5))
  }

  @Test func readsVersionsTwoAndThreeAndOddSpacing() throws {
    let header = "{ \"shape\":(2,),'fortran_order' :False , 'descr':'>u2'}\n"
    for version: UInt8 in 1...3 {
      #expect(try read(header, [1, 2, 3, 4], version: version).elements == .uint16([0x102, 0x304]))
    }
    #expect(
      try read("{'descr': '|u1', 'fortran_order': True, 'shape': (2L, 3), }", [1, 2, 3, 4, 5, 6]).elements
        == .uint8([1, 3, 5, 2, 4, 6]))
    #expect(
      try read("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", [0, 1, 9]).elements
        == .bool([false, true, true]))
  }

  @Test func binary16AgreesWithItsDefinition() {
    #expect(Double(binary16: 0x0000) == 0 && Double(binary16: 0x8000).sign == .minus)
    #expect(Double(binary16: 0x0001) == 0x1p-24)
    #expect(Double(binary16: 0x03ff) == 1023 * 0x1p-24)
    #expect(Double(binary16: 0x0400) == 0x1p-14)
    #expect(Double(binary16: 0x3555) == 0x1.554p-2)
    #expect(Double(binary16: 0x7bff) == 65504)
    #expect(Double(binary16: 0x7c00) == .infinity && Double(binary16: 0xfc00) == -.infinity)
    #expect(Double(binary16: 0x7e00).isNaN)
  }

  @Test func refusesPickles() {
    expectInputError("a.npz: x: holds pickled Python objects", "save plain numbers") {
      try read("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", [0x80, 4])
    }
  }

  @Test func refusesTypesItDoesNotKnow() {
    for type in ["<c16", "<U5", "|S3", "<M8[ns]", "<f16", "|f8", "f8", "", "<"] {
      expectInputError("a.npz: x: has element type '\(type)'") {
        try read("{'descr': '\(type)', 'fortran_order': False, 'shape': (1,), }", [UInt8](repeating: 0, count: 8))
      }
    }
    expectInputError("a.npz: x: has a structured element type") {
      try read("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }")
    }
  }

  @Test func refusesSizesThatDoNotFit() {
    for (shape, problem) in [
      ("(3,)", "holds 8 bytes of data"), ("(0,)", "holds 8 bytes of data"),
      ("(9223372036854775807,)", "impossible shape"), ("(4294967296, 4294967296)", "impossible shape"),
      ("(0, 4294967296, 4294967296)", "impossible shape"), ("(99999999999999999999,)", "too large"),
      ("(1000000000000,)", "takes 8000000000000"),
    ] {
      expectInputError("a.npz: x", problem) {
        try read("{'descr': '<f8', 'fortran_order': True, 'shape': \(shape), }", [UInt8](repeating: 0, count: 8))
      }
    }
    let lengths = [String](repeating: "1", count: 65).joined(separator: ", ")
    expectInputError("has 65 axes") {
      try read("{'descr': '<f8', 'fortran_order': False, 'shape': (\(lengths)), }", [UInt8](repeating: 0, count: 8))
    }
  }

  @Test func refusesDamagedHeaders() {
    let whole = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }"
    for header in [
      "", "{", "[]", "{}", "{'descr': '<f8'}", "{'descr': '<f8', 'fortran_order': 0, 'shape': (1,)}",
      "{'descr': '<f8', 'fortran_order': False, 'shape': (1)}",
      "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
      "{'descr': '<f8', 'fortran_order': False, 'shape': [1]}", "{'descr': '<f8', 'descr': '<f8', 'shape': (1,)}",
      "{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,)}", whole + "x", "x" + whole,
      "{'descr': '<f8\\x00', 'fortran_order': False, 'shape': (1,)}", "{'descr: ",
      "{'descr': '<f8', 'fortran_order': False, 'shape': (1,",
      whole.replacing("}", with: "'more': 1}"),
    ] {
      expectInputError("a.npz: x: has a damaged NPY header") { try read(header, [UInt8](repeating: 0, count: 8)) }
    }
    let bytes = npy(whole, [UInt8](repeating: 0, count: 8))
    for count in bytes.indices { expectInputError("a.npz") { try NumpyArray(npy: bytes[..<count], file: "a.npz") } }
    expectInputError("version 4.0") { try read(whole, version: 4) }
    var long = npy(whole, version: 2)
    long.replaceSubrange(8..<12, with: [0xff, 0xff, 0xff, 0xff])
    expectInputError("header of 4294967295 bytes") { try NumpyArray(npy: long[...], file: "a.npz") }
  }

  @Test func conversionsKeepValuesOrSayWhichTheyCannot() throws {
    #expect(try NumpyArray([1, 2] as [Int64]).doubles() == [1, 2])
    #expect(try NumpyArray([1.5, -2]).floats() == [1.5, -2])
    #expect(try NumpyArray([1, -2] as [Double]).integers() == [1, -2])
    #expect(try NumpyArray([0.1]).floats() == [Float(0.1)])
    #expect(try NumpyArray([Double.infinity]).floats() == [.infinity])
    #expect(try NumpyArray([0.5]).values(as: Float.self) == [0.5])
    #expect(try NumpyArray([0.5]).values(as: Double.self) == [0.5])
    expectInputError("element [0, 1] is 1.5") { try NumpyArray([1, 1.5], shape: [1, 2]).integers() }
    expectInputError("element [0]") { try NumpyArray([Double.nan]).integers() }
    expectInputError("element [1]") { try NumpyArray([0, Int64.max]).doubles() }
    expectInputError("element [0]") { try NumpyArray([1e300]).floats() }
    expectInputError("element [0]") { try NumpyArray(shape: [1], elements: .uint64([.max])).integers() }
  }

  @Test func archivesReadBackAsWritten() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("arrays.npz")
    let matrix = NumpyArray([1, 2, 3, 4, 5, 6] as [Double], shape: [2, 3])
    try NumpyArchive.write(["product/0.weight": matrix, "loss": NumpyArray(scalar: 3)], to: path)
    let archive = try NumpyArchive(contentsOf: path)
    #expect(archive.names == ["loss", "product/0.weight"])
    #expect(try archive.arrays() == ["product/0.weight": matrix, "loss": NumpyArray(scalar: 3)])
    expectInputError(path, "no array 'x'", "it has: loss, product/0.weight") { try archive.array(named: "x") }

    let writer = try NumpyArchiveWriter(path)
    try writer.add("single", shape: [2, 1], [1, 2] as [Float])
    try writer.add("double", [0.1])
    try writer.finish()
    let second = try NumpyArchive(contentsOf: path)
    #expect(try second.array(named: "single") == NumpyArray([1, 2] as [Float], shape: [2, 1]))
    #expect(try second.array(named: "double") == NumpyArray([0.1]))

    try matrix.write(to: directory.path("matrix.npy"))
    #expect(try NumpyArray(contentsOf: directory.path("matrix.npy")) == matrix)
    expectInputError("without a single array") {
      try NumpyArchive(bytes: ZipBuilder(.init("a.txt", [1])).bytes, file: "a.npz")
    }
  }

  @Test(.enabled(if: Reference.isAvailable, "needs ../shared/reference"))
  func readsTheReferenceCases() throws {
    for name in Reference.cases() {
      let reference = try ReferenceCase.load(name)
      #expect(reference.parameters.reduce(0) { $0 + $1.count } == reference.parameterCount)
      #expect(try reference.doubles("hv").count == reference.parameterCount)
      #expect(try reference.doubles("loss").count == 1)
      let blocks = try reference.doubles(withPrefix: "block_eigenvalues/")
      #expect(blocks.count == reference.parameters.count)
      for parameter in reference.parameters { #expect(blocks[parameter.name]?.count == parameter.count) }
      // trace(H) twice: as the sum of its eigenvalues and of its diagonal
      let trace = try reference.doubles("hessian_eigenvalues").reduce(0, +)
      let diagonal = try reference.doubles("hessian_diagonal").reduce(0, +)
      #expect(abs(trace - diagonal) <= 1e-10 * max(1, abs(trace)), "\(name)")
      for path in [reference.modelPath, reference.staticModelPath] {
        let archive = try ZipArchive(contentsOf: path)
        for member in archive.names { #expect(try archive.slice(named: member).count == archive.size(of: member)) }
      }
    }
  }

  @Test(arguments: [5, 6] as [UInt64]) func mutationsNeverTrap(seed: UInt64) {
    Mutation.variants(of: Fixtures.numpyArchive, count: 1500, seed: seed) { bytes in
      _ = try? NumpyArchive(bytes: bytes, file: "a.npz").arrays()
    }
    let bytes = NumpyArray([1, 2, 3, 4, 5, 6] as [Double], shape: [2, 3]).npy()
    Mutation.variants(of: bytes, count: 3000, seed: seed) { bytes in
      guard let array = try? NumpyArray(npy: bytes[...]) else { return }
      _ = try? array.doubles()
      _ = try? array.floats()
      _ = try? array.integers()
    }
  }
}
