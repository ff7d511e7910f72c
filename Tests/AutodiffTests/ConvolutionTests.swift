import Tensors
import TestSupport
import Testing

@testable import Autodiff

/// Convolutions against plain loops, in the order of files and channels last.
@Suite struct ConvolutionTests {
  static let geometries: [ConvolutionGeometry] = {
    var stream = RandomStream(seed: 5, purpose: "convolution sizes")
    func axis() -> ConvolutionGeometry.Axis {
      while true {
        let axis = ConvolutionGeometry.Axis(
          input: Int.random(in: 1...9, using: &stream), filter: Int.random(in: 1...4, using: &stream),
          stride: Int.random(in: 1...3, using: &stream), dilation: Int.random(in: 1...2, using: &stream),
          paddingLow: Int.random(in: 0...3, using: &stream), paddingHigh: Int.random(in: 0...3, using: &stream))
        if axis.output > 0 { return axis }
      }
    }
    return (0..<60).map { index in
      let groups = index % 4 == 3 ? Int.random(in: 2...3, using: &stream) : 1
      return ConvolutionGeometry(
        batch: Int.random(in: 1...3, using: &stream), groups: groups,
        inputChannels: groups * Int.random(in: 1...5, using: &stream),
        outputChannels: groups * Int.random(in: 1...18, using: &stream), rows: axis(), columns: axis())
    }
  }()

  /// Calls `body` with the places of x, w and y of every multiplication of the convolution.
  private func forEachProduct(_ g: ConvolutionGeometry, _ body: (Int, Int, Int) -> Void) {
    let (inputs, outputs) = (g.inputChannels / g.groups, g.outputChannels / g.groups)
    for n in 0..<g.batch {
      for o in 0..<g.outputChannels {
        for c in 0..<inputs {
          for p in 0..<g.rows.output {
            for q in 0..<g.columns.output {
              for i in 0..<g.rows.filter {
                for j in 0..<g.columns.filter {
                  let row = p * g.rows.stride + i * g.rows.dilation - g.rows.paddingLow
                  let column = q * g.columns.stride + j * g.columns.dilation - g.columns.paddingLow
                  guard 0..<g.rows.input ~= row, 0..<g.columns.input ~= column else { continue }
                  let channel = o / outputs * inputs + c
                  body(
                    ((n * g.inputChannels + channel) * g.rows.input + row) * g.columns.input + column,
                    ((o * inputs + c) * g.rows.filter + i) * g.columns.filter + j,
                    ((n * g.outputChannels + o) * g.rows.output + p) * g.columns.output + q)
                }
              }
            }
          }
        }
      }
    }
  }

  private func numbers(_ count: Int, _ purpose: String) -> [Double] {
    var stream = RandomStream(seed: 3, purpose: purpose)
    return (0..<count).map { _ in Double(Float.random(in: -1...1, using: &stream)) }
  }

  private struct Products {
    var x: [Double]
    var w: [Double]
    var u: [Double]
    var y: [Double]
    var inputGradient: [Double]
    var filterGradient: [Double]
  }

  private func products(_ g: ConvolutionGeometry) -> Products {
    var p = Products(
      x: numbers(g.inputCount, "x"), w: numbers(g.filterCount, "w"), u: numbers(g.outputCount, "u"),
      y: Array(repeating: 0, count: g.outputCount), inputGradient: Array(repeating: 0, count: g.inputCount),
      filterGradient: Array(repeating: 0, count: g.filterCount))
    forEachProduct(g) { x, w, y in
      p.y[y] += p.x[x] * p.w[w]
      p.inputGradient[x] += p.u[y] * p.w[w]
      p.filterGradient[w] += p.u[y] * p.x[x]
    }
    return p
  }

  /// [n, c, h, w] to [n, h, w, c].
  private func channelsLast(_ x: [Double], _ channels: Int, _ pixels: Int) -> [Double] {
    x.indices.map { i in
      let (n, rest) = i.quotientAndRemainder(dividingBy: channels * pixels)
      return x[(n * channels + rest % channels) * pixels + rest / channels]
    }
  }

  private func run<Scalar: Real>(
    _ kernel: any OpaqueKernel, _ left: [Double], _ right: [Double], onto: [Double]?, count: Int, as: Scalar.Type
  ) -> [Double] {
    func storage(_ numbers: [Double]) -> AlignedStorage<Scalar> {
      let result = AlignedStorage<Scalar>(count: numbers.count)
      for (i, number) in numbers.enumerated() { result.pointer[i] = Scalar(number) }
      return result
    }
    let (a, b) = (storage(left), storage(right))
    let result = storage(onto ?? Array(repeating: .nan, count: count))
    let scratch = AlignedStorage<Scalar>(count: kernel.scratchCount)
    kernel.run(
      operands: [UnsafePointer(a.pointer), UnsafePointer(b.pointer)], result: result.pointer,
      accumulate: onto != nil, scratch: scratch.pointer)
    return (0..<count).map { Double(result.pointer[$0]) }
  }

  /// Each element is a sum of at most `terms` products below 1, added to one number below 1.
  private func expectClose<Scalar: Real>(
    _ actual: [Double], _ expected: [Double], terms: Int, as: Scalar.Type, _ comment: Comment
  ) {
    let tolerance = Double(terms * (terms + 2)) * Double(Scalar.ulpOfOne)
    for (a, b) in zip(actual, expected) where !(abs(a - b) <= tolerance) {
      Issue.record("\(a) is not \(b), tolerance \(tolerance): \(comment)")
      return
    }
  }

  @Test(arguments: geometries) func channelsFirst(_ g: ConvolutionGeometry) throws {
    try LinearAlgebraLibrary.load()
    check(g, as: Double.self)
    check(g, as: Float.self)
  }

  private func check<Scalar: Real>(_ g: ConvolutionGeometry, as: Scalar.Type) {
    let p = products(g)
    for (role, left, right, expected) in [
      (Convolution.Role.forward, p.x, p.w, p.y), (.inputGradient, p.u, p.w, p.inputGradient),
      (.filterGradient, p.x, p.u, p.filterGradient),
    ] {
      check(ColumnConvolution(role: role, geometry: g), left, right, expected, g, as: Scalar.self)
    }
  }

  @Test(arguments: geometries) func channelsLast(_ g: ConvolutionGeometry) throws {
    try LinearAlgebraLibrary.load()
    let p = products(g)
    func input(_ x: [Double]) -> [Double] { channelsLast(x, g.inputChannels, g.inputPixels) }
    func output(_ x: [Double]) -> [Double] { channelsLast(x, g.outputChannels, g.outputPixels) }
    for (role, left, right, expected) in [
      (Convolution.Role.forward, input(p.x), p.w, output(p.y)),
      (.inputGradient, output(p.u), p.w, input(p.inputGradient)),
      (.filterGradient, input(p.x), output(p.u), p.filterGradient),
    ] {
      if let kernel = PackedConvolutionKernel(role: role, geometry: g) {
        check(kernel, left, right, expected, g, as: Float.self)
      }
      if let kernel = PixelConvolution(role: role, geometry: g) {
        check(kernel, left, right, expected, g, as: Float.self)
        check(kernel, left, right, expected, g, as: Double.self)
      } else {
        #expect(g.groups > 1)
      }
    }
  }

  /// What a kernel writes, and what it adds to numbers that are there.
  private func check<Scalar: Real>(
    _ kernel: any OpaqueKernel, _ left: [Double], _ right: [Double], _ expected: [Double], _ g: ConvolutionGeometry,
    as: Scalar.Type
  ) {
    let terms = max(g.filterSize, g.outputChannels * 16, g.batch * g.outputPixels)
    let own = run(kernel, left, right, onto: nil, count: expected.count, as: Scalar.self)
    expectClose(own, expected, terms: terms, as: Scalar.self, "\(kernel)")
    let start = numbers(expected.count, "start")
    let sum = run(kernel, left, right, onto: start, count: expected.count, as: Scalar.self)
    expectClose(sum, zip(start, expected).map { $0 + $1 }, terms: terms, as: Scalar.self, "\(kernel), added")
  }

  /// Sizes that networks use all have a kernel; else the tests above would pass by testing nothing.
  @Test func usualSizesHaveKernels() {
    for (channels, filter, stride) in [(3, 3, 1), (16, 3, 1), (16, 3, 2), (64, 1, 1), (64, 1, 2), (1, 5, 1), (3, 7, 2)]
    {
      let axis = ConvolutionGeometry.Axis(
        input: 32, filter: filter, stride: stride, paddingLow: filter / 2, paddingHigh: filter / 2)
      let g = ConvolutionGeometry(
        batch: 4, groups: 1, inputChannels: channels, outputChannels: 32, rows: axis, columns: axis)
      for role in [Convolution.Role.forward, .inputGradient, .filterGradient] {
        #expect(PackedConvolutionKernel(role: role, geometry: g) != nil, "\(role) \(channels) \(filter) \(stride)")
      }
    }
  }

  /// A network of everything the layout pass knows: its loss, gradient and Hessian products in both precisions.
  @Test(arguments: [1, 2]) func networkOfImages(_ workers: Int) throws {
    var sources = RandomGraph.Sources()
    sources.inputs = [3, 9, 8]
    sources.targets = 1
    sources.parameters = [[6, 3, 3, 3], [6], [4, 3, 2, 2], [4], [4, 4, 1, 1], [5, 4], [4, 2, 2, 2]]
    sources.vectors = sources.parameters
    sources.literals = []
    let execution = try ExecutionCase(
      seed: 21, schedule: Schedule(samples: 7, microbatch: 3, tasks: 2), sources: sources
    ) { size in
      var graph = Graph()
      let x = graph.source(.data(.inputs), type: TensorType([size, 3, 9, 8]))
      let weights = graph.source(.data(.weights), type: TensorType([size]))
      let w = sources.parameters.indices.map { index in
        graph.source(.parameter(index), type: TensorType(sources.parameters[index]))
      }
      let v = sources.vectors.indices.map { index in
        graph.source(.vector(index), type: TensorType(sources.vectors[index]))
      }
      func biased(_ y: Value, _ bias: Value) throws -> Value {
        try graph.add(y, graph.broadcast(bias, to: graph.shape(of: y), dimensions: [1]))
      }
      var y = try graph.convolution(x, filter: w[0], window: ConvolutionWindow(rank: 2, padding: [1]))
      y = try graph.apply(.tanh, biased(y, w[1]))
      y = try graph.maximumPool(
        y, PoolingWindows(rows: .sliding(over: 9, size: 3, stride: 2), columns: .sliding(over: 8, size: 2, stride: 2)))
      y = try biased(
        graph.convolution(y, filter: w[2], window: ConvolutionWindow(rank: 2, stride: [2], padding: [1]), groups: 2),
        w[3])
      // Means over pixels and over samples, as normalisation takes them.
      let means = try graph.multiply(graph.reduce(.sum, y, over: [0, 2, 3]), 0.1)
      y = try graph.subtract(y, graph.broadcast(means, to: graph.shape(of: y), dimensions: [1]))
      let inner = try graph.convolution(y, filter: w[4], window: ConvolutionWindow(rank: 2))
      y = try graph.add(y, graph.apply(.logistic, inner))
      y = try graph.transposedConvolution(
        y, filter: w[6], window: ConvolutionWindow(rank: 2, stride: [2]), outputPadding: [0], groups: 2)
      let shape = graph.shape(of: y)
      y = try graph.averagePool(
        y, PoolingWindows(rows: .adaptive(over: shape[2], count: 1), columns: .adaptive(over: shape[3], count: 1)))
      let outputs = try graph.dense(graph.reshape(y, to: [size, 4]), weight: w[5])
      let squares = try graph.reduce(.sum, graph.multiply(outputs, outputs), over: [1])
      let loss = try graph.reduce(.sum, graph.multiply(squares, weights), over: [0])
      let gradient = try graph.gradient(of: loss, at: w)
      let products = try graph.linearize(gradient, at: w, along: v)
      // Some 10² additions of numbers of order 1 a derivative.
      func term(_ value: Value) -> RandomGraph.Term { RandomGraph.Term(value: value, bound: 1, error: 500) }
      return ExecutionCase.Program(
        graph, primal: ([loss] + gradient).map(term), linear: products.compactMap { $0 }.map(term))
    }
    let double = try execution.run(Double.self, workers: workers)
    let single = try execution.run(Float.self, workers: workers)
    let primal = try execution.expected(vector: nil)
    #expect(execution.mismatch(double.primal, primal) == nil)
    #expect(execution.mismatch(single.primal, primal) == nil)
    for index in double.linear.indices {
      let linear = try execution.expected(vector: index)
      #expect(execution.mismatch(double.linear[index], linear) == nil)
      #expect(execution.mismatch(single.linear[index], linear) == nil)
    }
  }

  /// Filters that are one number repeated are written out where they are read, and not packed before.
  @Test(arguments: [1, 2]) func repeatedFilters(stride: Int) throws {
    var sources = RandomGraph.Sources()
    sources.inputs = [16, 8, 8]
    sources.targets = 1
    sources.parameters = [[1]]
    sources.vectors = [[1]]
    sources.literals = []
    let execution = try ExecutionCase(
      seed: 3, schedule: Schedule(samples: 4, microbatch: 2, tasks: 2), sources: sources
    ) { size in
      var graph = Graph()
      let x = graph.source(.data(.inputs), type: TensorType([size, 16, 8, 8]))
      let number = graph.source(.parameter(0), type: TensorType([1]))
      let direction = graph.source(.vector(0), type: TensorType([1]))
      let filter = try graph.broadcast(number, to: [16, 16, 1, 1], dimensions: [2])
      let y = try graph.convolution(x, filter: filter, window: ConvolutionWindow(rank: 2, stride: [stride]))
      let loss = try graph.reduce(.sum, graph.multiply(y, y), over: [0, 1, 2, 3])
      let gradient = try graph.gradient(of: loss, at: [number])
      let products = try graph.linearize(gradient, at: [number], along: [direction])
      func term(_ value: Value) -> RandomGraph.Term { RandomGraph.Term(value: value, bound: 1e5, error: 1e7) }
      return ExecutionCase.Program(
        graph, primal: ([loss] + gradient).map(term), linear: products.compactMap { $0 }.map(term))
    }
    let single = try execution.run(Float.self, workers: 1)
    #expect(execution.mismatch(single.primal, try execution.expected(vector: nil)) == nil)
    #expect(execution.mismatch(single.linear[0], try execution.expected(vector: 0)) == nil)
  }
}
