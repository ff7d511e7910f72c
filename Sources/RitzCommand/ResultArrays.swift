import Ritz

/// `arrays.npz`: the names are a contract with scripts outside this repository; see docs/result-schema.md.
///
/// The arrays of the first operator have plain names, those of further ones the operator's name before them; those of a
/// block have the block's name.
enum ResultArrays {
  static func write<Scalar: Real>(
    _ measurements: [SpectrumMeasurement<Scalar>], _ objective: Objective<Scalar>, to output: OutputDirectory
  ) throws {
    let writer = try NumpyArchiveWriter(output.path("arrays.npz"))
    for (index, measurement) in measurements.enumerated() {
      let all = objective.arrays(of: measurement.kind)
      let prefix = measurement.block?.name ?? (index == 0 ? nil : measurement.kind.rawValue)
      try add(
        measurement, prefix: prefix.map { $0 + "/" } ?? "", measurement.block.map { $0.indices.map { all[$0] } } ?? all,
        to: writer)
    }
    try writer.finish()
  }

  private static func add<Scalar: Real>(
    _ measurement: SpectrumMeasurement<Scalar>, prefix: String, _ arrays: [NamedArray],
    to writer: NumpyArchiveWriter
  ) throws {
    if let exact = measurement.exact { try writer.add(prefix + "eigenvalues", exact.eigen.values) }
    if let condition = measurement.condition, !condition.eigenvalues.isEmpty {
      try writer.add(prefix + "condition_eigenvalues", condition.eigenvalues)
    }
    if let diagonal = measurement.diagonal {
      try ParameterArrays.write([diagonal.values], isStacked: false, prefix + "diagonal", arrays, to: writer)
      if let errors = diagonal.standardErrors {
        try ParameterArrays.write([errors], isStacked: false, prefix + "diagonal_error", arrays, to: writer)
      }
    }
    if let pairs = measurement.eigenpairs {
      try add(pairs.top, prefix + "top", arrays, to: writer)
      try add(pairs.bottom, prefix + "bottom", arrays, to: writer)
    }
    if let density = measurement.density, let sample = measurement.sample {
      if let google = measurement.google {
        try writer.add(prefix + "density_grid", google.grid)
        try writer.add(prefix + "density", google.density)
        let none = [Double](repeating: .nan, count: google.density.count)
        try writer.add(prefix + "density_lower", none)
        try writer.add(prefix + "density_upper", none)
      } else {
        try writer.add(prefix + "density_grid", density.grid)
        try writer.add(prefix + "density", density.density)
        let none = [Double](repeating: .nan, count: density.density.count)
        try writer.add(prefix + "density_lower", density.band?.lower ?? none)
        try writer.add(prefix + "density_upper", density.band?.upper ?? none)
      }
      let rules = try sample.rules()
      // Probes may end early; their rows are filled up with NaN.
      let width = rules.map(\.nodes.count).max() ?? 0
      func rows(_ values: (QuadratureRule) -> [Double]) -> [Double] {
        rules.flatMap { values($0) + [Double](repeating: .nan, count: width - $0.nodes.count) }
      }
      try writer.add(prefix + "ritz_values", shape: [rules.count, width], rows { $0.nodes })
      try writer.add(prefix + "ritz_weights", shape: [rules.count, width], rows { $0.weights })
    }
  }

  private static func add<Scalar: Real>(
    _ pairs: [Eigenpair<Vector<Scalar>>], _ name: String, _ arrays: [NamedArray],
    to writer: NumpyArchiveWriter
  ) throws {
    guard !pairs.isEmpty else { return }
    try writer.add(name + "_eigenvalues", pairs.map(\.value))
    try writer.add(name + "_residuals", pairs.map(\.residual))
    try ParameterArrays.write(pairs.map(\.vector), isStacked: true, name + "_vectors", arrays, to: writer)
  }
}
