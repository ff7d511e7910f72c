import Tensors

extension StudyCell {
  /// Bytes that drawing and measuring the network take, about: its weights as they are stored, as matrices and in products of
  /// them, and the Toeplitz matrix of a convolution.
  func byteCount(input: [Int], outputs: Int) -> Double {
    let inputs = Double(input.reduce(1, *))
    let outputs = Double(outputs)
    guard settings.text("kind") == "convolution", input.count >= 2 else {
      let (width, depth) = (Double(settings.integer("width")), Double(settings.integer("depth")))
      let weights = depth == 1 ? inputs * outputs : (inputs + (depth - 2) * width + outputs) * width
      return 8 * 4 * weights
    }
    let kernel = settings.integer("kernel")
    let places = input.suffix(2).map { Double(max(1, $0 - kernel + 1)) }.reduce(1, *)
    let features = Double(settings.integer("filters")) * places
    return 8 * features * (2 * inputs + 4 * outputs)
  }

  /// - Throws: ``InputError`` where as many such cells as there are workers would not fit into the memory of the process.
  func requireMemory(input: [Int], outputs: Int, workers: Int) throws(InputError) {
    let bytes = byteCount(input: input, outputs: outputs) * Double(workers)
    let memory = Double(ProcessMemory.bytes)
    guard bytes < 0.8 * memory else {
      throw InputError(
        "networks of this size take about \(Int(bytes / 1e9)) GB on \(workers) workers; this process may use \(Int(memory / 1e9))",
        remedy: "make the network smaller, or use fewer workers")
    }
  }
}
