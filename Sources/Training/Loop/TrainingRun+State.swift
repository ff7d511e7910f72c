import Archives
import Tensors

extension TrainingRun {
  /// Everything that a run has to know to go on, as arrays by name: the step, θ, running averages and the optimiser's memory.
  public var state: [(name: String, array: NumpyArray)] {
    var arrays: [(name: String, array: NumpyArray)] = [
      ("step", NumpyArray([Int64(step)])), ("parameters", NumpyArray(vector: parameters)),
    ]
    for (index, average) in averages.enumerated() {
      arrays.append(("averages.\(index).mean", NumpyArray(vector: Vector(average.mean))))
      arrays.append(("averages.\(index).variance", NumpyArray(vector: Vector(average.variance))))
    }
    return arrays + optimizer.state.map { (Self.optimizerPrefix + $0.name, NumpyArray(vector: $0.vector)) }
  }

  private static var optimizerPrefix: String { "optimizer." }

  /// Takes up a state.
  ///
  /// - Throws: ``InputError`` where the file holds no state of this run, or one of another precision.
  public mutating func restore(_ file: SafetensorsFile) throws {
    let steps = try file.array(named: "step").integers()
    guard steps.count == 1, steps[0] >= 0, steps[0] <= settings.steps else {
      throw InputError(file: file.path, place: "step", "is no step of this run", remedy: "start the run anew")
    }
    func vector(_ name: String, count: Int? = nil) throws -> Vector<Scalar> {
      let array = try file.array(named: name)
      guard array.elementType == NumpyArray(vector: Vector<Scalar>(zeros: 0)).elementType else {
        throw InputError(
          file: file.path, place: name,
          "holds \(array.elementType.rawValue), not numbers in \(Scalar.precisionName) precision",
          remedy: "start the run anew")
      }
      guard count == nil || array.count == count else {
        throw InputError(
          file: file.path, place: name, "has \(array.count) numbers, expected \(count ?? 0)",
          remedy: "start the run anew")
      }
      return Vector(try array.values(as: Scalar.self))
    }
    var restored = self
    restored.parameters = try vector("parameters", count: parameters.count)
    for (index, average) in averages.enumerated() {
      restored.averages[index].mean = try vector("averages.\(index).mean", count: average.mean.count).elements
      restored.averages[index].variance =
        try vector("averages.\(index).variance", count: average.variance.count).elements
    }
    var memory: [String: Vector<Scalar>] = [:]
    for name in file.names where name.hasPrefix(Self.optimizerPrefix) {
      memory[String(name.dropFirst(Self.optimizerPrefix.count))] = try vector(name)
    }
    do { try restored.optimizer.restore(memory) } catch { throw error.inFile(file.path) }
    restored.step = steps[0]
    self = restored
  }
}

extension NumpyArray {
  /// An array of a vector's numbers in their precision.
  public init<Scalar: Real>(vector: Vector<Scalar>, shape: [Int]? = nil) {
    // Asked of the type: an empty array is an array of anything.
    if Scalar.self == Float.self {
      self.init(vector.elements.map { Float($0) }, shape: shape)
    } else {
      self.init(vector.elements.map { Double($0) }, shape: shape)
    }
  }
}
