/// The iteration space of a fused group: rows × columns; `columns` is open while only column values are in it.
struct Space: Equatable {
  var rows: Int
  var columns: Int?

  func joined(_ other: Space) -> Space? {
    guard rows == other.rows else { return nil }
    guard let mine = columns, let theirs = other.columns else {
      return Space(rows: rows, columns: columns ?? other.columns)
    }
    return mine == theirs ? self : nil
  }
}

/// How a repeated value is repeated inside a group.
enum BroadcastKind {
  /// One element a row, over the columns.
  case column
  /// One row, over the rows.
  case row
  /// One element, over everything.
  case element
}

/// How a group reduces a value.
enum ReductionKind {
  /// Each row to one element, a column value of the group.
  case rows(Reduction)
  /// All rows to one, in memory.
  case columns
  /// Everything to one element, in memory.
  case all
}

extension Planner {
  /// The space and width of a value of this shape: full where it has rows of more than one element.
  func space(_ shape: [Int]) -> (space: Space, width: TileProgram.Width) {
    let count = shape.reduce(1, *)
    guard shape.count >= 2, let columns = shape.last, columns > 1 else {
      return (Space(rows: count, columns: nil), .column)
    }
    return (Space(rows: count / columns, columns: columns), .full)
  }

  /// How a group could repeat the value, going by its shape alone.
  func ownBroadcastKind(_ value: Value) -> BroadcastKind? {
    guard root[value.index] == value, case .broadcast(let dimensions) = graph[value].primitive.lowering,
      !isSplat(value)
    else { return nil }
    let shape = graph.shape(of: value)
    let operand = graph.type(of: graph[value].operands[0])
    if operand.count == 1 { return .element }
    guard space(shape).width == .full else { return nil }
    // Dimensions of size 1 do not matter to where elements lie.
    let kept = dimensions.filter { shape[$0] > 1 }
    let leading = shape.indices.dropLast().filter { shape[$0] > 1 }
    if kept == leading { return .column }
    return kept == [shape.count - 1] ? .row : nil
  }

  func reductionKind(_ value: Value) -> ReductionKind? {
    guard let reduce = graph[value].primitive as? Reduce else { return nil }
    let shape = graph.shape(of: graph[value].operands[0])
    let reduced = reduce.dimensions.filter { shape[$0] > 1 }
    let large = shape.indices.filter { shape[$0] > 1 }
    let isFull = space(shape).width == .full
    if reduce.reduction == .sum && reduced == large { return .all }
    guard isFull else { return nil }
    if reduced == [shape.count - 1] { return .rows(reduce.reduction) }
    return reduce.reduction == .sum && reduced == Array(large.dropLast()) ? .columns : nil
  }

  /// Whether a node can be part of a fused group.
  func isFusable(_ value: Value) -> Bool {
    switch graph[value].primitive.lowering {
    case .elementwise: true
    case .reduction: reductionKind(value) != nil
    default: false
    }
  }

  /// The space a fusable node runs over.
  func fusionSpace(_ value: Value) -> Space {
    if case .reduction = graph[value].primitive.lowering {
      return space(graph.shape(of: graph[value].operands[0])).space
    }
    return space(graph.shape(of: value)).space
  }
}
