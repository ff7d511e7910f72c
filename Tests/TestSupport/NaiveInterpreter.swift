import Autodiff
import Foundation
import Tensors

/// Runs a graph one node at a time in double precision, every value an array of its own: the twin that the planner and the
/// executor are held against. It reads each primitive's lowering and shares no kernel with them, apart from opaque ones.
public struct NaiveInterpreter {
  public struct Failure: Error { public let text: String }

  private let graph: Graph
  private let sources: [Source: [Double]]

  public init(_ graph: Graph, sources: [Source: [Double]]) {
    self.graph = graph
    self.sources = sources
  }

  /// The values of `outputs`; only what they depend on is computed.
  public func evaluate(_ outputs: [Value]) throws -> [[Double]] {
    try LinearAlgebraLibrary.load()
    let needed = graph.ancestors(of: outputs)
    var results: [[Double]] = []
    for (index, node) in graph.nodes.enumerated() {
      results.append(needed[index] ? try evaluate(node, operands: node.operands.map { results[$0.index] }) : [])
      guard !needed[index] || results[index].count == node.type.count else {
        throw Failure(text: "\(node.primitive.name): \(results[index].count) elements for \(node.type)")
      }
    }
    return outputs.map { results[$0.index] }
  }

  private func evaluate(_ node: Graph.Node, operands: [[Double]]) throws -> [Double] {
    let shape = node.type.shape
    let operandShapes = node.operands.map { graph.shape(of: $0) }
    switch node.primitive.lowering {
    case .source:
      guard let source = node.primitive as? Source, let values = sources[source] else {
        throw Failure(text: "no values for \(node.primitive.name)")
      }
      return values
    case .splat(let number):
      return [Double](repeating: number, count: node.type.count)
    case .elementwise(let operation):
      return try (0..<node.type.count).map { i in try apply(operation, operands.map { $0[i] }) }
    case .broadcast(let dimensions):
      return indices(of: shape).map { index in operands[0][flat(dimensions.map { index[$0] }, in: operandShapes[0])] }
    case .permutation(let permutation):
      return indices(of: shape).map { index in
        var source = index
        for (i, p) in permutation.enumerated() { source[p] = index[i] }
        return operands[0][flat(source, in: operandShapes[0])]
      }
    case .reduction(let reduction):
      guard let reduce = node.primitive as? Reduce else { throw Failure(text: "\(node.primitive.name) reduces what?") }
      let kept = operandShapes[0].indices.filter { !reduce.dimensions.contains($0) }
      var result = [Double](repeating: reduction == .sum ? 0 : -.infinity, count: node.type.count)
      for (index, value) in zip(indices(of: operandShapes[0]), operands[0]) {
        let target = flat(kept.map { index[$0] }, in: shape)
        result[target] = reduction == .sum ? result[target] + value : max(result[target], value)
      }
      return result
    case .alias:
      return operands[0]
    case .allReduce:
      throw Failure(text: "\(node.primitive.name) is over graphs that this one knows nothing of")
    case .product(let product):
      return multiply(product, operands, operandShapes, count: node.type.count)
    case .products(let first, let second):
      let left = multiply(first, Array(operands[..<2]), Array(operandShapes[..<2]), count: node.type.count)
      let right = multiply(second, Array(operands[2...]), Array(operandShapes[2...]), count: node.type.count)
      return zip(left, right).map { $0 + $1 }
    case .kernel(let make):
      return run(make(operandShapes), operands, count: node.type.count)
    }
  }

  private func multiply(_ product: any Product, _ operands: [[Double]], _ shapes: [[Int]], count: Int) -> [Double] {
    guard let dot = product as? DotGeneral else {
      return run(product.kernel(shapes[0], shapes[1]), operands, count: count)
    }
    return multiply(operands[0], operands[1], dot.matrixProduct(shapes[0], shapes[1]))
  }

  private func multiply(_ left: [Double], _ right: [Double], _ product: MatrixProduct) -> [Double] {
    let (m, n, k) = (product.m, product.n, product.k)
    var result = [Double](repeating: 0, count: product.batch * m * n)
    for b in 0..<product.batch {
      for i in 0..<m {
        for j in 0..<n {
          var sum = 0.0
          for l in 0..<k {
            let x = left[b * m * k + (product.transposeLeft ? l * m + i : i * k + l)]
            let y = right[b * k * n + (product.transposeRight ? j * k + l : l * n + j)]
            sum += x * y
          }
          result[(b * m + i) * n + j] = sum
        }
      }
    }
    return result
  }

  private func run(_ kernel: any OpaqueKernel, _ operands: [[Double]], count: Int) -> [Double] {
    // Copies with one element more, so that empty arrays have an address as well.
    let copies = operands.map { operand in
      let copy = UnsafeMutablePointer<Double>.allocate(capacity: operand.count + 1)
      copy.initialize(repeating: 0, count: operand.count + 1)
      copy.update(from: operand, count: operand.count)
      return copy
    }
    let result = UnsafeMutablePointer<Double>.allocate(capacity: count + 1)
    result.initialize(repeating: .nan, count: count + 1)
    let scratch = UnsafeMutablePointer<Double>.allocate(capacity: kernel.scratchCount + 1)
    defer {
      for copy in copies { copy.deallocate() }
      result.deallocate()
      scratch.deallocate()
    }
    kernel.run(operands: copies.map { UnsafePointer($0) }, result: result, accumulate: false, scratch: scratch)
    return Array(UnsafeBufferPointer(start: result, count: count))
  }

  private func apply(_ operation: ElementwiseOperation, _ x: [Double]) throws -> Double {
    func truth(_ value: Bool) -> Double { value ? 1 : 0 }
    switch operation {
    case .copy: return x[0]
    case .negate: return -x[0]
    case .absolute: return abs(x[0])
    case .sign: return x[0] > 0 ? 1 : x[0] < 0 ? -1 : x[0]
    case .square: return x[0] * x[0]
    case .reciprocal: return 1 / x[0]
    case .squareRoot: return x[0].squareRoot()
    case .reciprocalSquareRoot: return 1 / x[0].squareRoot()
    case .exponential: return exp(x[0])
    case .exponentialMinusOne: return expm1(x[0])
    case .log: return log(x[0])
    case .logPlusOne: return log1p(x[0])
    case .tanh: return tanh(x[0])
    case .logistic: return 1 / (1 + exp(-x[0]))
    case .erf: return erf(x[0])
    case .sine: return sin(x[0])
    case .cosine: return cos(x[0])
    case .not: return truth(x[0] == 0)
    case .add: return x[0] + x[1]
    case .subtract: return x[0] - x[1]
    case .multiply: return x[0] * x[1]
    case .divide: return x[0] / x[1]
    case .maximum: return x[0].isNaN || x[1].isNaN ? .nan : max(x[0], x[1])
    case .minimum: return x[0].isNaN || x[1].isNaN ? .nan : min(x[0], x[1])
    case .power: return pow(x[0], x[1])
    case .equal: return truth(x[0] == x[1])
    case .notEqual: return truth(x[0] != x[1])
    case .less: return truth(x[0] < x[1])
    case .lessEqual: return truth(x[0] <= x[1])
    case .greater: return truth(x[0] > x[1])
    case .greaterEqual: return truth(x[0] >= x[1])
    case .and: return truth(x[0] != 0 && x[1] != 0)
    case .or: return truth(x[0] != 0 || x[1] != 0)
    case .maskPositive: return x[0] > 0 ? x[1] : 0
    case .select: return x[0] != 0 ? x[1] : x[2]
    case .multiplyAdd: return x[0] * x[1] + x[2]
    }
  }

  /// Every index of an array of `shape`, in row-major order.
  private func indices(of shape: [Int]) -> [[Int]] {
    shape.reduce([[]]) { prefixes, size in prefixes.flatMap { prefix in (0..<size).map { prefix + [$0] } } }
  }

  private func flat(_ index: [Int], in shape: [Int]) -> Int {
    zip(index, shape).reduce(0) { $0 * $1.1 + $1.0 }
  }
}
