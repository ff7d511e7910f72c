import Tensors

/// Orders one stage's nodes into instructions: whole-operand kernels and fused groups.
///
/// Nodes are taken in graph order. A fusable node joins an existing group over the same space when everything it reads from
/// outside the group is there before the group runs; otherwise it begins a new group.
struct StagePlanner {
  enum Unit {
    case kernel(Value, target: SumTarget?)
    case group(Group)
    /// Adds a value in memory to a sum.
    case addTo(Value, SumTarget)
    /// A repeated value that a kernel reads from memory.
    case repeated(Value)
  }

  struct Group {
    var space: Space
    var members: [Value]
    var inputs: Set<Value>
  }

  /// An output that a node contributes a term to.
  struct SumTarget {
    var output: Int
    var reference: Reference
    /// Whether every microbatch has elements of its own: there is nothing of an earlier one to add to.
    var isRows: Bool
  }

  var planner: Planner
  let stage: Stage
  var units: [Unit] = []
  /// The unit that leaves a value in memory or, for members of a group, computes it.
  var producer: [Value: Int] = [:]
  /// Constants that kernels read from memory.
  var materializedSplats: Set<Value> = []
  var arenaCount = 0
  /// Where this stage's values in memory are.
  var places: [Value: Reference] = [:]
  /// Terms of sums that their node adds to the sum itself.
  var targets: [Value: SumTarget] = [:]
  private var absorbed: Set<Value> = []
  private var additions: [(Value, SumTarget)] = []
  private var uses: [Value: Int] = [:]

  init(planner: Planner, stage: Stage) {
    self.planner = planner
    self.stage = stage
  }

  private var graph: Graph { planner.graph }

  // MARK: - Units

  mutating func build() {
    let members = planner.members[stage] ?? []
    for value in members { for operand in planner.operands(value) { uses[operand, default: 0] += 1 } }
    for output in planner.outputs { uses[planner.root[output.value.index], default: 0] += 1 }
    for value in planner.residuals { uses[value, default: 0] += 1 }
    let here = Set(members)
    for (index, output) in planner.outputs.enumerated() { splitSum(output, index, here) }
    for value in members where !absorbed.contains(value) && planner.broadcastKind(value) == nil {
      if planner.isFusable(value) { fuse(value) } else { addKernel(value) }
    }
    for (value, target) in additions {
      if planner.broadcastKind(value) != nil { materializeRepeated(value) }
      if planner.isSplat(value) { materializedSplats.insert(value) }
      units.append(.addTo(value, target))
    }
    refineGroups()
  }

  /// Takes apart a sum of terms that nothing else reads, so that each term goes straight to the result.
  private mutating func splitSum(_ output: ResultOutput, _ index: Int, _ here: Set<Value>) {
    let root = planner.root[output.value.index]
    guard output.destination.stage == stage, planner.graph.splat(output.value) != 0 else { return }
    let target = SumTarget(
      output: index, reference: output.destination.reference, isRows: output.destination.isRows)
    func visit(_ value: Value) {
      let single = uses[value] == 1 && here.contains(value)
      let node = graph[value]
      if single, node.primitive as? ElementwiseBinary == .add {
        absorbed.insert(value)
        for operand in planner.operands(value) { visit(operand) }
        return
      }
      var direct = false
      if single {
        switch node.primitive.lowering {
        case .product, .products: direct = true
        case .kernel(let make): direct = make(node.operands.map { graph.shape(of: $0) }).canAccumulate
        case .reduction:
          switch planner.reductionKind(value) {
          case .columns, .all: direct = true
          default: break
          }
        default: break
        }
      }
      if direct { targets[value] = target } else { additions.append((value, target)) }
    }
    visit(root)
  }

  private mutating func addKernel(_ value: Value) {
    for operand in planner.operands(value) {
      if planner.isSplat(operand) { materializedSplats.insert(operand) }
      if planner.broadcastKind(operand) != nil { materializeRepeated(operand) }
    }
    producer[value] = units.count
    units.append(.kernel(value, target: targets[value]))
  }

  private mutating func materializeRepeated(_ value: Value) {
    guard producer[value] == nil else { return }
    producer[value] = units.count
    units.append(.repeated(value))
  }

  /// What a group must find in memory before it runs to compute `value`, seen through repetition; and what it may also
  /// compute itself.
  func requirements(_ value: Value) -> (strict: [Value], open: [Value]) {
    var strict: [Value] = []
    var open: [Value] = []
    for operand in planner.operands(value) where !planner.isSplat(operand) {
      switch planner.broadcastKind(operand) {
      case nil: open.append(operand)
      case .column: open.append(planner.operands(operand)[0])
      case .row, .element: strict.append(planner.operands(operand)[0])
      }
    }
    return (strict, open)
  }

  private mutating func fuse(_ value: Value) {
    let space = planner.fusionSpace(value)
    let (strict, open) = requirements(value)
    for index in units.indices.reversed() {
      guard case .group(var group) = units[index], let joined = group.space.joined(space) else { continue }
      let shares = open.contains { producer[$0] == index || group.inputs.contains($0) }
      guard shares, strict.allSatisfy({ (producer[$0] ?? -1) < index }),
        open.allSatisfy({ (producer[$0] ?? -1) < index || (producer[$0] == index && isTiled($0)) })
      else { continue }
      group.space = joined
      group.members.append(value)
      group.inputs.formUnion((open + strict).filter { producer[$0] != index })
      units[index] = .group(group)
      producer[value] = index
      return
    }
    producer[value] = units.count
    units.append(.group(Group(space: space, members: [value], inputs: Set(open + strict))))
  }

  /// Whether a group's value exists tile by tile, and not only when the group is done.
  func isTiled(_ value: Value) -> Bool {
    guard case .reduction = graph[value].primitive.lowering else { return true }
    if case .rows = planner.reductionKind(value) { return true }
    return false
  }
}
