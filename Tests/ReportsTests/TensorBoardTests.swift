import Analyses
import Archives
import Foundation
import TestSupport
import Testing

@testable import Reports

@Suite struct TensorBoardTests {
  /// The check value of CRC-32C, and those of RFC 3720, appendix B.4.
  @Test func checksumsAreThoseOfTheStandard() {
    #expect(CyclicRedundancyCheck.checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(CyclicRedundancyCheck.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CyclicRedundancyCheck.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CyclicRedundancyCheck.checksum((0..<32).map { UInt8($0) }) == 0x46DD_794E)
    #expect(CyclicRedundancyCheck.checksum([]) == 0)
  }

  /// The examples of the encoding guide of protocol buffers.
  @Test func messagesAreThoseOfTheGuide() {
    var message = ProtobufMessage()
    message.add(1, integer: 150)
    #expect(message.bytes == [0x08, 0x96, 0x01])
    message = ProtobufMessage()
    message.add(2, text: "testing")
    #expect(message.bytes == [0x12, 0x07] + Array("testing".utf8))
    message = ProtobufMessage()
    message.add(1, integer: -2)
    #expect(message.bytes == [0x08, 0xFE] + [UInt8](repeating: 0xFF, count: 8) + [0x01])
    message = ProtobufMessage()
    message.add(3, double: 1)
    message.add(16, float: 1)
    #expect(message.bytes == [0x19, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0x85, 0x01, 0, 0, 0x80, 0x3F])
  }

  @Test func onlySoundRecordsCount() {
    let first = EventRecord.framed(EventRecord.header(time: 1))
    let second = EventRecord.framed(EventRecord(time: 2, step: 1, values: [("a", .scalar(1))]).message)
    let whole = first + second
    #expect(EventRecord.soundLength(whole) == whole.count)
    for count in 0..<whole.count {
      let expected = count < first.count ? 0 : first.count
      #expect(EventRecord.soundLength(Array(whole.prefix(count))) == expected)
    }
    for place in whole.indices {
      var damaged = whole
      damaged[place] ^= 0x10
      #expect(EventRecord.soundLength(damaged) == (place < first.count ? 0 : first.count))
    }
    #expect(EventRecord.soundLength([UInt8](repeating: 0xFF, count: 40)) == 0)
  }

  @Test func aResumedRunGoesOnWhereItsStateWas() throws {
    let records = SyntheticRun.records(steps: 60, interval: 20)
    let description = SyntheticRun.description()
    func write(_ directory: String, stoppedAfter stop: Int?) throws -> [UInt8] {
      var events = try RunEventFile(in: directory, description, clock: { 1_000 })
      var start = 0
      if let stop {
        for record in records.prefix(stop) { try events.append(record) }
        let end = try events.flush()
        // What comes after the state was saved is lost with a kill, or half there.
        for record in records.dropFirst(stop).prefix(7) { try events.append(record) }
        try events.flush()
        events = try RunEventFile(in: directory, description, continuingAt: end, clock: { 1_000 })
        start = stop
      }
      for record in records.dropFirst(start) { try events.append(record) }
      try events.flush()
      return try FileBytes(contentsOf: directory + "/" + RunEventFile.file).bytes
    }
    let undisturbed = try TemporaryDirectory()
    let expected = try write(undisturbed.path, stoppedAfter: nil)
    #expect(EventRecord.soundLength(expected) == expected.count)
    for stop in [0, 1, 33] {
      let resumed = try TemporaryDirectory()
      #expect(try write(resumed.path, stoppedAfter: stop) == expected, "\(stop)")
    }
    // A log that is gone begins anew.
    let lost = try TemporaryDirectory()
    let events = try RunEventFile(in: lost.path, description, continuingAt: 5_000)
    #expect(try events.flush() > 0)
    if let directory = ProcessInfo.processInfo.environment["RITZ_TEST_PAGES"] {
      try AtomicFile.write(expected, to: directory + "/" + RunEventFile.file)
    }
  }

  @Test func aHistogramCountsEveryEigenvalue() throws {
    let measurement = SyntheticRun.measurement(500)
    let event = try #require(
      RunEvents.record(.measurement(measurement), parameters: SyntheticRun.parameters, time: 0))
    let histogram = try #require(event.values.first { $0.tag == "hessian/density" })
    guard case .histogram(let limits, let weights, _, _) = histogram.value else {
      Issue.record("not a histogram")
      return
    }
    #expect(limits.count == weights.count && limits == limits.sorted())
    #expect(abs(weights.reduce(0, +) / Double(SyntheticRun.parameters) - 1) < 1e-3)
  }
}
