import Autodiff
import Tensors

/// A graph grown at random from every kind of source, with a bound on each value and on its rounding error.
///
/// Bounds follow a first-order error analysis: `error` is in units of the scalar type's `ulpOfOne` and holds for the graph's
/// arithmetic in any order of summation. Sources are representable in Float, and conditions are built from values that are
/// exact in both precisions, so no comparison can fall differently.
struct RandomGraph {
  struct Term {
    var value: Value
    /// No element is larger in magnitude.
    var bound: Double
    var error: Double
    var isExact = false
    var readsVector = false
  }

  /// The sizes of everything outside the graph; the same for every microbatch size.
  struct Sources {
    var inputs = [3, 4]
    var targets = 5
    var parameters = [[3, 4], [5], [1], [4], [5, 1, 2], []]
    var vectors = [[3, 4], [5], [], [2, 3]]
    var literals = [[4], [2, 3], [1, 3, 1]]
  }

  var graph = Graph()
  var terms: [Term] = []
  private var stream: RandomStream
  private let mayReadVectors: Bool
  private let largestCount: Int

  init(
    seed: UInt64, microbatch: Int, sources: Sources = Sources(), mayReadVectors: Bool = true, largestCount: Int = 600
  ) {
    stream = RandomStream(seed: seed, purpose: "random graph", index: microbatch)
    self.mayReadVectors = mayReadVectors
    self.largestCount = largestCount
    func enter(_ source: Source, _ shape: [Int], vector: Bool = false) {
      let value = graph.source(source, type: TensorType(shape))
      terms.append(Term(value: value, bound: 1, error: 0, isExact: true, readsVector: vector))
    }
    enter(.data(.inputs), [microbatch] + sources.inputs)
    enter(.data(.targets), [microbatch, sources.targets])
    enter(.data(.weights), [microbatch])
    for (i, shape) in sources.parameters.enumerated() { enter(.parameter(i), shape) }
    for (i, shape) in sources.literals.enumerated() { enter(.literal(i), shape) }
    if mayReadVectors { for (i, shape) in sources.vectors.enumerated() { enter(.vector(i), shape, vector: true) } }
  }

  // MARK: - Choices

  mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &stream) }
  mutating func chance(_ percent: Int) -> Bool { number(0..<100) < percent }
  mutating func choose<T>(_ choices: [T]) -> T { choices[number(0..<choices.count)] }

  /// A value to go on from; late ones more often, and half of the time one that no vector enters.
  mutating func term(readsVector: Bool? = nil) -> Term {
    let wanted = readsVector ?? (chance(50) ? false : nil)
    let candidates = terms.filter { wanted == nil || $0.readsVector == wanted }
    let late = Array(candidates.suffix(8))
    return choose(chance(60) ? late : candidates)
  }

  func shape(_ term: Term) -> [Int] { graph.shape(of: term.value) }
  func count(_ term: Term) -> Int { shape(term).reduce(1, *) }

  // MARK: - Growth

  mutating func grow(steps: Int) throws {
    for _ in 0..<steps {
      guard var next = try step(), count(next) <= largestCount else { continue }
      if next.bound > 4 { next = try scaled(next, by: 1 / next.bound) }
      terms.append(next)
    }
  }

  private mutating func step() throws -> Term? {
    let x = term()
    switch number(0..<14) {
    case 0, 1: return try unary(x)
    case 2, 3, 4: return try binary(x, partner(of: x))
    case 5, 6: return try repeated(x)
    case 7, 8: return try reduced(x)
    case 9: return try reshaped(x)
    case 10: return try transposed(x)
    case 11: return try product(x)
    case 12: return try selected(x)
    default:
      if chance(50) { return changed(x, try graph.stopGradient(x.value)) }
      return Term(value: try graph.constant(choose([0, 1, -1, 0.5]), shape(x)), bound: 1, error: 0, isExact: true)
    }
  }

  private func changed(_ x: Term, _ value: Value) -> Term {
    var result = x
    result.value = value
    return result
  }

  private func result(_ value: Value, bound: Double, error: Double, from operands: [Term]) -> Term {
    Term(value: value, bound: bound, error: error, readsVector: operands.contains { $0.readsVector })
  }

  mutating func scaled(_ x: Term, by factor: Double) throws -> Term {
    result(
      try graph.multiply(x.value, factor), bound: x.bound * factor, error: (x.error + 2 * x.bound) * factor, from: [x])
  }

  private mutating func unary(_ x: Term) throws -> Term {
    func apply(_ function: ElementwiseUnary, slope: Double, bound: Double) throws -> Term {
      result(try graph.apply(function, x.value), bound: bound, error: x.error * slope + 4 * bound, from: [x])
    }
    func shifted(_ x: Term, _ number: Double) throws -> Term {
      result(try graph.add(x.value, number), bound: x.bound + number, error: x.error + x.bound + number, from: [x])
    }
    switch number(0..<11) {
    case 0: return changed(x, try graph.negate(x.value))
    case 1: return changed(x, try graph.apply(.absolute, x.value))
    case 2: return try apply(.tanh, slope: 1, bound: 1)
    case 3: return try apply(.logistic, slope: 0.25, bound: 1)
    case 4: return try apply(.erf, slope: 1.2, bound: 1)
    case 5: return try apply(.exponential, slope: 55, bound: 55)
    case 6: return try apply(.exponentialMinusOne, slope: 55, bound: 55)
    case 7 where x.isExact:
      return Term(value: try graph.apply(.sign, x.value), bound: 1, error: 0, isExact: true, readsVector: x.readsVector)
    case 8:
      let magnitude = changed(x, try graph.apply(.absolute, x.value))
      return result(
        try graph.apply(.logPlusOne, magnitude.value), bound: x.bound, error: x.error + 4 * x.bound, from: [x])
    case 9:
      let above = try shifted(changed(x, try graph.apply(.absolute, x.value)), 1)
      let function = choose([ElementwiseUnary.log, .sqrt, .rsqrt])
      return result(
        try graph.apply(function, above.value), bound: above.bound, error: above.error + 4 * above.bound, from: [x])
    default:
      let square = try graph.multiply(x.value, x.value)
      return result(square, bound: x.bound * x.bound, error: 2 * x.bound * x.error + x.bound * x.bound, from: [x])
    }
  }

  private mutating func partner(of x: Term) throws -> Term {
    if chance(15) { return x }
    let same = terms.filter { shape($0) == shape(x) && $0.value != x.value }
    if !same.isEmpty, chance(70) { return choose(same) }
    let y = term()
    // Anything with the right number of elements fits after a reshape; of the rest, one of its maxima does.
    if count(y) == count(x) { return changed(y, try graph.reshape(y.value, to: shape(x))) }
    for axes in subsets(of: shape(y).count) {
      let small = axes.isEmpty ? y.value : try graph.reduce(.maximum, y.value, over: axes)
      let kept = graph.shape(of: small)
      for places in subsets(of: shape(x).count)
      where places.map({ shape(x)[$0] }) == kept && !(places.isEmpty && chance(50)) {
        return changed(y, try graph.broadcast(small, to: shape(x), dimensions: places))
      }
    }
    return x
  }

  private mutating func binary(_ x: Term, _ y: Term) throws -> Term {
    let sum = x.bound + y.bound
    switch number(0..<6) {
    case 0: return result(try graph.add(x.value, y.value), bound: sum, error: x.error + y.error + sum, from: [x, y])
    case 1:
      return result(try graph.subtract(x.value, y.value), bound: sum, error: x.error + y.error + sum, from: [x, y])
    case 2, 3:
      let bound = x.bound * y.bound
      let error = x.error * y.bound + y.error * x.bound + bound
      return result(try graph.multiply(x.value, y.value), bound: bound, error: error, from: [x, y])
    case 4:
      let below = try graph.add(graph.apply(.absolute, y.value), 1)
      let error = x.error + x.bound * (y.error + y.bound + 2)
      return result(try graph.divide(x.value, below), bound: x.bound, error: error, from: [x, y])
    default:
      var extremum = result(
        try graph.append(choose([ElementwiseBinary.maximum, .minimum]), [x.value, y.value]),
        bound: max(x.bound, y.bound), error: max(x.error, y.error), from: [x, y])
      extremum.isExact = x.isExact && y.isExact
      return extremum
    }
  }

  private mutating func repeated(_ x: Term) throws -> Term {
    var target = shape(x)
    var dimensions = Array(target.indices)
    while target.count < 3, target.count == shape(x).count || chance(40) {
      let place = number(0..<target.count + 1)
      target.insert(choose([1, 2, 3, 4, 5]), at: place)
      dimensions = dimensions.map { $0 >= place ? $0 + 1 : $0 }
    }
    guard target.reduce(1, *) <= largestCount, target != shape(x) else { return try reshaped(x) }
    return changed(x, try graph.broadcast(x.value, to: target, dimensions: dimensions))
  }

  private mutating func reduced(_ x: Term) throws -> Term {
    let axes = choose(subsets(of: shape(x).count))
    let terms = Double(axes.reduce(1) { $0 * shape(x)[$1] })
    if chance(30) { return changed(x, try graph.reduce(.maximum, x.value, over: axes)) }
    if axes.isEmpty { return x }
    return result(
      try graph.reduce(.sum, x.value, over: axes), bound: terms * x.bound,
      error: terms * x.error + terms * terms * x.bound, from: [x])
  }

  private mutating func reshaped(_ x: Term) throws -> Term {
    var rest = count(x)
    var target: [Int] = []
    while target.count < 2, chance(75) {
      let divisors = (1...max(1, rest)).filter { rest % $0 == 0 }
      target.insert(choose(divisors), at: number(0..<target.count + 1))
      rest = count(x) / target.reduce(1, *)
    }
    if rest > 1 || chance(50) { target.insert(rest, at: number(0..<target.count + 1)) }
    return changed(x, try graph.reshape(x.value, to: target))
  }

  private mutating func transposed(_ x: Term) throws -> Term {
    changed(x, try graph.transpose(x.value, permutation: shape(x).indices.shuffled(using: &stream)))
  }

  /// A product of `x` with itself or with a value repeated to fit, in any of the four layouts.
  private mutating func product(_ x: Term) throws -> Term? {
    let batch = chance(40) && shape(x).count > 0 ? 1 : 0
    let contracted = number(0..<min(2, shape(x).count - batch) + 1)
    let (leftFirst, rightFirst) = (chance(50), chance(50))
    let rest = shape(x).dropFirst(batch)
    let group = Array(leftFirst ? rest.prefix(contracted) : rest.suffix(contracted))
    let head = Array(shape(x).prefix(batch))
    var y = x
    if leftFirst != rightFirst || chance(70) {
      y = term()
      let own = shape(y)
      let free = rest.count - contracted + own.count + batch > 3 ? [count(y)] : own
      let flat = try graph.reshape(y.value, to: free)
      let target = head + (rightFirst ? group + free : free + group)
      guard target.reduce(1, *) <= largestCount, target.count <= 4 else { return nil }
      let start = batch + (rightFirst ? group.count : 0)
      y = changed(y, try graph.broadcast(flat, to: target, dimensions: Array(start..<start + free.count)))
    }
    let dot = DotGeneral(
      batch: batch, contracted: contracted, leftContractsFirst: leftFirst, rightContractsFirst: rightFirst)
    let type = try dot.resultType(of: [graph.type(of: x.value), graph.type(of: y.value)])
    guard type.count <= largestCount else { return nil }
    let terms = Double(group.reduce(1, *))
    let bound = terms * x.bound * y.bound
    return result(
      try graph.append(dot, [x.value, y.value]), bound: bound,
      error: terms * (x.error * y.bound + y.error * x.bound) + terms * bound + bound, from: [x, y])
  }

  private mutating func selected(_ x: Term) throws -> Term {
    let y = try partner(of: x)
    let exact = terms.filter { $0.isExact && shape($0) == shape(x) }
    let condition: Value
    var reads = false
    if let number = shape(x).last, exact.isEmpty {
      let steps = try graph.append(Iota(count: number), [])
      let repeated = try graph.broadcast(steps, to: shape(x), dimensions: [shape(x).count - 1])
      condition = try graph.compare(repeated, choose(Compare.allCases), graph.constant(1, shape(x), .int32))
    } else {
      let left = exact.isEmpty ? Term(value: try graph.constant(0, shape(x)), bound: 0, error: 0) : choose(exact)
      let right = exact.isEmpty || chance(50) ? try graph.constant(0, shape(x)) : choose(exact).value
      reads = exact.contains { $0.readsVector }
      condition = try graph.compare(left.value, choose(Compare.allCases), right)
    }
    var chosen = result(
      try graph.select(condition, x.value, y.value), bound: max(x.bound, y.bound), error: max(x.error, y.error),
      from: [x, y])
    chosen.readsVector = chosen.readsVector || reads
    chosen.isExact = x.isExact && y.isExact
    return chosen
  }

  private func subsets(of count: Int) -> [[Int]] {
    (0..<1 << count).map { mask in (0..<count).filter { mask >> $0 & 1 == 1 } }
  }

  // MARK: - Outputs

  /// A sum of a few terms of `shape` made from values of any number of elements: what gradients look like.
  mutating func sum(of shape: [Int], readsVector: Bool?) throws -> Term {
    var total = try summand(of: shape, readsVector: readsVector)
    while chance(60) {
      let next = chance(10) ? total : try summand(of: shape, readsVector: readsVector)
      let bound = total.bound + next.bound
      total = result(
        try graph.add(total.value, next.value), bound: bound, error: total.error + next.error + bound,
        from: [total, next])
      if chance(20) { terms.append(total) }
    }
    return total
  }

  private mutating func summand(of target: [Int], readsVector: Bool?) throws -> Term {
    let x = term(readsVector: readsVector)
    let elements = target.reduce(1, *)
    if count(x) == elements, chance(50) { return changed(x, try graph.reshape(x.value, to: target)) }
    let flat = try graph.reshape(x.value, to: [count(x)])
    let terms = Double(count(x))
    func summed(_ value: Value, _ other: Double) -> Term {
      let bound = terms * x.bound * other
      return result(value, bound: bound, error: terms * (2 * x.error * other) + (terms + 2) * bound, from: [x])
    }
    switch number(0..<4) {
    case 0:
      let wide = try graph.broadcast(flat, to: [count(x)] + target, dimensions: [0])
      let other = try graph.constant(0.5, graph.shape(of: wide))
      return summed(try graph.reduce(.sum, graph.multiply(wide, other), over: [0]), 1)
    case 1:
      let wide = try graph.broadcast(flat, to: [count(x)] + target, dimensions: [0])
      return summed(try graph.append(DotGeneral(leftContractsFirst: true), [flat, wide]), x.bound + 1)
    case 2:
      let one = summed(try graph.reduce(.sum, flat, over: [0]), 1)
      return changed(one, try graph.broadcast(one.value, to: target, dimensions: []))
    default:
      let wide = try graph.broadcast(flat, to: target + [count(x)], dimensions: [target.count])
      let tilted = try graph.multiply(wide, wide)
      return summed(try graph.reduce(.sum, tilted, over: [target.count]), x.bound + 1)
    }
  }
}
