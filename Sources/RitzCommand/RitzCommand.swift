import ArgumentParser
import Foundation
import Ritz

/// The command `ritz`.
@main
struct RitzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ritz",
    abstract: "Measures the curvature of neural networks.",
    discussion: """
      Given a trained network, data and a loss, computes the eigenvalue density, leading and trailing eigenpairs and trace \
      of the Hessian or the Gauss-Newton matrix without ever forming it.

      Exit codes: 0 done; 1 the input is at fault; 2 wrong usage; 3 done but not converged, with --strict; \
      130 interrupted (go on with --resume, or with the same command).
      """,
    version: SpectrumRun.version,
    subcommands: [
      SpectrumCommand.self, TrainCommand.self, TrackCommand.self, WatchCommand.self, CompareCommand.self,
      ConditioningCommand.self, DissectCommand.self, BoundCommand.self, ApplyCommand.self, InspectCommand.self,
      BenchCommand.self, DemoCommand.self,
    ])

  static func main() {
    do {
      try checkCommandName()
      var command = try parseAsRoot()
      do {
        try command.run()
        try flushOutput()
      } catch let error as ValidationError {
        Foundation.exit(report(error, in: type(of: command)))
      }
    } catch {
      Foundation.exit(report(error))
    }
  }

  /// What was printed waits in a buffer; a full disk is found only when it is written.
  private static func flushOutput() throws {
    guard fflush(nil) != 0 else { return }
    throw InputError(
      file: "standard output", "cannot be written: \(String(cString: strerror(errno)))",
      remedy: "free some space, or write elsewhere")
  }

  /// Says what went wrong, in one line for faulty input, and returns the exit code.
  private static func report(_ error: any Error) -> Int32 {
    switch error {
    case let error as InputError:
      standardError("ritz: error: \(error)")
      return 1
    case let error as Interrupted:
      standardError("ritz: \(error)")
      return 130
    case let code as ExitCode:
      return code.rawValue
    default:
      if exitCode(for: error) == .success {
        print(fullMessage(for: error))
        return 0
      }
      guard exitCode(for: error) == .validationFailure else {
        standardError("ritz: error: \(error)")
        return 1
      }
      standardError(fullMessage(for: error))
      return 2
    }
  }

  /// Says what a command lacks, found only after unknown flags were ruled out, as the parser itself would.
  private static func report(_ error: ValidationError, in command: any ParsableCommand.Type) -> Int32 {
    let name = [configuration.commandName, command.configuration.commandName].compactMap { $0 }.joined(separator: " ")
    standardError(
      "Error: \(error.message)\nUsage: \(usageString(for: command))\n  See '\(name) --help' for more information.")
    return 2
  }

  /// A mistyped command would otherwise be reported as an unexpected argument, without what there is to choose from.
  private static func checkCommandName() throws {
    guard let name = CommandLine.arguments.dropFirst().first, !name.hasPrefix("-"), name != "help" else { return }
    let names = configuration.subcommands.compactMap { $0.configuration.commandName }
    guard !names.contains(name) else { return }
    throw ValidationError("there is no command '\(name)': choose from \(names.joined(separator: ", "))")
  }
}

/// Writes a line to standard error.
func standardError(_ text: String) {
  FileHandle.standardError.write(Data((text + "\n").utf8))
}
