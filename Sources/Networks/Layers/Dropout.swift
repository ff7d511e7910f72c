import Autodiff
import Tensors

/// Nothing: curvature is that of the network as it is evaluated, where dropout is off. Keeps the places of later layers.
public struct Dropout: Activation {
  public let probability: Double
  public init(_ probability: Double = 0.5) { self.probability = probability }
  public func lower(_ x: Value, in graph: inout Graph) throws(InputError) -> Value { x }
  public var ending: OutputEnding? { nil }
}
