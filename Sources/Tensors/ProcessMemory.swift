import Foundation

/// The memory a process may use: that of the machine, or what its control groups leave of it, as in containers.
public enum ProcessMemory {
  /// In bytes.
  public static let bytes: Int = {
    let machine = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    guard let membership = text("/proc/self/cgroup") else { return machine }
    return min(machine, controlGroupLimit(membership: membership, root: "/sys/fs/cgroup") ?? machine)
  }()

  /// The least limit of a process's control groups and of those they lie in; `nil` where none has one.
  ///
  /// A container often sees its own group as the root of the tree, so directories that are not there are passed over.
  ///
  /// - Parameters:
  ///   - membership: lines of hierarchy, controllers and group, separated by colons; an empty list of controllers is that of
  ///     version 2.
  ///   - root: where the hierarchies are mounted.
  static func controlGroupLimit(membership: String, root: String) -> Int? {
    var limits: [Int] = []
    for line in membership.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let (base, file): (String, String)
      switch fields[1].split(separator: ",") {
      case []: (base, file) = (root, "memory.max")
      case let controllers where controllers.contains("memory"):
        (base, file) = (root + "/memory", "memory.limit_in_bytes")
      default: continue
      }
      var group = fields[2].split(separator: "/")
      while true {
        let path = ([base] + group.map(String.init) + [file]).joined(separator: "/")
        // Without a limit version 2 says "max", and version 1 the largest number there is, less a page.
        if let limit = text(path).flatMap({ Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }), limit < 1 << 60
        {
          limits.append(limit)
        }
        if group.isEmpty { break }
        group.removeLast()
      }
    }
    return limits.min()
  }

  private static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
