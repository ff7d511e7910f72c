import Archives
import Curvature
import Datasets
import Krylov
import Networks
import Tensors
import Testing

@testable import Training

@Suite struct OptimizerTests {
  /// Five steps of torch.optim 2.15 in float64 on ``LeastSquares`` with lr 0.1 and weight_decay 0.01.
  @Test(arguments: [
    (
      OptimizerSettings.Rule.gradientDescent,
      [
        0.5979550367290621, 0.15816544217254366, 0.3870297740841237, -0.4520485059246653, 0.0538375276262044,
        0.6542952565690894,
      ]
    ),
    (
      .heavyBall,
      [
        0.6608835474180169, 0.6673945992019915, -0.06500382219436754, 0.3137249608240635, -0.07472573422331966,
        1.1468851387704522,
      ]
    ),
    (
      .nesterov,
      [
        0.5222561067231831, 0.5312662850642815, 0.08128888139546481, 0.2507507145253529, -0.12832908997322762,
        1.114441848734006,
      ]
    ),
    (
      .adam,
      [
        0.7723223961728777, 0.21440368356797113, 0.28017893484543965, -0.5075881665631881, 0.08798436884504948,
        0.7872589270389703,
      ]
    ),
    (
      .adamW,
      [
        0.7746853937202114, 0.2146047384934061, 0.27785530572860223, -0.5037153260192773, 0.08594206193390252,
        0.7853646114197577,
      ]
    ),
    (
      .rmsprop,
      [
        0.5257403853112865, 0.3162213503767212, 0.25491396636762065, -0.04870335394498426, -0.26121620915605387,
        0.8382692344394604,
      ]
    ),
  ])
  func asPyTorch(_ rule: OptimizerSettings.Rule, _ expected: [Double]) throws {
    let found = try LeastSquares.train(OptimizerSettings(rule), rate: 0.1)
    #expect(LeastSquares.distance(found, expected) < 1e-13)
  }

  /// clip_grad_norm_ to 0.5 before each of the steps; PyTorch adds 1e-6 to the norm it divides by.
  @Test func clipsAsPyTorch() throws {
    let expected = [
      0.6138116416726391, 0.0813956639894353, 0.45452332006826374, -0.6003503847085613, 0.0900560698041278,
      0.5574077253857841,
    ]
    let found = try LeastSquares.train(OptimizerSettings(.heavyBall), rate: 0.1, decay: 0, clip: 0.5)
    #expect(LeastSquares.distance(found, expected) < 1e-5)
    let unclipped = try LeastSquares.train(OptimizerSettings(.heavyBall), rate: 0.1, decay: 0, clip: 1e3)
    #expect(try unclipped == LeastSquares.train(OptimizerSettings(.heavyBall), rate: 0.1, decay: 0))
  }

  /// Without damping one step ends in the minimum, where the gradient with weight decay is zero; with damping the model
  /// is exact on a quadratic, so every step is taken and μ falls.
  @Test func gaussNewtonSolvesAQuadratic() throws {
    var settings = OptimizerSettings(.gaussNewton)
    settings.damping = 0
    settings.tolerance = 1e-12
    let solved = try LeastSquares.train(settings, rate: 1, steps: 1, decay: 0.03)
    let left = zip(LeastSquares.gradient(solved), solved).map { $0 + 0.03 * $1 }
    #expect(LeastSquares.distance(left, [Double](repeating: 0, count: 6)) < 1e-10)

    settings.damping = 8
    var run = try TrainingRun<Double>(
      network: LeastSquares.network(), dataset: LeastSquares.dataset(), loss: .squaredError,
      settings: TrainingSettings(optimizer: settings, batchSize: 4, steps: 6), pool: WorkerPool(count: 1))
    var losses: [Double] = []
    while !run.isFinished {
      let expected = try dampedStep(run.parameters.elements, damping: 8 * pow(2.0 / 3, Double(run.step)))
      losses.append(try run.advance().loss)
      #expect(LeastSquares.distance(run.parameters.elements, expected) < 1e-9)
    }
    #expect(zip(losses, losses.dropFirst()).allSatisfy { $0 > $1 })
    #expect(abs(run.optimizer.state[0].vector[0] - 8 * pow(2.0 / 3, 6)) < 1e-12)
  }

  /// θ − (H + μI)⁻¹ g by a fixed point iteration.
  private func dampedStep(_ start: [Double], damping: Double) throws -> [Double] {
    let gradient = LeastSquares.gradient(start)
    var step = [Double](repeating: 0, count: 6)
    for _ in 0..<20000 {
      let product = LeastSquares.hessianProduct(step)
      for index in step.indices {
        step[index] -= 0.05 * (product[index] + damping * step[index] + gradient[index])
      }
    }
    return zip(start, step).map { $0 + $1 }
  }

  private func pow(_ base: Double, _ exponent: Double) -> Double {
    (0..<Int(exponent)).reduce(1) { product, _ in product * base }
  }

  /// A step that raises the loss of its batch is left out.
  @Test func gaussNewtonRejectsSteps() throws {
    var settings = OptimizerSettings(.gaussNewton)
    settings.damping = 0
    let found = try LeastSquares.train(settings, rate: 2.5, steps: 1, decay: 0)
    #expect(found == LeastSquares.start)
  }

  private func probe(_ step: Int) -> [Double] {
    DenseVectorSpace<Double>(dimension: 6).random(
      .rademacher, from: RandomStream(seed: 5, purpose: "probe of the optimiser", index: step)
    ).elements
  }

  @Test func adaHessianByHand() throws {
    var settings = OptimizerSettings(.adaHessian)
    (settings.beta1, settings.beta2, settings.epsilon) = (0.9, 0.999, 1e-4)
    let found = try LeastSquares.train(settings, rate: 0.15, steps: 4, decay: 0.02)
    var weights = LeastSquares.start
    var (mean, squares) = ([Double](repeating: 0, count: 6), [Double](repeating: 0, count: 6))
    for step in 0..<4 {
      let gradient = LeastSquares.gradient(weights)
      let signs = probe(step)
      let product = LeastSquares.hessianProduct(signs)
      let (first, second) = (1 - pow(0.9, Double(step + 1)), 1 - pow(0.999, Double(step + 1)))
      for index in 0..<6 {
        let diagonal = signs[index] * product[index]
        mean[index] = 0.9 * mean[index] + 0.1 * gradient[index]
        squares[index] = 0.999 * squares[index] + 0.001 * diagonal * diagonal
        weights[index] *= 1 - 0.15 * 0.02
        weights[index] -= 0.15 * (mean[index] / first) / ((squares[index] / second).squareRoot() + 1e-4)
      }
    }
    #expect(LeastSquares.distance(found, weights) < 1e-12)
  }

  /// The first step, θ − η g/(|D̄| + ε): D̄ is the mean of z ⊙ Hz over a filter's nine elements, and z ⊙ Hz itself for
  /// biases and dense layers.
  @Test func adaHessianAveragesOverFilters() throws {
    let network = try Network(input: [2, 6, 6], seed: 3) {
      Convolution2D(2, 3, filter: 3)
      Tanh()
      Flatten()
      Dense(48, 3)
    }
    var stream = RandomStream(seed: 1, purpose: "images")
    let dataset = try Dataset(
      inputs: NumpyArray((0..<8 * 72).map { _ in Double.random(in: -1...1, using: &stream) }, shape: [8, 2, 6, 6]),
      targets: NumpyArray((0..<8).map { Int64($0 % 3) }))
    let batch = try MinibatchGradient<Double>(
      network: network, dataset: dataset, loss: .crossEntropy, batchSize: 8, pool: WorkerPool(count: 1))
    batch.load(Array(0..<8))
    let start = network.parameterVector(as: Double.self)
    let (loss, gradient) = try batch.gradient(at: start)
    let probe = batch.space.random(
      .rademacher, from: RandomStream(seed: 5, purpose: "probe of the optimiser", index: 0))
    var diagonal = zip(probe.elements, try batch.products(of: .hessian, with: [probe])[0].elements).map { $0 * $1 }
    for filter in 0..<6 {
      let places = 9 * filter..<9 * (filter + 1)
      let mean = diagonal[places].reduce(0, +) / 9
      for place in places { diagonal[place] = mean }
    }
    var found = start
    var optimizer = AdaHessian<Double>(beta1: 0.9, beta2: 0.999, epsilon: 1e-4, count: start.count)
    try optimizer.step(
      &found, gradient: gradient,
      context: StepContext(
        step: 0, learningRate: 0.1, weightDecay: 0, clipNorm: nil, loss: loss, seed: 5, batch: batch))
    for place in 0..<start.count {
      let expected = start[place] - 0.1 * gradient[place] / (abs(diagonal[place]) + 1e-4)
      #expect(abs(found[place] - expected) < 1e-9 * max(1, abs(expected)), "\(place)")
    }
  }

  @Test func sophiaByHand() throws {
    var settings = OptimizerSettings(.sophia)
    (settings.interval, settings.scale) = (2, 2)
    let found = try LeastSquares.train(settings, rate: 0.05, steps: 5, decay: 0)
    var weights = LeastSquares.start
    var (mean, diagonal) = ([Double](repeating: 0, count: 6), [Double](repeating: 0, count: 6))
    var clipped = 0
    for step in 0..<5 {
      let gradient = LeastSquares.gradient(weights)
      if step % 2 == 0 {
        let signs = probe(step)
        let product = LeastSquares.hessianProduct(signs)
        for index in 0..<6 { diagonal[index] = 0.99 * diagonal[index] + 0.01 * signs[index] * product[index] }
      }
      for index in 0..<6 {
        mean[index] = 0.96 * mean[index] + 0.04 * gradient[index]
        let ratio = mean[index] / max(2 * diagonal[index], 1e-12)
        if abs(ratio) > 1 { clipped += 1 }
        weights[index] -= 0.05 * max(-1, min(1, ratio))
      }
    }
    #expect(LeastSquares.distance(found, weights) < 1e-12)
    #expect((1..<30).contains(clipped))
  }

  @Test func sharpnessAwareByHand() throws {
    var settings = OptimizerSettings(.sharpnessAware)
    settings.radius = 0.3
    let found = try LeastSquares.train(settings, rate: 0.1, steps: 4, decay: 0.01)
    var (weights, velocity) = (LeastSquares.start, [Double](repeating: 0, count: 6))
    for _ in 0..<4 {
      let gradient = LeastSquares.gradient(weights)
      let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let ascent = LeastSquares.gradient(zip(weights, gradient).map { $0 + 0.3 * $1 / norm })
      for index in 0..<6 {
        velocity[index] = 0.9 * velocity[index] + ascent[index] + 0.01 * weights[index]
        weights[index] -= 0.1 * velocity[index]
      }
    }
    #expect(LeastSquares.distance(found, weights) < 1e-12)
  }

  /// The mean of m ĝ ⊙ ĝ over many draws of labels is the diagonal of the Gauss-Newton matrix.
  @Test func drawnLabelsEstimateTheGaussNewtonDiagonal() throws {
    let network = try Network(named: "mlp:64-6-10,tanh", seed: 2)
    let data = try TrainingTests.digits(60)
    let batch = try MinibatchGradient<Double>(
      network: network, dataset: data, loss: .crossEntropy, batchSize: 60, pool: WorkerPool(count: 2))
    let theta = network.parameterVector(as: Double.self)
    batch.load(Array(0..<60))
    let before = try batch.gradient(at: theta)
    var sum = [Double](repeating: 0, count: theta.count)
    let draws = 2000
    for step in 0..<draws {
      let drawn = try batch.gradientWithDrawnLabels(at: theta, seed: 9, step: step).elements
      for index in sum.indices { sum[index] += 60 * drawn[index] * drawn[index] / Double(draws) }
    }
    // The labels of the data are back in their place.
    #expect(try batch.gradient(at: theta).gradient == before.gradient)
    let objective = try Objective<Double>(
      network: network, dataset: data, loss: .crossEntropy, pool: WorkerPool(count: 2))
    let exact = try #require(try objective.exactDiagonal(of: .gaussNewton)).values.elements
    let (total, expected) = (sum.reduce(0, +), exact.reduce(0, +))
    #expect(abs(total - expected) < 0.03 * expected)
  }

  @Test(arguments: OptimizerSettings.Rule.allCases)
  func lowersTheLoss(_ rule: OptimizerSettings.Rule) throws {
    let rates: [OptimizerSettings.Rule: Double] = [
      .gradientDescent: 1, .adam: 0.01, .adamW: 0.01, .rmsprop: 0.01, .sophia: 0.01,
    ]
    let settings = TrainingSettings(
      optimizer: OptimizerSettings(rule), learningRate: rates[rule], batchSize: 64, steps: 30)
    var run = try TrainingRun<Float>(
      network: Network(named: "mlp:64-16-10,tanh", seed: 0), dataset: TrainingTests.digits(320), loss: .crossEntropy,
      settings: settings, pool: WorkerPool(count: 2))
    var losses: [Double] = []
    while !run.isFinished { losses.append(try run.advance().loss) }
    let (early, late) = (losses.prefix(5).reduce(0, +), losses.suffix(5).reduce(0, +))
    #expect(late < 0.6 * early, "\(rule): \(losses)")
  }

  @Test func refusesWhatIsNoCoefficient() {
    #expect(throws: InputError.self) { try OptimizerSettings(named: "sdg") }
    for change: (inout OptimizerSettings) -> Void in [
      { $0.momentum = 1 }, { $0.beta2 = -0.1 }, { $0.epsilon = .nan }, { $0.interval = 0 }, { $0.damping = -1 },
    ] {
      var settings = OptimizerSettings(.heavyBall)
      change(&settings)
      #expect(throws: InputError.self) { try settings.validate() }
    }
  }
}
