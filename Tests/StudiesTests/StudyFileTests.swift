import Archives
import Tensors
import TestSupport
import Testing

@testable import Studies

@Suite struct StudyFileTests {
  private let small = """
    title: A study
    data: {source: digits, samples: 50, side: 4, whiten: pca}
    network:
      kind: linear
      init: orthogonal
    vary:
      depth: [1, 3]
      width: [16, 4 * depth]
    seeds: 2
    bounds: [maximum]
    claims: {depth: grows}
    """

  @Test func everyPartIsRead() throws {
    let study = try Study(text: small, name: "my study")
    #expect(study.name == "my-study" && study.title == "A study" && study.seeds == 2)
    #expect(study.settings["source"] == .text("digits") && study.settings["side"] == .integer(4))
    #expect(study.settings["init"] == .text("orthogonal") && study.settings["kind"] == .text("linear"))
    #expect(
      study.axes == [
        Study.Axis(key: "depth", values: [.integer(1), .integer(3)]),
        Study.Axis(key: "width", values: [.integer(16), .perDepth(4)]),
      ])
    #expect(study.bounds == ["maximum"] && study.claims == [Study.Claim(axis: "depth", trend: .grows)])
    #expect(study.figures == [Study.FigureAxes(horizontal: "depth", lines: "width")])
    #expect(study.cellCount == 8 && study.cells.count == 8)
    // A multiple of the depth is resolved in the cell, and stays as written on the axis.
    let last = try #require(study.cells.last)
    #expect(last.settings.integer("width") == 12 && last.coordinates["width"] == "4 * depth" && last.seed == 1)
  }

  @Test func whatIsNotGivenIsStandard() throws {
    let study = try Study(text: "data: {source: digits}\nvary: {depth: [2]}", name: "s")
    #expect(study.seeds == 3 && study.title == "s" && study.steps == nil && study.bounds == nil)
    let settings = study.cells[0].settings
    #expect(
      settings.text("kind") == "linear" && settings.integer("width") == 64 && settings.text("loss") == "squared-error")
    #expect(settings.values["kernel"] == nil && settings.values["activation"] == nil)
  }

  @Test func trainingAddsAnAxis() throws {
    let text = """
      data: {source: digits}
      training: {learning-rate: 0.5, steps: [0, 10]}
      vary: {width: [8]}
      """
    let study = try Study(text: text, name: "s")
    #expect(study.steps == [0, 10] && study.allAxes.map(\.key) == ["step", "width"])
    #expect(study.settings["learning-rate"] == .number(0.5))
    #expect(study.figures == [Study.FigureAxes(horizontal: "step", lines: "width")])
  }

  @Test(arguments: BuiltInStudies.names) func builtInStudiesAreStudies(_ name: String) throws {
    let study = try #require(try BuiltInStudies.study(name))
    #expect(study.name == name && !study.title.isEmpty && study.question != nil)
    #expect(study.text.hasSuffix("\n") && !study.text.contains("\t"))
    #expect(study.cellCount >= 9)
  }

  private static let wrong: [(String, String)] = [
    (
      "data: {source: digits}\nnetwork: {kind: mlp}\nvary:\n  slope: [0, 1]",
      "is the slope of leaky-relu, which no network here has"
    ),
    ("data: {source: digits}\nvary:\n  momentum: [0, 0.5]", "is a setting of training, and nothing is trained"),
    ("data: {source: digits}\nvary: {width: [4]}\nbounds: [convx]", "there is no bound 'convx'; use sum, convex"),
    (
      "data: {source: digits}\nvary:\n  widht: [1, 2]",
      "s.yaml: line 3: vary: unknown key 'widht'; did you mean 'width'? choose from source, split"
    ),
    (
      "data: {source: digits}\nvari: {depth: [1]}",
      "s.yaml: line 2: the study: unknown key 'vari'; did you mean 'vary'?"
    ),
    (
      "data: {source: digits}\nnetwork:\n  kind: lineer\nvary: {depth: [1]}",
      "s.yaml: line 3: kind: unknown value 'lineer'; did you mean 'linear'? choose from linear, mlp, convolution"
    ),
    (
      "data: {source: digits}\nvary:\n  depth: [1, two]",
      "s.yaml: line 3: depth: is 'two', expected a whole number from 1 to 64"
    ),
    ("data: {source: digits}\nvary: {depth: 3}", "s.yaml: line 2: depth: is '3', expected a list such as [1, 2, 4]"),
    (
      "data: {source: digits, width: 3}\nvary: {depth: [3]}",
      "s.yaml: line 1: data: 'width' does not belong here; it belongs to 'network'"
    ),
    (
      "data: {source: digits}\nvary: {prune: [1.0]}",
      "s.yaml: line 2: prune: is '1.0', expected a number from 0 to below 1"
    ),
    (
      "data: {source: digits}\nnetwork: {depth: 2}\nvary: {depth: [1, 2]}",
      "s.yaml: line 3: depth: is varied and given once, as 2; leave one of them out"
    ),
    ("data: {source: digits}\nvary: {depth: [2, 2]}", "s.yaml: line 2: depth: has a value twice"),
    ("data: {source: digits}", "s.yaml: varies nothing; add vary:"),
    ("vary: {depth: [1]}", "s.yaml: data: has no source; write data: {source: digits}"),
    (
      "data: {source: digits}\nvary: {depth: [1], width: [2], skip: [0]}",
      "s.yaml: line 2: vary: varies 3 settings"
    ),
    (
      "data: {source: digits}\nvary: {kernel: [1]}",
      "s.yaml: line 2: kernel: is a setting of kind convolution, and the network is linear"
    ),
    ("data: {source: digits}\nvary: {depth: [1]}\nclaims: {depth: rises}", "line 3: depth: unknown value 'rises'"),
    (
      "data: {source: digits}\nvary: {depth: [1]}\nclaims: {width: grows}",
      "line 3: claims: 'width' does not belong here"
    ),
    ("data: {source: digits}\nvary: {depth: [1]}\nseeds: 0", "line 3: seeds: is '0', expected a whole number from 1"),
    ("data: {source: digits}\ntraining: {steps: [3, 1]}", "line 2: steps: the steps must ascend"),
    ("data: {source: digits}\ndata: {source: digits}", "has the key 'data' twice"),
    ("data: [", "is not YAML"),
    ("- 1", "line 1: the study: is a list, expected keys with values"),
    ("", "s.yaml: is empty"),
    (String(repeating: "[", count: 100), "line 1: is nested deeper than any study"),
    (String(repeating: "- ", count: 100) + "x", "line 1: is nested deeper than any study"),
    ("data: {source: digits, standardise: never}\nvary: {depth: [1]}", "line 1: standardise: 'never' is not a way"),
  ]

  @Test(arguments: wrong) func problemsNameLineAndKey(_ text: String, _ problem: String) {
    let error = #expect(throws: InputError.self) { try Study(text: text, name: "s", file: "s.yaml") }
    #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("\n") == false)
  }

  /// What would not fit is refused before it is drawn.
  @Test func largeStudies() throws {
    var study = try Study(text: "data: {source: digits}\nvary: {width: [8, 100000]}\nnetwork: {depth: 8}", name: "s")
    let cells = study.cells
    try cells[0].requireMemory(input: [8, 8], outputs: 10, workers: 2)
    #expect(cells[0].byteCount(input: [8, 8], outputs: 10) == 32 * Double((64 + 6 * 8 + 10) * 8))
    #expect(throws: InputError.self) { try cells[3].requireMemory(input: [8, 8], outputs: 10, workers: 2) }
    try study.requireCellCount()
    study.seeds = 50_001
    #expect(throws: InputError.self) { try study.requireCellCount() }
    study.seeds = .max
    #expect(throws: InputError.self) { try study.requireCellCount() }
  }

  @Test func filesAreRead() throws {
    let place = try TemporaryDirectory()
    try AtomicFile.write(Array(small.utf8), to: place.path("mine.yaml"))
    #expect(try Study.read(place.path("mine.yaml")).name == "mine")
    try AtomicFile.write([0xff, 0xfe, 0x00], to: place.path("binary.yaml"))
    #expect(throws: InputError.self) { try Study.read(place.path("binary.yaml")) }
    try AtomicFile.write([UInt8](repeating: 0x20, count: 1 << 17), to: place.path("large.yaml"))
    #expect(throws: InputError.self) { try Study.read(place.path("large.yaml")) }
    #expect(throws: InputError.self) { try Study.read(place.path("none.yaml")) }
  }

  /// Numbers in every notation YAML knows, at and beyond the limits.
  private static let hostile = [
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "99999999999:59:59",
    "9223372036854775807:59:59", "0x7fffffffffffffff", "0xffffffffffffffffff", "0b1111", "0o777", "1e400", "-1e400",
    ".inf", "-.inf", ".nan", "1_000", "1:60.5e300", "- - 1", "~", "!!int x", "!!float '1'", "&a 3", "*a", "190:20:30",
    "١٢",
  ]

  @Test(arguments: hostile) func hostileNumbers(_ number: String) {
    for key in ["depth", "width", "skip", "prune", "batch-norm", "init", "samples"] {
      let text = "data: {source: digits}\nvary:\n  \(key): [\(number)]\nseeds: 1"
      do {
        let study = try Study(text: text, name: "s")
        for case .number(let value) in study.axes[0].values { #expect(value.isFinite) }
        _ = study.cells
      } catch {
        #expect(error is InputError, "\(error)")
      }
    }
  }

  @Test(arguments: BuiltInStudies.names) func damagedStudiesAreRefusedOrRead(_ name: String) throws {
    let text = try #require(BuiltInStudies.all.first { $0.name == name }?.text)
    Mutation.variants(of: Array(text.utf8), count: 300, seed: 11) { bytes in
      guard let damaged = String(validating: bytes, as: UTF8.self) else { return }
      do {
        let study = try Study(text: damaged, name: "s")
        if study.cellCount < 10_000 { _ = study.cells }
      } catch {
        #expect(error is InputError, "\(error)")
      }
    }
  }

  @Test func distances() {
    #expect(NearestName.distance("width", "widht") == 1)
    #expect(NearestName.distance("", "abc") == 3)
    #expect(NearestName.distance("kitten", "sitting") == 3)
    #expect(NearestName.of("dept", among: ["width", "depth"]) == "depth")
    #expect(NearestName.of("zzz", among: ["width", "depth"]) == nil)
  }
}
