import Tensors

/// Has fewer elements pass through memory than groups made in graph order do.
///
/// A node that joins the last group it shares an operand with may run long before anything reads it, and its result
/// waits in memory. Two changes are made as long as either saves something: a member moves into the groups that read
/// it, with what it needs computed again there where that is cheap; and a group moves into an earlier one that reads or
/// makes the same values. What is computed for each element stays the same to the bit; the terms of a sum may be added in
/// another order.
extension StagePlanner {
  mutating func refineGroups() {
    var readers = readersInMemory()
    var changed = true
    while changed {
      changed = false
      for index in units.indices.reversed() {
        guard case .group(let group) = units[index] else { continue }
        for member in group.members.reversed() where moveToReaders(member, of: index, &readers) { changed = true }
      }
      for index in units.indices where moveIntoEarlierGroup(index, &readers) { changed = true }
    }
    reorder(units.indices.filter { if case .group(let group) = units[$0] { !group.members.isEmpty } else { true } })
    joinExchanges()
  }

  /// Moves sums over the slices of a group up behind the last one where their operands are there: slices wait for each
  /// other once.
  private mutating func joinExchanges() {
    var order: [Int] = []
    /// The exchange that others join, and where the last of them is.
    var run: (first: Int, end: Int)?
    for (index, unit) in units.enumerated() {
      guard case .kernel(let value, _) = unit, isExchange(value) else {
        order.append(index)
        continue
      }
      if let joined = run, (producer[planner.operands(value)[0]] ?? -1) < joined.first {
        order.insert(index, at: joined.end)
        run = (joined.first, joined.end + 1)
      } else {
        order.append(index)
        run = (index, order.count)
      }
    }
    reorder(order)
  }

  private mutating func reorder(_ order: [Int]) {
    let positions = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    producer = producer.compactMapValues { positions[$0] }
    units = order.map { units[$0] }
  }

  // MARK: - What passes through memory

  /// The units that read each value from memory.
  private func readersInMemory() -> [Value: Set<Int>] {
    var readers: [Value: Set<Int>] = [:]
    for (index, unit) in units.enumerated() {
      let read: [Value] =
        switch unit {
        case .kernel(let value, _): planner.operands(value)
        case .addTo(let value, _): [value]
        case .repeated(let value): [planner.operands(value)[0]]
        case .group(let group): Array(group.inputs)
        }
      for value in read { readers[value, default: []].insert(index) }
    }
    return readers
  }

  private func elements(_ values: Set<Value>) -> Int {
    values.reduce(0) { $0 + planner.graph.type(of: $1).count }
  }

  /// What members read that none of them computes.
  private func inputs(_ members: [Value]) -> Set<Value> {
    var inputs: Set<Value> = []
    for member in members {
      let (strict, open) = requirements(member)
      inputs.formUnion(strict + open)
    }
    return inputs.subtracting(members)
  }

  private mutating func replace(_ index: Int, by group: Group, _ readers: inout [Value: Set<Int>]) {
    if case .group(let former) = units[index] {
      for input in former.inputs { readers[input]?.remove(index) }
    }
    for input in group.inputs { readers[input, default: []].insert(index) }
    units[index] = .group(group)
  }

  /// Whether a value has to be in memory, going by who reads it.
  private func isStored(_ value: Value, _ readers: [Value: Set<Int>]) -> Bool {
    if planner.shared[value] != nil || !(readers[value] ?? []).isEmpty { return true }
    guard let index = producer[value], case .group = units[index] else { return true }
    return !isTiled(value)
  }

  // MARK: - A member to its readers

  private mutating func moveToReaders(_ value: Value, of index: Int, _ readers: inout [Value: Set<Int>]) -> Bool {
    guard case .group(let home) = units[index], producer[value] == index, planner.shared[value] == nil,
      case .elementwise = planner.graph[value].primitive.lowering,
      let reading = readers[value]?.sorted(), !reading.isEmpty
    else { return false }
    var saved = planner.graph.type(of: value).count
    var changes: [(index: Int, group: Group)] = []
    var computed: Set<Value> = []
    var left = Set(home.members)
    for reader in reading {
      guard case .group(var group) = units[reader], let needed = needed(for: value, in: group, from: home, readers)
      else {
        return false
      }
      for member in needed {
        guard let joined = group.space.joined(planner.fusionSpace(member)) else { return false }
        group.space = joined
        if !computed.insert(member).inserted, !planner.isCheap(member) { return false }
      }
      group.members = (group.members + needed).sorted { $0.index < $1.index }
      saved += elements(group.inputs)
      group.inputs = inputs(group.members)
      saved -= elements(group.inputs)
      changes.append((reader, group))
    }
    // What nothing but the moved member asks for goes with it.
    for member in home.members.reversed() where member == value || !isStored(member, readers) {
      if !left.contains(where: { requirements($0).open.contains(member) }) { left.remove(member) }
    }
    if !computed.intersection(left).allSatisfy({ planner.isCheap($0) }) { return false }
    var rest = home
    rest.members = home.members.filter(left.contains)
    rest.inputs = inputs(rest.members)
    saved += elements(home.inputs) - elements(rest.inputs)
    guard saved > 0 else { return false }
    replace(index, by: rest, &readers)
    for change in changes { replace(change.index, by: change.group, &readers) }
    for member in computed where !left.contains(member) { producer[member] = changes[0].index }
    return true
  }

  /// The members of `home` that another group has to compute itself if it is to compute `value`; `nil` where it cannot.
  private func needed(
    for value: Value, in group: Group, from home: Group, _ readers: [Value: Set<Int>]
  ) -> [Value]? {
    // A row to be repeated is read as a whole, before the group runs.
    if group.members.contains(where: { requirements($0).strict.contains(value) }) { return nil }
    var needed: [Value] = []
    var open = [value]
    while let next = open.popLast() {
      if needed.contains(next) || group.members.contains(next) { continue }
      guard case .elementwise = planner.graph[next].primitive.lowering else { return nil }
      needed.append(next)
      let requirements = requirements(next)
      for operand in requirements.strict + requirements.open
      where home.members.contains(operand) && !isStored(operand, readers) {
        open.append(operand)
      }
    }
    return needed
  }

  // MARK: - A group into an earlier one

  private mutating func moveIntoEarlierGroup(_ index: Int, _ readers: inout [Value: Set<Int>]) -> Bool {
    guard case .group(let later) = units[index], !later.members.isEmpty else { return false }
    let strict = Set(later.members.flatMap { requirements($0).strict })
    for target in (0..<index).reversed() {
      guard case .group(var earlier) = units[target], !earlier.members.isEmpty,
        let joined = earlier.space.joined(later.space)
      else { continue }
      let made = Set(earlier.members)
      let isAvailable = later.inputs.allSatisfy {
        (producer[$0] ?? -1) < target || (made.contains($0) && isTiled($0) && !strict.contains($0))
      }
      guard isAvailable else { continue }
      let shared = later.inputs.filter { made.contains($0) || earlier.inputs.contains($0) }
      guard elements(shared) > 0 else { continue }
      earlier.space = joined
      earlier.members = Set(earlier.members + later.members).sorted { $0.index < $1.index }
      earlier.inputs = inputs(earlier.members)
      replace(index, by: Group(space: later.space, members: [], inputs: []), &readers)
      replace(target, by: earlier, &readers)
      for member in later.members { producer[member] = target }
      return true
    }
    return false
  }
}
