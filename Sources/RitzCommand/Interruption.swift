import Foundation
import Ritz
import Synchronization

/// Thrown when the user or the system asks the program to stop.
struct Interrupted: Error, CustomStringConvertible {
  /// How to go on, where that is possible.
  var resumption: String?

  /// - Parameter directory: that of a spectrum run that can be resumed.
  init(directory: String? = nil) {
    resumption = directory.map { "go on with: ritz spectrum --resume \($0)" }
  }

  init(resumption: String) { self.resumption = resumption }

  var description: String { resumption.map { "interrupted; " + $0 } ?? "interrupted" }
}

/// Turns the signals of Ctrl-C and kill into an error at the next product.
enum Interruption {
  private static let requested = Atomic<Bool>(false)

  /// From now on the first signal is remembered; the second ends the program at once.
  static func install() {
    // A program that starts us from one of its threads may hand its blocked signals down.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      sigaddset(&signals, number)
      // Under nohup a hangup stays ignored.
      var current = sigaction()
      if number == SIGHUP, sigaction(number, nil, &current) == 0, isIgnored(current) { continue }
      signal(number) { number in
        if Interruption.requested.exchange(true, ordering: .relaxed) { _exit(128 + number) }
      }
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  private static func isIgnored(_ action: sigaction) -> Bool {
    #if canImport(Darwin)
      let handler = action.__sigaction_u.__sa_handler
    #else
      let handler = action.__sigaction_handler.sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// - Throws: ``Interrupted`` once a signal has come.
  static func check() throws {
    if requested.load(ordering: .relaxed) { throw Interrupted(directory: nil) }
  }
}
