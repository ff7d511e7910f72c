import Tensors

/// A built-in network's name taken apart: its input and its layers, nothing drawn yet.
struct NamedNetworkOptions {
  let input: [Int]
  let layers: [any Layer]
  let parameterCount: Int

  /// - Throws: what the name lacks, and what there is to choose from.
  init(_ name: String) throws(InputError) {
    let (head, tail) = NamedNetworkFamily.parts(name)
    guard let (family, variant) = NamedNetworkFamily.find(head) else {
      throw InputError(
        place: name, "there is no built-in network '\(head)'", remedy: "built in are \(NamedNetworkFamily.usages)")
    }
    var options = tail?.split(separator: ",", omittingEmptySubsequences: false) ?? []
    switch family {
    case .mlp, .linear:
      let sizes = try Self.sizes(options.isEmpty ? "" : options.removeFirst(), family, in: name)
      input = [sizes[0]]
      layers = try Self.denseLayers(family, sizes, options, name: name)
    default:
      let images = try Self.imageOptions(family, variant, options, name: name)
      input = images.image
      layers =
        switch family {
        case .vgg11: vgg11(images)
        case .resnet8: residualNetworkForCIFAR(blocks: 1, images)
        case .resnet20: residualNetworkForCIFAR(blocks: 3, images)
        case .resnet32: residualNetworkForCIFAR(blocks: 5, images)
        case .resnet56: residualNetworkForCIFAR(blocks: 9, images)
        case .resnet18: resNet18(images)
        case .resnet50: resNet50(images)
        default: leNet5(images)
        }
    }
    let count: Double
    do {
      count = try Sequential(layers).declaration(input: input).parameters.reduce(0) { sum, parameter in
        sum + parameter.shape.reduce(1) { $0 * Double($1) }
      }
    } catch {
      throw InputError(place: name, error.description, remedy: error.remedy == nil ? "write larger images" : nil)
    }
    guard count <= Double(NamedNetworkFamily.largestCount) else {
      throw InputError(
        place: name, "the network would have more than \(NamedNetworkFamily.largestCount) parameters")
    }
    parameterCount = Int(count)
  }

  private static func denseLayers(
    _ family: NamedNetworkFamily, _ sizes: [Int], _ options: [Substring], name: String
  ) throws(InputError) -> [any Layer] {
    var activation: any Activation = ReLU()
    var initializer = Initializer.torch
    var hasBias = family == .mlp
    var skip = 0.0
    for option in options {
      if let chosen = namedActivations.first(where: { $0.name == option }), family == .mlp {
        activation = chosen.make()
      } else if let chosen = namedInitializer(option) {
        initializer = chosen
      } else if option == "no-bias" {
        hasBias = false
      } else if family == .linear, option.hasPrefix("skip=") {
        guard let number = Double(option.dropFirst(5)), number.isFinite else {
          throw InputError(place: name, "'\(option)' gives no finite number", remedy: "write skip=0.5")
        }
        skip = number
      } else {
        throw unknown(option, of: family, in: name)
      }
    }
    var layers: [any Layer] = []
    for (inputs, outputs) in zip(sizes, sizes.dropFirst()) {
      if !layers.isEmpty, family == .mlp { layers.append(activation) }
      let dense = Dense(
        inputs, outputs, bias: hasBias, initializer: initializer, skip: inputs == outputs ? skip : 0)
      layers.append(dense)
    }
    return layers
  }

  private static func imageOptions(
    _ family: NamedNetworkFamily, _ variant: NamedNetworkFamily.Variant, _ options: [Substring], name: String
  ) throws(InputError) -> ImageNetworkOptions {
    let isLarge = [.vgg11, .resnet18, .resnet50].contains(family)
    let isSmall = isLarge && options.contains("cifar")
    let standard = family == .lenet5 ? [1, 28, 28] : isLarge && !isSmall ? [3, 224, 224] : [3, 32, 32]
    var result = ImageNetworkOptions(image: standard, classes: isLarge && !isSmall ? 1000 : 10)
    result.hasBatchNormalization = variant.hasBatchNormalization
    result.hasSkips = variant.hasSkips
    result.isSmall = isSmall
    for option in options {
      if option == "cifar", isLarge { continue }
      if let chosen = namedInitializer(option) {
        result.initializer = chosen
      } else if option.hasPrefix("classes=") {
        guard let count = Int(option.dropFirst(8)), (1...NamedNetworkFamily.largestSize).contains(count) else {
          throw InputError(
            place: name, "'\(option)' gives no number from 1 to \(NamedNetworkFamily.largestSize)",
            remedy: "write classes=10")
        }
        result.classes = count
      } else if option.hasPrefix("image=") {
        let sizes = option.dropFirst(6).split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard sizes.count == 3, sizes.allSatisfy({ (1...4096).contains($0) }) else {
          throw InputError(
            place: name, "'\(option)' gives no three sizes from 1 to 4096", remedy: "write image=3x32x32")
        }
        result.image = sizes
      } else {
        throw unknown(option, of: family, in: name)
      }
    }
    guard family != .lenet5 || result.image.dropFirst().allSatisfy({ $0 >= 12 }) else {
      throw InputError(place: name, "lenet5 needs images of at least 12 × 12 pixels")
    }
    return result
  }

  private static func unknown(_ option: Substring, of family: NamedNetworkFamily, in name: String) -> InputError {
    InputError(
      place: name, "'\(option)' is no option of \(family.rawValue)", remedy: "options are \(family.options)")
  }

  private static func sizes(
    _ text: Substring, _ family: NamedNetworkFamily, in name: String
  ) throws(InputError) -> [Int] {
    var sizes: [Int] = []
    for part in text.split(separator: "-", omittingEmptySubsequences: false) {
      guard let size = Int(part), (1...NamedNetworkFamily.largestSize).contains(size) else {
        throw InputError(
          place: name, "'\(part)' is no layer size between 1 and \(NamedNetworkFamily.largestSize)",
          remedy: "write \(family.usage)")
      }
      sizes.append(size)
    }
    guard sizes.count >= 2 else {
      throw InputError(place: name, "a network needs an input and an output size", remedy: "write \(family.usage)")
    }
    return sizes
  }
}
