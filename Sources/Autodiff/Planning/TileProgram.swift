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

  // A step on a tile takes less time than looking up what a generic type is made of.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
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
    // Addresses are worked out once; the loop over tiles touches plain values only.
    withUnsafeTemporaryAllocation(of: ResolvedStep<Scalar>.self, capacity: steps.count) { resolved in
      for (index, step) in steps.enumerated() {
        resolved.initializeElement(at: index, to: ResolvedStep(step, columns: columns, memory, scratch, slotSize))
      }
      var start = 0
      while start < rows {
        let count = min(rowsPerTile, rows - start)
        for index in 0..<steps.count { resolved[index].run(start: start, rows: count, columns: columns) }
        start += count
      }
    }
  }
}

/// A step with the addresses it works on.
private struct ResolvedStep<Scalar: Real> {
  /// An address and how far it moves with each row.
  struct Address {
    var base: UnsafeMutablePointer<Scalar>
    var stride: Int

    func at(_ row: Int) -> UnsafeMutablePointer<Scalar> { base + row * stride }
  }

  enum Work {
    case elementwise(Scalar.Step)
    case repeatColumn
    case sumRows
    case maximumOfRows
    case addRows
    case addAll
  }

  var work: Work
  /// Elements a row of the step: the columns, or 1 for column values.
  var width: Int
  var result: Address
  var a: Address
  var b: Address?
  var c: Address?

  init(
    _ step: TileProgram.Step, columns: Int, _ memory: Memory<Scalar>, _ scratch: UnsafeMutablePointer<Scalar>,
    _ slotSize: Int
  ) {
    func address(_ place: TileProgram.Place, _ width: TileProgram.Width) -> Address {
      switch place {
      case .slot(let slot): Address(base: scratch + slot * slotSize, stride: 0)
      case .memory(let reference): Address(base: memory[reference], stride: width == .full ? columns : 1)
      }
    }
    switch step {
    case .elementwise(let operation, let width, let result, let operands):
      work = .elementwise(Scalar.step(operation))
      self.width = width == .full ? columns : 1
      self.result = address(result, width)
      a = address(operands[0], width)
      b = operands.count > 1 ? address(operands[1], width) : nil
      c = operands.count > 2 ? address(operands[2], width) : nil
    case .repeatColumn(let result, let operand):
      work = .repeatColumn
      width = columns
      self.result = address(result, .full)
      a = address(operand, .column)
    case .reduceRows(let reduction, let result, let operand):
      work = reduction == .sum ? .sumRows : .maximumOfRows
      width = columns
      self.result = address(result, .column)
      a = address(operand, .full)
    case .addRows(let result, let operand):
      work = .addRows
      width = columns
      self.result = Address(base: memory[result], stride: 0)
      a = address(operand, .full)
    case .addAll(let width, let result, let operand):
      work = .addAll
      self.width = width == .full ? columns : 1
      self.result = Address(base: memory[result], stride: 0)
      a = address(operand, width)
    }
  }

  func run(start: Int, rows: Int, columns: Int) {
    switch work {
    case .elementwise(let step):
      Scalar.run(
        step, result.at(start), a.at(start), b.map { UnsafePointer($0.at(start)) },
        c.map { UnsafePointer($0.at(start)) }, count: rows * width)
    case .repeatColumn:
      Scalar.repeatColumn(a.at(start), result.at(start), rows: rows, columns: columns)
    case .sumRows:
      Scalar.rowSum(a.at(start), result.at(start), rows: rows, columns: columns)
    case .maximumOfRows:
      Scalar.rowMaximum(a.at(start), result.at(start), rows: rows, columns: columns)
    case .addRows:
      Scalar.columnSum(a.at(start), result.base, rows: rows, columns: columns)
    case .addAll:
      var sum: Scalar = 0
      Scalar.rowSum(a.at(start), &sum, rows: 1, columns: rows * width)
      result.base.pointee += sum
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
