import Foundation
import Tensors

/// How a parameter gets its first values.
///
/// | case | distribution |
/// |---|---|
/// | torch | U(−b, b), b = 1/√fan_in: what `torch.nn.Linear` does, for weights (Kaiming uniform with a = √5) and biases |
/// | kaimingNormal | N(0, gain²/fan_in) |
/// | kaimingNormalOut | N(0, gain²/fan_out): what torchvision's residual networks have |
/// | kaimingUniform | U(−b, b), b = gain √(3/fan_in) |
/// | xavierNormal | N(0, 2 gain²/(fan_in + fan_out)) |
/// | xavierUniform | U(−b, b), b = gain √(6/(fan_in + fan_out)) |
/// | orthogonal | gain × a matrix with orthonormal rows or columns, whichever are fewer, uniform (Haar) |
/// | zeros | 0 |
/// | ones | 1 |
///
/// Of a convolution, fan_in is the channels of a group times the taps of a filter, fan_out the filters times their taps.
///
/// Sources: He, Zhang, Ren, Sun, "Delving deep into rectifiers", 2015, arXiv:1502.01852; Glorot, Bengio, "Understanding the
/// difficulty of training deep feedforward neural networks", AISTATS 2010; Saxe, McClelland, Ganguli, "Exact solutions to
/// the nonlinear dynamics of learning in deep linear neural networks", 2013, arXiv:1312.6120.
public enum Initializer: Sendable, Hashable {
  case torch
  case kaimingNormal(Gain = .relu)
  case kaimingNormalOut(Gain = .relu)
  case kaimingUniform(Gain = .relu)
  case xavierNormal(Gain = .linear)
  case xavierUniform(Gain = .linear)
  case orthogonal(Gain = .linear)
  case zeros
  case ones

  /// The factor that makes up for what an activation takes from the signal's variance, as `torch.nn.init.calculate_gain`.
  public enum Gain: Sendable, Hashable {
    /// 1
    case linear
    /// √2
    case relu
    /// √(2/(1 + slope²))
    case leakyReLU(slope: Double)
    /// 5/3
    case tanh
    case factor(Double)

    public var factor: Double {
      switch self {
      case .linear: 1
      case .relu: 2.0.squareRoot()
      case .leakyReLU(let slope): (2 / (1 + slope * slope)).squareRoot()
      case .tanh: 5.0 / 3
      case .factor(let factor): factor
      }
    }
  }
}

extension ParameterDeclaration {
  /// The parameter's first values, from the stream of `seed` named after the parameter.
  func draw(seed: UInt64) -> [Double] {
    var stream = RandomStream(seed: seed, purpose: name)
    let count = shape.reduce(1, *)
    let (fanIn, fanOut) = (Double(self.fanIn), Double(self.fanOut))
    switch initializer {
    case .torch:
      return stream.uniform(count, bound: 1 / fanIn.squareRoot())
    case .kaimingNormal(let gain):
      return stream.normal(count, deviation: gain.factor / fanIn.squareRoot())
    case .kaimingNormalOut(let gain):
      return stream.normal(count, deviation: gain.factor / fanOut.squareRoot())
    case .kaimingUniform(let gain):
      return stream.uniform(count, bound: gain.factor * (3 / fanIn).squareRoot())
    case .xavierNormal(let gain):
      return stream.normal(count, deviation: gain.factor * (2 / (fanIn + fanOut)).squareRoot())
    case .xavierUniform(let gain):
      return stream.uniform(count, bound: gain.factor * (6 / (fanIn + fanOut)).squareRoot())
    case .orthogonal(let gain):
      let rows = shape.first ?? 1
      return orthogonalMatrix(rows: rows, columns: count / max(rows, 1), factor: gain.factor, stream: &stream)
    case .zeros, .ones:
      return [Double](repeating: initializer == .ones ? 1 : 0, count: count)
    }
  }
}

extension RandomStream {
  /// Numbers uniform in (−bound, bound).
  mutating func uniform(_ count: Int, bound: Double) -> [Double] {
    var numbers: [Double] = []
    numbers.reserveCapacity(count)
    for _ in 0..<count { numbers.append((2 * Self.unitInterval(next()) - 1) * bound) }
    return numbers
  }

  /// Normal numbers of mean 0, in pairs by the method of Box and Muller.
  mutating func normal(_ count: Int, deviation: Double = 1) -> [Double] {
    var numbers: [Double] = []
    numbers.reserveCapacity(count + 1)
    while numbers.count < count {
      let radius = deviation * (-2 * log(Self.unitInterval(next()))).squareRoot()
      let angle = 2 * Double.pi * Self.unitInterval(next())
      numbers.append(radius * cos(angle))
      numbers.append(radius * sin(angle))
    }
    if numbers.count > count { numbers.removeLast() }
    return numbers
  }
}
