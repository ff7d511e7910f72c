public import Analyses
import CFigures
import Tensors

/// The figures of studies: κ over one axis with a line for each value of the other, and bounds beside them.
public enum StudyFigures {
  /// One figure in the forms it is written in.
  public struct Drawing: Sendable {
    /// The file name without extension.
    public let name: String
    /// For screens, in light and dark.
    public let svg: String
    /// The numbers in it.
    public let csv: String
    let print: PrintedFigure

    /// For print, on one page of its own size, its text as text.
    ///
    /// - Throws: ``InputError`` where the library that draws it is not there.
    public func pdf() throws(InputError) -> [UInt8] { try print.pdf() }
  }

  public static func all(_ study: ReportedStudy) -> [Drawing] {
    study.figures.indices.compactMap { index in
      guard let wide = StudyFigure.drawn(study, figure: index, width: FigureWidth.wide),
        let paper = StudyFigure.drawn(study, figure: index, width: FigureWidth.print)
      else { return nil }
      return Drawing(
        name: wide.name, svg: wide.standalone, csv: StudyTable.csv(study, figure: index),
        print: PrintedFigure(svg: paper.printed, width: paper.width, height: paper.height))
    }
  }
}

/// A figure on its way to paper.
struct PrintedFigure: Sendable {
  let svg: String
  /// In pixels, of which 96 are an inch.
  let width: Double
  let height: Double

  func pdf() throws(InputError) -> [UInt8] {
    // Three quarters of a point a pixel: letters of 12 pixels are 9 points high.
    let points = (width: width * 0.75, height: height * 0.75)
    let text = Array(svg.utf8)
    var bytes: [UInt8] = []
    let problem = withUnsafeMutablePointer(to: &bytes) { target in
      text.withUnsafeBytes { text in
        ritz_pdf_from_svg(
          text.baseAddress?.assumingMemoryBound(to: CChar.self), text.count, points.width, points.height,
          { context, bytes, count in
            context?.assumingMemoryBound(to: [UInt8].self).pointee
              .append(contentsOf: UnsafeBufferPointer(start: bytes, count: count))
          }, target)
      }
    }
    if let problem { throw InputError(String(cString: problem)) }
    return bytes
  }
}
