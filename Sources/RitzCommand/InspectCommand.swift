import ArgumentParser
import Foundation
import Ritz

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Shows what is in a model, and what a run on it will need.")

  @Argument(help: "A .pt2 file, or a built-in network such as mlp:784-200-10.") var model: String
  @Flag(help: "Forecast peak memory and time of 'ritz spectrum' with the same flags (those below).") var plan = false
  @OptionGroup var objective: ObjectiveFlags
  @OptionGroup var execution: ExecutionFlags
  @OptionGroup var operation: OperatorFlags
  @OptionGroup var quantities: QuantityFlags
  @Flag(help: "Print JSON.") var json = false

  func validate() throws { try operation.require(quantities) }

  func run() throws {
    if plan { try objective.require(model: model) }
    let network = try objective.network(model, seed: execution.seed)
    let forecast = plan ? try forecast(network) : nil
    json ? try printJSON(network, forecast) : printText(network, forecast)
  }

  private func forecast(_ network: Network) throws -> Forecast {
    let settings = try objective.settings(model: model, seed: execution.seed)
    let precision =
      execution.precision.flatMap(Precision.init)
      ?? (quantities.condition ? .double : .standard(parameters: network.parameterCount))
    let dataset = try settings.dataset()
    var hasLabels = false
    if case .labels = dataset.targets { hasLabels = true }
    let stored =
      dataset.sampleSize * dataset.count * dataset.inputs.bytesPerElement
      + dataset.targetCount * dataset.targetWidth * (hasLabels ? 4 : 8)
    let sizes = ObjectiveSizes(
      samples: dataset.count, targetWidth: dataset.targetWidth, rowsPerSample: max(1, dataset.targetsPerSample),
      hasLabels: hasLabels, storedBytes: stored)
    let selection = try settings.selection(of: network)
    let kind = try operation.kind()
    let dimension = try Forecast.dimension(
      of: kind, network: network, loss: settings.namedLoss(), selection: selection, samples: dataset.count)
    let quantities = quantities.request(seed: execution.seed)
    if quantities.exact { try ExactSpectrum.require(dimension: dimension) }
    var request = quantities.forecast(of: kind, dimension: dimension)
    let chosen = operation.settings(seed: execution.seed)
    (request.options, request.division) = (chosen.options, chosen.division)
    request.products += self.quantities.blockMass ?? 0
    if quantities.condition != nil {
      let outputs = try Forecast.dimension(
        of: .tangentKernel, network: network, loss: settings.namedLoss(), selection: selection, samples: dataset.count)
      let parameters = selection.dimension(of: network)
      request.denseBytes += ConditionRoute.forecastBytes(order: min(outputs, parameters))
    }
    let options = settings.execution(microbatch: execution.microbatch)
    let workers = execution.workers ?? WorkerPool.processorCount
    switch precision {
    case .single:
      return try Forecast(
        network: network, loss: settings.namedLoss(), selection: selection, sizes: sizes, request: request,
        options: options, workers: workers, precision: Float.self)
    case .double:
      return try Forecast(
        network: network, loss: settings.namedLoss(), selection: selection, sizes: sizes, request: request,
        options: options, workers: workers, precision: Double.self)
    }
  }

  private struct Description: Codable {
    struct Parameter: Codable {
      var name: String
      var shape: [Int]
      var count: Int
      var precision: String
      var aliases: [String]
    }
    var model: String
    var source: String
    var input: [Int]
    var batch: String
    var ending: String
    var batchNormalization: String?
    var parameterCount: Int
    var parameters: [Parameter]
    var literals: [String]
    var forecast: Forecast?
    var forecastBytes: Int?
    var forecastSeconds: Double?
  }

  private var batchText: (Network) -> String {
    { network in
      switch network.batch {
      case .dynamic: "any"
      case .fixed(let size): "fixed at \(size)"
      }
    }
  }

  private func printJSON(_ network: Network, _ forecast: Forecast?) throws {
    let description = Description(
      model: model, source: network.source, input: network.input.sampleShape, batch: batchText(network),
      ending: network.ending.rawValue, batchNormalization: network.batchNormalization?.rawValue,
      parameterCount: network.parameterCount,
      parameters: network.parameters.map {
        Description.Parameter(
          name: $0.name, shape: $0.shape, count: $0.count, precision: $0.values.precisionName, aliases: $0.aliases)
      }, literals: network.literals.map(\.name), forecast: forecast, forecastBytes: forecast?.bytes,
      forecastSeconds: forecast?.seconds)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    print(String(decoding: try encoder.encode(description), as: UTF8.self))
  }

  private func printText(_ network: Network, _ forecast: Forecast?) {
    print("\(model): \(network.source)")
    print("  input  \(shapeText(network.input.sampleShape)) (\(network.input.element)), batch \(batchText(network))")
    if network.ending != .linear { print("  ends in \(network.ending.rawValue)") }
    if let mode = network.batchNormalization { print("  batch normalisation with \(mode.convention)") }
    print("  \(counted(network.parameterCount, "parameter")) in \(counted(network.parameters.count, "array"))")
    let width = network.parameters.map(\.name.count).max() ?? 0
    for parameter in network.parameters {
      let name = parameter.name.padding(toLength: width, withPad: " ", startingAt: 0)
      let tied = parameter.aliases.isEmpty ? "" : ", tied: " + parameter.aliases.joined(separator: ", ")
      print("    \(name)  \(shapeText(parameter.shape))  \(parameter.count) (\(parameter.values.precisionName)\(tied))")
    }
    if !network.literals.isEmpty { print("  not trained: " + network.literals.map(\.name).joined(separator: ", ")) }
    guard let forecast else { return }
    print("  forecast for ritz spectrum, \(operation.operator):")
    for part in forecast.parts { print("    \(mebibytes(part.bytes))  \(part.name)") }
    print("    \(mebibytes(forecast.bytes))  peak memory")
    print(
      "    \(String(format: "%.3g", forecast.secondsPerProduct * 1e3)) ms a product, about \(forecast.products) products, "
        + "\(String(format: "%.3g", forecast.seconds)) s in all at \(String(format: "%.3g", forecast.operationsPerSecond / 1e9)) GFLOP/s"
    )
  }

  private func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)" + (count == 1 ? "" : "s") }

  private func shapeText(_ shape: [Int]) -> String {
    shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "×")
  }

  private func mebibytes(_ bytes: Int) -> String { String(format: "%9.1f MiB", Double(bytes) / 1_048_576) }
}

extension Dataset.Inputs {
  /// Bytes an element takes in memory.
  var bytesPerElement: Int {
    switch self {
    case .bytes: 1
    case .integers, .floats: 4
    case .doubles: 8
    }
  }
}
