import Archives
import Tensors
import TestSupport
import Testing

@testable import Datasets

@Suite struct PreparationTests {
  /// Correlated samples of `width` inputs about a mean that is not zero; inputs in `dead` never vary.
  private func samples(_ count: Int, _ width: Int, dead: Set<Int> = []) throws -> Dataset {
    var stream = RandomStream(seed: 3, purpose: "samples to whiten")
    var values: [Double] = []
    for _ in 0..<count {
      var last = 0.0
      for column in 0..<width {
        let fresh = 2 * RandomStream.unitInterval(stream.next()) - 1
        last = 0.9 * last + fresh / Double(1 + 3 * column)
        values.append(dead.contains(column) ? 0.25 : 2 + last)
      }
    }
    return try Dataset(inputs: NumpyArray(values, shape: [count, width]))
  }

  /// (1/n) Σ (x − mean)(x − mean)ᵀ with plain loops, and the largest |mean|.
  private func covariance(_ data: Dataset) -> (matrix: [[Double]], mean: Double) {
    let (n, d) = (data.count, data.sampleSize)
    let x: [Double] = data.inputs()
    let mean = (0..<d).map { column in (0..<n).reduce(0) { $0 + x[$1 * d + column] } / Double(n) }
    let matrix = (0..<d).map { a in
      (0..<d).map { b in
        (0..<n).reduce(0) { $0 + (x[$1 * d + a] - mean[a]) * (x[$1 * d + b] - mean[b]) } / Double(n)
      }
    }
    return (matrix, mean.map(abs).max() ?? 0)
  }

  @Test func blocksAreAveraged() throws {
    let image = (0..<32).map { Double($0 * $0) }
    let data = try Dataset(
      inputs: NumpyArray(image, shape: [2, 4, 4]),
      options: DatasetOptions(preparation: [.average(rows: 2, columns: 1)]))
    // By hand: the mean of the squares of 8 numbers from a is ((a+7)(a+8)(2a+15) − (a−1)a(2a−1)) / 48.
    let expected = [0, 8, 16, 24].map { (a: Int) -> Double in
      let upper = (a + 7) * (a + 8) * (2 * a + 15)
      let lower = (a - 1) * a * (2 * a - 1)
      return Double(upper - lower) / 48
    }
    #expect(data.inputs(as: Double.self) == expected)
    #expect(data.sampleShape == [2, 1] && data.description.sampleShape == [2, 1])
    #expect(data.description.preparation == ["averaged over blocks of 2×4 to 2×1"])
  }

  @Test func blocksOfChannels() throws {
    let values = (0..<24).map { Double($0) }
    let data = try Dataset(
      inputs: NumpyArray(values, shape: [1, 3, 2, 4]),
      options: DatasetOptions(preparation: [.average(rows: 1, columns: 2)]))
    #expect(data.sampleShape == [3, 1, 2])
    #expect(data.inputs(as: Double.self) == [2.5, 4.5, 10.5, 12.5, 18.5, 20.5])
  }

  @Test func greyIsWeighted() throws {
    let pixels: [UInt8] = [255, 0, 0, 255, 0, 255]
    let data = try Dataset(
      inputs: NumpyArray(pixels, shape: [1, 3, 1, 2]),
      options: DatasetOptions(standardisation: .unit, preparation: [.grey]))
    #expect(data.sampleShape == [1, 1, 2])
    #expect(data.inputs(as: Double.self) == [0.299, 0.587 + 0.114])
  }

  @Test(arguments: Whitening.Kind.allCases) func covarianceBecomesTheIdentity(_ kind: Whitening.Kind) throws {
    let data = try samples(60, 8).prepared(.whiten(Whitening(kind)))
    #expect(data.sampleShape == [8])
    let (matrix, mean) = covariance(data)
    #expect(mean < 1e-13)
    for a in 0..<8 { for b in 0..<8 { #expect(abs(matrix[a][b] - (a == b ? 1 : 0)) < 1e-12) } }
  }

  @Test func zeroPhaseIsSymmetric() throws {
    // YᵀX/n = A C up to the mean, which is C^(1/2) and symmetric for A = C^(−1/2) alone among all that whiten.
    let raw = try samples(60, 5)
    let white = try raw.prepared(.whiten(Whitening(.zeroPhase)))
    let (x, y): ([Double], [Double]) = (raw.inputs(), white.inputs())
    for a in 0..<5 {
      for b in 0..<a {
        let (one, other) = (0..<60).reduce((0.0, 0.0)) { sum, row in
          (sum.0 + y[row * 5 + a] * x[row * 5 + b], sum.1 + y[row * 5 + b] * x[row * 5 + a])
        }
        #expect(abs(one - other) < 1e-11)
      }
    }
  }

  @Test func deadDirectionsAreDroppedAndCounted() throws {
    let raw = try samples(50, 7, dead: [0, 6])
    let principal = try raw.prepared(.whiten(Whitening()))
    #expect(principal.sampleShape == [5])
    #expect(
      principal.description.summary.hasSuffix(
        "whitened (pca): 5 of 7 directions, 2 with less than 1e-10 of the largest variance dropped"))
    let zeroPhase = try raw.prepared(.whiten(Whitening(.zeroPhase)))
    #expect(zeroPhase.sampleShape == [7])
    let matrix = covariance(zeroPhase).matrix
    for a in 0..<7 {
      for b in 0..<7 { #expect(abs(matrix[a][b] - (a == b && a != 0 && a != 6 ? 1 : 0)) < 1e-12) }
    }
    // Fewer samples than inputs: the covariance has one direction less than there are samples.
    #expect(try samples(4, 7).prepared(.whiten(Whitening())).sampleShape == [3])
  }

  @Test func problemsAreNamed() throws {
    func problem(_ shape: [Int], _ step: Preparation) throws -> String {
      let values = (0..<shape.reduce(1, *)).map { _ in 1.0 }
      let data = try Dataset(inputs: NumpyArray(values, shape: shape))
      return (#expect(throws: InputError.self) { try data.prepared(step) })?.description ?? ""
    }
    #expect(
      try problem([2, 4, 6], .average(rows: 3, columns: 3))
        == "data: x: has images of 4×6, which equal blocks do not take to 3×3; use one of the sides 1, 2")
    #expect(try problem([2, 4], .average(rows: 2, columns: 2)).contains("not images"))
    #expect(try problem([2, 1, 4, 4], .grey).contains("grey is made of [3, rows, columns]"))
    #expect(try problem([5, 3], .whiten(Whitening())).contains("all 5 samples are equal"))
  }

  @Test func labelsBecomeVectors() throws {
    let data = try Dataset(inputs: NumpyArray([1.0, 2, 3], shape: [3, 1]), targets: NumpyArray([2, 0, 1] as [Int64]))
    let vectors = try data.oneHot()
    guard case .values(let values, let width) = vectors.targets else { throw InputError("no values") }
    #expect(width == 3 && values == [0, 0, 1, 1, 0, 0, 0, 1, 0])
    #expect(throws: InputError.self) { try vectors.oneHot() }
    let far = try Dataset(inputs: NumpyArray([1.0], shape: [1, 1]), targets: NumpyArray([2_000_000_000] as [Int64]))
    #expect(throws: InputError.self) { try far.oneHot() }
  }

  @Test(.enabled(if: Reference.hasData)) func digitsOfMNIST() throws {
    let data = try Dataset.load(
      Reference.path("data/mnist"),
      options: DatasetOptions(samples: 1000, preparation: [.average(rows: 7, columns: 7), .whiten(Whitening())]))
    let matrix = covariance(data).matrix
    for (a, row) in matrix.enumerated() {
      for (b, value) in row.enumerated() { #expect(abs(value - (a == b ? 1 : 0)) < 1e-11) }
    }
    #expect(data.description.summary.contains("of 49 directions"))
  }
}
