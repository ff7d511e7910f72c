/// The sizes of a two-dimensional convolution (cross-correlation) of images with a bank of filters:
///
///     y[n, o, p] = Σ_{c, k} x[n, c, stride · p + dilation · k − paddingLow] w[o, c, k],
///
/// x zero outside the image, p and k pairs of row and column; with groups, outputs of a group see the channels of that
/// group only.
public struct ConvolutionGeometry: Hashable, Sendable {
  /// One of the two spatial axes.
  public struct Axis: Hashable, Sendable {
    /// Pixels of the input.
    public let input: Int
    /// Taps of a filter.
    public let filter: Int
    public let stride: Int
    /// Pixels between taps, 1 where they are neighbours.
    public let dilation: Int
    public let paddingLow: Int
    public let paddingHigh: Int

    public init(
      input: Int, filter: Int, stride: Int = 1, dilation: Int = 1, paddingLow: Int = 0, paddingHigh: Int = 0
    ) {
      self.input = input
      self.filter = filter
      self.stride = stride
      self.dilation = dilation
      self.paddingLow = paddingLow
      self.paddingHigh = paddingHigh
    }

    /// Pixels a filter spans.
    public var span: Int { dilation * (filter - 1) + 1 }

    /// Pixels of the output; not positive where the filter does not fit.
    public var output: Int {
      let free = input + paddingLow + paddingHigh - span
      return free < 0 ? 0 : free / stride + 1
    }
  }

  public let batch: Int
  public let groups: Int
  public let inputChannels: Int
  public let outputChannels: Int
  public let rows: Axis
  public let columns: Axis

  public init(batch: Int, groups: Int, inputChannels: Int, outputChannels: Int, rows: Axis, columns: Axis) {
    self.batch = batch
    self.groups = groups
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.rows = rows
    self.columns = columns
  }

  public var inputPixels: Int { rows.input * columns.input }
  public var outputPixels: Int { rows.output * columns.output }
  public var inputCount: Int { batch * inputChannels * inputPixels }
  public var outputCount: Int { batch * outputChannels * outputPixels }
  /// Elements of one filter: channels of its group times taps.
  public var filterSize: Int { inputChannels / groups * rows.filter * columns.filter }
  public var filterCount: Int { outputChannels * filterSize }
  /// Multiplications and additions.
  public var operationCount: Double { 2 * Double(outputCount) * Double(filterSize) }
}
