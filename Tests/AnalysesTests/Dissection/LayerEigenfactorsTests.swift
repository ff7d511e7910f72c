import Curvature
import Krylov
import Networks
import Tensors
import Testing

@testable import Analyses

/// Eigenvectors of layers as matrices, and the factors they are held against.
@Suite struct LayerEigenfactorsTests {
  private static func decoupled(_ factors: LayerEigenfactors, top: Int = 12) throws -> LayerApproximation<Double> {
    LayerApproximation(
      .decoupled, of: .gaussNewton, try factors.decoupled(pool: WorkerPool(count: 1)), factors.layer, top: top)
  }

  private static func layers(includingBias: Bool) throws -> [(SharedLinearLayer, LayerEigenfactors, Objective<Double>)]
  {
    let objective = try Toy.trained(Toy.data(shift: 1, samples: 120), seed: 5, steps: 30)
    let layers = try objective.linearLayers().map { includingBias ? $0 : $0.withoutBias }
    return try zip(layers, objective.layerFactors(of: layers)).map { ($0, try LayerEigenfactors($1), objective) }
  }

  /// The dense Kronecker product in the coordinates of the layer's vectors.
  private static func dense(_ factors: LayerEigenfactors) throws -> DenseMatrix {
    let n = factors.layer.dimension
    let product = try #require(try decoupled(factors).product)
    var result = DenseMatrix(zeros: n, n)
    for column in 0..<n {
      var unit = Vector<Double>(zeros: n)
      unit[column] = 1
      for (row, value) in try product(unit).elements.enumerated() { result[row, column] = value }
    }
    return result
  }

  @Test(arguments: [false, true]) func vectorsAndMatrices(includingBias: Bool) throws {
    for (layer, factors, _) in try Self.layers(includingBias: includingBias) {
      let vector = Vector(Toy.normals(layer.dimension, "vector", 3))
      let matrix = layer.matrix(of: vector)
      #expect(layer.vector(of: matrix) == vector)
      // Weights by rows, the bias as the last column.
      #expect(matrix[1, 0] == vector[layer.inputs] && matrix[0, 1] == vector[1])
      if includingBias { #expect(matrix[1, layer.inputs] == vector[layer.outputs * layer.inputs + 1]) }
      let kronecker = factors.factors.outputMoment.kronecker(factors.factors.inputMoment)
      let product = try #require(try Self.decoupled(factors).product)
      let image = try product(vector)
      let flat = DenseMatrix(rows: layer.dimension, columns: 1, elements: matrix.elements)
      let expected = try kronecker * flat
      let size = expected.largestMagnitude
      for (index, value) in layer.matrix(of: image).elements.enumerated() {
        #expect(abs(value - expected.elements[index]) <= 1e-12 * size)
      }
    }
  }

  private static func frobenius(_ matrix: DenseMatrix) -> Double {
    matrix.elements.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  @Test(arguments: [false, true]) func leadingPairsOfTheProduct(includingBias: Bool) throws {
    for (layer, factors, objective) in try Self.layers(includingBias: includingBias) {
      let values = try Self.dense(factors).symmetricEigenvalues()
      let approximation = try Self.decoupled(factors)
      let (pairs, product) = (approximation.pairs, try #require(approximation.product))
      #expect(pairs.count == 12)
      let space = DenseVectorSpace<Double>(dimension: layer.dimension, pool: objective.pool)
      for (index, pair) in pairs.enumerated() {
        #expect(abs(pair.value - values[values.count - 1 - index]) <= 1e-10 * values[values.count - 1])
        var image = try product(pair.vector)
        space.axpy(-pair.value, pair.vector, &image)
        #expect(space.norm(image) <= 1e-10 * values[values.count - 1])
        let shape = try ReshapedEigenvector(layer.matrix(of: pair.vector), factors, count: 100)
        #expect(abs(shape.rankOneShare - 1) <= 1e-12)
        #expect(abs(shape.inputShares.reduce(0, +) - 1) <= 1e-12)
        #expect(abs(shape.outputShares.reduce(0, +) - 1) <= 1e-12)
        #expect(abs((shape.inputShares.max() ?? 0) - 1) <= 1e-10)
      }
      #expect(try Self.decoupled(factors, top: 1).pairs.count == 1)
      #expect(try Self.decoupled(factors, top: 100_000).pairs.count == layer.dimension)
    }
  }

  @Test func sharesOfAnyMatrix() throws {
    let (layer, factors, _) = try #require(try Self.layers(includingBias: false).first)
    var matrix = layer.matrix(of: Vector(Toy.normals(layer.dimension, "matrix", 9)))
    let norm = Self.frobenius(matrix)
    matrix = matrix.scaled(by: 1 / norm)
    let shape = try ReshapedEigenvector(matrix, factors, count: 1000)
    let singular = try matrix.singularValues()
    #expect(abs(shape.rankOneShare - singular[0] * singular[0]) <= 1e-12)
    #expect(shape.inputShares.count == layer.inputs && shape.outputShares.count == layer.outputs)
    #expect(abs(shape.inputShares.reduce(0, +) - 1) <= 1e-12 && abs(shape.outputShares.reduce(0, +) - 1) <= 1e-12)
  }

  /// In the last layer E[M] annihilates the vector of ones and nothing else: its largest gap is infinite, at c − 1.
  @Test func lastLayer() throws {
    let (layer, factors, objective) = try #require(try Self.layers(includingBias: false).last)
    #expect(layer.outputs == Toy.classes && objective.classCount == Toy.classes)
    let values = factors.outputValues
    #expect(values[Toy.classes - 2] > 1e-3 * values[0] && abs(values[Toy.classes - 1]) <= 1e-14)
    let image =
      try factors.factors.outputMoment
      * DenseMatrix(rows: Toy.classes, columns: 1, elements: [Double](repeating: 1, count: Toy.classes))
    #expect(image.largestMagnitude <= 1e-15)
    let gaps = try #require(factors.outputGaps(classes: Toy.classes, rounding: 1e-12))
    #expect(gaps.outliers == Toy.classes - 1 && gaps.ratio == .infinity && gaps.atClasses == .infinity)
    #expect(gaps.toClasses == nil)
  }

  /// Zeros of outputs that nothing changes are no gap; only fewer eigenvalues than classes are.
  @Test func gapsOfKnownSpectra() throws {
    let zeros = [Double](repeating: 1e-18, count: 20)
    let gaps = try #require(OutputGaps([9, 8, 2, 1, 0.8] + zeros, classes: 3, rounding: 1e-12))
    #expect(gaps.outliers == 2 && gaps.ratio == 4 && gaps.atClasses == 4 && gaps.toClasses == 9)
    let few = try #require(OutputGaps([9, 8] + zeros, classes: 3, rounding: 1e-12))
    #expect(few.outliers == 2 && few.ratio == .infinity && few.atClasses == .infinity && few.toClasses == .infinity)
    // The largest ratio beyond 3c does not count.
    let far = try #require(OutputGaps([6, 5, 4, 3, 2, 1.9, 1e-3], classes: 2, rounding: 1e-12))
    #expect(far.outliers == 6 && abs(far.ratio - 1900) < 1e-9)
    let beyond = try #require(OutputGaps([6, 5, 4, 3, 2.5, 2.4, 2.3, 1e-3], classes: 2, rounding: 1e-12))
    #expect(beyond.outliers == 3 && abs(beyond.ratio - 4.0 / 3) < 1e-15)
    #expect(OutputGaps([0, 0], classes: 2, rounding: 1e-12) == nil)
    #expect(OutputGaps([1], classes: 2, rounding: 1e-12) == nil)
  }

  /// The decrease along a direction against dense matrices; the direction of the block's own inverse gets all of it.
  @Test func stepsOfDampedInverses() throws {
    for (layer, factors, objective) in try Self.layers(includingBias: true) {
      let part = objective.selecting(layer)
      let operation = try part.curvature(.gaussNewton)
      let n = layer.dimension
      let exact = DenseMatrix(
        rows: n, columns: n, elements: try ExactSpectrum.symmetricMatrix(operation).matrix)
      let damping = 0.02
      let eigen = try exact.symmetricEigen()
      let own: DampedStep.Inverse<Double> = { vector, damping in
        var result = [Double](repeating: 0, count: n)
        for index in 0..<n {
          let direction = Array(eigen.vector(index))
          let share = zip(direction, vector.elements).reduce(0) { $0 + $1.0 * $1.1 } / (eigen.values[index] + damping)
          for place in 0..<n { result[place] += share * direction[place] }
        }
        return Vector(result)
      }
      let decoupled = try #require(try Self.decoupled(factors).inverse)
      let nothing: DampedStep.Inverse<Double> = { vector, _ in vector }
      let gradient = try part.lossAndGradient().gradient
      let (steps, products) = try DampedStep.of(
        operation, gradient: gradient, damping: damping, [own, decoupled, nothing])
      #expect(products > 3 && steps.allSatisfy { $0?.isConverged == true && $0?.damping == damping })
      #expect(abs(try #require(steps[0]).share - 1) <= 1e-5)
      let g = gradient.elements
      func share(_ direction: [Double]) throws -> Double {
        let along = zip(g, direction).reduce(0) { $0 + $1.0 * $1.1 }
        let image = try (exact * DenseMatrix(rows: n, columns: 1, elements: direction)).elements
        let curvature = zip(direction, image).reduce(0) { $0 + $1.0 * ($1.1 + damping * $1.0) }
        let ideal = try own(gradient, damping).elements
        let best = zip(g, ideal).reduce(0) { $0 + $1.0 * $1.1 }
        return along * along / curvature / best
      }
      for (step, inverse) in zip(steps, [own, decoupled, nothing]) {
        let step = try #require(step)
        #expect(abs(step.share - (try share(inverse(gradient, damping).elements))) <= 1e-5)
        #expect(step.share > 0 && step.share <= 1 + 1e-5)
      }
      // (E[M] ⊗ E[xxᵀ] + λI)⁻¹ knows more of the block than the gradient does.
      let (known, plain) = (try #require(steps[1]), try #require(steps[2]))
      #expect(known.share > plain.share)
      let none = try DampedStep.of(operation, gradient: operation.space.zero(), damping: damping, [own])
      #expect(none.steps == [nil] && none.products == 0)
    }
  }

  /// Stochastic and exact errors against dense matrices.
  @Test func errorOfTheDecoupling() throws {
    for (layer, factors, objective) in try Self.layers(includingBias: true) {
      let operation = try objective.selecting(layer).curvature(.gaussNewton)
      let exact = DenseMatrix(
        rows: layer.dimension, columns: layer.dimension,
        elements: try ExactSpectrum.symmetricMatrix(operation).matrix)
      let expected =
        Self.frobenius(exact + (try Self.dense(factors)).scaled(by: -1)) / Self.frobenius(exact)
      let product = try #require(try Self.decoupled(factors).product)
      let nothing: ApproximationError.Product<Double> = { $0 }
      let (errors, products) = try ApproximationError.of(operation, [product, nothing], pairs: [], probes: 4, seed: 1)
      #expect(errors.count == 2 && errors[0].standardError == 0 && products == layer.dimension)
      #expect(abs(errors[0].value - expected) <= 1e-12)
      let pairs = try ExactSpectrum.eigenpairs(operation, options: EigenpairOptions(top: 4)).top
      let drawn = try ApproximationError.drawn(operation, [product], pairs: pairs, probes: 200, seed: 1)[0]
      let deviation = try #require(drawn.standardError)
      #expect(abs(drawn.value - expected) <= 4 * deviation && deviation < 0.05 * expected)
      // Probes are common: the difference to one that is all but the same is known far better than either.
      let near: ApproximationError.Product<Double> = { v in
        var image = try product(v)
        operation.space.scale(0.999, &image)
        return image
      }
      let both = try ApproximationError.drawn(operation, [product, near], pairs: pairs, probes: 50, seed: 2)
      let dense = try ApproximationError.exact(operation, [product, near])
      let differenceError = try #require(both[1].differenceError)
      let separate = try #require(both[1].standardError)
      #expect(both[0].differenceError == 0 && differenceError < 0.05 * separate)
      let difference = (both[1].value - both[0].value) - (dense[1].value - dense[0].value)
      #expect(abs(difference) <= 5 * differenceError + 1e-12)
      // Of two unlike ones: the mean square of what is missed in standard errors.
      let all = try ApproximationError.exact(operation, [product, nothing])
      let scores = try (0..<60).map { seed in
        let drawn = try ApproximationError.drawn(
          operation, [product, nothing], pairs: pairs, probes: 24, seed: UInt64(100 + seed))
        let missed = (drawn[1].value - drawn[0].value) - (all[1].value - all[0].value)
        return missed / (try #require(drawn[1].differenceError))
      }
      let square = scores.reduce(0) { $0 + $1 * $1 } / Double(scores.count)
      #expect((0.5...2).contains(square), "\(square)")
    }
  }
}
