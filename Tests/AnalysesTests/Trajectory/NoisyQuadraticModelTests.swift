import Analyses
import Foundation
import Tensors
import Testing

@Suite struct NoisyQuadraticModelTests {
  typealias Model = NoisyQuadraticModel<Double>

  static func model(_ descent: Model.Descent) -> Model {
    NoisyQuadraticModel(step: 0, descent: descent, directions: [], vectors: [])
  }

  @Test func floorsAreTheClosedForms() throws {
    for (rate, beta, value) in [(0.1, 0.0, 3.0), (0.01, 0.9, 40), (0.05, 0.5, 1)] {
      let direction = Model.Direction(value: value, slope: 1, velocity: 0, noise: 0.7)
      let floor = try #require(Self.model(.init(learningRate: rate, momentum: beta)).floor(direction))
      let expected = rate * value * 0.7 * (1 + beta) / ((1 - beta) * (2 * (1 + beta) - rate * value))
      #expect(abs(floor / expected - 1) < 1e-9)
    }
  }

  @Test(arguments: [false, true]) func meansAreThoseOfTheOptimiser(_ isNesterov: Bool) {
    let descent = Model.Descent(learningRate: 0.1, momentum: 0.8, isNesterov: isNesterov)
    // Minimise λθ²/2 as PyTorch's SGD does.
    let value = 2.5
    var (theta, velocity, update) = (1.5, 0.0, 0.0)
    func step() {
      let slope = value * theta
      velocity = 0.8 * velocity + slope
      update = -0.1 * (isNesterov ? slope + 0.8 * velocity : velocity)
      theta += update
    }
    for _ in 0..<4 { step() }
    let slope = value * theta
    let before = Model.Direction(value: value, slope: slope, velocity: velocity, noise: 0)
    step()
    // The step from a point being known, the velocity is that after it.
    let known = Model.Direction(value: value, slope: slope, velocity: velocity, noise: 0, update: update)
    for _ in 0..<6 { step() }
    for direction in [before, known] {
      let outcome = Self.model(descent).slope(direction, after: 7)
      #expect(abs(outcome.mean - value * theta) < 1e-12 && outcome.deviation == 0)
      #expect(Self.model(descent).slope(direction, after: 0).mean == slope)
    }
  }

  @Test(arguments: [false, true]) func deviationsAreThoseOfSimulations(_ isNesterov: Bool) throws {
    let descent = Model.Descent(learningRate: 0.2, momentum: 0.6, isNesterov: isNesterov)
    let direction = Model.Direction(value: 1.5, slope: 0, velocity: 0, noise: 0.25)
    let model = Self.model(descent)
    var stream = RandomStream(seed: 1, purpose: "noise of a test")
    func normal() -> Double {
      let (a, b) = (RandomStream.unitInterval(stream.next()), RandomStream.unitInterval(stream.next()))
      return (-2 * log(a)).squareRoot() * cos(2 * .pi * b)
    }
    var squares = [0.0, 0.0]
    let runs = 20_000
    for _ in 0..<runs {
      var (theta, velocity) = (0.0, 0.0)
      for step in 1...60 {
        let gradient = 1.5 * theta + 0.5 * normal()
        velocity = 0.6 * velocity + gradient
        theta -= 0.2 * (isNesterov ? gradient + 0.6 * velocity : velocity)
        if step == 3 { squares[0] += pow(1.5 * theta, 2) / Double(runs) }
        if step == 60 { squares[1] += pow(1.5 * theta, 2) / Double(runs) }
      }
    }
    #expect(abs(pow(model.slope(direction, after: 3).deviation, 2) / squares[0] - 1) < 0.05)
    #expect(abs(try #require(model.floor(direction)) / squares[1] - 1) < 0.05)
  }

  @Test func fatesFollowFromFloorsAndEdges() {
    let model = Self.model(.init(learningRate: 0.1, momentum: 0.9))
    func fate(_ value: Double, _ slope: Double, _ noise: Double = 1) -> Model.Fate {
      model.fate(.init(value: value, slope: slope, velocity: 0, noise: noise))
    }
    #expect(fate(1, 10) == .trains && fate(1, 0.01) == .settled && fate(-0.1, 1) == .escapes)
    // The edge is 2(1 + β)/η = 38.
    #expect(fate(37.9, 1e9) == .trains && fate(38.1, 1e9) == .unstable)
  }
}
