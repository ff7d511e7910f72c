import ArgumentParser
import Ritz

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Shows several training runs on one page.",
    discussion: """
      A RUN is the --output directory of 'ritz train' or 'ritz track'. The page has their densities at the start, in the middle and at the end over \
      each other, what they measured as tables and over the steps, and the settings they differ in. It is one file that needs no other.
      """)

  @Argument(help: ArgumentHelp("The directories of two runs or more.", valueName: "run")) var directories: [String] = []
  @Option(help: ArgumentHelp("The file to write.", valueName: "file")) var output = "comparison.html"

  func run() throws {
    guard directories.count >= 2 else {
      throw ValidationError("two RUNs or more are needed; 'ritz watch --once' makes the page of one")
    }
    try RunComparison.write(
      directories.map { RunDirectory($0) }, to: output, tool: ReportedTool(version: SpectrumRun.version))
    print(output)
  }
}
