import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// A document as its elements in order, for looking into what was written.
final class XMLReader: NSObject, XMLParserDelegate {
  private(set) var elements: [(name: String, attributes: [String: String])] = []
  private(set) var texts: [String] = []
  private(set) var isWellFormed = false
  private(set) var problem = ""

  init(_ text: String) {
    super.init()
    // XML knows the same document type, without HTML's own rules.
    let parser = XMLParser(data: Data(text.replacingOccurrences(of: "<!DOCTYPE html>\n", with: "").utf8))
    parser.delegate = self
    isWellFormed = parser.parse()
    problem = parser.parserError.map { "line \(parser.lineNumber): \($0)" } ?? ""
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String] = [:]
  ) {
    elements.append((name, attributes))
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { texts.append(string) }
}
