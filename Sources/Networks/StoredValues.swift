import Tensors

/// Numbers in the precision they were stored or drawn in.
public enum StoredValues: Sendable, Hashable {
  case single([Float])
  case double([Double])

  public var count: Int {
    switch self {
    case .single(let values): values.count
    case .double(let values): values.count
    }
  }

  /// `single` or `double`, as the command line says it.
  public var precisionName: String {
    switch self {
    case .single: Float.precisionName
    case .double: Double.precisionName
    }
  }

  /// The numbers in precision `Scalar`, each rounded to nearest.
  public func values<Scalar: Real>(as type: Scalar.Type = Scalar.self) -> [Scalar] {
    switch self {
    case .single(let values): values as? [Scalar] ?? values.map { Scalar($0) }
    case .double(let values): values as? [Scalar] ?? values.map { Scalar($0) }
    }
  }

  /// The position of the first number that is infinite or not a number.
  public var firstNonFinite: Int? {
    switch self {
    case .single(let values): values.firstIndex { !$0.isFinite }
    case .double(let values): values.firstIndex { !$0.isFinite }
    }
  }
}
