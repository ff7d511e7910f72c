import Archives
import Foundation
import TestSupport
import Testing

/// Help, version and wrong usage.
@Suite struct UsageTests {
  @Test(arguments: HelpTexts.all) func helpIsAsWritten(_ help: HelpTexts.Help) throws {
    let outcome = try RitzProcess.run(help.arguments)
    #expect(outcome.status == 0)
    #expect(outcome.errors.isEmpty)
    #expect(outcome.output == help.text + "\n")
  }

  @Test func version() throws {
    let outcome = try RitzProcess.run("--version")
    #expect(outcome.status == 0)
    #expect(outcome.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
  }

  @Test func helpOfASubcommandByName() throws {
    #expect(try RitzProcess.run("help", "apply").output == RitzProcess.run("apply", "--help").output)
  }

  private static let wrong: [([String], String)] = [
    (
      ["spectrm"],
      "there is no command 'spectrm': choose from spectrum, train, track, watch, compare, conditioning, dissect, bound, apply, inspect, bench, demo"
    ),
    (["watch"], "Missing expected argument '<run>'"),
    (["watch", "run", "--prot", "1"], "Unknown option '--prot'. Did you mean '--port'?"),
    (["--verison"], "Unknown option '--verison'"),
    (["spectrum"], "a MODEL is needed"),
    (["spectrum", "mlp:2-2"], "--data is needed"),
    (["spectrum", "mlp:2-2", "--data", ""], "--data is needed"),
    (["spectrum", "mlp:2-2", "--data", "d.npz"], "--loss is needed"),
    (["spectrum", "mlp:2-2", "--dta", "d.npz"], "Unknown option '--dta'. Did you mean '--data'?"),
    (["spectrum", "mlp:2-2", "twice", "--data", "d.npz", "--loss", "mse"], "Unexpected argument 'twice'"),
    (["apply", "mlp:2-2", "--data", "d.npz", "--loss", "mse"], "Missing expected argument '--output <file.npz>'"),
    (["apply", "mlp:2-2", "--output", "o.npz"], "--data is needed"),
    (["bench", "mlp:2-2"], "--data is needed"),
    (["conditioning"], "a STUDY is needed"),
    (["conditioning", "skip", "--sedes", "2"], "Unknown option '--sedes'. Did you mean '--seeds'?"),
    (["conditioning", "skip", "--seeds", "0"], "--seeds must be 1 to 10000"),
    (["dissect"], "a MODEL is needed"),
    (["dissect", "mlp:2-2", "--top", "0", "--data", "d.npz"], "--top must be 1 to 10000"),
    (["dissect", "run", "--label-noise", "0.5"], "--label-noise goes with --data"),
    (["inspect"], "Missing expected argument '<model>'"),
    (["inspect", "mlp:2-2", "--plan"], "--data is needed"),
    (
      ["bench", "mlp:2-2", "--data", "d.npz", "--loss", "mse", "--what", "speed"],
      "there is no quantity 'speed': choose from"
    ),
    (["spectrum", "--resume", "run", "--top", "3"], "--resume takes everything from the run"),
    (["spectrum", "mlp:2-2", "--resume", "run"], "--resume takes everything from the run"),
    (["spectrum", "--resume", "run", "--output", "run"], "--resume takes everything from the run"),
  ]

  @Test(arguments: wrong) func wrongUsageEndsWithTwo(_ arguments: [String], _ problem: String) throws {
    let outcome = try RitzProcess.run(arguments)
    #expect(outcome.status == 2, "\(outcome)")
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains(problem), "\(outcome.errors)")
    let isCommand = ["spectrum", "watch", "conditioning", "apply", "bench", "inspect"].contains(arguments[0])
    #expect(outcome.errors.contains(isCommand ? "Usage: ritz \(arguments[0])" : "Usage: ritz"))
  }

  private static let spectrum = ["spectrum", "mlp:2-2", "--data", "d.npz", "--loss", "mse"]
  private static let badValues: [(command: [String], flag: String, values: [String])] = [
    (spectrum, "--top", ["0", "-1", "x", "1.5", "9223372036854775807", "99999999999999999999"]),
    (spectrum, "--bottom", ["0", "9223372036854775807"]),
    (spectrum, "--probes", ["0", "9223372036854775807"]),
    (spectrum, "--steps", ["0", "9223372036854775807"]),
    (spectrum, "--block", ["0", "9223372036854775807"]),
    (spectrum, "--trace-probes", ["0", "9223372036854775807"]),
    (spectrum, "--max-products", ["0", "9223372036854775807"]),
    (spectrum, "--microbatch", ["0", "9223372036854775807"]),
    (spectrum, "--workers", ["0", "-3", "1025", "9223372036854775807"]),
    (spectrum, "--seed", ["-1", "x", "18446744073709551616"]),
    (spectrum, "--precision", ["half"]),
    (spectrum, "--trace", ["exactly"]),
    (spectrum, "--tolerance", ["0", "1", "nan", "-1"]),
    (spectrum, "--sigma", ["0", "inf", "nan"]),
    (spectrum, "--compatible", ["jax"]),
    (["bench", "mlp:2-2", "--data", "d.npz", "--loss", "mse"], "--runs", ["0", "9223372036854775807"]),
    (["inspect", "mlp:2-2"], "--top", ["-1", "0", "9223372036854775807"]),
    (["inspect", "mlp:2-2"], "--trace", ["exactly"]),
    (["inspect", "mlp:2-2"], "--probes", ["0", "9223372036854775807"]),
    (["watch", "run"], "--port", ["-1", "65536", "x"]),
    (["demo"], "--workers", ["0", "2000"]),
    (["demo"], "--training-steps", ["-1", "0", "9223372036854775807"]),
  ]

  @Test(arguments: badValues.indices) func badValuesEndWithTwo(_ index: Int) throws {
    let (command, flag, values) = Self.badValues[index]
    for value in values {
      let outcome = try RitzProcess.run(command + ["\(flag)=\(value)"])
      #expect(outcome.status == 2, "\(flag)=\(value): \(outcome)")
      #expect(outcome.errors.contains(flag))
    }
  }

  /// Whatever is asked of a spectrum can be asked of its forecast.
  @Test func inspectHasTheFlagsOfSpectrum() throws {
    func flags(_ command: String) throws -> Set<String> {
      let lines = try RitzProcess.run(command, "--help").output.split(separator: "\n")
      return Set(lines.compactMap { $0.split(separator: " ").first }.filter { $0.hasPrefix("--") }.map(String.init))
    }
    #expect(
      try flags("spectrum").subtracting(flags("inspect")) == ["--output", "--resume", "--strict", "--quiet"])
  }

  @Test func everyFlagOfTheContractExists() throws {
    let spectrum = try RitzProcess.run("spectrum", "--help").output
    for flag in [
      "operator", "loss", "output", "precision", "seed", "workers", "microbatch", "samples", "params", "resume", "json",
      "top",
      "bottom", "density", "exact", "data",
    ] { #expect(spectrum.contains("--\(flag) ") || spectrum.contains("--\(flag)\n"), "\(flag)") }
    let apply = try RitzProcess.run("apply", "--help").output
    for flag in [
      "operator", "loss", "vector", "output", "precision", "seed", "workers", "microbatch", "samples", "params", "json",
      "data",
    ] { #expect(apply.contains("--\(flag) "), "\(flag)") }
  }
}
