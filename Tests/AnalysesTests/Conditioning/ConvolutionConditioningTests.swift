import Analyses
import Tensors
import TestSupport
import Testing

@Suite struct ConvolutionConditioningTests {
  static let maps: [ToeplitzMap] = {
    let maps = [
      try? ToeplitzMap(width: 8, kernelWidth: 3),
      try? ToeplitzMap(width: 8, filters: 2, kernelWidth: 3, isCircular: true),
      try? ToeplitzMap(channels: 2, height: 4, width: 5, filters: 3, kernelHeight: 2, kernelWidth: 3),
      try? ToeplitzMap(
        channels: 2, height: 5, width: 4, filters: 2, kernelHeight: 3, kernelWidth: 3, stride: 2, padding: 1),
    ]
    return maps.compactMap { $0 }
  }()

  /// The convolution of one image, by the definition.
  private func convolve(_ map: ToeplitzMap, _ weights: [Double], _ image: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: map.outputs)
    let top = map.height == 1 ? 0 : map.padding
    for f in 0..<map.filters {
      for y in 0..<map.outputHeight {
        for x in 0..<map.outputWidth {
          for c in 0..<map.channels {
            for i in 0..<map.kernelHeight {
              for j in 0..<map.kernelWidth {
                var (row, column) = (y * map.stride + i - top, x * map.stride + j - map.padding)
                if map.isCircular { (row, column) = (row % map.height, column % map.width) }
                if row < 0 || column < 0 || row >= map.height || column >= map.width { continue }
                result[(f * map.outputHeight + y) * map.outputWidth + x] +=
                  weights[((f * map.channels + c) * map.kernelHeight + i) * map.kernelWidth + j]
                  * image[(c * map.height + row) * map.width + column]
              }
            }
          }
        }
      }
    }
    return result
  }

  @Test func matricesConvolve() throws {
    #expect(Self.maps.count == 4)
    var random = NumpyRandom(seed: 21)
    for map in Self.maps {
      let weights = random.normals(map.weightCount)
      let image = random.normals(map.inputs)
      let matrix = try map.matrix(weights)
      let found = linearOutput([matrix], input: image)
      for (value, expected) in zip(found, convolve(map, weights, image)) { #expect(abs(value - expected) < 1e-12) }
      // vec T(w) = P w
      #expect(linearOutput([map.tying], input: weights) == matrix.elements)
    }
  }

  /// Each weight stands at every output position where nothing is padded.
  @Test func multiplicities() throws {
    let map = Self.maps[0]
    #expect(map.multiplicities == [6, 6, 6])
    let gram = try map.tying.gram()
    #expect(gram == DenseMatrix(diagonal: [6, 6, 6]))
    #expect(Self.maps[1].multiplicities == [8, 8, 8, 8, 8, 8])
    #expect(Set(Self.maps[3].multiplicities).count > 1)
  }

  /// A convolution between dense layers: G from tangents of the convolution itself, and as Pᵀ G_dense P.
  @Test func closedFormIsTheExplicitGaussNewtonMatrix() throws {
    var random = NumpyRandom(seed: 22)
    for map in Self.maps {
      let weights = random.normals(map.weightCount)
      let first = random.matrix(map.inputs, 4)
      let last = random.matrix(2, map.outputs)
      let data = random.matrix(4, 9)
      let network = try ConvolutionConditioning(
        layers: [.dense(first), .convolution(map, weights: weights), .dense(last)],
        moment: InputMoment(inputs: data.transposed))
      let offset = first.elements.count
      let parameters = offset + weights.count + last.elements.count
      var explicit = DenseMatrix(zeros: parameters, parameters)
      let samples = data.transposed
      for i in 0..<samples.rows {
        let x = Array(samples.row(i))
        let hidden = linearOutput([first], input: x)
        let convolved = convolve(map, weights, hidden)
        let block = jacobian(parameters: parameters) { direction in
          let firstTangent = linearTangent([first], input: x, direction: Array(direction[..<offset]))
          let byInput = convolve(map, weights, firstTangent)
          let byWeight = convolve(map, Array(direction[offset..<(offset + weights.count)]), hidden)
          let byLast = linearTangent(
            [last], input: convolved, direction: Array(direction[(offset + weights.count)...]))
          let through = linearOutput([last], input: zip(byInput, byWeight).map { $0 + $1 })
          return zip(byLast, through).map { $0 + $1 }
        }
        explicit = explicit + (try block.gram())
      }
      explicit = explicit.scaled(by: 1 / Double(samples.rows))
      let found = try network.gaussNewton()
      #expect(found.relativeDistance(to: explicit) < 1e-12)

      let dense = try network.untied.gaussNewton()
      let tying = map.tying
      var expand = DenseMatrix(zeros: dense.rows, parameters)
      for i in 0..<offset { expand[i, i] = 1 }
      for i in 0..<tying.rows {
        for j in 0..<tying.columns { expand[offset + i, offset + j] = tying[i, j] }
      }
      for i in 0..<last.elements.count { expand[offset + tying.rows + i, offset + tying.columns + i] = 1 }
      let tied = try DenseMatrix.product(expand, true, dense * expand, false)
      #expect(found.relativeDistance(to: tied) < 1e-12)
    }
  }

  @Test func noDrawViolatesABound() throws {
    var random = NumpyRandom(seed: 23)
    var applicable = [0, 0]
    for _ in 0..<1000 {
      let width = random.integer(in: 4...7)
      let kernel = random.integer(in: 2...3)
      let k = random.integer(in: 1...3)
      let filters = 2 + random.integer(in: 0...4)
      let map = try ToeplitzMap(width: width, filters: filters, kernelWidth: kernel, isCircular: random.uniform() < 0.5)
      let weights = random.matrix(1, map.weightCount, scale: (2 / Double(kernel)).squareRoot())
      let output = random.matrix(k, map.outputs, scale: (2 / Double(map.outputs)).squareRoot())
      let network = try ConvolutionConditioning(
        layers: [.convolution(map, weights: weights.elements), .dense(output)],
        moment: InputMoment(inputs: random.matrix(3 * width, width)))
      let condition = try network.conditionNumber()
      let kappa = try #require(condition.value)
      let bounds = try network.bounds()
      for (index, bound) in bounds.enumerated() {
        guard let value = bound.value else { continue }
        applicable[index] += 1
        #expect(condition.rank == width * k)
        #expect(kappa <= value * (1 + 1e-9), "\(bound.name)")
      }
    }
    #expect(applicable.allSatisfy { $0 >= 950 })
  }

  @Test func convolutionsAloneLeaveNoBound() throws {
    var random = NumpyRandom(seed: 24)
    let map = try ToeplitzMap(width: 6, kernelWidth: 3)
    let network = try ConvolutionConditioning(
      layers: [.convolution(map, weights: random.normals(3))], moment: .white(dimension: 6))
    let bounds = try network.bounds()
    #expect(bounds.allSatisfy { !$0.isApplicable })
    #expect(try network.conditionNumber().rank == 3)
    #expect(throws: InputError.self) { try map.matrix([1]) }
    #expect(throws: InputError.self) { try ToeplitzMap(width: 3, kernelWidth: 4) }
    #expect(throws: InputError.self) { try ToeplitzMap(width: 0, kernelWidth: 1) }
    #expect(throws: InputError.self) { try ToeplitzMap(width: 4, kernelWidth: 3, padding: 1, isCircular: true) }
  }

  /// Weighted outputs enter the tied factor as they do the dense one.
  @Test func anyOutputHessian() throws {
    var random = NumpyRandom(seed: 25)
    let map = try ToeplitzMap(width: 5, filters: 2, kernelWidth: 2)
    let kernel = random.normals(map.weightCount)
    let output = random.matrix(3, map.outputs)
    let inputs = random.matrix(12, 5)
    let factors = inputs.crossEntropyFactors([try map.matrix(kernel), output])
    let network = try ConvolutionConditioning(
      layers: [.convolution(map, weights: kernel), .dense(output)],
      moment: InputMoment(inputs: inputs, outputFactors: factors))
    let condition = try network.conditionNumber()
    #expect(condition.rank == 10)
    let kappa = try #require(condition.value)
    for bound in try network.bounds() { #expect(kappa <= (try #require(bound.value)) * (1 + 1e-9)) }
    let spectrum = try network.gaussNewton().symmetricEigenvalues()
    #expect(abs((try #require(spectrum.last)) / condition.largest - 1) < 1e-12)
  }
}
