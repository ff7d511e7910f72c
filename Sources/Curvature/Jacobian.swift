import Autodiff
import Krylov
import Tensors

/// The Jacobian of a network as a linear map: from directions in the selected parameters to changes of the outputs of
/// all samples, one after the other in data order; its transpose the other way.
///
/// Products are the same bits for any number of workers. Cost of a product with the primal kept: two matrix products a
/// dense layer (one in the first); of the transpose the same.
public struct Jacobian<Scalar: Real>: LinearMap, Sendable {
  /// Vectors over the selected parameters.
  public let domain: DenseVectorSpace<Scalar>
  /// Vectors with n·C elements.
  public let codomain: DenseVectorSpace<Scalar>
  let forward: Executor<Scalar>
  let backward: Executor<Scalar>
  /// n·C with the samples that a fixed batch is filled up with.
  let paddedCount: Int
  var order: SampleOrder

  /// J v for each of the vectors.
  public func apply(_ vectors: [Vector<Scalar>]) throws -> [Vector<Scalar>] {
    try requireCount(vectors, domain.dimension)
    return forward.applyRows(vectors).map { order.asGiven($0.resized(to: codomain.dimension)) }
  }

  /// Jᵀu for each of the vectors.
  public func applyTransposed(_ vectors: [Vector<Scalar>]) throws -> [Vector<Scalar>] {
    try requireCount(vectors, codomain.dimension)
    return backward.apply(vectors.map { order.asCut($0).resized(to: paddedCount) })
  }

  private func requireCount(_ vectors: [Vector<Scalar>], _ count: Int) throws {
    for vector in vectors where vector.count != count {
      throw InputError("a vector of \(vector.count) elements for a Jacobian with \(count)")
    }
  }
}

/// The order of the samples in the data, and that in which they are cut into groups of batch normalisation.
struct SampleOrder: Sendable {
  /// The sample of the data at each place; `nil` where both orders are the same.
  let samples: [Int]?

  /// Rows in cut order, as many elements for each sample, in the order of the data.
  func asGiven<Scalar: Real>(_ rows: Vector<Scalar>) -> Vector<Scalar> {
    moved(rows) { place, sample in (place, sample) }
  }

  /// Rows in the order of the data, in cut order.
  func asCut<Scalar: Real>(_ rows: Vector<Scalar>) -> Vector<Scalar> {
    moved(rows) { place, sample in (sample, place) }
  }

  private func moved<Scalar: Real>(
    _ rows: Vector<Scalar>, _ way: (_ place: Int, _ sample: Int) -> (from: Int, to: Int)
  ) -> Vector<Scalar> {
    guard let samples, !samples.isEmpty else { return rows }
    let width = rows.count / samples.count
    var result = Vector<Scalar>(zeros: rows.count)
    result.withUnsafeMutablePointer { target in
      rows.withUnsafePointer { source in
        for (place, sample) in samples.enumerated() {
          let (from, to) = way(place, sample)
          (target + to * width).update(from: source + from * width, count: width)
        }
      }
    }
    return result
  }
}

/// What a Jacobian is of.
public enum JacobianTarget: Sendable {
  /// The network's outputs z; rows of samples of weight zero are zero.
  case outputs
  /// The samples' losses, one a row.
  case losses
}

extension ObjectiveGraph {
  /// J v, a row for each sample.
  mutating func jacobianProduct(_ target: JacobianTarget) throws(InputError) -> [(Value, ResultDestination)] {
    let value = target == .outputs ? outputs : sampleLosses
    let tangent = try graph.linearize([value], at: parameters, along: vectors)[0]
    let product = if let tangent { tangent } else { try graph.constant(0, graph.shape(of: value)) }
    return [(try countedRows(product), .linearRows)]
  }

  /// Jᵀu
  mutating func transposedJacobianProduct(_ target: JacobianTarget) throws(InputError) -> [(Value, ResultDestination)] {
    let value = target == .outputs ? outputs : sampleLosses
    let direction = graph.source(.vectorRows, type: graph.type(of: value))
    let products = try graph.pullBack([value], cotangents: [countedRows(direction)], at: parameters)
    return destinations(products, from: 0) { .linear(offset: $0) }
  }

  /// The value with zeros in the rows of samples of weight zero.
  private mutating func countedRows(_ value: Value) throws(InputError) -> Value {
    let shape = graph.shape(of: value)
    let rows = graph.type(of: weights).count
    let matrix = [rows, graph.type(of: value).count / max(1, rows)]
    let isCounted = try graph.compare(weights, .notEqual, graph.constant(0, [rows]))
    let repeated = try graph.broadcast(isCounted, to: matrix, dimensions: [0])
    let chosen = try graph.select(repeated, graph.reshape(value, to: matrix), graph.constant(0, matrix))
    return try graph.reshape(chosen, to: shape)
  }
}

extension Objective {
  /// The elements of a sample's outputs.
  public var outputsPerSample: Int { outputShape.reduce(1, *) }

  /// The space of vectors over all outputs of all samples, n·C.
  public var outputSpace: DenseVectorSpace<Scalar> {
    DenseVectorSpace(dimension: sampleCount * outputsPerSample, pool: pool)
  }

  func space(of vector: Vector<Scalar>) -> DenseVectorSpace<Scalar> {
    DenseVectorSpace(dimension: vector.count, pool: pool)
  }

  /// The Jacobian at the selected parameters of the outputs, or of the losses, of all samples.
  ///
  /// Both directions keep residuals of their own, each in half of the memory for them.
  public func jacobian(of target: JacobianTarget = .outputs) throws -> Jacobian<Scalar> {
    var jacobian = try cutJacobian(of: target)
    jacobian.order = SampleOrder(samples: order)
    return jacobian
  }

  /// The Jacobian with its rows in the order in which the samples are cut, that of targets and weights in ``data``.
  func cutJacobian(of target: JacobianTarget = .outputs) throws -> Jacobian<Scalar> {
    var halved = self
    halved.options.shareResiduals(among: 2)
    let width = target == .outputs ? outputsPerSample : data.rowsPerSample
    return Jacobian(
      domain: space, codomain: DenseVectorSpace(dimension: sampleCount * width, pool: pool),
      forward: try halved.executor { graph throws(InputError) in try graph.jacobianProduct(target) },
      backward: try halved.executor { graph throws(InputError) in try graph.transposedJacobianProduct(target) },
      paddedCount: data.samples * width, order: SampleOrder(samples: nil))
  }

  /// The network's outputs for all samples, in data order.
  public func outputs() throws -> Vector<Scalar> {
    try SampleOrder(samples: order).asGiven(cutOutputs())
  }

  /// The network's outputs for all samples, in the order in which they are cut.
  func cutOutputs() throws -> Vector<Scalar> {
    try executor { graph throws(InputError) in [(graph.outputs, .primalRows)] }.evaluateRows()
      .resized(to: sampleCount * outputsPerSample)
  }

  /// The loss of every sample (position), in data order; 0 where its label is ignored.
  public func sampleLosses() throws -> Vector<Scalar> {
    let losses = try executor { graph throws(InputError) in [(graph.sampleLosses, .primalRows)] }.evaluateRows()
    return SampleOrder(samples: order).asGiven(losses.resized(to: sampleCount * data.rowsPerSample))
  }
}

extension Vector {
  /// The vector cut off, or filled up with zeros, at `size` elements.
  func resized(to size: Int) -> Vector {
    if size == count { return self }
    var result = Vector(zeros: size)
    result.withUnsafeMutablePointer { target in
      withUnsafePointer { target.update(from: $0, count: Swift.min(size, count)) }
    }
    return result
  }
}
