/// What a training run is: written once, as `run.json`, when it begins.
///
/// A run directory holds `run.json`, `history.jsonl` (one ``RunRecord`` a line), `checkpoints/`, `state/` and, at the end,
/// `result.json` and `report.html`.
public struct RunDescription: Codable, Sendable, Equatable {
  /// The schema and its version.
  public var schema = "ritz.run/1"
  public var title: String
  /// The command as typed.
  public var command: [String]
  /// The network, its parameters and the data, in words.
  public var network: String
  public var parameters: Int
  public var data: String
  public var samples: Int
  public var loss: String
  public var precision: String
  /// The optimiser with its settings, in words.
  public var optimizer: String
  /// What the sharpness edge of this optimiser is, as a formula; `nil` where none is known.
  public var edgeFormula: String?
  /// Steps that are planned.
  public var plannedSteps: Int
  public var stepsPerEpoch: Int
  public var batchSize: Int
  public var seed: UInt64
  /// The settings under which measurements are taken and every definition that changes a number, by name.
  public var conventions: [Convention]

  public struct Convention: Codable, Sendable, Equatable {
    public var name: String
    public var text: String

    public init(name: String, text: String) {
      self.name = name
      self.text = text
    }
  }

  public init(
    title: String, command: [String], network: String, parameters: Int, data: String, samples: Int, loss: String,
    precision: String, optimizer: String, edgeFormula: String?, plannedSteps: Int, stepsPerEpoch: Int, batchSize: Int,
    seed: UInt64, conventions: [Convention]
  ) {
    self.title = title
    self.command = command
    self.network = network
    self.parameters = parameters
    self.data = data
    self.samples = samples
    self.loss = loss
    self.precision = precision
    self.optimizer = optimizer
    self.edgeFormula = edgeFormula
    self.plannedSteps = plannedSteps
    self.stepsPerEpoch = stepsPerEpoch
    self.batchSize = batchSize
    self.seed = seed
    self.conventions = conventions
  }

  private enum CodingKeys: String, CodingKey {
    case schema, title, command, network, parameters, data, samples, loss, precision, optimizer, seed, conventions
    case edgeFormula = "edge_formula"
    case plannedSteps = "planned_steps"
    case stepsPerEpoch = "steps_per_epoch"
    case batchSize = "batch_size"
  }
}
