import Foundation
import Tensors
import Testing

@testable import Krylov

@Suite struct EigenpairTrackerTests {
  static let dimension = 400

  /// A bulk and ten outliers in coordinates that turn with time; outlier 3 and 4 cross at time 0.5.
  static func operation(at time: Double) throws -> (DenseSymmetricOperator<Double>, [Double]) {
    let bulk = (0..<390).map { 0.4 * sin(Double($0 * $0)) }
    let outliers = (0..<10).map { index -> Double in
      let value = 0.8 + 0.25 * Double(index)
      return index == 3 ? value + 0.5 * time : value
    }
    var matrix = KnownSpectrum(bulk + outliers, seed: 4, reflections: 3).matrix
    // A rotation of all by a small angle in many planes, as a similarity.
    let n = dimension
    let (c, s) = (cos(0.05 * time), sin(0.05 * time))
    for plane in 0..<n / 2 {
      let (p, q) = (plane, n - 1 - plane)
      for k in 0..<n {
        let (a, b) = (matrix[p * n + k], matrix[q * n + k])
        (matrix[p * n + k], matrix[q * n + k]) = (c * a - s * b, s * a + c * b)
      }
      for k in 0..<n {
        let (a, b) = (matrix[k * n + p], matrix[k * n + q])
        (matrix[k * n + p], matrix[k * n + q]) = (c * a - s * b, s * a + c * b)
      }
    }
    let space = DenseVectorSpace<Double>(dimension: n)
    return (
      try DenseSymmetricOperator(matrix: Vector(matrix), space: space), (bulk + outliers).sorted()
    )
  }

  @Test(arguments: [1e-2, 1e-3, 1e-6]) func followsChangingEigenpairs(_ tolerance: Double) throws {
    let space = DenseVectorSpace<Double>(dimension: Self.dimension)
    let options = EigenpairTrackerOptions(top: 8, bottom: 2, tolerance: tolerance, seed: 5)
    let (first, _) = try Self.operation(at: 0)
    var solver = try EigenpairSolver(space: space, options: EigenpairOptions(top: 8, bottom: 2))
    let found = try solver.run(first)
    var tracker = try EigenpairTracker(
      space: space, options: options, vectors: (found.top + found.bottom).map(\.vector))
    var products = 0
    for step in 1...10 {
      let (operation, exact) = try Self.operation(at: Double(step) / 10)
      let pairs = try tracker.update(operation)
      #expect(pairs.converged && pairs.top.count == 8 && pairs.bottom.count == 2 && pairs.topGuards.count == 2)
      for (index, pair) in pairs.top.enumerated() {
        // Residuals are measured, and bound the error.
        let image = try operation.apply(pair.vector)
        var difference = image
        space.axpy(-pair.value, pair.vector, &difference)
        #expect(abs(space.norm(difference) - pair.residual) < 1e-10)
        #expect(abs(pair.value - exact[exact.count - 1 - index]) <= pair.residual + 1e-12)
        // Of second order, the outliers being a tenth apart.
        #expect(abs(pair.value - exact[exact.count - 1 - index]) <= 1e-12 + pair.residual * pair.residual / 0.05)
      }
      for (index, pair) in pairs.bottom.enumerated() {
        #expect(abs(pair.value - exact[index]) <= pair.residual + 1e-12)
      }
      products += pairs.products
    }
    #expect(products < 10 * found.products)
  }

  @Test func findsAnEigenvalueThatRisesInANewDirection() throws {
    let n = 300
    let space = DenseVectorSpace<Double>(dimension: n)
    func operation(_ rising: Double) -> DiagonalOperator<Double> {
      var values = (0..<n).map { 0.001 * Double($0) }
      for index in 0..<5 { values[index] = 1 + Double(index) }
      values[100] = rising
      return DiagonalOperator(Vector(values))
    }
    var tracker = try EigenpairTracker(space: space, options: EigenpairTrackerOptions(top: 3, tolerance: 1e-4))
    _ = try tracker.update(operation(0.1))
    var values: [[Double]] = []
    for rising in [0.1, 2, 4, 6, 7, 7, 7, 7] { values.append(try tracker.update(operation(rising)).top.map(\.value)) }
    #expect(abs(values[0][0] - 5) < 1e-6)
    #expect(abs(values[7][0] - 7) < 1e-6 && abs(values[7][1] - 5) < 1e-6)
  }

  @Test func isExactWhereTheBasisIsTheSpace() throws {
    let space = DenseVectorSpace<Double>(dimension: 5)
    let operation = DiagonalOperator(Vector([3.0, -1, 2, 2, 0]))
    var tracker = try EigenpairTracker(space: space, options: EigenpairTrackerOptions(top: 3, bottom: 1))
    let pairs = try tracker.update(operation)
    #expect(zip(pairs.top.map(\.value), [3, 2, 2]).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(abs(pairs.bottom[0].value + 1) < 1e-12 && pairs.top[0].multiplicityVerified)
  }

  /// Vectors that hardly differ, repeat each other or are zero make a basis all the same.
  @Test func beginsWithNearlyDependentVectors() throws {
    func check<Scalar: Real>(_: Scalar.Type) throws {
      let n = 200
      let space = DenseVectorSpace<Scalar>(dimension: n)
      let values = (0..<n).map { $0 < n - 8 ? 0.3 * Double($0) / Double(n) : Double($0 - n + 9) / 8 }
      let operation = DiagonalOperator(Vector(values.map { Scalar($0) }))
      let first = space.random(.gaussian, from: RandomStream(seed: 3, purpose: "test"))
      var start = [first, first, space.zero()]
      for index in 1..<4 {
        var vector = first
        let other = space.random(.gaussian, from: RandomStream(seed: 3, purpose: "test", index: index))
        space.axpy(300 * Double(Scalar.ulpOfOne), other, &vector)
        start.append(vector)
      }
      var tracker = try EigenpairTracker(
        space: space, options: EigenpairTrackerOptions(top: 4, tolerance: 1e-3), vectors: start)
      let pairs = try tracker.update(operation)
      #expect(pairs.converged)
      for (index, pair) in pairs.top.enumerated() {
        #expect(abs(pair.value - values[n - 1 - index]) <= pair.residual + 10 * Double(Scalar.ulpOfOne))
      }
      var basis = space.basis()
      for pair in pairs.top + pairs.topGuards { basis.append(pair.vector) }
      #expect(basis.orthogonalityDefect() < 32 * Double(Scalar.ulpOfOne))
    }
    try check(Double.self)
    try check(Float.self)
  }

  @Test func productsAreCapped() throws {
    let (operation, _) = try Self.operation(at: 0)
    var tracker = try EigenpairTracker(
      space: operation.space, options: EigenpairTrackerOptions(top: 8, tolerance: 1e-9))
    let pairs = try tracker.update(operation, maximumProducts: 15)
    #expect(pairs.products == 15 && !pairs.converged && pairs.top.count == 8)
  }

  @Test func goesOnWithTheSameBits() throws {
    let options = EigenpairTrackerOptions(top: 4, tolerance: 1e-3, seed: 2)
    let (first, _) = try Self.operation(at: 0)
    let (second, _) = try Self.operation(at: 0.3)
    var tracker = try EigenpairTracker(space: first.space, options: options)
    _ = try tracker.update(first)
    var other = try EigenpairTracker(
      space: first.space, options: options, vectors: tracker.vectors, updates: tracker.updates)
    let (a, b) = (try tracker.update(second), try other.update(second))
    #expect(a.top.map(\.value) == b.top.map(\.value) && tracker.vectors == other.vectors)
  }

  @Test func refusesSenselessOptions() throws {
    let space = DenseVectorSpace<Double>(dimension: 5)
    for options in [
      EigenpairTrackerOptions(), EigenpairTrackerOptions(top: -1, bottom: 2),
      EigenpairTrackerOptions(top: 1, tolerance: 0),
      EigenpairTrackerOptions(top: 1, blockSize: 0),
    ] {
      #expect(throws: InputError.self) { try EigenpairTracker(space: space, options: options) }
    }
  }
}
