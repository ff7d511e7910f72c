import Archives
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import Testing

@testable import Training

@Suite struct BatchTests {
  @Test func everyEpochHasAnOrderOfItsOwn() {
    var order = BatchOrder(samples: 50, batchSize: 8, seed: 3)
    #expect(order.stepsPerEpoch == 6)
    let epochs = (0..<3).map { epoch in (0..<6).flatMap { order.rows(ofStep: epoch * 6 + $0) } }
    for rows in epochs {
      #expect(rows.count == 48 && Set(rows).count == 48)
      #expect(Set(rows).isSubset(of: Set(0..<50)))
    }
    #expect(epochs[0] != epochs[1] && epochs[1] != epochs[2])
    var again = BatchOrder(samples: 50, batchSize: 8, seed: 3)
    #expect(again.rows(ofStep: 13) == Array(epochs[2][8..<16]))
    var whole = BatchOrder(samples: 5, batchSize: 5, seed: 3)
    #expect(whole.rows(ofStep: 4) == [0, 1, 2, 3, 4])
  }

  /// A batch is an objective of its samples, with weights over the positions that count.
  @Test(arguments: [Loss.crossEntropy, .squaredError])
  func gradientsAreThoseOfTheObjective(_ loss: Loss) throws {
    var stream = RandomStream(seed: 1, purpose: "data of a test")
    let inputs = NumpyArray((0..<90).map { _ in Double.random(in: -1...1, using: &stream) }, shape: [30, 3])
    let targets =
      loss == .crossEntropy
      ? NumpyArray((0..<30).map { _ in Int32.random(in: 0..<3, using: &stream) }.map { $0 == 2 ? -100 : $0 })
      : NumpyArray((0..<60).map { _ in Double.random(in: -1...1, using: &stream) }, shape: [30, 2])
    let data = try Dataset(inputs: inputs, targets: targets)
    let network = try Network(named: "mlp:3-5-2,tanh", seed: 4)
    let batch = try MinibatchGradient<Double>(
      network: network, dataset: data, loss: loss, batchSize: 7, pool: WorkerPool(count: 2))
    var theta = network.parameterVector(as: Double.self)
    for rows in [[3, 1, 4, 15, 9, 2, 6], [29, 28, 27, 5, 5, 0, 11]] {
      for index in 0..<theta.count { theta[index] += 0.01 * Double(index % 5) }
      batch.load(rows)
      let found = try batch.gradient(at: theta)
      let objective = try Objective<Double>(
        network: network, dataset: data.selecting(rows), loss: loss, pool: WorkerPool(count: 1)
      ).at(theta)
      let expected = try objective.lossAndGradient()
      #expect(abs(found.loss - expected.loss) < 1e-14)
      #expect(LeastSquares.distance(found.gradient.elements, expected.gradient.elements) < 1e-14)
      let vector = Vector((0..<theta.count).map { Double($0 % 3) - 1 })
      for kind in [OperatorKind.hessian, .gaussNewton] {
        let product = try batch.products(of: kind, with: [vector])[0]
        let exact = try objective.curvature(kind).apply(vector)
        #expect(LeastSquares.distance(product.elements, exact.elements) < 1e-13)
      }
    }
    #expect(throws: InputError.self) {
      try MinibatchGradient<Double>(
        network: network, dataset: data, loss: loss, batchSize: 31, pool: WorkerPool(count: 1))
    }
  }

  @Test func augmentationByHand() {
    let (rows, columns) = (4, 5)
    let image = (0..<2 * rows * columns).map { Float($0 + 1) }
    var seen: Set<[Float]> = []
    for index in 0..<400 {
      var changed = image
      changed.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        Augmentation(flip: true, crop: 1).apply(to: base, shape: [2, rows, columns], border: -7, seed: 2, index: index)
      }
      seen.insert(changed)
    }
    // All of 2 flips and 3 × 3 places, and nothing else.
    var possible: Set<[Float]> = []
    for flips in [false, true] {
      for down in -1...1 {
        for right in -1...1 {
          possible.insert(
            image.indices.map { index in
              let (plane, pixel) = index.quotientAndRemainder(dividingBy: rows * columns)
              let row = pixel / columns + down
              let column = (flips ? columns - 1 - pixel % columns : pixel % columns) + right
              guard (0..<rows).contains(row), (0..<columns).contains(column) else { return -7 }
              return image[plane * rows * columns + row * columns + column]
            })
        }
      }
    }
    #expect(seen == possible && possible.count == 18)
    #expect(throws: InputError.self) { try Augmentation(flip: true).require(sampleShape: [784]) }
  }

  @Test func labelNoise() throws {
    let data = try TrainingTests.digits(1000)
    let noisy = try data.withLabelNoise(fraction: 0.3, seed: 4)
    guard case .labels(let before) = data.targets, case .labels(let after) = noisy.targets else {
      Issue.record("no labels")
      return
    }
    let changed = zip(before, after).count { $0 != $1 }
    // Five standard deviations of a binomial count.
    #expect(abs(changed - 300) < 73 && after.allSatisfy { (0..<10).contains($0) })
    #expect(noisy.description.summary.contains("label noise 0.3"))
    guard case .labels(let again) = try data.withLabelNoise(fraction: 0.3, seed: 4).targets else { return }
    #expect(after == again)
    #expect(throws: InputError.self) { try data.withLabelNoise(fraction: 1.5, seed: 0) }
    #expect(throws: InputError.self) { try LeastSquares.dataset().withLabelNoise(fraction: 0.1, seed: 0) }
  }

  @Test func schedules() throws {
    // torch.optim.lr_scheduler.CosineAnnealingLR with T_max 10.
    let cosine = LearningRateSchedule(.cosine(final: 0))
    let expected = [
      1.0, 0.9755282581475768, 0.9045084971874737, 0.7938926261462366, 0.6545084971874737, 0.5, 0.34549150281252633,
      0.2061073738537635, 0.09549150281252633, 0.024471741852423234,
    ]
    #expect(LeastSquares.distance((0..<10).map { cosine.factor(step: $0, of: 10) }, expected) < 1e-14)
    let steps = try LearningRateSchedule(argument: "step:2,4@0.5", stepsPerEpoch: 3, warmUp: 2)
    let factors = (0..<14).map { steps.factor(step: $0, of: 14) }
    let wanted: [Double] = [0.5, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]
    #expect(factors == wanted)
    let warm = LearningRateSchedule(.cosine(final: 0.2), warmUp: 4)
    #expect((0..<4).map { warm.factor(step: $0, of: 12) } == [0.25, 0.5, 0.75, 1])
    #expect(warm.factor(step: 4, of: 12) == 1 && abs(warm.factor(step: 12, of: 12) - 0.2) < 1e-15)
    for text in ["cos", "step", "step:", "step:3,x", "step:3@0", "cosine:2", "step:3@0.1@0.2", ""] {
      #expect(throws: InputError.self) { try LearningRateSchedule(argument: text, stepsPerEpoch: 3) }
    }
  }
}
