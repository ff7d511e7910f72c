import Networks
import Tensors

/// A weight matrix W [m, n] that a network multiplies rows with, wherever it does so: h = W x for every row x of a sample.
///
/// A dense layer has one row a sample, or one a position; a convolution has one for each pixel of its output, the patch
/// its filter sees. Where a weight is tied, the rows of all the places where it enters count together. Every group of a
/// grouped convolution is a layer of its own. A transposed convolution multiplies the pixels of its input, n channels
/// each, and m counts channels and taps of what they are spread over.
///
/// The gradient of a sample with respect to W is Σ_r δ_r x_rᵀ over its rows, δ = ∂ℓ/∂h. A bias that is added to every
/// row is the column n of the matrix [W b], and its x is 1.
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

  /// Memory of both factors, twice while they are decomposed, of their eigenvectors and of all eigenvalues.
  var factorBytes: Int { 24 * (outputs * outputs + inputWidth * inputWidth) + 16 * dimension }

  /// The same layer, its bias left out.
  public var withoutBias: SharedLinearLayer {
    SharedLinearLayer(
      name: name, weight: weight, bias: nil, outputs: outputs, inputs: inputs, positions: positions, places: places,
      group: group, groups: groups, isTransposed: isTransposed, weightRange: weightRange, biasRange: nil)
  }
}

extension SharedLinearLayer {
  /// The layers of a network, in the order of their weights.
  ///
  /// - Parameter graph: the network's graph at a batch size.
  static func find(
    in network: Network, _ selection: ParameterSelection, graph: (Int) throws(InputError) -> LayerGraph
  ) throws(InputError) -> [SharedLinearLayer] {
    let sizes: [Int]
    if case .fixed(let size) = network.batch { sizes = [size] } else { sizes = [2, 3] }
    let graphs = try sizes.map { size throws(InputError) in try graph(size) }
    let offsets = ObjectiveGraph.offsets(selection.parameters(of: network).map(\.count))
    let names = selection.parameters(of: network).map(\.name)
    var layers: [SharedLinearLayer] = []
    for weight in graphs[0].weights {
      let rows = weight.sites.map(\.positions)
      // A number of rows that does not follow the number of samples is of something else.
      let isPerSample = graphs.allSatisfy { graph in
        graph.weights.contains { $0.parameter == weight.parameter && $0.sites.map(\.positions) == rows }
      }
      guard isPerSample, let site = weight.sites.first else { continue }
      let name = names[weight.parameter]
      let stem = name.lastIndex(of: ".").map { $0 > name.startIndex ? String(name[..<$0]) : name } ?? name
      let count = site.outputs * site.inputs
      for group in 0..<site.groups {
        let start = offsets[weight.parameter] + group * count
        layers.append(
          SharedLinearLayer(
            name: site.groups == 1 ? stem : "\(stem)[\(group)]", weight: weight.parameter, bias: weight.bias,
            outputs: site.outputs, inputs: site.inputs, positions: rows.reduce(0, +), places: rows.count, group: group,
            groups: site.groups, isTransposed: site.isTransposed, weightRange: start..<start + count,
            biasRange: weight.bias.map {
              offsets[$0] + group * site.outputs..<offsets[$0] + (group + 1) * site.outputs
            }))
      }
    }
    return layers
  }
}
