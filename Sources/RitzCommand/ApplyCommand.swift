import ArgumentParser
import Foundation
import Ritz

struct ApplyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Computes operator-vector products, for other tools.",
    discussion: """
      Reads vectors from an .npz file with one array for each parameter, of the parameter's shape, or with a leading axis for \
      several vectors; for ntk and jacobian-transpose with the one array 'outputs', of all samples. Writes loss, \
      gradient/<name> and product/<name> to the output; product/outputs for ntk and jacobian.

      Further operators here: jacobian and jacobian-transpose.
      """)

  @Argument(help: "A .pt2 file, or a built-in network such as mlp:784-200-10.") var model: String
  @OptionGroup var objective: ObjectiveFlags
  @OptionGroup var execution: ExecutionFlags
  @OptionGroup var operation: OperatorFlags
  @Option(help: ArgumentHelp("The vectors.", valueName: "file.npz")) var vector: String?
  @Option(help: ArgumentHelp("The file to write.", valueName: "file.npz")) var output: String
  @Flag(help: "Print the loss and the norms as JSON.") var json = false

  func run() throws {
    Interruption.install()
    let settings = try objective.settings(model: model, seed: execution.seed)
    let network = try settings.network()
    let precision = execution.precision.flatMap(Precision.init) ?? .standard(parameters: network.parameterCount)
    switch precision {
    case .single: try run(settings, network, as: Float.self)
    case .double: try run(settings, network, as: Double.self)
    }
  }

  private func norm<Scalar: Real>(_ vector: Vector<Scalar>) -> Double {
    DenseVectorSpace<Scalar>(dimension: vector.count).norm(vector)
  }

  private func run<Scalar: Real>(_ settings: ObjectiveSettings, _ network: Network, as type: Scalar.Type) throws {
    let map = try AppliedMap(operation)
    let objective = try Objective<Scalar>(
      network: network, dataset: settings.dataset(), loss: settings.namedLoss(),
      selection: settings.selection(of: network), options: settings.execution(microbatch: execution.microbatch),
      pool: execution.pool)
    let vectors = try vector.map { try ParameterArrays.read($0, arrays: map.domain(objective), as: type) }
    // An output that cannot be written is known before anything is computed.
    let writer = try NumpyArchiveWriter(output)
    let (loss, gradient) = try objective.lossAndGradient()
    var products: [Vector<Scalar>] = []
    if let vectors {
      let multiply = try map.products(objective, operation.settings(seed: execution.seed))
      // A few at a time: each vector of a call has sums of its own in every worker.
      for start in stride(from: 0, to: vectors.vectors.count, by: 16) {
        try Interruption.check()
        products += try multiply(Array(vectors.vectors[start..<min(start + 16, vectors.vectors.count)]))
      }
      for (index, product) in products.enumerated() where !norm(product).isFinite {
        throw InputError(
          file: vector, "product \(index + 1) is not finite", remedy: "scale the vectors, or use --precision double")
      }
    }
    try Interruption.check()
    try writer.add("loss", NumpyArray(scalar: loss))
    try ParameterArrays.write([gradient], isStacked: false, "gradient", objective.parameterArrays, to: writer)
    if let vectors {
      try ParameterArrays.write(products, isStacked: vectors.isStacked, "product", map.codomain(objective), to: writer)
    }
    try writer.finish()
    let norms = products.map(norm)
    if json {
      let summary = ApplySummary(
        loss: loss, gradientNorm: objective.space.norm(gradient), productNorms: norms, operator: operation.operator,
        output: output)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      encoder.keyEncodingStrategy = .convertToSnakeCase
      print(String(decoding: try encoder.encode(summary), as: UTF8.self))
    } else {
      print("loss \(loss)")
      print("|gradient| \(objective.space.norm(gradient))")
      for (index, norm) in norms.enumerated() { print("|\(operation.operator) v\(index)| \(norm)") }
      print("written to \(output)")
    }
  }
}

private struct ApplySummary: Codable {
  var loss: Double
  var gradientNorm: Double
  var productNorms: [Double]
  var `operator`: String
  var output: String
}
