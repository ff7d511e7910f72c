/// An event of a TensorBoard log: what was seen at a step, in TensorFlow's `Event` and `Summary` messages.
///
/// Field numbers are those of TensorFlow's `event.proto`, `summary.proto`, `histogram.proto` and `tensor.proto`.
struct EventRecord {
  enum Value {
    case scalar(Double)
    /// How many fall below each limit and above the one before; weights need not be whole.
    case histogram(limits: [Double], weights: [Double], lowest: Double, highest: Double)
    case text(String)
  }

  /// Seconds since 1970.
  var time: Double
  var step: Int
  var values: [(tag: String, value: Value)]

  /// The first event of a file, which names its format.
  static func header(time: Double) -> [UInt8] {
    var event = ProtobufMessage()
    event.add(1, double: time)
    event.add(3, text: "brain.Event:2")
    return event.bytes
  }

  var message: [UInt8] {
    var summary = ProtobufMessage()
    for (tag, value) in values { summary.add(1, Self.message(tag, value)) }
    var event = ProtobufMessage()
    event.add(1, double: time)
    event.add(2, integer: Int64(step))
    event.add(5, summary)
    return event.bytes
  }

  private static func message(_ tag: String, _ value: Value) -> ProtobufMessage {
    var message = ProtobufMessage()
    message.add(1, text: tag)
    switch value {
    case .scalar(let number): message.add(2, float: Float(number))
    case .histogram(let limits, let weights, let lowest, let highest):
      let middles = zip(limits.indices, limits).map { index, limit in
        index > 0 ? (limits[index - 1] + limit) / 2 : limit
      }
      var histogram = ProtobufMessage()
      histogram.add(1, double: lowest)
      histogram.add(2, double: highest)
      histogram.add(3, double: weights.reduce(0, +))
      histogram.add(4, double: zip(middles, weights).reduce(0) { $0 + $1.0 * $1.1 })
      histogram.add(5, double: zip(middles, weights).reduce(0) { $0 + $1.0 * $1.0 * $1.1 })
      histogram.add(6, doubles: limits)
      histogram.add(7, doubles: weights)
      message.add(5, histogram)
    case .text(let text):
      var tensor = ProtobufMessage()
      tensor.add(1, integer: 7)  // DT_STRING
      var dimension = ProtobufMessage()
      dimension.add(1, integer: 1)
      var shape = ProtobufMessage()
      shape.add(2, dimension)
      tensor.add(2, shape)
      tensor.add(8, text: text)
      var plugin = ProtobufMessage()
      plugin.add(1, text: "text")
      var metadata = ProtobufMessage()
      metadata.add(1, plugin)
      message.add(9, metadata)
      message.add(8, tensor)
    }
    return message
  }

  /// A message as a record of a TFRecord file: its length, the masked checksum of that, the message, and its masked checksum.
  static func framed(_ message: [UInt8]) -> [UInt8] {
    func bytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
    let length = bytes(UInt64(message.count))
    return length + bytes(CyclicRedundancyCheck.masked(length)) + message
      + bytes(CyclicRedundancyCheck.masked(message))
  }

  /// The length of the undamaged records at the start of a file.
  static func soundLength(_ bytes: [UInt8]) -> Int {
    func number(_ place: Int, _ count: Int) -> UInt64 {
      bytes[place..<place + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    var end = 0
    while bytes.count - end >= 16 {
      let length = number(end, 8)
      guard length <= UInt64(bytes.count - end - 16),
        number(end + 8, 4) == UInt64(CyclicRedundancyCheck.masked(bytes[end..<end + 8]))
      else { break }
      let message = bytes[end + 12..<end + 12 + Int(length)]
      guard number(message.endIndex, 4) == UInt64(CyclicRedundancyCheck.masked(message)) else { break }
      end = message.endIndex + 4
    }
    return end
  }
}
