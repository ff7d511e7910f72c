import Ritz

/// The name and shape of one of the arrays that a vector is made of.
struct NamedArray {
  var name: String
  var shape: [Int]
  /// What it is of, in sentences about its shape.
  var owner = "the parameter has"
  var count: Int { shape.reduce(1, *) }
}

extension Objective {
  /// What a vector that an operator acts on is made of: the selected parameters, or the outputs of all samples.
  func arrays(of kind: OperatorKind) -> [NamedArray] {
    kind.actsOnParameters
      ? parameterArrays : [NamedArray(name: "outputs", shape: [sampleCount] + outputShape, owner: "the outputs have")]
  }

  /// The selected parameters.
  var parameterArrays: [NamedArray] {
    selection.parameters(of: network).map { NamedArray(name: $0.name, shape: $0.shape) }
  }
}

/// Vectors as arrays, such as one a parameter.
enum ParameterArrays {
  /// Reads one or several vectors from an NPZ file.
  ///
  /// - Returns: the vectors, and whether the arrays have a leading axis for them.
  static func read<Scalar: Real>(
    _ path: String, arrays: [NamedArray], as type: Scalar.Type
  ) throws -> (vectors: [Vector<Scalar>], isStacked: Bool) {
    let archive = try NumpyArchive(contentsOf: path)
    var count: Int?
    var isStacked = false
    var columns: [[Scalar]] = []
    for parameter in arrays {
      let array = try archive.array(named: parameter.name)
      let stacked = array.shape.count == parameter.shape.count + 1 && Array(array.shape.dropFirst()) == parameter.shape
      guard stacked || array.shape == parameter.shape else {
        throw InputError(
          file: path, place: parameter.name,
          "has shape \(array.shape), \(parameter.owner) \(parameter.shape)",
          remedy: "give that shape, or a leading axis for several vectors")
      }
      let own = stacked ? array.shape[0] : 1
      if let count, count != own || isStacked != stacked {
        throw InputError(
          file: path, place: parameter.name, "holds \(own) vectors, the arrays before it \(count)",
          remedy: "give every parameter the same number of vectors")
      }
      (count, isStacked) = (own, stacked)
      let values = try array.values(as: type)
      if let bad = values.firstIndex(where: { !$0.isFinite }) {
        throw InputError(
          file: path, place: parameter.name + array.place(ofElement: bad), "is not finite",
          remedy: "give finite numbers")
      }
      columns.append(values)
    }
    let known = Set(arrays.map(\.name))
    if let unknown = archive.names.first(where: { !known.contains($0) }) {
      throw InputError(
        file: path, place: unknown, "is not a selected parameter",
        remedy: "the arrays are " + arrays.prefix(20).map(\.name).joined(separator: ", "))
    }
    let vectors = (0..<(count ?? 0)).map { index in
      var elements: [Scalar] = []
      for (parameter, values) in zip(arrays, columns) {
        elements += values[index * parameter.count..<(index + 1) * parameter.count]
      }
      return Vector(elements)
    }
    return (vectors, isStacked)
  }

  /// Writes vectors as arrays `prefix/<parameter>`, with a leading axis where `isStacked`.
  static func write<Scalar: Real>(
    _ vectors: [Vector<Scalar>], isStacked: Bool, _ prefix: String, _ arrays: [NamedArray],
    to writer: NumpyArchiveWriter
  ) throws {
    var offset = 0
    for parameter in arrays {
      var values: [Scalar] = []
      values.reserveCapacity(parameter.count * vectors.count)
      for vector in vectors {
        vector.withUnsafePointer { values += UnsafeBufferPointer(start: $0 + offset, count: parameter.count) }
      }
      try writer.add(
        "\(prefix)/\(parameter.name)", shape: (isStacked ? [vectors.count] : []) + parameter.shape, values)
      offset += parameter.count
    }
  }
}
