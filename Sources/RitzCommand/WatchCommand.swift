import ArgumentParser
import Foundation
import Ritz

struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Shows a training run in a browser while it grows.",
    discussion: """
      RUN is the --output directory of 'ritz train' or 'ritz track'. Only this machine can open the page, and it can only be \
      read. It follows the run until Ctrl-C; --once leaves the page as one file, report.html, in the run's directory.
      """)

  @Argument(help: ArgumentHelp("The directory of a run.", valueName: "run")) var directory: String
  @Option(help: ArgumentHelp("The port to listen on; 0 takes any that is free.", valueName: "n")) var port = 8088
  @Flag(help: "Write report.html and end.") var once = false
  @Flag(help: "Say nothing on standard error.") var quiet = false

  func validate() throws {
    guard (0...65_535).contains(port) else { throw ValidationError("--port must be 0 to 65535") }
  }

  func run() throws {
    let tool = ReportedTool(version: SpectrumRun.version)
    let run = RunDirectory(directory)
    if once {
      try RunReport.write(run, tool: tool)
      return print("\(directory)/\(RunReport.file)")
    }
    Interruption.install()
    var pages = try RunPages(run, tool: tool)
    let server = try LoopbackServer(port: port)
    if !quiet { standardError("\(directory) at http://127.0.0.1:\(server.port)/ until Ctrl-C") }
    do {
      try server.run(
        while: {
          try Interruption.check()
          return true
        }, answer: { pages.answer($0) })
    } catch is Interrupted {
      // Ending it is how it ends.
      return
    }
  }
}
