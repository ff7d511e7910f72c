import Tensors

/// Where the elements of an output go, and how those of the microbatches are joined: as a sum over the samples, or one
/// after the other as the rows of all samples.
public enum ResultDestination: Sendable {
  /// A sum computed once for all vectors, such as the loss and its gradient; from this offset on.
  case primal(offset: Int)
  /// A sum computed for each vector, such as a Hessian-vector product; from this offset on.
  case linear(offset: Int)
  /// Rows computed once for all vectors, such as the network's outputs.
  case primalRows
  /// Rows computed for each vector, such as a product with the Jacobian.
  case linearRows

  var reference: Reference {
    switch self {
    case .primal(let offset): Reference(region: .primalResult, offset: offset)
    case .linear(let offset): Reference(region: .linearResult, offset: offset)
    case .primalRows: Reference(region: .primalRows, offset: 0)
    case .linearRows: Reference(region: .linearRows, offset: 0)
    }
  }

  var stage: Stage {
    switch self {
    case .primal, .primalRows: .primal
    case .linear, .linearRows: .linear
    }
  }

  /// Whether the results of the microbatches are joined as rows.
  var isRows: Bool {
    switch self {
    case .primal, .linear: false
    case .primalRows, .linearRows: true
    }
  }
}

/// An output of a function and its destination.
struct ResultOutput: Sendable {
  var value: Value
  var destination: ResultDestination
}

extension Plan {
  /// Plans `function`, whose every output is a sum over the microbatch's samples (a gradient, a product, a loss) or has a row
  /// for each of them (outputs, losses).
  ///
  /// Each output has a destination; at most one output of the primal part and one of the linear part is rows.
  /// `parameterOffsets`, `vectorOffsets` and `literalOffsets` say where each source begins in its flat vector.
  public init(
    _ function: Function, microbatch: Int, destinations: [ResultDestination], parameterOffsets: [Int],
    vectorOffsets: [Int],
    literalOffsets: [Int], kernels: KernelChoice = .portable
  ) throws(InputError) {
    for stage in [Stage.primal, .linear] {
      precondition(destinations.count { $0.isRows && $0.stage == stage } <= 1)
    }
    let optimized = try function.optimized(for: kernels)
    self.microbatch = microbatch
    var planner = Planner(
      graph: optimized.graph, outputs: zip(optimized.outputs, destinations).map(ResultOutput.init),
      sourceOffsets: Planner.SourceOffsets(
        parameters: parameterOffsets, vectors: vectorOffsets, literals: literalOffsets))
    planner.packsOperands = kernels.packsWeights
    planner.plan(into: &self)
  }
}

/// Turns a graph into a ``Plan``: stages, fused groups, buffers, instructions.
struct Planner {
  struct SourceOffsets {
    var parameters: [Int]
    var vectors: [Int]
    var literals: [Int]
  }

  let graph: Graph
  let outputs: [ResultOutput]
  let sourceOffsets: SourceOffsets
  /// The value whose memory a value shares: itself, or what it is an alias of.
  let root: [Value]
  let stage: [Stage]
  /// The values that fused groups repeat on the fly.
  private var broadcastKinds: [Value: BroadcastKind] = [:]
  /// Nodes each stage computes, in order. Cheap primal nodes can appear in the linear stage as well.
  var members: [Stage: [Value]] = [:]
  /// Primal values the linear stage reads from memory.
  var residuals: Set<Value> = []
  /// Where values live, the fixed ones and the residuals of all stages together.
  var shared: [Value: Reference] = [:]
  var sharedCounts: [Region: Int] = [:]
  /// Whether right operands of products that do not depend on the data are packed.
  var packsOperands = false
  var packing = Packing()

  init(graph: Graph, outputs: [ResultOutput], sourceOffsets: SourceOffsets) {
    self.graph = graph
    self.outputs = outputs
    self.sourceOffsets = sourceOffsets
    var root: [Value] = []
    var stage: [Stage] = []
    for (index, node) in graph.nodes.enumerated() {
      root.append(Planner.isAlias(node, graph) ? root[node.operands[0].index] : Value(index))
      var own = Stage.fixed
      switch node.primitive as? Source {
      case .data: own = .primal
      case .vector: own = .direction
      case .vectorRows: own = .linear
      default: break
      }
      for operand in node.operands { own = Planner.join(own, stage[operand.index]) }
      stage.append(own)
    }
    self.root = root
    self.stage = stage
    findBroadcastKinds()
  }

  private mutating func findBroadcastKinds() {
    for value in graph.values {
      // A group reads what it repeats from memory or computes it; neither holds for a value that is itself only repeated.
      let isRepeatedTwice = operands(value).contains { broadcastKinds[$0] != nil }
      if !isRepeatedTwice { broadcastKinds[value] = ownBroadcastKind(value) }
    }
    for value in graph.values where root[value.index] != value {
      // Seen under another shape, a repeated row or column is not one any more.
      let repeated = root[value.index]
      guard let kind = broadcastKinds[repeated], kind != .element else { continue }
      let (own, other) = (space(graph.shape(of: repeated)).space, space(graph.shape(of: value)).space)
      if own != other { broadcastKinds[repeated] = nil }
    }
  }

  func broadcastKind(_ value: Value) -> BroadcastKind? { broadcastKinds[value] }

  private static func isAlias(_ node: Graph.Node, _ graph: Graph) -> Bool {
    switch node.primitive.lowering {
    case .alias: true
    case .broadcast, .reduction: node.type.count == graph.type(of: node.operands[0]).count
    default: false
    }
  }

  private static func join(_ left: Stage, _ right: Stage) -> Stage {
    if left == right || right == .fixed { return left }
    if left == .fixed { return right }
    return .linear
  }

  func isSplat(_ value: Value) -> Bool { graph.splat(value) != nil }

  func isSource(_ value: Value) -> Bool { graph[value].primitive is Source }

  /// Whether fused groups repeat the value on the fly instead of reading it from memory.
  func isVirtual(_ value: Value) -> Bool { isSplat(value) || broadcastKind(value) != nil }

  /// The roots of the operands of a node.
  func operands(_ value: Value) -> [Value] { graph[value].operands.map { root[$0.index] } }

  // MARK: - Stages

  private mutating func assignMembers() {
    let needed = graph.ancestors(of: outputs.map(\.value))
    var computed: [Stage: [Value]] = [:]
    for value in graph.values
    where needed[value.index] && root[value.index] == value && !isSource(value) && !isSplat(value) {
      computed[stage[value.index], default: []].append(value)
    }
    let linear = computed[.linear] ?? []
    // Primal values that the linear stage asks for, and those of them it had better work out again than read.
    var wanted: Set<Value> = []
    for value in linear { wanted.formUnion(operands(value).filter { stage[$0.index] == .primal && !isSource($0) }) }
    for output in outputs where output.destination.stage == .linear {
      let own = root[output.value.index]
      if stage[own.index] == .primal && !isSplat(own) { wanted.insert(own) }
    }
    var recomputed: Set<Value> = []
    for value in (computed[.primal] ?? []).reversed() where wanted.contains(value) && broadcastKind(value) != nil {
      recomputed.insert(value)
      wanted.formUnion(operands(value).filter { stage[$0.index] == .primal && !isSource($0) })
    }
    for value in computed[.primal] ?? [] where wanted.contains(value) && isCheap(value) {
      let available = operands(value).allSatisfy {
        isSource($0) || isSplat($0) || stage[$0.index] == .fixed || wanted.contains($0)
      }
      if available { recomputed.insert(value) }
    }
    residuals = Set(wanted.filter { stage[$0.index] == .primal }).subtracting(recomputed)
    members[.fixed] = computed[.fixed]
    members[.direction] = computed[.direction]
    members[.linear] = (linear + recomputed).sorted { $0.index < $1.index }
    var primalRoots = residuals
    for output in outputs where output.destination.stage == .primal { primalRoots.insert(output.value) }
    let primalNeeded = graph.ancestors(of: primalRoots)
    members[.primal] = (computed[.primal] ?? []).filter { primalNeeded[$0.index] }
  }

  /// Whether computing an element again costs about as much as reading it.
  func isCheap(_ value: Value) -> Bool {
    guard case .elementwise(let operation) = graph[value].primitive.lowering else { return false }
    switch operation {
    case .negate, .absolute, .sign, .add, .subtract, .multiply, .maximum, .minimum, .select, .maskPositive,
      .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual:
      return true
    default: return false
    }
  }

  // MARK: - Plan

  mutating func plan(into plan: inout Plan) {
    assignMembers()
    placeSources()
    // Values of an earlier stage that a later one reads from memory.
    for value in members.values.joined() {
      for operand in operands(value) where !isSource(operand) && !isVirtual(operand) {
        let own = stage[operand.index]
        if own == .fixed || own == .direction { placeShared(operand, own == .fixed ? .fixed : .direction) }
      }
    }
    for value in residuals.sorted(by: { $0.index < $1.index }) { placeShared(value, .residual) }
    for output in outputs {
      let own = root[output.value.index]
      // A repeated value is written out by the stage that adds it to the result.
      if isVirtual(own) { continue }
      if stage[own.index] == .fixed, shared[own] == nil { placeShared(own, .fixed) }
      if stage[own.index] == .direction, shared[own] == nil { placeShared(own, .direction) }
    }
    var arenaCount = 0
    for own in Stage.allCases {
      var builder = StagePlanner(planner: self, stage: own)
      builder.build()
      for splat in builder.materializedSplats where shared[splat] == nil { placeShared(splat, .fixed) }
      builder.planner.shared = shared
      builder.planner.sharedCounts = sharedCounts
      builder.emit(into: &plan)
      packing = builder.planner.packing
      sharedCounts = builder.planner.sharedCounts
      arenaCount = max(arenaCount, builder.arenaCount)
    }
    // Numbers that kernels read from memory are written once, with the fixed values.
    var fills: [Instruction] = []
    for (value, reference) in shared.sorted(by: { $0.key.index < $1.key.index }) {
      if let number = graph.splat(value) {
        fills.append(.fill(result: reference, number: number, count: graph.type(of: value).count))
      }
    }
    plan.instructions[.fixed] = fills + (plan.instructions[.fixed] ?? [])
    plan.packing = packing.instructions
    plan.counts[.arena] = arenaCount
    for (region, count) in sharedCounts { plan.counts[region] = count }
    for output in outputs {
      let reference = output.destination.reference
      plan.counts[reference.region] = max(
        plan.count(reference.region), reference.offset + graph.type(of: output.value).count)
    }
  }

  private mutating func placeSources() {
    for value in graph.values {
      switch graph[value].primitive as? Source {
      case .parameter(let index):
        shared[value] = Reference(region: .parameters, offset: sourceOffsets.parameters[index])
      case .vector(let index): shared[value] = Reference(region: .vector, offset: sourceOffsets.vectors[index])
      case .literal(let index): shared[value] = Reference(region: .literals, offset: sourceOffsets.literals[index])
      case .data(.inputs): shared[value] = Reference(region: .inputs, offset: 0)
      case .data(.targets): shared[value] = Reference(region: .targets, offset: 0)
      case .data(.weights): shared[value] = Reference(region: .weights, offset: 0)
      case .data(.draws): shared[value] = Reference(region: .draws, offset: 0)
      case .vectorRows:
        shared[value] = Reference(region: .vectorRows, offset: 0)
        sharedCounts[.vectorRows] = graph.type(of: value).count
      default: break
      }
    }
  }

  private mutating func placeShared(_ value: Value, _ region: Region) {
    guard shared[value] == nil else { return }
    let size = (max(1, graph.type(of: value).count) + 15) & ~15
    shared[value] = Reference(region: region, offset: sharedCounts[region] ?? 0)
    sharedCounts[region, default: 0] += size
  }
}
