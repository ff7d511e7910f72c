import ArgumentParser
import Foundation
import Ritz

struct ConditioningCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conditioning",
    abstract: "Studies what the condition number of the Gauss-Newton matrix depends on.",
    discussion: """
      A STUDY is a YAML file, the name of a built-in study (--list), or 'all'; --print shows one to copy and change. Leaves a \
      directory with report.html, result.json and figures as SVG, PDF and CSV. What was measured is kept, so that a study that was \
      stopped or extended goes on where it was.
      """)

  @Argument(help: ArgumentHelp("YAML files, built-in studies, or 'all'.", valueName: "study")) var studies: [String] =
    []
  @Option(help: ArgumentHelp("The directory to leave results in.", valueName: "dir")) var output: String =
    "runs/conditioning"
  @Option(
    help: ArgumentHelp("Where the data of a name are: mnist=DIR, cifar10=DIR. May be repeated.", valueName: "name=dir"))
  var data: [String] = []
  @Option(help: ArgumentHelp("Seeds to draw each network with, instead of those of the study.", valueName: "n"))
  var seeds: Int?
  @Option(help: ArgumentHelp("Worker threads; the numbers do not depend on it.", valueName: "n")) var workers: Int?
  @Option(help: ArgumentHelp("Where measurements are kept; by default 'cells' in the output.", valueName: "dir"))
  var cache: String?
  @Flag(help: "List the built-in studies.") var list = false
  @Option(help: ArgumentHelp("Print a built-in study.", valueName: "name")) var print: String?
  @Flag(help: "Print result.json instead of a summary.") var json = false
  @Flag(help: "Say nothing on standard error.") var quiet = false

  func validate() throws {
    try requireCounts([("--workers", workers)], atMost: 1024)
    try requireCounts([("--seeds", seeds)], atMost: 10_000)
  }

  func run() throws {
    if list { return printList() }
    if let print { return try printStudy(print) }
    guard !studies.isEmpty else {
      throw ValidationError("a STUDY is needed: a YAML file, a built-in study (--list), or all")
    }
    Interruption.install()
    let report = try ConditioningRun(
      studies: chosen(), sources: sources(), output: output, cache: cache,
      pool: WorkerPool(count: workers ?? WorkerPool.processorCount),
      progress: quiet ? .silent() : .standardError()
    ).perform()
    if json {
      Swift.print(String(decoding: try ResultFile.encode(report), as: UTF8.self), terminator: "")
    } else {
      Swift.print(StudySummary.text(report), terminator: "")
      Swift.print("\nresults in \(output): report.html, result.json, figures as SVG, PDF and CSV")
    }
  }

  private func printList() {
    let width = BuiltInStudies.names.map(\.count).max() ?? 0
    for name in BuiltInStudies.names {
      let title = (try? BuiltInStudies.study(name))?.title ?? ""
      Swift.print(name + String(repeating: " ", count: width - name.count + 2) + title)
    }
  }

  private func printStudy(_ name: String) throws {
    guard let (_, text) = BuiltInStudies.all.first(where: { $0.name == name }) else { throw unknown(name, "--print") }
    Swift.print(text, terminator: "")
  }

  /// The studies asked for, each once, their names made unique.
  private func chosen() throws -> [Study] {
    var result: [Study] = []
    for argument in studies {
      if argument == "all" {
        for name in BuiltInStudies.names { if let study = try BuiltInStudies.study(name) { result.append(study) } }
      } else if let study = try BuiltInStudies.study(argument) {
        result.append(study)
      } else if FileBytes.exists(argument) {
        result.append(try Study.read(argument))
      } else {
        throw unknown(argument, "study")
      }
    }
    var seen: [String: Int] = [:]
    for index in result.indices {
      if let seeds {
        result[index].seeds = seeds
        try result[index].requireCellCount()
      }
      let name = result[index].name
      seen[name, default: 0] += 1
      if let count = seen[name], count > 1 { result[index].name = "\(name)-\(count)" }
    }
    return result
  }

  private func unknown(_ name: String, _ place: String) -> InputError {
    let nearest = BuiltInStudies.nearest(name).map { "did you mean '\($0)'? " } ?? ""
    return InputError(
      place: place, "'\(name)' is neither a file nor a built-in study",
      remedy: nearest + "built in are \(BuiltInStudies.names.joined(separator: ", "))")
  }

  private func sources() throws -> DataSources {
    var paths: [String: String] = [:]
    for argument in data {
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw InputError(
          place: "--data", "'\(argument)' is not NAME=DIR",
          remedy: "write --data mnist=DIR with the directory of its files")
      }
      paths[parts[0]] = parts[1]
    }
    return DataSources(paths)
  }
}
