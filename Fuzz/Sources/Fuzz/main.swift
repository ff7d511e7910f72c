import CFuzzer
import Foundation

// Fuzz TARGET --seeds DIRECTORY    writes small valid files to start from
// Fuzz TARGET [libFuzzer options]  reads mutated files until an option says stop; a trap, a hang or a memory error ends it

let arguments = CommandLine.arguments
guard arguments.count > 1, let target = FuzzTarget(rawValue: arguments[1]) else {
  print("usage: Fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) [--seeds DIRECTORY | OPTIONS]")
  exit(2)
}

if arguments.count == 4, arguments[2] == "--seeds" {
  let directory = URL(fileURLWithPath: arguments[3])
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  for (number, seed) in try target.seeds().enumerated() {
    try Data(seed).write(to: directory.appendingPathComponent("seed-\(number)"))
  }
  exit(0)
}

FuzzTarget.current = target
// libFuzzer sees the command line without the target's name. Its strings live as long as the process.
var pointers: [UnsafeMutablePointer<CChar>?] = ([arguments[0]] + arguments[2...]).map { strdup($0) } + [nil]
var count = CInt(pointers.count - 1)
let status = pointers.withUnsafeMutableBufferPointer { buffer in
  var base = buffer.baseAddress
  let test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt =
    switch target {
    case .zip: { read(.zip, $0, $1) }
    case .npy: { read(.npy, $0, $1) }
    case .gzip: { read(.gzip, $0, $1) }
    case .idx: { read(.idx, $0, $1) }
    case .pt2: { read(.pt2, $0, $1) }
    }
  return LLVMFuzzerRunDriver(&count, &base, test)
}
exit(status)

/// One run: the bytes in an array of exactly their size, so that the sanitizer sees the first byte read beyond.
func read(_ target: FuzzTarget, _ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  target.read(Array(UnsafeBufferPointer(start: data, count: size)))
  return 0
}
