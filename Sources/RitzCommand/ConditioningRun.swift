import Foundation
import Ritz

/// A run of `ritz conditioning` from its studies to its directory.
struct ConditioningRun {
  var studies: [Study]
  var sources: DataSources
  var output: String
  var cache: String?
  var pool: WorkerPool
  var progress: ProgressReporter

  func perform() throws -> StudyReport {
    let begin = secondsNow()
    let directory = try OutputDirectory(output)
    let runner = StudyRunner(
      sources: sources, cache: try CellCache(cache ?? directory.path("cells")), pool: pool)
    // A name of data that is missing is known before hours of work.
    try runner.requireData(of: studies)
    // What an earlier run left must not pass for the result of this one if this one is stopped.
    for name in ["result.json", "report.html"] { try? FileManager.default.removeItem(atPath: directory.path(name)) }
    let observer = StudyRunner.Observer(
      begin: { [progress] study, total, cached in progress.begin(study.name, total: total, completed: cached) },
      advance: { [progress] in progress.advance() }, interruption: { try Interruption.check() })
    var outcomes: [StudyRunner.Outcome] = []
    do {
      for study in studies { outcomes.append(try runner.run(study, observer: observer)) }
    } catch is Interrupted {
      progress.finish()
      throw Interrupted(resumption: "the same command goes on where it was")
    }
    progress.finish()
    var report = StudyReport(
      command: ["ritz"] + CommandLine.arguments.dropFirst(),
      tool: ReportedTool(version: SpectrumRun.version, libraries: ["numerics": LinearAlgebraLibrary.description]),
      execution: ReportedStudyExecution(
        workers: pool.count, cellsMeasured: outcomes.reduce(0) { $0 + $1.cellsMeasured },
        cellsFromCache: outcomes.reduce(0) { $0 + $1.cellsFromCache }, seconds: secondsNow() - begin,
        peakMemoryBytes: peakMemoryBytes()),
      conventions: StudyConventions.all, studies: outcomes.map(\.study))
    try write(&report, to: directory)
    return report
  }

  private func write(_ report: inout StudyReport, to directory: OutputDirectory) throws {
    let figures = try directory.directory("figures")
    let definitions = try directory.directory("studies")
    for study in report.studies {
      try definitions.write(study.definition, to: study.name + ".yaml")
      for figure in StudyFigures.all(study) {
        try figures.write(figure.svg, to: figure.name + ".svg")
        try figures.write(figure.csv, to: figure.name + ".csv")
        do {
          try figures.write(figure.pdf(), to: figure.name + ".pdf")
        } catch let error as InputError where error.file == nil {
          // Without the library that draws PDF everything else is there.
          let warning = "figures are not there as PDF: \(error)"
          if !report.warnings.contains(warning) { report.warnings.append(warning) }
        }
      }
    }
    try directory.write(StudyPage.html(report), to: "report.html")
    // Last, as it says that the rest is there.
    try directory.write(Array(try ResultFile.encode(report)), to: "result.json")
  }
}
