public import Analyses
import Archives
import Foundation
import Tensors

/// The pages of a run that may still be going on: what `ritz watch` answers with.
///
/// `/` is the page, which looks for news every two seconds; `/report.html` is the same as one file to keep. What was
/// read of the history stays read, so that a look costs the new lines only, and a page is drawn anew only when there
/// are any.
public struct RunPages {
  private let directory: RunDirectory
  private let tool: ReportedTool
  private var description: RunDescription
  private var history = RunHistory()
  private var end = 0
  /// Which files were read: their system numbers, and that of the description.
  private var files: [UInt64] = []
  /// Counts readings that brought something, and tells this program from one started later.
  private var version = 0
  private let instance = String(UInt64.random(in: .min ... .max), radix: 36)
  private var page: (version: Int, bytes: [UInt8])?

  /// - Throws: `InputError` where there is no run, or its files are damaged.
  public init(_ directory: RunDirectory, tool: ReportedTool) throws {
    self.directory = directory
    self.tool = tool
    description = try directory.description()
    files = Self.identities(of: directory)
    try readNews()
  }

  /// Steps recorded so far.
  public var stepsTaken: Int { history.stepsTaken }

  public mutating func answer(_ request: HTTPRequest) -> HTTPResponse {
    switch request.path {
    case "/style.css": return HTTPResponse(type: "text/css", body: Array(Self.styleSheet.utf8))
    case "/watch.js": return HTTPResponse(type: "text/javascript", body: Array(WatchScript.text.utf8))
    case "/", "/report.html":
      do { try look() } catch { return HTTPResponse(.unavailable, "\(error)") }
      let tag = "\(instance)-\(version)"
      if request.knows(tag) { return HTTPResponse(.notModified, type: "text/html", body: [], tag: tag) }
      if request.path == "/" { return HTTPResponse(type: "text/html", body: livePage(), tag: tag) }
      // It has its style sheet inside and no script.
      return HTTPResponse(
        type: "text/html", body: Array(RunReport.html(description, history, tool: tool).utf8), tag: tag,
        styles: "'unsafe-inline'")
    default: return HTTPResponse(.notFound)
    }
  }

  private static var styleSheet: String { PageStyle.sheet + WatchScript.styleSheet }

  private mutating func livePage() -> [UInt8] {
    if let page, page.version == version { return page.bytes }
    let style: [Markup] = [
      .element("link", ["rel": "stylesheet", "href": "/style.css"]),
      .element("script", ["src": "/watch.js", "defer": "defer"]),
    ]
    let status = Markup.element(
      "div", ["class": "live"],
      [
        .element("span", ["id": "live", "role": "status"], ["As it was when the page was opened."]),
        .element("a", ["href": "/report.html", "download": "report.html"], ["Keep as one file"]),
      ])
    let text = Page.document(
      RunReport.title(description), tool: tool, style: style,
      [status] + RunReport.sections(description, history, tool: tool))
    let bytes = Array(text.utf8)
    page = (version, bytes)
    return bytes
  }

  /// Reads what is new. Where files were replaced or cut short, as when a run starts anew or resumes, all is read again.
  private mutating func look() throws {
    let found = Self.identities(of: directory)
    let size = Self.size(of: directory.path + "/" + RunDirectory.historyFile)
    if found != files || size < end {
      // Nothing is forgotten before the new description is known to be good.
      description = try directory.description()
      history = RunHistory()
      end = 0
      files = found
      version += 1
    }
    try readNews()
  }

  private mutating func readNews() throws {
    let news = try directory.records(from: end)
    guard news.end > end else { return }
    history.append(news.records)
    end = news.end
    version += 1
  }

  private static func identities(of directory: RunDirectory) -> [UInt64] {
    [RunDirectory.descriptionFile, RunDirectory.historyFile].map { name in
      let attributes = try? FileManager.default.attributesOfItem(atPath: directory.path + "/" + name)
      return (attributes?[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0
    }
  }

  private static func size(of path: String) -> Int {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return (attributes?[.size] as? NSNumber)?.intValue ?? 0
  }
}
