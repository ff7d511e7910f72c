import Tensors

/// The pixels that each position of a filter sees: images [n, c, h, w] to [n, positions, c · taps], in the order of a
/// filter's elements, padding zero.
///
/// A convolution with a filter for each tap of each channel, which is one in one place; its derivatives are that convolution's.
public struct Patches: Primitive {
  public let rows: ConvolutionGeometry.Axis
  public let columns: ConvolutionGeometry.Axis

  public init(rows: ConvolutionGeometry.Axis, columns: ConvolutionGeometry.Axis) {
    self.rows = rows
    self.columns = columns
  }

  public var name: String { "patches" }

  private var taps: Int { rows.filter * columns.filter }

  public func resultType(of operands: [TensorType]) throws(InputError) -> TensorType {
    guard operands.count == 1, operands[0].rank == 4, operands[0].element == .real,
      Array(operands[0].shape[2...]) == [rows.input, columns.input]
    else { throw InputError("\(name) of images of \(rows.input) × \(columns.input) pixels do not fit \(operands)") }
    for axis in [rows, columns] {
      guard axis.stride > 0, axis.dilation > 0, axis.filter > 0, axis.paddingLow >= 0, axis.paddingHigh >= 0,
        axis.output > 0
      else { throw InputError("\(name) of \(axis.filter) taps do not fit \(axis.input) pixels") }
    }
    return TensorType([operands[0].shape[0], rows.output * columns.output, operands[0].shape[1] * taps])
  }

  public func tangent(
    of result: Value, operands: [Value], tangents: [Value?], in graph: inout Graph
  ) throws(InputError) -> Value? {
    guard let tangent = tangents[0] else { return nil }
    return try graph.append(self, [tangent])
  }

  public func transpose(
    cotangent: Value, operands: [Value], linear: [Bool], of result: Value, in graph: inout Graph
  ) throws(InputError) -> [Value?] {
    let shape = graph.shape(of: operands[0])
    let channels = shape[1]
    let numbers = try graph.append(Iota(count: taps), [])
    let cube = [channels, taps, taps]
    let isOwn = try graph.compare(
      graph.broadcast(numbers, to: cube, dimensions: [1]), .equal,
      graph.broadcast(numbers, to: cube, dimensions: [2]))
    let unit = try graph.select(isOwn, graph.constant(1, cube), graph.constant(0, cube))
    let filters = try graph.reshape(unit, to: [channels * taps, 1, rows.filter, columns.filter])
    let planes = try graph.reshape(
      graph.transpose(cotangent, permutation: [0, 2, 1]), to: [shape[0], channels * taps, rows.output, columns.output])
    let convolution = Convolution(role: .inputGradient, rows: rows, columns: columns, groups: channels)
    return [try graph.append(convolution, [planes, filters])]
  }

  public var lowering: Lowering {
    .kernel { [rows, columns] shapes in
      PatchesKernel(images: shapes[0][0], channels: shapes[0][1], rows: rows, columns: columns)
    }
  }
}

struct PatchesKernel: OpaqueKernel {
  let images: Int
  let channels: Int
  let rows: ConvolutionGeometry.Axis
  let columns: ConvolutionGeometry.Axis

  var canAccumulate: Bool { false }
  var operationCount: Double { 0 }

  func run<Scalar: Real>(
    operands: [UnsafePointer<Scalar>], result: UnsafeMutablePointer<Scalar>, accumulate: Bool,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    cut(operands[0], result)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func cut<Scalar: Real>(_ image: UnsafePointer<Scalar>, _ result: UnsafeMutablePointer<Scalar>) {
    let plane = rows.input * columns.input
    var target = result
    for index in 0..<images {
      for y in 0..<rows.output {
        for x in 0..<columns.output {
          for channel in 0..<channels {
            let source = image + (index * channels + channel) * plane
            for i in 0..<rows.filter {
              let row = y * rows.stride + i * rows.dilation - rows.paddingLow
              let isRow = row >= 0 && row < rows.input
              for j in 0..<columns.filter {
                let column = x * columns.stride + j * columns.dilation - columns.paddingLow
                let isInside = isRow && column >= 0 && column < columns.input
                target.pointee = isInside ? source[row * columns.input + column] : 0
                target += 1
              }
            }
          }
        }
      }
    }
  }
}

extension Graph {
  /// The patches that the filters of a convolution see: [n, positions, c · taps].
  public mutating func patches(_ images: Value, of convolution: Convolution) throws(InputError) -> Value {
    try append(Patches(rows: convolution.rows, columns: convolution.columns), [images])
  }
}
