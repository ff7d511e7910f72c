import Tensors

/// A fused group of elementwise, broadcast and reduction steps over the same rows × columns, run tile by tile.
///
/// A tile is a few whole rows: small enough that every intermediate stays in the first-level cache, so a group reads its
/// operands and writes its results once, whatever the number of steps. Each step is one precompiled kernel.
struct TileProgram: Sendable {
  /// A full value has rows × columns elements, a column value one a row.
  enum Width: Sendable { case full, column }

  /// Where a step finds an operand or leaves its result.
  enum Place: Hashable, Sendable {
    /// A tile in the worker's scratch memory.
    case slot(Int)
    /// The tile's rows of an array in memory.
    case memory(Reference)
  }

  enum Step: Sendable {
    case elementwise(ElementwiseOperation, width: Width, result: Place, operands: [Place])
    /// A column value repeated over the columns.
    case repeatColumn(result: Place, operand: Place)
    /// Rows reduced to a column value.
    case reduceRows(Reduction, result: Place, operand: Place)
    /// Rows added to a row vector in memory.
    case addRows(result: Reference, operand: Place)
    /// Everything added to one element in memory.
    case addAll(width: Width, result: Reference, operand: Place)
  }

  /// What is the same for all tiles, put into slots before the first.
  enum Preparation: Sendable {
    case number(slot: Int, Double)
    case row(slot: Int, Reference)
    /// One element in memory, repeated over the slot.
    case element(slot: Int, Reference)
  }

  var rows: Int
  var columns: Int
  var preparations: [Preparation] = []
  var steps: [Step] = []
  var slotCount = 0

  /// Elements of a tile; at least one row.
  static let tileCount = 2048

  var rowsPerTile: Int { max(1, min(rows, Self.tileCount / max(1, columns))) }
  var slotSize: Int { (rowsPerTile * columns + 15) & ~15 }
  /// Elements of scratch memory a run needs.
  var scratchCount: Int { slotCount * slotSize }

  func run<Scalar: Real>(_ memory: Memory<Scalar>, scratch: UnsafeMutablePointer<Scalar>) {
    let rowsPerTile = self.rowsPerTile
    let slotSize = self.slotSize
    for preparation in preparations {
      switch preparation {
      case .number(let slot, let number):
        Scalar.fill(Scalar(number), scratch + slot * slotSize, count: rowsPerTile * columns)
      case .row(let slot, let reference):
        Scalar.repeatRow(memory[reference], scratch + slot * slotSize, rows: rowsPerTile, columns: columns)
      case .element(let slot, let reference):
        Scalar.fill(memory[reference].pointee, scratch + slot * slotSize, count: rowsPerTile * columns)
      }
    }
    var start = 0
    while start < rows {
      let count = min(rowsPerTile, rows - start)
      func pointer(_ place: Place, _ width: Width) -> UnsafeMutablePointer<Scalar> {
        switch place {
        case .slot(let slot): scratch + slot * slotSize
        case .memory(let reference): memory[reference] + (width == .full ? start * columns : start)
        }
      }
      for step in steps {
        switch step {
        case .elementwise(let operation, let width, let result, let operands):
          Scalar.run(
            Scalar.step(operation), pointer(result, width), pointer(operands[0], width),
            operands.count > 1 ? UnsafePointer(pointer(operands[1], width)) : nil,
            operands.count > 2 ? UnsafePointer(pointer(operands[2], width)) : nil,
            count: width == .full ? count * columns : count)
        case .repeatColumn(let result, let operand):
          Scalar.repeatColumn(pointer(operand, .column), pointer(result, .full), rows: count, columns: columns)
        case .reduceRows(.sum, let result, let operand):
          Scalar.rowSum(pointer(operand, .full), pointer(result, .column), rows: count, columns: columns)
        case .reduceRows(.maximum, let result, let operand):
          Scalar.rowMaximum(pointer(operand, .full), pointer(result, .column), rows: count, columns: columns)
        case .addRows(let result, let operand):
          Scalar.columnSum(pointer(operand, .full), memory[result], rows: count, columns: columns)
        case .addAll(let width, let result, let operand):
          var sum: Scalar = 0
          Scalar.rowSum(
            pointer(operand, width), &sum, rows: 1, columns: width == .full ? count * columns : count)
          memory[result].pointee += sum
        }
      }
      start += count
    }
  }
}

/// The base address of every region, as one worker sees them while it runs one microbatch.
struct Memory<Scalar: Real> {
  private var bases: [UnsafeMutablePointer<Scalar>?]

  init() { bases = Array(repeating: nil, count: Region.allCases.count) }

  subscript(region: Region) -> UnsafeMutablePointer<Scalar>? {
    get { bases[region.rawValue] }
    set { bases[region.rawValue] = newValue }
  }

  /// The address of a reference; the region must have been set.
  subscript(reference: Reference) -> UnsafeMutablePointer<Scalar> {
    bases[reference.region.rawValue].unsafelyUnwrapped + reference.offset
  }
}
