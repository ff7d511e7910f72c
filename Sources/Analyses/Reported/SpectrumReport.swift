/// The complete result of `ritz spectrum`: what was measured, on what, how, and how sure each number is.
/// It is a plain value: whoever measures fills it in, `Reports` turns it into `result.json`, figures, a page and a
/// terminal summary, and nothing in it needs the network again. Parts that were not asked for are `nil` and have no
/// key in JSON; a number that is not finite is `null`. Eigenvalues are those of the operator of the mean loss, in
/// units of loss per squared parameter. Each key is documented in `docs/result-schema.md`.
public struct SpectrumReport: Codable, Sendable, Equatable {
  /// The layout this version of the library writes.
  public static let currentSchema = "ritz.spectrum/1"

  /// The name and version of the layout, `ritz.spectrum/1`.
  public var schema: String
  /// A title for people; the source of the model where it is missing.
  public var title: String?
  /// The command line that reproduces the run, one argument an element, unquoted.
  public var command: [String]
  /// The program that measured.
  public var tool: ReportedTool
  /// The network and which of its parameters span the operator.
  public var model: ReportedModel
  /// The samples the loss is averaged over.
  public var data: ReportedData
  /// The objective at the given parameters.
  public var loss: ReportedLoss
  /// The gradient of the objective with respect to the selected parameters.
  public var gradient: ReportedGradient?
  /// How it was computed, and at what cost.
  public var execution: ReportedExecution
  /// Every definition that changes a number, as text by its topic; printed with the result.
  public var conventions: [String: String]
  /// One spectrum an operator, in the order asked for.
  public var operators: [ReportedSpectrum]
  /// How much of the operator lies between its blocks, where they were measured one by one.
  public var blockMass: ReportedBlockMass?
  /// What a reader must know before trusting the run as a whole.
  public var warnings: [String]

  public init(
    schema: String = SpectrumReport.currentSchema, title: String? = nil, command: [String] = [],
    tool: ReportedTool, model: ReportedModel, data: ReportedData, loss: ReportedLoss,
    gradient: ReportedGradient? = nil, execution: ReportedExecution, conventions: [String: String] = [:],
    operators: [ReportedSpectrum], blockMass: ReportedBlockMass? = nil, warnings: [String] = []
  ) {
    self.schema = schema
    self.title = title
    self.command = command
    self.tool = tool
    self.model = model
    self.data = data
    self.loss = loss
    self.gradient = gradient
    self.execution = execution
    self.conventions = conventions
    self.operators = operators
    self.blockMass = blockMass
    self.warnings = warnings
  }

  private enum CodingKeys: String, CodingKey {
    case schema, title, command, tool, model, data, loss, gradient, execution, conventions, operators, warnings
    case blockMass = "block_mass"
  }
}
