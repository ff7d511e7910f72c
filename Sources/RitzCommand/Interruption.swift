import Foundation
import Ritz
import Synchronization

/// Thrown when the user or the system asks the program to stop.
struct Interrupted: Error, CustomStringConvertible {
  /// The directory the run can be resumed from, where it has one.
  var directory: String?

  var description: String {
    guard let directory else { return "interrupted" }
    return "interrupted; go on with: ritz spectrum --resume \(directory)"
  }
}

/// Turns the signals of Ctrl-C and kill into an error at the next product.
enum Interruption {
  private static let requested = Atomic<Bool>(false)

  /// From now on the first signal is remembered; the second ends the program at once.
  static func install() {
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number) { number in
        if Interruption.requested.exchange(true, ordering: .relaxed) { _exit(128 + number) }
      }
    }
  }

  /// - Throws: ``Interrupted`` once a signal has come.
  static func check() throws {
    if requested.load(ordering: .relaxed) { throw Interrupted(directory: nil) }
  }
}
