import Tensors

extension StagePlanner {
  /// Places this stage's values in memory and writes its instructions.
  mutating func emit(into plan: inout Plan) {
    placeValues()
    var instructions: [Instruction] = []
    var begun: Set<Int> = []
    var operations = 0.0
    var elements = 0.0
    for unit in units {
      switch unit {
      case .kernel(let value, _) where isExchange(value):
        instructions.append(
          .allReduce(
            result: reference(value), operand: reference(planner.operands(value)[0]),
            count: planner.graph.type(of: value).count))
      case .kernel(let value, let target):
        var kernel = kernel(value)
        operations += kernel.operationCount
        var operands = planner.operands(value).map { reference($0) }
        if planner.packsOperands, stage == .primal || stage == .linear {
          kernel = packed(kernel, planner.operands(value), &operands)
        }
        if let target {
          let mode = begin(target, &begun)
          instructions.append(.kernel(kernel, operands: operands, result: target.reference, accumulate: mode))
        } else {
          instructions.append(.kernel(kernel, operands: operands, result: reference(value), accumulate: .overwrite))
        }
      case .addTo(let value, let target):
        let count = planner.graph.type(of: value).count
        elements += 2 * Double(count)
        instructions.append(
          .addTo(result: target.reference, operand: reference(value), count: count, accumulate: begin(target, &begun)))
      case .repeated(let value):
        let node = planner.graph[value]
        guard case .broadcast(let dimensions) = node.primitive.lowering else { continue }
        let copy = StridedCopy.repeating(
          planner.graph.shape(of: node.operands[0]), to: node.type.shape, dimensions: dimensions)
        elements += Double(node.type.count)
        instructions.append(
          .kernel(
            copy, operands: [reference(planner.operands(value)[0])], result: reference(value), accumulate: .overwrite))
      case .group(let group):
        for member in group.members where !isTiledMember(member) {
          let count = planner.graph.type(of: member).count
          if let target = targets[member] {
            if begun.insert(target.output).inserted {
              instructions.append(beginning(target.reference, count, isRows: target.isRows))
            }
          } else {
            instructions.append(.fill(result: reference(member), number: 0, count: count))
          }
        }
        var emitter = GroupEmitter(stage: self, group: group)
        let program = emitter.program()
        elements += Double(emitter.memoryElements)
        instructions.append(.program(program))
      }
    }
    // A result that nothing adds to is zero.
    for (index, output) in planner.outputs.enumerated()
    where output.destination.stage == stage && !begun.contains(index) {
      let count = planner.graph.type(of: output.value).count
      instructions.append(beginning(output.destination.reference, count, isRows: output.destination.isRows))
    }
    plan.instructions[stage] = instructions
    plan.operationCounts[stage] = operations
    plan.elementCounts[stage] = elements
  }

  /// Whether slices of a group wait for each other at a node: what does not depend on the data is alike in all.
  func isExchange(_ value: Value) -> Bool {
    guard case .allReduce = planner.graph[value].primitive.lowering else { return false }
    return stage == .primal || stage == .linear
  }

  private func begin(_ target: SumTarget, _ begun: inout Set<Int>) -> Accumulation {
    guard begun.insert(target.output).inserted else { return .add }
    return target.isRows ? .overwrite : .sumOverMicrobatches
  }

  /// Begins a result that terms are added to.
  private func beginning(_ result: Reference, _ count: Int, isRows: Bool) -> Instruction {
    isRows ? .fill(result: result, number: 0, count: count) : .beginSum(result: result, count: count)
  }

  private func isTiledMember(_ value: Value) -> Bool {
    guard case .reduction = planner.graph[value].primitive.lowering else { return true }
    if case .rows = planner.reductionKind(value) { return true }
    return false
  }

  /// The kernel with packed right operands where that is worth it; `references` then names the packed ones.
  private mutating func packed(
    _ kernel: any OpaqueKernel, _ operands: [Value], _ references: inout [Reference]
  ) -> any OpaqueKernel {
    if var sum = kernel as? SumOfProductKernels {
      sum.first = packed(sum.first, operands[1], &references[1])
      sum.second = packed(sum.second, operands[3], &references[3])
      return sum
    }
    return operands.count == 2 ? packed(kernel, operands[1], &references[1]) : kernel
  }

  private mutating func packed(
    _ kernel: any OpaqueKernel, _ right: Value, _ reference: inout Reference
  ) -> any OpaqueKernel {
    // A repeated value is written out where it is read, after what packs operands has run.
    guard planner.shared[right] != nil,
      let packed = planner.packing.packed(
        kernel, right: right, stage: planner.stage[right.index], at: reference, counts: &planner.sharedCounts)
    else { return kernel }
    reference = packed.packed
    return packed.kernel
  }

  private func kernel(_ value: Value) -> any OpaqueKernel {
    let node = planner.graph[value]
    let shapes = node.operands.map { planner.graph.shape(of: $0) }
    switch node.primitive.lowering {
    case .product(let product): return product.kernel(shapes[0], shapes[1])
    case .products(let first, let second):
      return SumOfProductKernels(
        first: first.kernel(shapes[0], shapes[1]), second: second.kernel(shapes[2], shapes[3]))
    case .permutation(let permutation): return StridedCopy.permuting(shapes[0], permutation)
    case .kernel(let make): return make(shapes)
    case .broadcast(let dimensions):
      return StridedCopy.repeating(shapes[0], to: node.type.shape, dimensions: dimensions)
    case .reduction(let reduction):
      let dimensions = (node.primitive as? Reduce)?.dimensions ?? []
      return StridedReduction(reduction, shapes[0], over: dimensions)
    case .allReduce(let slices): return RepeatedSum(slices: slices, count: node.type.count)
    case .source, .splat, .elementwise, .alias:
      preconditionFailure("\(node.primitive.name) is not a kernel")
    }
  }

  /// Where a value that instructions read from or write to memory is.
  func reference(_ value: Value) -> Reference {
    guard let reference = planner.shared[value] ?? places[value] else {
      preconditionFailure("%\(value.index) = \(planner.graph[value].primitive.name) has no place in memory")
    }
    return reference
  }

  func isInMemory(_ value: Value) -> Bool { planner.shared[value] != nil || places[value] != nil }

  // MARK: - Places

  /// Gives an arena place to every value of this stage that some other unit reads.
  private mutating func placeValues() {
    var lastUse: [Value: Int] = [:]
    func use(_ value: Value, _ index: Int) {
      guard let made = producer[value], made != index || !isTiledMember(value) else { return }
      lastUse[value] = max(lastUse[value] ?? 0, index)
    }
    for (index, unit) in units.enumerated() {
      switch unit {
      case .kernel(let value, _):
        for operand in planner.operands(value) { use(operand, index) }
        if targets[value] == nil { lastUse[value] = max(lastUse[value] ?? 0, index) }
      case .addTo(let value, _):
        use(value, index)
      case .repeated(let value):
        use(planner.operands(value)[0], index)
        lastUse[value] = max(lastUse[value] ?? 0, index)
      case .group(let group):
        for input in group.inputs { use(input, index) }
        for member in group.members where !isTiledMember(member) && targets[member] == nil {
          lastUse[member] = max(lastUse[member] ?? 0, index)
        }
      }
    }
    var arena = Arena()
    let order = lastUse.keys.sorted { (producer[$0] ?? 0, $0.index) < (producer[$1] ?? 0, $1.index) }
    for value in order where planner.shared[value] == nil {
      let offset = arena.place(
        size: planner.graph.type(of: value).count, from: producer[value] ?? 0, through: lastUse[value] ?? 0)
      places[value] = Reference(region: .arena, offset: offset)
    }
    arenaCount = arena.count
  }
}

/// Writes the tile program of one group.
private struct GroupEmitter {
  let stage: StagePlanner
  let group: StagePlanner.Group
  private var result: TileProgram
  private var slots: [Value: Int] = [:]
  /// By bit pattern: 0 and −0 are two numbers.
  private var numbers: [UInt64: Int] = [:]
  private(set) var memoryElements = 0

  init(stage: StagePlanner, group: StagePlanner.Group) {
    self.stage = stage
    self.group = group
    result = TileProgram(rows: group.space.rows, columns: group.space.columns ?? 1)
  }

  private var planner: Planner { stage.planner }

  mutating func program() -> TileProgram {
    let full = result.rows * result.columns
    for input in group.inputs where stage.isInMemory(input) { memoryElements += planner.graph.type(of: input).count }
    for member in group.members {
      let node = planner.graph[member]
      let sources = planner.operands(member)
      switch node.primitive.lowering {
      case .elementwise(let operation):
        let width = planner.space(node.type.shape).width
        let operands = sources.map { place($0, width) }
        result.steps.append(.elementwise(operation, width: width, result: destination(member), operands: operands))
      case .reduction:
        let width = planner.space(planner.graph.shape(of: node.operands[0])).width
        let operand = place(sources[0], width)
        switch planner.reductionKind(member) {
        case .rows(let reduction):
          result.steps.append(.reduceRows(reduction, result: destination(member), operand: operand))
        case .columns:
          result.steps.append(.addRows(result: sumReference(member), operand: operand))
        case .all:
          result.steps.append(.addAll(width: width, result: sumReference(member), operand: operand))
        case nil: preconditionFailure("\(node.primitive.name) is not a fused reduction")
        }
      default: preconditionFailure("\(node.primitive.name) cannot be fused")
      }
      if stage.isInMemory(member) { memoryElements += min(full, node.type.count) }
    }
    reuseSlots()
    return result
  }

  private func sumReference(_ member: Value) -> Reference {
    stage.targets[member]?.reference ?? stage.reference(member)
  }

  private mutating func newSlot() -> Int {
    result.slotCount += 1
    return result.slotCount - 1
  }

  private mutating func destination(_ member: Value) -> TileProgram.Place {
    if stage.isInMemory(member) { return .memory(stage.reference(member)) }
    let slot = newSlot()
    slots[member] = slot
    return .slot(slot)
  }

  private mutating func place(_ value: Value, _ width: TileProgram.Width) -> TileProgram.Place {
    if let number = planner.graph.splat(value) {
      if let slot = numbers[number.bitPattern] { return .slot(slot) }
      let slot = newSlot()
      numbers[number.bitPattern] = slot
      result.preparations.append(.number(slot: slot, number))
      return .slot(slot)
    }
    if let slot = slots[value] { return .slot(slot) }
    guard let kind = planner.broadcastKind(value) else { return .memory(stage.reference(value)) }
    let source = planner.operands(value)[0]
    let slot: Int
    switch kind {
    case .column:
      let operand = place(source, .column)
      slot = newSlot()
      result.steps.append(.repeatColumn(result: .slot(slot), operand: operand))
    case .row:
      slot = newSlot()
      result.preparations.append(.row(slot: slot, stage.reference(source)))
    case .element:
      slot = newSlot()
      result.preparations.append(.element(slot: slot, stage.reference(source)))
    }
    slots[value] = slot
    return .slot(slot)
  }

  /// Renumbers the slots so that a slot is taken again once its value has been read for the last time.
  private mutating func reuseSlots() {
    var pinned: [Int] = []
    for preparation in result.preparations {
      switch preparation {
      case .number(let slot, _), .row(let slot, _), .element(let slot, _): pinned.append(slot)
      }
    }
    var lastUse: [Int: Int] = [:]
    for (index, step) in result.steps.enumerated() {
      for case .slot(let slot) in step.places { lastUse[slot] = index }
    }
    var renamed: [Int: Int] = [:]
    for slot in pinned { renamed[slot] = renamed.count }
    var count = pinned.count
    var free: [Int] = []
    for (index, step) in result.steps.enumerated() {
      for case .slot(let slot) in step.operandPlaces + [step.resultPlace].compactMap({ $0 }) where renamed[slot] == nil
      {
        if let reused = free.popLast() {
          renamed[slot] = reused
        } else {
          renamed[slot] = count
          count += 1
        }
      }
      for case .slot(let slot) in Set(step.places) where lastUse[slot] == index && !pinned.contains(slot) {
        if let name = renamed[slot] { free.append(name) }
      }
    }
    result.slotCount = count
    result.steps = result.steps.map { $0.renamingSlots(renamed) }
    result.preparations = result.preparations.map { preparation in
      switch preparation {
      case .number(let slot, let number): .number(slot: renamed[slot] ?? slot, number)
      case .row(let slot, let reference): .row(slot: renamed[slot] ?? slot, reference)
      case .element(let slot, let reference): .element(slot: renamed[slot] ?? slot, reference)
      }
    }
  }
}

extension TileProgram.Step {
  fileprivate var operandPlaces: [TileProgram.Place] {
    switch self {
    case .elementwise(_, _, _, let operands): operands
    case .repeatColumn(_, let operand), .reduceRows(_, _, let operand), .addRows(_, let operand),
      .addAll(_, _, let operand):
      [operand]
    }
  }

  fileprivate var resultPlace: TileProgram.Place? {
    switch self {
    case .elementwise(_, _, let result, _), .repeatColumn(let result, _), .reduceRows(_, let result, _): result
    case .addRows, .addAll: nil
    }
  }

  fileprivate var places: [TileProgram.Place] { operandPlaces + [resultPlace].compactMap { $0 } }

  fileprivate func renamingSlots(_ names: [Int: Int]) -> Self {
    func renamed(_ place: TileProgram.Place) -> TileProgram.Place {
      if case .slot(let slot) = place { return .slot(names[slot] ?? slot) }
      return place
    }
    switch self {
    case .elementwise(let operation, let width, let result, let operands):
      return .elementwise(operation, width: width, result: renamed(result), operands: operands.map(renamed))
    case .repeatColumn(let result, let operand):
      return .repeatColumn(result: renamed(result), operand: renamed(operand))
    case .reduceRows(let reduction, let result, let operand):
      return .reduceRows(reduction, result: renamed(result), operand: renamed(operand))
    case .addRows(let result, let operand): return .addRows(result: result, operand: renamed(operand))
    case .addAll(let width, let result, let operand):
      return .addAll(width: width, result: result, operand: renamed(operand))
    }
  }
}
