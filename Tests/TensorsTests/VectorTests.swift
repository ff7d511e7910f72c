import Tensors
import Testing

@Suite struct VectorTests {
  @Test func copiesAreValues() {
    var first = Vector<Double>([1, 2, 3])
    let second = first
    first[1] = 7
    #expect(first.elements == [1, 7, 3])
    #expect(second.elements == [1, 2, 3])
    first.withUnsafeMutablePointer { $0[0] = -1 }
    #expect(second.elements == [1, 2, 3])
    #expect(first == Vector([-1, 7, 3]))
    #expect(first != second)
    #expect(first != Vector([-1, 7]))
  }

  @Test func zerosConversionAndEquality() {
    #expect(Vector<Float>(zeros: 5).elements == [0, 0, 0, 0, 0])
    #expect(Vector<Float>(zeros: 0).elements == [])
    let third = Vector<Double>([1.0 / 3]).converted(to: Float.self)
    #expect(third.elements == [Float(1.0 / 3)])
    #expect(third.converted(to: Double.self).elements == [Double(Float(1.0 / 3))])
    #expect(Vector([0.0]) == Vector([-0.0]))
    #expect(Vector([Double.nan]) != Vector([Double.nan]))
  }

  @Test func storageIsAligned() {
    for count in [0, 1, 17, 1000] {
      let vector = Vector<Float>(zeros: count)
      #expect(vector.withUnsafePointer { UInt(bitPattern: $0) % 64 } == 0)
    }
  }

  func checkKernels<T: Real>(_ type: T.Type) {
    for count in [0, 1, 15, 16, 17, 1000] {
      let x: [T] = ElementwiseTileTests.random(count, 1)
      let y: [T] = ElementwiseTileTests.random(count, 2)
      let dot = zip(x, y).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      #expect(abs(T.dot(x, y, count: count) - dot) <= 1e-15 * Double(count))

      var sum = y
      T.axpy(0.5, x, &sum, count: count)
      #expect(zip(sum, zip(x, y)).allSatisfy { abs($0 - ($1.1 + 0.5 * $1.0)) <= T.ulpOfOne })

      var scaled = x
      T.scale(-2, &scaled, count: count)
      #expect(scaled == x.map { -2 * $0 })

      var total = y.map(Double.init)
      T.commit(x, to: &total, count: count)
      #expect(total == zip(x, y).map { Double($1) + Double($0) })

      var rounded = [T](repeating: 0, count: count)
      T.round(total, to: &rounded, count: count)
      #expect(rounded == total.map { T($0) })
    }
  }

  @Test func longVectorKernels() {
    checkKernels(Float.self)
    checkKernels(Double.self)
  }
}
