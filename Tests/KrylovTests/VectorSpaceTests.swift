import Foundation
import Krylov
import Tensors
import Testing

@Suite struct VectorSpaceTests {
  static let dimensions = [1, 2, 7, 8, 9, 1023, 8192, 8193, 20_001]

  func checkAgainstNaiveLoops<Scalar: Real>(_: Scalar.Type, _ n: Int) {
    let space = DenseVectorSpace<Scalar>(dimension: n, pool: WorkerPool(count: 2))
    let epsilon = Double(Scalar.ulpOfOne)
    func random(_ index: Int) -> Vector<Scalar> {
      space.random(.gaussian, from: RandomStream(seed: 3, purpose: "test", index: index))
    }
    let x = random(100)
    let tolerance = 1e-13 * Double(n)
    #expect(abs(space.dot(x, random(101)) - naiveDot(x.doubles, random(101).doubles)) <= tolerance)
    #expect(abs(space.norm(x) - naiveDot(x.doubles, x.doubles).squareRoot()) <= tolerance)

    for width in 1...9 {
      var basis = space.basis()
      for index in 0..<width { basis.append(random(index)) }
      let columns = (0..<width).map { random($0).doubles }
      #expect(basis.count == width && basis.bytes == width * n * MemoryLayout<Scalar>.stride)

      let coefficients = basis.coefficients(of: x)
      for index in 0..<width {
        #expect(abs(coefficients[index] - naiveDot(columns[index], x.doubles)) <= tolerance)
      }
      let c = (0..<width).map { 0.25 * Double($0) - 1 }
      var reduced = x
      basis.subtract(c, from: &reduced)
      let combination = basis.combination(c)
      for i in Swift.max(0, n - 20)..<n {
        let sum = (0..<width).reduce(0) { $0 + c[$1] * columns[$1][i] }
        let size = (0..<width).reduce(1) { $0 + abs(c[$1] * columns[$1][i]) }
        #expect(abs(Double(combination[i]) - sum) <= 2 * epsilon * size)
        #expect(abs(Double(reduced[i]) - (Double(x[i]) - sum)) <= 2 * epsilon * (size + abs(Double(x[i]))))
      }

      let kept = (width + 1) / 2
      let s = (0..<width * kept).map { cos(Double($0)) }
      let shared = basis
      basis.rotate(by: s, columns: kept)
      #expect(basis.count == kept)
      #expect((0..<width).allSatisfy { shared[$0] == random($0) }, "a copy must not change")
      for column in 0..<kept {
        for i in Swift.max(0, n - 10)..<n {
          let sum = (0..<width).reduce(0) { $0 + s[column * width + $1] * columns[$1][i] }
          let size = (0..<width).reduce(1) { $0 + abs(s[column * width + $1] * columns[$1][i]) }
          #expect(abs(Double(basis[column][i]) - sum) <= 2 * epsilon * size)
        }
      }
    }
  }

  @Test(arguments: dimensions) func agreesWithNaiveLoops(_ n: Int) {
    checkAgainstNaiveLoops(Double.self, n)
    checkAgainstNaiveLoops(Float.self, n)
  }

  @Test func isTheSameForAnyNumberOfWorkers() {
    let n = 50_003
    let results = [1, 2, 4].map { workers -> [UInt64] in
      let space = DenseVectorSpace<Float>(dimension: n, pool: WorkerPool(count: workers))
      var basis = space.basis()
      for index in 0..<6 {
        basis.append(space.random(.gaussian, from: RandomStream(seed: 1, purpose: "test", index: index)))
      }
      var x = space.random(.rademacher, from: RandomStream(seed: 1, purpose: "test", index: 9))
      let c = basis.coefficients(of: x)
      basis.subtract(c.map { $0 / Double(n) }, from: &x)
      space.scale(1 / 3, &x)
      space.axpy(0.7, basis[0], &x)
      basis.rotate(by: (0..<12).map { sin(Double($0)) }, columns: 2)
      return x.bits + basis[1].bits + c.map(\.bitPattern) + [space.norm(x).bitPattern]
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  /// What a vector gives does not depend on how many are done with it, for any number of columns and vectors.
  @Test(arguments: [1, 2, 3, 4, 5, 9]) func severalVectorsAreWhatEachIs(_ width: Int) {
    func check<Scalar: Real>(_: Scalar.Type) {
      let space = DenseVectorSpace<Scalar>(dimension: 9_001, pool: WorkerPool(count: 2))
      func random(_ index: Int) -> Vector<Scalar> {
        space.random(.gaussian, from: RandomStream(seed: 8, purpose: "test", index: index))
      }
      var basis = space.basis()
      for index in 0..<width { basis.append(random(index)) }
      for count in 1...7 {
        let vectors = (0..<count).map { random(100 + $0) }
        let columns = width / 3..<width
        let coefficients = basis.coefficients(of: vectors, columns: columns)
        #expect(coefficients == vectors.map { basis.coefficients(of: $0, columns: columns) })
        let small = coefficients.map { $0.map { $0 / 9_001 } }
        var together = vectors
        basis.subtract(small, columns: columns, from: &together)
        var apart = vectors
        for index in apart.indices { basis.subtract(small[index], columns: columns, from: &apart[index]) }
        #expect(together == apart)
        let factors = (0..<count).map { row in (0..<width).map { sin(Double(row * 10 + $0)) } }
        #expect(basis.combinations(factors) == factors.map { basis.combination($0) })
      }
      // Shorter rows are over the first columns only.
      #expect(basis.combinations([[2], []])[1] == space.zero())
      var (first, second) = (random(50), random(51))
      let expected = [first, second].map { basis.coefficients(of: $0, columns: 0..<width) }
      let found = basis.orthogonalize(&first, &second, columns: 0..<width)
      #expect(found.0 == expected[0] && found.1 == expected[1])
      var (one, other) = (random(50), random(51))
      basis.subtract(expected[0], from: &one)
      basis.subtract(expected[1], from: &other)
      #expect(first == one && second == other)
    }
    check(Float.self)
    check(Double.self)
  }

  @Test func normsNeitherOverflowNorUnderflow() {
    let space = DenseVectorSpace<Double>(dimension: 3)
    #expect(abs(space.norm(Vector([3e200, 0, -4e200])) / 5e200 - 1) < 1e-15)
    #expect(abs(space.norm(Vector([3e-200, 0, -4e-200])) / 5e-200 - 1) < 1e-15)
    #expect(space.norm(space.zero()) == 0)
    #expect(!space.norm(Vector([1, .nan, 1])).isFinite)
    #expect(!space.norm(Vector([1, .infinity, 1])).isFinite)
  }

  @Test func randomElementsDependOnTheirPositionOnly() {
    let stream = RandomStream(seed: 5, purpose: "test", index: 1)
    for distribution in RandomDistribution.allCases {
      let long = DenseVectorSpace<Double>(dimension: 20_000).random(distribution, from: stream)
      let short = DenseVectorSpace<Double>(dimension: 9_001).random(distribution, from: stream)
      #expect(Array(long.elements.prefix(9_000)) == Array(short.elements.prefix(9_000)))
    }
  }

  @Test func randomElementsHaveTheMomentsOfTheirDistribution() {
    let n = 400_000
    let space = DenseVectorSpace<Double>(dimension: n)
    for (distribution, fourth) in [(RandomDistribution.gaussian, 3.0), (.rademacher, 1)] {
      let x = space.random(distribution, from: RandomStream(seed: 2, purpose: "test")).elements
      func moment(_ power: Int) -> Double { x.reduce(0) { $0 + pow($1, Double(power)) } / Double(n) }
      // Five standard errors: those of Gaussian moments of order 1 to 4 are 1, √2, √15 and √96 over √n.
      let unit = 5 / Double(n).squareRoot()
      #expect(abs(moment(1)) < unit)
      #expect(abs(moment(2) - 1) < 1.5 * unit)
      #expect(abs(moment(3)) < 4 * unit)
      #expect(abs(moment(4) - fourth) < 10 * unit)
      let neighbours = zip(x, x.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / Double(n)
      #expect(abs(neighbours) < unit)
    }
  }
}
