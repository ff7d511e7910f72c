import Autodiff
import Tensors
import TestSupport

/// Random sources and a function for each microbatch size, run by the executor and, node by node, by the naive interpreter.
struct ExecutionCase {
  /// One function: outputs one after the other, those of each destination kind from offset 0 on.
  struct Program {
    var function: Function
    var destinations: [ResultDestination]
    /// For each output the bound on its values and on its error, in units of ulpOfOne.
    var bounds: [(bound: Double, error: Double)]

    /// Lays out `terms` in order, each kind on its own.
    init(_ graph: Graph, primal: [RandomGraph.Term], linear: [RandomGraph.Term]) {
      var offset = 0
      destinations = []
      for term in primal {
        destinations.append(.primal(offset: offset))
        offset += graph.type(of: term.value).count
      }
      offset = 0
      for term in linear {
        destinations.append(.linear(offset: offset))
        offset += graph.type(of: term.value).count
      }
      bounds = (primal + linear).map { ($0.bound, $0.error) }
      function = Function(graph: graph, outputs: (primal + linear).map(\.value))
    }
  }

  var schedule: Schedule
  var sources: RandomGraph.Sources
  var programs: [Int: Program] = [:]
  private var values: [Source: [Double]] = [:]
  private var vectorValues: [[[Double]]] = []

  init(
    seed: UInt64, schedule: Schedule, sources: RandomGraph.Sources = RandomGraph.Sources(), vectors: Int = 2,
    _ build: (Int) throws -> Program
  ) throws {
    self.schedule = schedule
    self.sources = sources
    for size in schedule.sizes { programs[size] = try build(size) }
    var stream = RandomStream(seed: seed, purpose: "sources")
    func numbers(_ count: Int) -> [Double] {
      // Quarters of small integers now and then, so that equal and zero elements occur.
      (0..<count).map { _ in
        let x = Double(Float.random(in: -1...1, using: &stream))
        return stream.next() % 4 == 0 ? (4 * x).rounded() / 4 : x
      }
    }
    values[.data(.inputs)] = numbers(schedule.samples * sources.inputs.reduce(1, *))
    values[.data(.targets)] = numbers(schedule.samples * sources.targets)
    values[.data(.weights)] = numbers(schedule.samples)
    for (i, shape) in sources.parameters.enumerated() { values[.parameter(i)] = numbers(shape.reduce(1, *)) }
    for (i, shape) in sources.literals.enumerated() { values[.literal(i)] = numbers(shape.reduce(1, *)) }
    for _ in 0..<vectors { vectorValues.append(sources.vectors.map { numbers($0.reduce(1, *)) }) }
  }

  // MARK: - Executor

  struct Results<Scalar: Real>: Equatable {
    var primal: Vector<Scalar>
    var linear: [Vector<Scalar>]
  }

  func executor<Scalar: Real>(_: Scalar.Type, workers: Int, residualBytes: Int) throws -> Executor<Scalar> {
    func storage(_ source: Source) -> AlignedStorage<Scalar> {
      let numbers = values[source] ?? []
      let result = AlignedStorage<Scalar>(count: numbers.count)
      for (i, number) in numbers.enumerated() { result.pointer[i] = Scalar(number) }
      return result
    }
    func flat(_ all: [[Double]]) -> Vector<Scalar> { Vector(all.joined().map { Scalar($0) }) }
    var plans: [Int: Plan] = [:]
    for (size, program) in programs {
      plans[size] = try Plan(
        program.function, microbatch: size, destinations: program.destinations,
        parameterOffsets: Self.offsets(sources.parameters), vectorOffsets: Self.offsets(sources.vectors),
        literalOffsets: Self.offsets(sources.literals),
        kernels: schedule.kernels(for: Scalar.self, microbatch: size))
    }
    let data = BoundData<Scalar>(
      samples: schedule.samples, inputSize: sources.inputs.reduce(1, *), targetSize: sources.targets,
      inputs: storage(.data(.inputs)), targets: storage(.data(.targets)), weights: storage(.data(.weights)))
    return try Executor(
      plans: plans, schedule: schedule,
      parameters: flat(sources.parameters.indices.map { values[.parameter($0)] ?? [] }),
      literals: flat(sources.literals.indices.map { values[.literal($0)] ?? [] }), data: data,
      pool: WorkerPool(count: workers), residualBytes: residualBytes)
  }

  func vectors<Scalar: Real>(_: Scalar.Type) -> [Vector<Scalar>] {
    vectorValues.map { parts in Vector(parts.joined().map { Scalar($0) }) }
  }

  func run<Scalar: Real>(_: Scalar.Type, workers: Int = 1, residualBytes: Int = 1 << 24) throws -> Results<Scalar> {
    let executor = try executor(Scalar.self, workers: workers, residualBytes: residualBytes)
    return Results(primal: executor.evaluate(), linear: executor.apply(vectors(Scalar.self)))
  }

  // MARK: - Twin

  struct Expected {
    var values: [Double]
    var bounds: [Double]
    var errors: [Double]
  }

  /// What a call with vector `index`, or `evaluate()` where it is nil, gives, with bounds on values and errors.
  func expected(vector index: Int?) throws -> Expected {
    var result = Expected(values: [], bounds: [], errors: [])
    for microbatch in 0..<schedule.microbatchCount {
      let samples = schedule.samples(ofMicrobatch: microbatch)
      guard let program = programs[samples.count] else { continue }
      var bound = values
      for (source, width) in [
        (Source.DataSource.inputs, sources.inputs.reduce(1, *)), (.targets, sources.targets), (.weights, 1),
      ] {
        bound[.data(source)] = Array(
          (values[.data(source)] ?? [])[samples.lowerBound * width..<samples.upperBound * width])
      }
      if let index { for (i, part) in vectorValues[index].enumerated() { bound[.vector(i)] = part } }
      let chosen = program.destinations.indices.filter { position in
        if case .linear = program.destinations[position] { return index != nil }
        return index == nil
      }
      let outputs = try NaiveInterpreter(program.function.graph, sources: bound)
        .evaluate(chosen.map { program.function.outputs[$0] })
      let bounds = zip(chosen, outputs).flatMap { position, output in
        output.map { _ in program.bounds[position] }
      }
      if microbatch == 0 {
        let zeros = [Double](repeating: 0, count: bounds.count)
        result = Expected(values: zeros, bounds: zeros, errors: zeros)
      }
      for (i, value) in outputs.joined().enumerated() {
        result.values[i] += value
        result.bounds[i] += bounds[i].bound
        result.errors[i] += bounds[i].error + result.bounds[i]
      }
    }
    return result
  }

  /// The first element further from the twin than rounding explains, as text; nil where there is none.
  func mismatch<Scalar: Real>(_ actual: Vector<Scalar>, _ expected: Expected) -> String? {
    guard actual.count == expected.values.count else { return "\(actual.count) of \(expected.values.count) elements" }
    for i in 0..<actual.count {
      // The twin's own rounding errors are of the same kind and at most as large.
      let tolerance = 4 * expected.errors[i] * Double(Scalar.ulpOfOne)
      let difference = abs(Double(actual[i]) - expected.values[i])
      if !(difference <= tolerance) {
        return "element \(i) is \(actual[i]), not \(expected.values[i]), tolerance \(tolerance)"
      }
    }
    return nil
  }

  private static func offsets(_ shapes: [[Int]]) -> [Int] {
    var next = 0
    return shapes.map { shape in
      defer { next += shape.reduce(1, *) }
      return next
    }
  }
}
