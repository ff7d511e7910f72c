import Foundation
import Tensors
import Testing

#if arch(x86_64)
  typealias Wide = Float80
#else
  typealias Wide = Double
#endif

/// A transcendental step, its value in extended precision, and the worst error allowed in units in the last place.
struct MathStep: Sendable, CustomTestStringConvertible {
  let operation: ElementwiseOperation
  let limit: Double
  let exact: @Sendable (Wide) -> Wide

  var testDescription: String { "\(operation)" }

  static let all: [MathStep] = [
    MathStep(operation: .exponential, limit: 1) { exp($0) },
    MathStep(operation: .exponentialMinusOne, limit: 1.25) { expm1($0) },
    MathStep(operation: .log, limit: 1) { log($0) },
    MathStep(operation: .logPlusOne, limit: 1.5) { log1p($0) },
    MathStep(operation: .tanh, limit: 1.5) { tanh($0) },
    MathStep(operation: .logistic, limit: 1.25) { $0 < 0 ? exp($0) / (1 + exp($0)) : 1 / (1 + exp(-$0)) },
    MathStep(operation: .erf, limit: 1.5) { erf($0) },
  ]
}

@Suite struct ElementwiseMathTests {
  /// Every exponent, both signs, and dense samples where the functions bend.
  static func samples<T: Real>(_ type: T.Type) -> [T] {
    var stream = RandomStream(seed: 17, purpose: "elementwise samples")
    let lowest = Int(T.leastNonzeroMagnitude.exponent)
    let highest = Int(T.greatestFiniteMagnitude.exponent)
    var result: [T] = []
    for exponent in lowest...highest {
      for _ in 0..<8 {
        let fraction = T(1 + RandomStream.unitInterval(stream.next()))
        let value = fraction * T(sign: .plus, exponent: T.Exponent(exponent), significand: 1)
        result += [value, -value].filter { $0.isFinite }
      }
    }
    for width in [0.1, 1, 4, 20, 100, 800] as [Double] {
      for _ in 0..<40_000 { result.append(T((2 * RandomStream.unitInterval(stream.next()) - 1) * width)) }
    }
    return result
  }

  static func apply<T: Real>(_ operation: ElementwiseOperation, _ x: [T]) -> [T] {
    var y = [T](repeating: 0, count: x.count)
    T.run(T.step(operation), &y, x, nil, nil, count: x.count)
    return y
  }

  func check<T: Real>(_ step: MathStep, _ type: T.Type) where T.RawSignificand: FixedWidthInteger {
    let x = Self.samples(T.self)
    let y = Self.apply(step.operation, x)
    var worst = (error: 0.0, at: T(0))
    for (argument, value) in zip(x, y) {
      let exact = step.exact(Wide(argument))
      let rounded = T(exact)
      guard value.isFinite, rounded.isFinite else {
        #expect(
          value.isNaN == rounded.isNaN && (value.isNaN || value == rounded),
          "\(step.operation)(\(argument)) is \(value), not \(rounded)")
        continue
      }
      #expect(value.sign == rounded.sign, "\(step.operation)(\(argument)) is \(value), not \(rounded)")
      // The unit of the exact value's binade, which is not that of a value rounded up to the next.
      let binade = max(exact == 0 ? Int.min : Int(exact.exponent), Int(T.leastNormalMagnitude.exponent))
      let unit = Wide(sign: .plus, exponent: Wide.Exponent(binade - T.significandBitCount), significand: 1)
      let error = Double(abs(Wide(value) - exact) / unit)
      if error > worst.error { worst = (error, argument) }
    }
    print("\(step.operation), \(T.precisionName): \(String(format: "%.3f", worst.error)) ulp at \(worst.at)")
    #expect(worst.error <= step.limit, "\(step.operation), \(T.precisionName), at \(worst.at)")
  }

  @Test(arguments: MathStep.all) func errorIsBelowTwoUnits(_ step: MathStep) {
    check(step, Float.self)
    check(step, Double.self)
  }

  func checkSpecialValues<T: Real>(_ type: T.Type) {
    let infinity = T.infinity
    let tiny = T.leastNonzeroMagnitude
    let huge = T.greatestFiniteMagnitude
    let x: [T] = [0, -0.0, infinity, -infinity, 1, -1, tiny, -tiny, huge, -huge]
    let none = T.nan
    let expected: [ElementwiseOperation: [T]] = [
      .exponential: [1, 1, infinity, 0, T(exp(1.0)), T(exp(-1.0)), 1, 1, infinity, 0],
      .exponentialMinusOne: [0, -0.0, infinity, -1, T(expm1(1.0)), T(expm1(-1.0)), tiny, -tiny, infinity, -1],
      .log: [-infinity, -infinity, infinity, none, 0, none, T(log(Wide(tiny))), none, T(log(Wide(huge))), none],
      .logPlusOne: [0, -0.0, infinity, none, T(log(2.0)), -infinity, tiny, -tiny, T(log(Wide(huge))), none],
      .tanh: [0, -0.0, 1, -1, T(tanh(1.0)), T(tanh(-1.0)), tiny, -tiny, 1, -1],
      .logistic: [0.5, 0.5, 1, 0, T(1 / (1 + exp(-1.0))), T(1 / (1 + exp(1.0))), 0.5, 0.5, 1, 0],
      .erf: [0, -0.0, 1, -1, T(erf(1.0)), T(erf(-1.0)), tiny, -tiny, 1, -1],
    ]
    for (operation, values) in expected {
      let y = Self.apply(operation, x)
      for i in x.indices {
        if values[i].isNaN {
          #expect(y[i].isNaN, "\(operation)(\(x[i]))")
        } else {
          #expect(abs(y[i] - values[i]) <= values[i].ulp || y[i] == values[i], "\(operation)(\(x[i])) is \(y[i])")
          #expect(y[i].sign == values[i].sign, "\(operation)(\(x[i]))")
        }
      }
      #expect(Self.apply(operation, [T.nan]).allSatisfy { $0.isNaN }, "\(operation)(NaN)")
    }
  }

  @Test func specialValues() {
    checkSpecialValues(Float.self)
    checkSpecialValues(Double.self)
  }

  /// tanh and erf are odd, and logistic(x) + logistic(−x) = 1 up to rounding.
  @Test func symmetries() {
    let x = Self.samples(Double.self)
    let mirrored = x.map { -$0 }
    for operation in [ElementwiseOperation.tanh, .erf] {
      #expect(Self.apply(operation, mirrored) == Self.apply(operation, x).map { -$0 })
    }
    let pairs = zip(Self.apply(.logistic, x), Self.apply(.logistic, mirrored))
    #expect(pairs.allSatisfy { abs($0 + $1 - 1) <= 2.5e-16 })
  }
}
