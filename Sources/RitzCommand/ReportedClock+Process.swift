import Foundation
import Ritz

extension ReportedClock {
  /// Of the process so far.
  static var now: ReportedClock { ReportedClock(seconds: secondsNow(), processorSeconds: processorSecondsNow()) }

  /// What has passed since.
  var elapsed: ReportedClock {
    let now = ReportedClock.now
    return ReportedClock(
      seconds: now.seconds - seconds, processorSeconds: now.processorSeconds - processorSeconds)
  }
}

/// Seconds of processor time of all threads so far.
private func processorSecondsNow() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
