/// A weight matrix W [m, n] that a network multiplies rows with, wherever it does so: h = W x for every row x of a sample.
///
/// A dense layer has one row a sample, or one a position; a convolution has one for each pixel of its output, the patch its filter sees. Where
/// a weight is tied, the rows of all the places where it enters count together. Every group of a grouped convolution is a layer of its own. A transposed
/// convolution multiplies the pixels of its input, n channels each, and m counts channels and taps of what they are spread over.
///
/// The gradient of a sample with respect to W is Σ_r δ_r x_rᵀ over its rows, δ = ∂ℓ/∂h. A bias that is added to every row is the column n of
/// the matrix [W b], and its x is 1.
public struct SharedLinearLayer: Sendable, Hashable {
  /// The name of the weight without its last part, such as `fc1`; `conv1[2]` is the third group.
  public let name: String
  /// The position of the weight among the selected parameters.
  public let weight: Int
  /// The position of the bias that is added to all rows of this weight and of no other; `nil` where there is none.
  public let bias: Int?
  /// m, the rows of W.
  public let outputs: Int
  /// n, the columns of W.
  public let inputs: Int
  /// Rows a sample, over all places.
  public let positions: Int
  /// Places where the weight enters the network: more than one for tied weights.
  public let places: Int
  /// The group of a convolution, and their number.
  public let group: Int
  public let groups: Int
  /// Whether the weight is stored with a row for each input, that is, as Wᵀ.
  public let isTransposed: Bool
  /// Where the elements of W are in a vector over the selected parameters.
  public let weightRange: Range<Int>
  /// Where those of the bias are.
  public let biasRange: Range<Int>?

  /// n, and one more with a bias.
  public var inputWidth: Int { inputs + (bias == nil ? 0 : 1) }

  /// The number of elements of W and the bias.
  public var dimension: Int { outputs * inputWidth }

  /// The ranges of the elements, ascending: those of the layer's block.
  public var ranges: [Range<Int>] {
    ([weightRange] + (biasRange.map { [$0] } ?? [])).sorted { $0.lowerBound < $1.lowerBound }
  }

  /// The same layer, its bias left out.
  public var withoutBias: SharedLinearLayer {
    SharedLinearLayer(
      name: name, weight: weight, bias: nil, outputs: outputs, inputs: inputs, positions: positions, places: places,
      group: group, groups: groups, isTransposed: isTransposed, weightRange: weightRange, biasRange: nil)
  }
}
