import Tensors

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension InputError {
  /// Makes sure that the system would hand out `bytes` in one piece, which a Swift array does not survive the refusal of.
  ///
  /// - Throws: an error saying how much memory is missing; the caller adds the file and the place.
  static func requireMemory(_ bytes: Int) throws {
    guard bytes > 1 << 26 else { return }
    guard let probe = malloc(bytes) else {
      throw InputError("needs \(bytes >> 20) MiB of memory, which the system refuses", remedy: "use a smaller file")
    }
    free(probe)
  }
}
