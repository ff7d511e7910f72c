import Foundation
import Tensors
import Testing

@Suite struct ElementwiseStepTests {
  /// The operation on one element, written down again.
  static func naive<T: Real>(_ operation: ElementwiseOperation, _ a: T, _ b: T, _ c: T) -> T? {
    func truth(_ value: Bool) -> T { value ? 1 : 0 }
    switch operation {
    case .copy: return a
    case .negate: return -a
    case .absolute: return abs(a)
    case .sign: return a.isNaN || a == 0 ? a : T(signOf: a, magnitudeOf: 1)
    case .square: return a * a
    case .reciprocal: return 1 / a
    case .squareRoot: return a.squareRoot()
    case .reciprocalSquareRoot: return 1 / a.squareRoot()
    case .sine: return (a as? Float).map { T(sinf($0)) } ?? T(sin(Double(a)))
    case .cosine: return (a as? Float).map { T(cosf($0)) } ?? T(cos(Double(a)))
    case .not: return truth(a == 0)
    case .add: return a + b
    case .subtract: return a - b
    case .multiply: return a * b
    case .divide: return a / b
    case .maximum: return a.isNaN || b.isNaN ? .nan : a > b ? a : b
    case .minimum: return a.isNaN || b.isNaN ? .nan : a < b ? a : b
    case .power:
      if let a = a as? Float, let b = b as? Float { return T(powf(a, b)) }
      return T(pow(Double(a), Double(b)))
    case .equal: return truth(a == b)
    case .notEqual: return truth(a != b)
    case .less: return truth(a < b)
    case .lessEqual: return truth(a <= b)
    case .greater: return truth(a > b)
    case .greaterEqual: return truth(a >= b)
    case .and: return truth(a != 0 && b != 0)
    case .or: return truth(a != 0 || b != 0)
    case .maskPositive: return a > 0 ? b : 0
    case .select: return a != 0 ? b : c
    case .multiplyAdd: return nil
    case .exponential, .exponentialMinusOne, .log, .logPlusOne, .tanh, .logistic, .erf: return nil
    }
  }

  static func same<T: Real>(_ x: T, _ y: T) -> Bool { x.isNaN ? y.isNaN : x == y && x.sign == y.sign }

  /// Every triple of the special values, then random numbers: more than a vector, and no multiple of one.
  static func operands<T: Real>(_ type: T.Type) -> (a: [T], b: [T], c: [T]) {
    let special: [T] = [
      0, -0.0, 1, -1, 0.5, 2, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
      .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNormalMagnitude,
    ]
    var a: [T] = []
    var b: [T] = []
    var c: [T] = []
    for x in special {
      for y in special {
        for z in special {
          a.append(x)
          b.append(y)
          c.append(z)
        }
      }
    }
    var stream = RandomStream(seed: 3, purpose: "operands")
    for _ in 0..<1003 {
      a.append(T(4 * RandomStream.unitInterval(stream.next()) - 2))
      b.append(T(4 * RandomStream.unitInterval(stream.next()) - 2))
      c.append(T(4 * RandomStream.unitInterval(stream.next()) - 2))
    }
    return (a, b, c)
  }

  func checkValues<T: Real>(_ operation: ElementwiseOperation, _ type: T.Type) {
    let (a, b, c) = Self.operands(T.self)
    var result = [T](repeating: 7, count: a.count)
    T.run(
      T.step(operation), &result, a, operation.arity > 1 ? b : nil, operation.arity > 2 ? c : nil, count: a.count)
    for i in a.indices {
      if let expected = Self.naive(operation, a[i], b[i], c[i]) {
        #expect(Self.same(result[i], expected), "\(operation)(\(a[i]), \(b[i]), \(c[i])) is \(result[i])")
      }
    }
  }

  @Test(arguments: ElementwiseOperation.allCases) func stepsMatchTheirDefinition(_ operation: ElementwiseOperation) {
    checkValues(operation, Float.self)
    checkValues(operation, Double.self)
  }

  func checkMultiplyAdd<T: Real>(_ type: T.Type) {
    let (a, b, c) = Self.operands(T.self)
    var result = [T](repeating: 7, count: a.count)
    T.run(T.step(.multiplyAdd), &result, a, b, c, count: a.count)
    for i in a.indices {
      let fused = c[i].addingProduct(a[i], b[i])
      let separate = c[i] + a[i] * b[i]
      #expect(Self.same(result[i], fused) || Self.same(result[i], separate), "\(a[i]) × \(b[i]) + \(c[i])")
    }
  }

  @Test func multiplyAddRoundsOnceOrTwice() {
    checkMultiplyAdd(Float.self)
    checkMultiplyAdd(Double.self)
  }

  /// Cut into other tiles, at other alignments, in place: the same bits.
  func checkPartition<T: Real>(_ operation: ElementwiseOperation, _ type: T.Type) {
    let (a, b, c) = Self.operands(T.self)
    let step = T.step(operation)
    let count = a.count
    var whole = [T](repeating: 0, count: count)
    T.run(step, &whole, a, b, c, count: count)
    var pieces = [T](repeating: 0, count: count)
    var inA = a
    var inB = b
    var inC = c
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        c.withUnsafeBufferPointer { c in
          pieces.withUnsafeMutableBufferPointer { pieces in
            guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress, let to = pieces.baseAddress
            else { return }
            var start = 0
            var length = 1
            while start < count {
              let size = min(length, count - start)
              T.run(step, to + start, a + start, b + start, c + start, count: size)
              start += size
              length = length % 67 + 1
            }
          }
        }
      }
    }
    inA.withUnsafeMutableBufferPointer { x in
      guard let x = x.baseAddress else { return }
      T.run(step, x, x, b, c, count: count)
    }
    inB.withUnsafeMutableBufferPointer { x in
      guard let x = x.baseAddress else { return }
      T.run(step, x, a, x, c, count: count)
    }
    inC.withUnsafeMutableBufferPointer { x in
      guard let x = x.baseAddress else { return }
      T.run(step, x, a, b, x, count: count)
    }
    for (name, other) in [("tiles", pieces), ("in place of a", inA), ("in place of b", inB), ("in place of c", inC)] {
      #expect(zip(whole, other).allSatisfy { Self.same($0, $1) }, "\(operation), \(T.precisionName), \(name)")
    }
  }

  @Test(arguments: ElementwiseOperation.allCases) func tilesDoNotChangeBits(_ operation: ElementwiseOperation) {
    checkPartition(operation, Float.self)
    checkPartition(operation, Double.self)
  }
}
