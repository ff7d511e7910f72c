import Archives
import Tensors

extension Dataset {
  /// Loads a dataset.
  ///
  /// What `path` may be:
  /// - `digits`: the embedded handwritten digits;
  /// - an `.npz` file with arrays `x` and, where there are targets, `y`;
  /// - an `.npy` file with inputs only;
  /// - a directory with `x.npy` and `y.npy`;
  /// - a directory with the IDX files of MNIST, gzipped or not;
  /// - a directory with the binary files of CIFAR-10, gzipped or not.
  ///
  /// Integer targets are class labels, other targets are real numbers.
  ///
  /// - Throws: `InputError` where the source cannot be read, is damaged, empty, holds NaN or infinity, has targets that do not
  ///   belong to the inputs, or cannot do what the options ask.
  public static func load(_ path: String, options: DatasetOptions = DatasetOptions()) throws -> Dataset {
    try Dataset(source(path, options), options: options)
  }

  /// A dataset of arrays that a program holds; standardised only where the options say so.
  ///
  /// - Parameters:
  ///   - inputs: the sample axis first.
  ///   - targets: integers for labels, [samples] or a multiple of it; real numbers, [samples] or [samples, width].
  ///   - name: stands for the source in messages and descriptions.
  public init(
    inputs: NumpyArray, targets: NumpyArray? = nil, name: String = "data", options: DatasetOptions = DatasetOptions()
  ) throws {
    try self.init(DatasetSource(path: name, format: "memory", x: inputs, y: targets), options: options)
  }

  private static func source(_ path: String, _ options: DatasetOptions) throws -> DatasetSource {
    if path == "digits" { return try digits(split: options.split) }
    if FileBytes.isDirectory(path) {
      let base = path.hasSuffix("/") ? path : path + "/"
      if FileBytes.exists(base + "x.npy") {
        let targets = FileBytes.exists(base + "y.npy") ? try NumpyArray(contentsOf: base + "y.npy") : nil
        return DatasetSource(path: path, format: "npy", x: try NumpyArray(contentsOf: base + "x.npy"), y: targets)
      }
      if let source = try cifar(directory: path, split: options.split ?? .train) { return source }
      return try idx(directory: path, base: base, split: options.split ?? .train)
    }
    let file = try FileBytes(contentsOf: path)
    if file.bytes.starts(with: [0x93] + "NUMPY".utf8) {
      return DatasetSource(path: path, format: "npy", x: try NumpyArray(npy: file.bytes[...], file: path), y: nil)
    }
    guard file.bytes.starts(with: "PK".utf8) else {
      throw InputError(
        file: path, "is not a dataset",
        remedy:
          "give an .npz file with arrays x and y, a directory with x.npy and y.npy or with the files of MNIST or CIFAR-10, or 'digits'"
      )
    }
    let archive = try NumpyArchive(bytes: file.bytes, file: path)
    let targets = archive.contains("y") ? try archive.array(named: "y") : nil
    return DatasetSource(path: path, format: "npz", x: try archive.array(named: "x"), y: targets)
  }

  private static func digits(split: DatasetOptions.Split?) throws -> DatasetSource {
    let (images, labels) = try Digits.load()
    var source = DatasetSource(path: "digits", format: "embedded", x: images, y: labels)
    source.unit = Double(Digits.largestCount)
    source.attribution = Digits.attribution
    if let split {
      source.split = split
      source.rows = split == .train ? 0..<Digits.trainingCount : Digits.trainingCount..<Digits.count
    }
    return source
  }

  /// `nil` where the directory holds none of CIFAR-10's files.
  private static func cifar(directory: String, split: DatasetOptions.Split) throws -> DatasetSource? {
    let files = CIFAR.files(in: directory, split: split)
    guard !files.isEmpty else {
      let other = DatasetOptions.Split.allCases.first { $0 != split && !CIFAR.files(in: directory, split: $0).isEmpty }
      guard let other else { return nil }
      throw InputError(
        file: directory, "holds CIFAR-10's \(other.rawValue) files but not those of the \(split.rawValue) split",
        remedy: "add them, or use --split \(other.rawValue)")
    }
    let (images, labels) = try CIFAR.read(files)
    var source = DatasetSource(path: directory, format: "cifar", x: images, y: labels)
    source.split = split
    source.unit = 255
    return source
  }

  private static func idx(
    directory: String, base: String, split: DatasetOptions.Split
  ) throws -> DatasetSource {
    let prefix = split == .train ? "train" : "t10k"
    func path(_ kind: String) -> String? {
      ["\(prefix)-\(kind)-ubyte", "\(prefix)-\(kind)-ubyte.gz", "\(prefix)-\(kind).ubyte"].map {
        base + $0
      }.first(where: FileBytes.exists)
    }
    guard let imagesPath = path("images-idx3") ?? path("images.idx3") else {
      throw InputError(
        file: directory, "holds neither x.npy nor \(prefix)-images-idx3-ubyte[.gz]",
        remedy:
          "give an .npz file with arrays x and y, a directory with x.npy and y.npy or with the files of MNIST or CIFAR-10, or 'digits'"
      )
    }
    guard let labelsPath = path("labels-idx1") ?? path("labels.idx1") else {
      throw InputError(
        file: directory, "holds \(prefix)-images-idx3-ubyte but not \(prefix)-labels-idx1-ubyte[.gz]",
        remedy: "put the labels beside the images")
    }
    let images = try IDX.read(contentsOf: imagesPath)
    let labels = try IDX.read(contentsOf: labelsPath)
    var source = DatasetSource(path: directory, format: "idx", x: images, y: labels)
    source.split = split
    if images.elementType == .uint8 { source.unit = 255 }
    return source
  }
}
