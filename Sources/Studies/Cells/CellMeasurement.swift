import Analyses
import Curvature
import Datasets
import Networks
import Tensors
import Training

/// What a cell gave: κ with its bounds, at each step where there is training. Stored in the cache as it is.
struct CellMeasurement: Codable, Sendable, Equatable {
  /// Grows when the same settings come to mean other numbers.
  static let format = 1

  struct Point: Codable, Sendable, Equatable {
    /// nil without training.
    var step: Int?
    var condition: ConditionNumber
    var route: String
    var bounds: [ReportedBound]
    var loss: Double?
  }

  var points: [Point]
  var parameters: Int
  var seconds: Double
}

extension StudyCell {
  /// Draws the network, trains it where asked, and measures.
  ///
  /// - Parameter interruption: throws where the work is to be stopped; called between steps.
  func measure(_ data: StudyData, interruption: () throws -> Void) throws -> CellMeasurement {
    let clock = ContinuousClock()
    let begin = clock.now
    let network = try StudyNetwork.make(
      settings, input: data.dataset.sampleShape, outputs: data.outputs, seed: seed)
    var points: [CellMeasurement.Point] = []
    if let steps, let last = steps.last {
      let objective = try objective(network, data)
      var visited: [(step: Int, loss: Double, network: Network)] = []
      let descent = MomentumDescent(
        learningRate: settings.number("learning-rate"), momentum: settings.number("momentum"), steps: last + 1)
      _ = try descent.train(objective) { step, loss, parameters in
        try interruption()
        if steps.contains(step) { visited.append((step, loss, try network.withParameters(parameters))) }
      }
      for (step, loss, trained) in visited {
        try interruption()
        points.append(try point(trained, data, step: step, loss: loss, interruption))
      }
    } else {
      points = [try point(network, data, step: nil, loss: nil, interruption)]
    }
    return CellMeasurement(
      points: points, parameters: network.parameterCount, seconds: (clock.now - begin).seconds)
  }

  private func point(
    _ network: Network, _ data: StudyData, step: Int?, loss: Double?, _ interruption: () throws -> Void
  ) throws -> CellMeasurement.Point {
    if let closed = try ClosedForm(settings, network, data) {
      return CellMeasurement.Point(
        step: step, condition: closed.condition, route: closed.route, bounds: closed.bounds.map { ReportedBound($0) },
        loss: loss)
    }
    let (condition, route) = try EngineCondition.measure(
      objective(network, data), settings.text("operator"), interruption: interruption)
    let bounds = try ClosedForm.boundsOfRectifier(settings, network, data)
    return CellMeasurement.Point(
      step: step, condition: condition, route: route, bounds: bounds.map { ReportedBound($0) }, loss: loss)
  }

  /// Cells are spread over the workers, so each runs on one.
  private func objective(_ network: Network, _ data: StudyData) throws -> Objective<Double> {
    try Objective(
      network: network, dataset: data.dataset, loss: Loss(named: settings.text("loss")), pool: WorkerPool(count: 1))
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
