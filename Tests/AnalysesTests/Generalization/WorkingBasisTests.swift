import Analyses
import Archives
import Curvature
import Datasets
import Foundation
import Krylov
import Networks
import Tensors
import Testing

/// Networks in other coordinates are the same functions, with derivatives, diagonals and eigenvalues as linear algebra says.
@Suite struct WorkingBasisTests {
  private let pool = WorkerPool(count: 2)

  private func vector(_ count: Int, seed: UInt64) -> Vector<Double> {
    DenseVectorSpace<Double>(dimension: count).random(
      .gaussian, from: RandomStream(seed: seed, purpose: "vector of a test"))
  }

  private func data(_ shape: [Int], classes: Int) throws -> Dataset {
    let values = vector(shape.reduce(1, *), seed: 3).elements
    let labels = (0..<shape[0]).map { Int64(($0 * 7 + $0 / 3) % classes) }
    return try Dataset(inputs: NumpyArray(values, shape: shape), targets: NumpyArray(labels))
  }

  private func dense() throws -> Network {
    try Network(input: [6], seed: 3) {
      Dense(6, 7)
      ReLU()
      Residual {
        Dense(7, 5)
        Tanh()
        Dense(5, 7, bias: false)
      }
      Dense(7, 4)
    }
  }

  private func check(_ network: Network, _ dataset: Dataset, _ basis: WorkingBasis, microbatch: Int?) throws {
    let options = ExecutionOptions(microbatch: microbatch)
    func objective(_ network: Network) throws -> Objective<Double> {
      try Objective(network: network, dataset: dataset, loss: .crossEntropy, options: options, pool: pool)
    }
    let given = try objective(network)
    let place = WorkingCoordinates(network: network, bases: try given.parameterBases(basis))
    #expect(place.bases.count == network.parameters.count)
    for turnsRows in [false, true] {
      let turned = try objective(network.inCoordinates(place.bases, turnsRows: turnsRows))
      let expected = try place.coordinates(of: given.parameters).elements
      #expect(zip(turned.parameters.elements, expected).allSatisfy { abs($0 - $1) < 1e-12 })
      let (first, second) = (try given.lossAndGradient(), try turned.lossAndGradient())
      #expect(abs(first.loss - second.loss) < 1e-12)
      let gradient = try place.coordinates(of: first.gradient).elements
      #expect(zip(second.gradient.elements, gradient).allSatisfy { abs($0 - $1) < 1e-11 })
      // QᵀH Q
      let direction = vector(given.dimension, seed: 5)
      let product = try given.curvature(.hessian).apply([try place.weights(of: direction)])[0]
      let own = try turned.curvature(.hessian).apply([direction])[0]
      #expect(zip(own.elements, try place.coordinates(of: product).elements).allSatisfy { abs($0 - $1) < 1e-10 })
    }
  }

  @Test(arguments: [1, 3, 20]) func sameFunctionOfDenseLayers(microbatch: Int) throws {
    try check(dense(), data([40, 6], classes: 4), .kronecker, microbatch: microbatch)
    try check(dense(), data([40, 6], classes: 4), .exact, microbatch: microbatch)
  }

  @Test func sameFunctionOfConvolutions() throws {
    let network = try Network(input: [2, 7, 7], seed: 2) {
      Convolution2D(2, 3, filter: 3, padding: 1)
      Tanh()
      Flatten()
      Dense(147, 3)
    }
    try check(network, data([12, 2, 7, 7], classes: 3), .kronecker, microbatch: 4)
  }

  @Test func diagonalsInOtherCoordinates() throws {
    let (network, dataset) = (try dense(), try data([40, 6], classes: 4))
    let given = try Objective<Double>(network: network, dataset: dataset, loss: .crossEntropy, pool: pool)
    for basis in [WorkingBasis.standard, .kronecker] {
      let place = WorkingCoordinates(network: network, bases: try given.parameterBases(basis))
      let turned = try Objective<Double>(
        network: network.inCoordinates(place.bases, turnsRows: true), dataset: dataset, loss: .crossEntropy, pool: pool)
      let diagonal = try turned.gaussNewtonDiagonal(seed: 0)
      let operation = try given.curvature(.gaussNewton)
      for index in stride(from: 0, to: given.dimension, by: 9) {
        var unit = Vector<Double>(zeros: given.dimension)
        unit[index] = 1
        let column = try operation.apply([try place.weights(of: unit)])[0]
        #expect(abs(try place.coordinates(of: column)[index] - diagonal[index]) < 1e-11)
      }
    }
  }

  /// In the exact basis each parameter's block of the Hessian is diagonal, its largest eigenvalue first.
  @Test func exactBasisDiagonalisesTheBlocks() throws {
    let (network, dataset) = (try dense(), try data([40, 6], classes: 4))
    let given = try Objective<Double>(network: network, dataset: dataset, loss: .crossEntropy, pool: pool)
    let bases = try given.parameterBases(.exact)
    let turned = try Objective<Double>(
      network: network.inCoordinates(bases), dataset: dataset, loss: .crossEntropy, pool: pool)
    let hessian = try turned.curvature(.hessian)
    let count = network.parameters[0].count
    var before = Double.infinity
    for index in 0..<count {
      var unit = Vector<Double>(zeros: turned.dimension)
      unit[index] = 1
      let column = try hessian.apply([unit])[0].elements.prefix(count)
      for (row, value) in column.enumerated() where row != index { #expect(abs(value) < 1e-12) }
      #expect(column[index] <= before + 1e-12)
      before = column[index]
    }
    let large = try Network(named: "mlp:100-50-2", seed: 0)
    #expect(throws: InputError.self) { try WorkingBasis.requireExact(large) }
  }

  /// The 0–1 loss is what accuracy leaves, and that of one output counts the sign.
  @Test func zeroOneLoss() throws {
    let (network, dataset) = (try dense(), try data([40, 6], classes: 4))
    let objective = try Objective<Double>(network: network, dataset: dataset, loss: .crossEntropy, pool: pool)
    let accuracy = try #require(try objective.accuracy())
    #expect(abs(try objective.errorFunction()(objective.parameters) - (1 - accuracy)) < 1e-12)
    let batch = try MinibatchGradient<Double>(
      network: network, dataset: dataset, loss: .crossEntropy, batchSize: 8, pool: pool)
    var sum = 0.0
    for start in stride(from: 0, to: 40, by: 8) {
      batch.load(Array(start..<start + 8))
      sum += try batch.errorRate(at: objective.parameters)
    }
    #expect(abs(sum / 5 - (1 - accuracy)) < 1e-12)
    let inputs = NumpyArray([-2.0, -1, 0, 1, 2], shape: [5, 1])
    let binary = try Dataset(inputs: inputs, targets: NumpyArray([0.0, 1, 1, 1, 0], shape: [5, 1]))
    let line = try Network(input: [1], seed: 0) { Dense(1, 1, bias: false, initializer: .ones) }
    let signs = try Objective<Double>(network: line, dataset: binary, loss: .binaryCrossEntropy, pool: pool)
    // −1 is below, 0 is not above, 2 is above.
    #expect(try signs.errorFunction()(signs.parameters) == 0.6)
    let squared = try Objective<Double>(network: line, dataset: binary, loss: .squaredError, pool: pool)
    #expect(throws: InputError.self) { try squared.errorFunction() }
  }
}
