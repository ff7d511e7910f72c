import Tensors

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The directory a run leaves its results in. Every file in it is complete: written beside and renamed (`AtomicFile`).
public struct OutputDirectory: Sendable {
  public let path: String

  /// Creates the directory with its parents where they are missing, and checks that files can be written into it.
  ///
  /// Temporary files that a killed run left there are removed: a run directory has one run at a time.
  ///
  /// - Throws: `InputError` where it cannot be created, is not a directory, or is not writable.
  public init(_ path: String) throws {
    guard !path.isEmpty else { throw InputError.emptyOutput("directory") }
    guard !path.utf8.contains(0) else {
      throw InputError(file: path, "is not the path of a directory", remedy: "give another output")
    }
    var prefix = path.hasPrefix("/") ? "/" : ""
    for component in path.split(separator: "/") {
      prefix += component
      let code = mkdir(prefix, 0o777) == 0 ? 0 : errno
      if code != 0 && !FileBytes.isDirectory(prefix) {
        guard code == EEXIST else { throw InputError.unwritable(path, code: code) }
        throw InputError(file: prefix, "is a file, not a directory", remedy: "give another output")
      }
      prefix += "/"
    }
    self.path = path
    guard access(path, W_OK | X_OK) == 0 else { throw InputError.unwritable(path, code: errno) }
    removeTemporaryFiles()
  }

  /// The path of `name` inside the directory.
  public func path(_ name: String) -> String { path.hasSuffix("/") ? path + name : path + "/" + name }

  /// A directory inside this one, created where it is missing.
  public func directory(_ name: String) throws -> OutputDirectory { try OutputDirectory(path(name)) }

  /// Opens a file in the directory for writing; it appears when committed.
  public func file(_ name: String) throws -> AtomicFile { try AtomicFile(path(name)) }

  /// Writes a whole file.
  public func write(_ bytes: [UInt8], to name: String) throws { try AtomicFile.write(bytes, to: path(name)) }

  public func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

  private func removeTemporaryFiles() {
    guard let directory = opendir(path) else { return }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) { String(cString: $0) }
      }
      if name.hasPrefix("."), name.hasSuffix(AtomicFile.temporarySuffix) { unlink(self.path(name)) }
    }
  }
}
