import Networks
import Tensors

/// A named part of the selected parameters: the parameters of one layer, or one parameter.
public struct ParameterBlock: Sendable, Hashable {
  /// The name of the layer or of the parameter.
  public let name: String
  /// Positions among the selected parameters, ascending.
  public let indices: [Int]
  /// Where the block's elements are in a vector over the selected parameters, one range a parameter.
  public let ranges: [Range<Int>]

  /// The number of elements.
  public var dimension: Int { ranges.reduce(0) { $0 + $1.count } }

  /// How the parameters are divided into blocks.
  public enum Division: String, Sendable, Codable, CaseIterable {
    /// The parameters whose names agree up to the last dot: `fc1.weight` and `fc1.bias`.
    case layer
    /// Every parameter by itself.
    case parameter
  }

  /// The blocks of a selection, in the order of their first parameters.
  public static func blocks(
    _ division: Division, of selection: ParameterSelection, in network: Network
  ) -> [ParameterBlock] {
    var names: [String] = []
    var members: [String: (indices: [Int], ranges: [Range<Int>])] = [:]
    var offset = 0
    for (index, parameter) in selection.parameters(of: network).enumerated() {
      var name = parameter.name
      if division == .layer, let dot = name.lastIndex(of: "."), dot > name.startIndex { name = String(name[..<dot]) }
      if members[name] == nil { names.append(name) }
      members[name, default: ([], [])].indices.append(index)
      members[name, default: ([], [])].ranges.append(offset..<offset + parameter.count)
      offset += parameter.count
    }
    return names.compactMap { name in
      members[name].map { ParameterBlock(name: name, indices: $0.indices, ranges: $0.ranges) }
    }
  }
}

extension Objective {
  /// The blocks the selected parameters fall into.
  public func blocks(_ division: ParameterBlock.Division) -> [ParameterBlock] {
    ParameterBlock.blocks(division, of: selection, in: network)
  }
}
