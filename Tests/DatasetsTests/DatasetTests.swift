import Archives
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Datasets

@Suite struct DatasetTests {
  private let x = NumpyArray((0..<24).map(Double.init), shape: [4, 2, 3])
  private let y = NumpyArray([0, 1, 2, 1] as [Int64])

  /// The text of the error that `body` throws.
  private func problem(_ body: () throws -> Dataset) -> String {
    (#expect(throws: InputError.self) { _ = try body() })?.description ?? ""
  }

  @Test func keepsArraysAsTheyAre() throws {
    let data = try Dataset(inputs: x, targets: y)
    #expect(data.count == 4 && data.sampleShape == [2, 3] && data.sampleSize == 6 && data.targetsPerSample == 1)
    #expect(data.classCount == 3 && data.targetWidth == 1 && data.scaling.isIdentity)
    #expect(data.inputs(1..<3, as: Double.self) == (6..<18).map(Double.init))
    #expect(data.inputs(1..<3, as: Float.self) == (6..<18).map(Float.init))
    var labels = [Int32](repeating: -1, count: 2)
    try data.copyLabels(2..<4, into: &labels)
    #expect(labels == [2, 1])
    #expect(
      data.description.summary == "data (memory): all 4 samples of shape 2×3, labels of 3 classes, inputs as they are")
    let decoded = try JSONDecoder().decode(
      DatasetDescription.self, from: JSONEncoder().encode(data.description))
    #expect(decoded == data.description)
  }

  @Test func takesRealTargetsAndNone() throws {
    let data = try Dataset(inputs: x, targets: NumpyArray((0..<8).map { Double($0) / 2 }, shape: [4, 2]))
    var targets = [Float](repeating: 0, count: 4)
    data.copyTargets(1..<3, into: &targets)
    #expect(targets == [1, 1.5, 2, 2.5] && data.targetWidth == 2)
    #expect(
      problem {
        try data.validateLabels(classes: 3); return data
      }.contains("holds no class labels"))
    let bare = try Dataset(inputs: x)
    #expect(bare.targetWidth == 0 && bare.targetsPerSample == 0 && bare.description.targetKind == "none")
    #expect(bare.classCount == nil)
    #expect(try Dataset(inputs: x, targets: NumpyArray([1, 2, 3, 4] as [Float])).targetWidth == 1)
  }

  @Test func tokenModelsHaveSeveralTargetsASample() throws {
    let tokens = NumpyArray([3, 1, 2, 0, 5, 4] as [Int64], shape: [2, 3])
    let data = try Dataset(inputs: tokens, targets: NumpyArray([1, 2, -100, 5, 4, 3] as [Int64]))
    #expect(data.targetsPerSample == 3 && data.targetCount == 6)
    var copied = [Int32](repeating: 0, count: 3)
    try data.copyTokens(1..<2, into: &copied)
    #expect(copied == [0, 5, 4])
    try data.copyLabels(1..<2, into: &copied)
    #expect(copied == [5, 4, 3])
    try data.validateLabels(classes: 6)
    #expect(
      problem {
        try data.validateLabels(classes: 5); return data
      }.contains("data: y[3]: is label 5"))
    #expect(
      problem {
        try data.validateLabels(classes: 6, ignoreIndex: -1); return data
      }.contains("y[2]: is label -100"))
    #expect(problem { try Dataset(inputs: x).tokensOfFirst() }.contains("holds float64, but the network takes integer"))
    let first = try Dataset(inputs: tokens, targets: data.labelsArray(), options: .init(samples: 1))
    #expect(first.targetCount == 3 && first.classCount == 6)
  }

  @Test func targetsOutsideOfARange() throws {
    let data = try Dataset(
      inputs: NumpyArray([0.0, 1.0], shape: [2, 1]), targets: NumpyArray([1, 0, 0, 1.5, -0.5, 0], shape: [2, 3]))
    try data.requireTargets(in: -1...2, as: "anything")
    #expect(
      problem {
        try data.requireTargets(in: 0...1, as: "probabilities"); return data
      }.contains("y[1]: holds 1.5, expected probabilities"))
    #expect(
      problem {
        try data.requireTargets(in: 0...2, as: "weights"); return data
      }.contains("y[1]: holds -0.5, expected weights"))
  }

  @Test func refusesDataThatDoNotFit() {
    #expect(problem { try Dataset(inputs: NumpyArray([Double](), shape: [0, 3])) }.contains("x: is empty"))
    #expect(problem { try Dataset(inputs: NumpyArray([Double](), shape: [3, 0])) }.contains("x: is empty"))
    #expect(problem { try Dataset(inputs: NumpyArray(scalar: 1)) }.contains("x: is empty"))
    #expect(
      problem { try Dataset(inputs: x, targets: NumpyArray([1, 2, 3] as [Int32])) }.contains(
        "y: has 3 rows (shape [3]), but x has 4"))
    #expect(problem { try Dataset(inputs: x, targets: NumpyArray([Int32]())) }.contains("y: is empty"))
    #expect(problem { try Dataset(inputs: x, targets: NumpyArray(scalar: 1)) }.contains("y: is empty"))
    #expect(
      problem { try Dataset(inputs: x, targets: NumpyArray([0, 1, 2, 1 << 40] as [Int64])) }
        .contains("y[3]: is 1099511627776, which does not fit"))
    #expect(
      problem { try Dataset(inputs: NumpyArray(shape: [1], elements: .uint64([.max]))) }.contains(
        "data: x: element [0]"))
    #expect(problem { try Dataset(inputs: x).reshaped(toSample: [7]) }.contains("shape [2, 3], which do not fit"))
    #expect(problem { try Dataset(inputs: x).reshaped(toSample: [-2, -3]) }.contains("do not fit"))
    #expect(problem { try Dataset(inputs: x).reshaped(toSample: [.max, .max]) }.contains("do not fit"))
    #expect((try? Dataset(inputs: x).reshaped(toSample: [6]))?.sampleShape == [6])
  }

  @Test func refusesNaNAndInfinity() {
    var values = (0..<24).map(Double.init)
    values[10] = .nan
    #expect(
      problem { try Dataset(inputs: NumpyArray(values, shape: [4, 2, 3])) }.contains("data: x[1, 1, 1]: is NaN; remove")
    )
    values[10] = -.infinity
    #expect(
      problem { try Dataset(inputs: NumpyArray(values.map(Float.init), shape: [4, 6])) }.contains(
        "x[1, 4]: is infinite"))
    #expect(
      problem { try Dataset(inputs: NumpyArray(shape: [2], elements: .float16([0x3c00, 0x7e00]))) }.contains(
        "x[1]: is NaN"))
    #expect(problem { try Dataset(inputs: x, targets: NumpyArray([0, 1, Double.nan, 2])) }.contains("y[2]: is NaN"))
  }

  @Test func standardises() throws {
    let bytes = NumpyArray([0, 51, 102, 255] as [UInt8], shape: [4, 1])
    func inputs(_ standardisation: DatasetOptions.Standardisation, _ samples: Int? = nil) throws -> [Double] {
      try Dataset(inputs: bytes, options: .init(samples: samples, standardisation: standardisation)).inputs()
    }
    #expect(try inputs(.automatic) == [0, 51, 102, 255])
    #expect(try inputs(.none) == [0, 51, 102, 255])
    #expect(try inputs(.unit) == [0, 51.0 / 255, 102.0 / 255, 1])
    #expect(try inputs(.explicit(mean: 0.2, deviation: 0.5))[3] == (1 - 0.2) / 0.5)
    let standard = try inputs(.meanDeviation)
    #expect(abs(standard.reduce(0, +)) < 1e-12)
    #expect(abs(standard.map { $0 * $0 }.reduce(0, +) / 4 - 1) < 1e-12)
    // Measured over everything there is, so a subset sees the same numbers.
    #expect(try inputs(.meanDeviation, 2) == Array(standard[..<2]))
    #expect(problem { try Dataset(inputs: x, options: .init(standardisation: .unit)) }.contains("has no unit"))
    let constant = NumpyArray([1, 1] as [Double], shape: [2, 1])
    #expect(
      problem { try Dataset(inputs: constant, options: .init(standardisation: .meanDeviation)) }
        .contains("standard deviation 0"))
    let plain = try Dataset(inputs: x, options: .init(standardisation: .meanDeviation))
    #expect(plain.scaling.mean == 11.5 && abs(plain.scaling.deviation - (575.0 / 12).squareRoot()) < 1e-14)
  }

  @Test func parsesStandardisations() throws {
    typealias Standardisation = DatasetOptions.Standardisation
    #expect(try Standardisation(argument: "mean-std") == .meanDeviation)
    #expect(try Standardisation(argument: "0.1307,0.3081") == .explicit(mean: 0.1307, deviation: 0.3081))
    for text in ["", "1", "1,0", "1,-1", "a,b", "1,2,3", "nan,1", "0,inf"] {
      #expect(throws: InputError.self) { try Standardisation(argument: text) }
    }
  }

  @Test func selectsSamples() throws {
    let data = NumpyArray((0..<1000).map { Int32($0) })
    let first = try Dataset(inputs: data, targets: data, options: .init(samples: 3))
    #expect(first.inputs(as: Double.self) == [0, 1, 2] && first.description.selection == "first")
    func random(_ seed: UInt64) throws -> [Double] {
      let subset = try Dataset(
        inputs: data, targets: data, options: .init(samples: 100, selection: .random(seed: seed)))
      #expect(subset.description.selection == "random" && subset.description.seed == seed)
      #expect(subset.description.samplesAvailable == 1000 && subset.count == 100)
      var labels = [Double](repeating: 0, count: 100)
      subset.copyTargets(0..<100, into: &labels)
      #expect(subset.inputs() == labels)
      return labels
    }
    let drawn = try random(1)
    #expect(drawn == drawn.sorted() && Set(drawn).count == 100)
    #expect(try random(1) == drawn)
    #expect(try random(2) != drawn)
    // The mean of 100 draws without replacement from 0..<1000 has standard deviation 27.4.
    #expect(abs(drawn.reduce(0, +) / 100 - 499.5) < 110)
    #expect(try Dataset(inputs: data, options: .init(samples: 1000)).description.selection == "all")
    for samples in [0, -1, 1001] {
      #expect(
        problem { try Dataset(inputs: data, options: .init(samples: samples)) }.contains(
          "has 1000 samples, not \(samples)"))
    }
    #expect(problem { try Dataset(inputs: data, options: .init(split: .test)) }.contains("has no splits"))
  }

  @Test func loadsArrayFiles() throws {
    let directory = try TemporaryDirectory()
    try NumpyArchive.write(["x": x, "y": y], to: directory.path("data.npz"))
    try x.write(to: directory.path("x.npy"))
    try y.write(to: directory.path("y.npy"))
    for (name, format) in [("data.npz", "npz"), ("", "npy"), ("x.npy", "npy")] {
      let data = try Dataset.load(directory.path(name))
      #expect(data.inputs(as: Double.self) == (0..<24).map(Double.init))
      #expect(data.classCount == (name == "x.npy" ? nil : 3))
      #expect(data.description.format == format && data.description.source == directory.path(name))
    }
    try AtomicFile.write([1, 2, 3], to: directory.path("other"))
    #expect(problem { try Dataset.load(directory.path("other")) }.contains("other: is not a dataset; give"))
    #expect(problem { try Dataset.load(directory.path("absent")) }.contains("absent: does not exist"))
    try NumpyArchive.write(["images": x], to: directory.path("names.npz"))
    #expect(problem { try Dataset.load(directory.path("names.npz")) }.contains("has no array 'x'; it has: images"))
    let empty = try OutputDirectory(directory.path("empty"))
    #expect(problem { try Dataset.load(empty.path) }.contains("empty: holds neither x.npy nor train-images"))
  }
}

extension Dataset {
  fileprivate func tokensOfFirst() throws -> Dataset {
    var tokens = [Int32](repeating: 0, count: sampleSize)
    try copyTokens(0..<1, into: &tokens)
    return self
  }

  fileprivate func labelsArray() throws -> NumpyArray {
    var labels = [Int32](repeating: 0, count: targetCount)
    try copyLabels(0..<count, into: &labels)
    return NumpyArray(labels)
  }
}
