import Autodiff
import Tensors

/// Which dimension of each value of a graph counts the samples; followed from the inputs on.
struct SampleAxes {
  enum Axis: Hashable {
    /// The value has no dimension for the samples.
    case none
    /// The dimension, of outer · samples · inner elements where it counts other things, too: sample s in outer index o
    /// has the elements from (o · samples + s) · inner on.
    case dimension(Int, outer: Int)
    /// Not to be told.
    case unknown
  }

  private var axes: [Axis] = []
  private let samples: Int

  init(graph: Graph, samples: Int) {
    self.samples = samples
    axes.reserveCapacity(graph.nodes.count)
    for node in graph.nodes { axes.append(axis(of: node, graph)) }
  }

  subscript(value: Value) -> Axis { axes[value.index] }

  private func axis(of node: Graph.Node, _ graph: Graph) -> Axis {
    let own = node.operands.map { axes[$0.index] }
    let shapes = node.operands.map { graph.shape(of: $0) }
    if let source = node.primitive as? Source {
      switch source {
      case .data, .vectorRows: return .dimension(0, outer: 1)
      case .parameter, .vector, .literal, .direction: return .none
      }
    }
    let dependent = Set(own).subtracting([.none])
    guard let first = dependent.first else { return .none }
    guard dependent.count == 1, case .dimension(let axis, let outer) = first else { return .unknown }
    switch node.primitive {
    case is StopGradient: return first
    case is Reshape:
      return reshaped(before: shapes[0][..<axis].reduce(1, *) * outer, to: node.type.shape)
    case let transpose as Transpose:
      return transpose.permutation.firstIndex(of: axis).map { .dimension($0, outer: outer) } ?? .unknown
    case let reduce as Reduce:
      // Statistics of all samples are no one's.
      if reduce.dimensions.contains(axis) { return .none }
      return .dimension(axis - reduce.dimensions.count { $0 < axis }, outer: outer)
    case let broadcast as BroadcastInDim: return .dimension(broadcast.dimensions[axis], outer: outer)
    case let product as DotGeneral: return axisOfProduct(product, own, shapes, axis, outer)
    default:
      if case .elementwise = node.primitive.lowering { return first }
      // Images and their windows begin with the samples.
      let keepsFirst = axis == 0 && outer == 1 && node.type.shape.first == shapes.first?.first
      return keepsFirst ? first : .unknown
    }
  }

  /// The dimension of a shape that has the samples in it, of an array with so many indices before them.
  private func reshaped(before: Int, to shape: [Int]) -> Axis {
    var product = 1
    for (index, size) in shape.enumerated() {
      let isHere = product == before && size % samples == 0 || product <= before && before < product * size
      if isHere {
        guard before % product == 0, (product * size) % (before * samples) == 0 else { return .unknown }
        return .dimension(index, outer: before / product)
      }
      product *= size
    }
    return .unknown
  }

  private func axisOfProduct(
    _ product: DotGeneral, _ own: [Axis], _ shapes: [[Int]], _ axis: Int, _ outer: Int
  ) -> Axis {
    if axis < product.batch { return .dimension(axis, outer: outer) }
    // A free dimension of one operand, the other being the same for all samples.
    guard own.count == 2, own.contains(.none) else { return .unknown }
    let isLeft = own[1] == .none
    let contractsFirst = isLeft ? product.leftContractsFirst : product.rightContractsFirst
    let shape = shapes[isLeft ? 0 : 1]
    let start = product.batch + (contractsFirst ? product.contracted : 0)
    let free = shape.count - product.batch - product.contracted
    guard axis >= start, axis < start + free else { return .unknown }
    let leftFree = shapes[0].count - product.batch - product.contracted
    return .dimension(product.batch + (isLeft ? 0 : leftFree) + axis - start, outer: outer)
  }
}
