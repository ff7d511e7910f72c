import Analyses
import Foundation

/// A training run as one might have been: sharpness that rises to its edge and stays there, drops of the learning rate,
/// noise that is a function of the step.
enum SyntheticRun {
  static let parameters = 15_910
  static let data =
    "/sets/mnist (idx, train split): the first 10000 of 60000 samples of shape 784, labels of 10 classes, inputs (x/255 − 0.1307)/0.3081"

  static func description(plannedSteps: Int = 10_000) -> RunDescription {
    RunDescription(
      title: "", command: ["ritz", "train", "mlp:784-20-10,tanh", "--data", "mnist", "--output", "runs/first"],
      network: "mlp:784-20-10,tanh", parameters: parameters, data: data, samples: 10_000, loss: "cross-entropy",
      precision: "single", optimizer: "SGD, η 0.1, cosine", edgeFormula: "2/η", plannedSteps: plannedSteps,
      stepsPerEpoch: 79, batchSize: 128, seed: 7,
      conventions: [
        .init(name: "loss", text: "mean over samples"), .init(name: "gradient fraction", text: "‖Pg‖²/‖g‖², K = C"),
      ])
  }

  /// The records of the first `steps` steps, with a measurement each `interval`.
  static func records(steps: Int = 10_000, interval: Int = 100, density: Bool = true) -> [RunRecord] {
    var records: [RunRecord] = []
    for step in 0..<steps {
      if step % interval == 0 {
        records.append(.measurement(measurement(step, interval: interval, density: density)))
        for block in ["0.weight", "2.weight"] { records.append(.measurement(blockMeasurement(step, block))) }
      }
      if step % 790 == 0 {
        records.append(.evaluation(evaluation(step, "training", 0)))
        records.append(.evaluation(evaluation(step, "validation", 0.05)))
      }
      let time = Double(step)
      let loss = baseline(time) * (1 + 0.3 * noise(step, 1)) + (step % 1370 == 900 ? 1.5 : 0)
      records.append(
        .step(
          RunStep(
            step: step, epoch: time / 79, loss: loss, learningRate: learningRate(time),
            gradientNorm: 0.5 * baseline(time) * (1 + 0.4 * noise(step, 2)) + 0.02,
            updateNorm: learningRate(time) * (0.5 * baseline(time) + 0.02))))
    }
    return records
  }

  static func learningRate(_ step: Double) -> Double { step < 7000 ? 0.1 : 0.02 }

  static func baseline(_ step: Double) -> Double { 0.08 + 2.2 * exp(-step / 900) + 0.3 * exp(-step / 6000) }

  /// A number of [−1, 1] fixed by the step and what it is for.
  static func noise(_ step: Int, _ purpose: Int) -> Double { sin(Double(step) * 12.9898 + Double(purpose) * 78.233) }

  private static func evaluation(_ step: Int, _ set: String, _ gap: Double) -> RunEvaluation {
    let loss = baseline(Double(step)) + gap * Double(step) / 10_000
    return RunEvaluation(
      step: step, set: set, samples: 10_000, loss: loss, accuracy: 1 - 0.35 * loss / (1 + 0.2 * loss))
  }

  static func measurement(_ step: Int, interval: Int = 100, density: Bool = true) -> RunMeasurement {
    let time = Double(step)
    let edge = 2 / learningRate(time)
    let reached = edge * (1 - exp(-time / 1500)) * (1 + 0.04 * noise(step / interval, 3))
    var measurement = RunMeasurement(
      step: step, epoch: time / 79, reason: step == 0 ? "start" : "schedule", operatorName: "hessian", samples: 1000)
    measurement.loss = baseline(time)
    measurement.top = (0..<10).map { (reached + 1) * pow(0.72, Double($0)) * (1 + 0.02 * noise(step + $0, 4)) }
      .sorted(by: >)
    measurement.topResiduals = measurement.top.map { $0 * 1e-6 }
    measurement.bottom = [-0.3 - 0.5 * exp(-time / 800), -0.2 - 0.2 * exp(-time / 800)]
    measurement.bottomResiduals = [1e-5, 1e-5]
    measurement.edge = edge
    measurement.sharpness = measurement.top[0]
    measurement.trace = RunEstimate(3.2 * measurement.top[0], error: 0.1 * measurement.top[0])
    measurement.outliers = 9
    measurement.outlierGap = 1.6
    measurement.firstToBulk = 14 + noise(step, 9)
    measurement.negativeMass = 0.02 + 0.3 * exp(-time / 800)
    measurement.gradientFraction = RunEstimate(0.8 - 0.7 * exp(-time / 300))
    measurement.batchGradientFraction = RunEstimate(0.5 - 0.4 * exp(-time / 300), error: 0.03)
    measurement.updateFraction = RunEstimate(0.55 - 0.45 * exp(-time / 300))
    measurement.fractionByChance = 10 / Double(parameters)
    if step > 0 { measurement.overlap = RunEstimate(0.95 - 0.5 * exp(-time / 700), error: 0.01, isBound: true) }
    measurement.overlapByChance = 10 / Double(parameters)
    let change = -0.02 * baseline(time)
    measurement.lossChange = RunLossChange(
      predicted: RunEstimate(change, error: 0.0005), observed: RunEstimate(change * 1.1, error: 0.0004),
      quantiles: [change - 0.01, change - 0.004, change * 1.1, change + 0.003, change + 0.006], descentLimit: 0.19)
    measurement.updateChange = RunLossChange(
      predicted: RunEstimate(change * 0.9), observed: RunEstimate(change * 0.95), quantiles: [], descentLimit: nil)
    measurement.directions = RunDirections(
      slopes: [0.1, 0.02, 0.001], noise: [1e-4, 1e-4, 1e-4], floor: [1e-3, 1e-3, 1e-3],
      fates: step < 2000 ? ["trains", "trains", "settled"] : ["unstable", "settled", "settled"],
      earlierPredicted: step > 0 ? [0.1, 0.02, 0] : [], earlierDeviations: step > 0 ? [0.01, 0.01, 1e-4] : [],
      earlierObserved: step > 0 ? [0.11, 0.02, 0.001] : [])
    measurement.notes = step % 500 == 0 ? ["1 of 12 eigenpairs did not converge"] : nil
    measurement.products = 240
    if density { measurement.density = spectralDensity(measurement) }
    return measurement
  }

  private static func blockMeasurement(_ step: Int, _ block: String) -> RunMeasurement {
    var measurement = RunMeasurement(
      step: step, epoch: Double(step) / 79, reason: "schedule", operatorName: "hessian", block: block, samples: 1000)
    measurement.top = [2 + (block == "0.weight" ? 3 : 1) * (1 - exp(-Double(step) / 2000))]
    measurement.trace = RunEstimate(4 * measurement.top[0], error: 0.2)
    return measurement
  }

  /// A bulk around zero, and a kernel for each of the leading and lowest eigenvalues.
  private static func spectralDensity(_ measurement: RunMeasurement) -> ReportedDensity {
    let (lowest, highest) = (measurement.bottom[0], measurement.top[0])
    let sigma = pow(10, -2.5) * (highest - lowest)
    let count = 900
    let single = 1 / Double(parameters)
    let isolated = measurement.top + measurement.bottom
    let start = lowest - 4 * sigma
    let spacing = (highest - lowest + 8 * sigma) / Double(count - 1)
    let grid = (0..<count).map { start + Double($0) * spacing }
    let density = grid.map { position in
      func kernel(_ centre: Double, _ width: Double) -> Double {
        exp(-0.5 * pow((position - centre) / width, 2)) / (width * (2 * Double.pi).squareRoot())
      }
      let bulk = 0.95 * kernel(0, sigma) + 0.05 * kernel(0.02 * highest, 0.04 * highest)
      return bulk + isolated.reduce(0) { $0 + single * kernel($1, sigma) }
    }
    return ReportedDensity(
      grid: grid, density: density, sigma: sigma, probes: 2, steps: 90, negativeMass: measurement.negativeMass)
  }
}
