/// The triangular factor R of A = Q R for a tall matrix A that comes in blocks of rows and is never held: RᵀR = AᵀA,
/// and the singular values of R are those of A. Nothing is squared, so they carry the errors of A itself, some ε‖A‖.
///
/// Blocks go to lanes in turn. A lane stacks its block under its own R and factors both again; at the end the lanes' factors are
/// stacked pairwise (TSQR; Demmel, Grigori, Hoemmen, Langou 2012, doi:10.1137/080731992). Which block goes where does not
/// depend on the number of workers, so neither do the bits.
///
/// Memory: lanes · (n + b)·n numbers for blocks of up to b rows. Cost: 2n²(m + m n/b) operations for m rows.
public struct TriangularFactor: ~Copyable {
  /// n
  public let columns: Int
  /// b: the most rows of a block.
  public let blockRows: Int
  private let lanes: [AlignedStorage<Double>]
  private var filled: [Int]
  private var next = 0
  private let pool: WorkerPool

  /// Numbers held for `columns` columns.
  public static func elementCount(columns: Int, blockRows: Int, lanes: Int) -> Int {
    lanes * (columns + blockRows) * columns
  }

  public init(columns: Int, blockRows: Int, lanes: Int, pool: WorkerPool) {
    precondition(columns > 0 && blockRows > 0 && lanes > 0)
    self.columns = columns
    self.blockRows = blockRows
    self.pool = pool
    self.lanes = (0..<lanes).map { _ in AlignedStorage(count: (columns + blockRows) * columns) }
    filled = [Int](repeating: 0, count: lanes)
  }

  /// Adds a block of rows.
  ///
  /// - Parameter body: writes element (row, column) to index column · stride + row of the memory it is given, all of them.
  public mutating func append(
    rows: Int, _ body: (_ target: UnsafeMutablePointer<Double>, _ stride: Int) throws -> Void
  ) throws {
    precondition(rows <= blockRows)
    if next == lanes.count { try factorLanes() }
    try body(lanes[next].pointer + columns, leadingDimension)
    filled[next] = rows
    next += 1
  }

  /// The singular values of all rows so far, descending, n of them: zeros are added where there were fewer rows.
  ///
  /// Cost: (8/3)n³ operations.
  public consuming func singularValues() throws(InputError) -> [Double] {
    try factorLanes()
    let (first, leading) = (lanes[0].pointer, leadingDimension)
    for lane in lanes.dropFirst() {
      // Under the first lane's factor there is room for blockRows rows of another's at a time.
      for start in stride(from: 0, to: columns, by: blockRows) {
        let rows = min(blockRows, columns - start)
        for column in 0..<columns {
          for row in 0..<rows {
            first[column * leading + columns + row] =
              start + row <= column ? lane.pointer[column * leading + start + row] : 0
          }
        }
        try Self.factor(first, columns: columns, rows: rows, stride: leading)
      }
    }
    let square = AlignedStorage<Double>(count: columns * columns)
    for column in 0..<columns {
      (square.pointer + column * columns).update(from: first + column * leading, count: column + 1)
    }
    return try DenseFactorization.singularValues(overwriting: square, rows: columns, columns: columns)
  }

  private var leadingDimension: Int { columns + blockRows }

  private mutating func factorLanes() throws(InputError) {
    let (lanes, filled, columns, stride) = (lanes, filled, columns, leadingDimension)
    let problems = ProblemList(count: lanes.count)
    pool.run(tasks: next) { task, _ in
      do throws(InputError) {
        try Self.factor(lanes[task].pointer, columns: columns, rows: filled[task], stride: stride)
      } catch { problems.storage[task] = error }
    }
    next = 0
    if let problem = problems.storage.compactMap(\.self).first { throw problem }
  }

  /// Factors R stacked on `rows` rows, and leaves a triangle above zeros.
  private static func factor(
    _ matrix: UnsafeMutablePointer<Double>, columns: Int, rows: Int, stride: Int
  ) throws(InputError) {
    try DenseFactorization.orthogonalize(matrix, rows: columns + rows, columns: columns, stride: stride)
    for column in 0..<columns {
      (matrix + column * stride + column + 1).update(repeating: 0, count: stride - column - 1)
    }
  }

  /// What went wrong in each task; every task writes its own element.
  private final class ProblemList: @unchecked Sendable {
    let storage: UnsafeMutableBufferPointer<InputError?>
    init(count: Int) {
      storage = .allocate(capacity: count)
      storage.initialize(repeating: nil)
    }
    deinit {
      storage.deinitialize()
      storage.deallocate()
    }
  }
}
