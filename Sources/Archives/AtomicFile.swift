import Tensors

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A file written under a temporary name beside its target and renamed when complete.
///
///     let file = try AtomicFile("runs/first/result.json")
///     try file.write(bytes)
///     try file.commit()
///
/// Readers see the old file or the new one, never half of it. Without `commit()` the temporary file is removed and the target
/// is left as it was. One thread at a time.
public final class AtomicFile {
  /// The file that `commit()` brings into being.
  public let path: String
  private let temporaryPath: String
  private var descriptor: Int32

  /// What the name of a temporary file ends in.
  static let temporarySuffix = ".ritz-partial"

  /// Creates the temporary file, so an unwritable output is known before any work is done.
  ///
  /// - Throws: `InputError` where the target is not a regular file or its directory cannot be written.
  public init(_ path: String) throws {
    guard !path.isEmpty else { throw InputError.emptyOutput("file") }
    guard !path.utf8.contains(0), path.utf8.last != UInt8(ascii: "/") else {
      throw InputError(file: path, "is not the path of a file", remedy: "give another output")
    }
    // A rename would replace a device or a pipe by a file.
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw InputError(
        file: path,
        status.st_mode & S_IFMT == S_IFDIR ? "is a directory, not a file" : "is not a regular file",
        remedy: "give another output")
    }
    let separator = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let directory = separator.map { path[...$0] } ?? ""
    let name = separator.map { path[path.index(after: $0)...] } ?? path[...]

    var created: Int32 = -1
    var candidate = ""
    for _ in 0..<100 {
      let tag = String(UInt64.random(in: .min ... .max), radix: 36)
      candidate = "\(directory).\(name).\(tag)\(AtomicFile.temporarySuffix)"
      created = open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if created >= 0 || (errno != EEXIST && errno != EINTR) { break }
    }
    guard created >= 0 else { throw InputError.unwritable(path, code: errno) }
    self.path = path
    temporaryPath = candidate
    descriptor = created
  }

  deinit { discard() }

  /// Appends bytes.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    precondition(descriptor >= 0, "the file has been committed")
    var rest = bytes
    while !rest.isEmpty {
      #if canImport(Darwin)
        let written = Darwin.write(descriptor, rest.baseAddress, rest.count)
      #elseif canImport(Musl)
        let written = Musl.write(descriptor, rest.baseAddress, rest.count)
      #else
        let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
      #endif
      if written < 0 {
        if errno == EINTR { continue }
        throw InputError.unwritable(path, code: errno)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
    }
  }

  public func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  public func write(_ text: String) throws { try write(Array(text.utf8)) }

  /// Brings the data to the disk and gives the file its name, replacing a file that had it.
  public func commit() throws {
    precondition(descriptor >= 0, "the file has been committed")
    defer { discard() }
    guard fsync(descriptor) == 0, rename(temporaryPath, path) == 0 else {
      throw InputError.unwritable(path, code: errno)
    }
  }

  /// Writes a whole file at once.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    let file = try AtomicFile(path)
    try file.write(bytes)
    try file.commit()
  }

  private func discard() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
    unlink(temporaryPath)
  }
}
