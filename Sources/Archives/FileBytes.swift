import Tensors

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The contents of a regular file, read as a whole.
///
/// The file is read and not mapped: a map of a file that another process shortens ends in a signal instead of an error.
public struct FileBytes: Sendable {
  /// The path as the user gave it; it begins every error about the file.
  public let path: String
  public let bytes: [UInt8]

  /// The largest file read unless the caller says otherwise: 8 GiB.
  public static let defaultLimit = 1 << 33

  /// Reads the file at `path`.
  ///
  /// Directories, devices, pipes and sockets are refused before anything is read, without blocking.
  ///
  /// - Parameter limit: the largest size accepted, in bytes.
  /// - Throws: `InputError` where the file is missing, unreadable, not a regular file, or larger than `limit`.
  public init(contentsOf path: String, limit: Int = FileBytes.defaultLimit) throws {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw InputError(file: path, "is not a path", remedy: "give the path of a file")
    }
    // Non-blocking, or opening a pipe nobody writes to would wait for ever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw InputError.unreadable(path, code: errno) }
    defer { close(descriptor) }

    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw InputError.unreadable(path, code: errno) }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG else {
      throw InputError(
        file: path, kind == S_IFDIR ? "is a directory, not a file" : "is not a regular file",
        remedy: "give the path of a regular file")
    }
    let size = Int(status.st_size)
    guard size <= limit else {
      throw InputError(
        file: path, "is \(size) bytes long, more than the \(limit) this kind of file may have",
        remedy: "check that it is the right file")
    }

    do { try InputError.requireMemory(size) } catch let error as InputError { throw error.inFile(path) }
    var failure: InputError?
    bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
        if got < 0 && errno == EINTR { continue }
        guard got >= 0 else {
          failure = InputError.unreadable(path, code: errno)
          return
        }
        guard got > 0 else {
          failure = InputError(
            file: path, "became shorter while it was read", remedy: "wait until it is completely written")
          return
        }
        count += got
      }
    }
    if let failure { throw failure }
    self.path = path
  }

  /// Whether a regular file exists at `path` (links are followed).
  public static func exists(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// Whether a directory exists at `path` (links are followed).
  public static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}

extension InputError {
  /// The error for a file that could not be opened or read, from the system's error number.
  static func unreadable(_ path: String, code: Int32) -> InputError {
    switch code {
    case ENOENT, ENOTDIR: InputError(file: path, "does not exist", remedy: "check the path")
    case EACCES, EPERM: InputError(file: path, "may not be read", remedy: "check its permissions")
    default: InputError(file: path, "cannot be read: \(systemMessage(code))", remedy: "check the path and the disk")
    }
  }

  /// The error for an output without a name.
  static func emptyOutput(_ kind: String) -> InputError {
    InputError(place: "output", "the path is empty", remedy: "give the path of a \(kind)")
  }

  /// The error for a file that could not be created or written, from the system's error number.
  static func unwritable(_ path: String, code: Int32) -> InputError {
    let remedy =
      switch code {
      case ENOENT, ENOTDIR: "create its directory first, or give another output"
      case ENOSPC, EDQUOT: "free some space, or give another output"
      default: "check the permissions, or give another output"
      }
    return InputError(file: path, "cannot be written: \(systemMessage(code))", remedy: remedy)
  }
}

/// The system's text for an error number.
func systemMessage(_ code: Int32) -> String {
  strerror(code).map { String(cString: $0) } ?? "error \(code)"
}
