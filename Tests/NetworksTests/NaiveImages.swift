/// Convolutions and pooling of one image [channels, rows, columns] as their definitions say, element by element.
enum NaiveImages {
  struct Image {
    var channels: Int
    var rows: Int
    var columns: Int
    var pixels: [Double]

    subscript(_ c: Int, _ y: Int, _ x: Int) -> Double {
      get { pixels[(c * rows + y) * columns + x] }
      set { pixels[(c * rows + y) * columns + x] = newValue }
    }

    init(_ channels: Int, _ rows: Int, _ columns: Int, _ pixels: [Double]? = nil) {
      (self.channels, self.rows, self.columns) = (channels, rows, columns)
      self.pixels = pixels ?? [Double](repeating: 0, count: channels * rows * columns)
    }

    func contains(_ y: Int, _ x: Int) -> Bool { (0..<rows).contains(y) && (0..<columns).contains(x) }
  }

  struct Window {
    var filter = (1, 1)
    var stride = (1, 1)
    var low = (0, 0)
    var high = (0, 0)
    var dilation = (1, 1)
    var groups = 1
  }

  private static func size(_ extent: Int, _ taps: Int, _ stride: Int, _ low: Int, _ high: Int, _ dilation: Int) -> Int {
    (extent + low + high - dilation * (taps - 1) - 1) / stride + 1
  }

  static func convolution(_ x: Image, _ w: [Double], outputs: Int, bias: [Double], _ window: Window) -> Image {
    let (p, q) = window.filter
    var y = Image(
      outputs, size(x.rows, p, window.stride.0, window.low.0, window.high.0, window.dilation.0),
      size(x.columns, q, window.stride.1, window.low.1, window.high.1, window.dilation.1))
    let (inputsOfGroup, outputsOfGroup) = (x.channels / window.groups, outputs / window.groups)
    for o in 0..<outputs {
      for i in 0..<y.rows {
        for j in 0..<y.columns {
          var sum = bias[o]
          for c in 0..<inputsOfGroup {
            for a in 0..<p {
              for b in 0..<q {
                let row = i * window.stride.0 + a * window.dilation.0 - window.low.0
                let column = j * window.stride.1 + b * window.dilation.1 - window.low.1
                guard x.contains(row, column) else { continue }
                sum +=
                  w[((o * inputsOfGroup + c) * p + a) * q + b] * x[o / outputsOfGroup * inputsOfGroup + c, row, column]
              }
            }
          }
          y[o, i, j] = sum
        }
      }
    }
    return y
  }

  /// Every input pixel puts its multiple of the filter into the output, w [in, out / groups, …].
  static func transposedConvolution(
    _ x: Image, _ w: [Double], outputs: Int, bias: [Double], _ window: Window, extra: (Int, Int)
  ) -> Image {
    let (p, q) = window.filter
    var y = Image(
      outputs,
      (x.rows - 1) * window.stride.0 + window.dilation.0 * (p - 1) + 1 + extra.0 - window.low.0 - window.high.0,
      (x.columns - 1) * window.stride.1 + window.dilation.1 * (q - 1) + 1 + extra.1 - window.low.1 - window.high.1)
    for o in 0..<outputs { for i in 0..<y.rows { for j in 0..<y.columns { y[o, i, j] = bias[o] } } }
    let (inputsOfGroup, outputsOfGroup) = (x.channels / window.groups, outputs / window.groups)
    for c in 0..<x.channels {
      for i in 0..<x.rows {
        for j in 0..<x.columns {
          for o in 0..<outputsOfGroup {
            for a in 0..<p {
              for b in 0..<q {
                let row = i * window.stride.0 + a * window.dilation.0 - window.low.0
                let column = j * window.stride.1 + b * window.dilation.1 - window.low.1
                guard y.contains(row, column) else { continue }
                y[c / inputsOfGroup * outputsOfGroup + o, row, column] +=
                  w[((c * outputsOfGroup + o) * p + a) * q + b] * x[c, i, j]
              }
            }
          }
        }
      }
    }
    return y
  }

  /// The pixels of each window, handed to `combine` with the number of pixels counting padding.
  static func pool(
    _ x: Image, _ window: Window, roundsUp: Bool = false, _ combine: ([Double], Int) -> Double
  ) -> Image {
    func count(_ extent: Int, _ taps: Int, _ stride: Int, _ padding: Int, _ dilation: Int) -> Int {
      let free = extent + 2 * padding - dilation * (taps - 1) - 1
      guard roundsUp else { return free / stride + 1 }
      let count = (free + stride - 1) / stride + 1
      return (count - 1) * stride >= extent + padding ? count - 1 : count
    }
    var y = Image(
      x.channels, count(x.rows, window.filter.0, window.stride.0, window.low.0, window.dilation.0),
      count(x.columns, window.filter.1, window.stride.1, window.low.1, window.dilation.1))
    for c in 0..<x.channels {
      for i in 0..<y.rows {
        for j in 0..<y.columns {
          var inside: [Double] = []
          var counted = 0
          for a in 0..<window.filter.0 {
            for b in 0..<window.filter.1 {
              let row = i * window.stride.0 + a * window.dilation.0 - window.low.0
              let column = j * window.stride.1 + b * window.dilation.1 - window.low.1
              if row < x.rows + window.low.0, column < x.columns + window.low.1 { counted += 1 }
              if x.contains(row, column) { inside.append(x[c, row, column]) }
            }
          }
          y[c, i, j] = combine(inside, counted)
        }
      }
    }
    return y
  }
}
