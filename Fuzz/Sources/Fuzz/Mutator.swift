import CFuzzer
import Tensors

/// libFuzzer's hook for a mutation of our own, found by its name: half of the changes to a packed archive go to its JSON members,
/// everything else to libFuzzer's own mutations.
@c(LLVMFuzzerCustomMutator)
public func mutate(_ data: UnsafeMutablePointer<UInt8>?, _ size: Int, _ capacity: Int, _ seed: UInt32) -> Int {
  guard let data else { return 0 }
  var stream = RandomStream(seed: UInt64(seed), purpose: "fuzzing")
  if FuzzTarget.current == .pt2, stream.next() % 4 != 0 {
    var archive = PackedArchive(Array(UnsafeBufferPointer(start: data, count: size)))
    let documents = archive.members.indices.filter { archive.members[$0].name.suffix(5).elementsEqual(".json".utf8) }
    if !documents.isEmpty {
      let index = documents[Int(stream.next() % UInt64(documents.count))]
      var mutation = JSONMutation(stream: stream)
      if let changed = mutation.mutated(archive.members[index].data) {
        archive.members[index].data = changed
        let bytes = archive.bytes
        if bytes.count <= capacity {
          for (offset, byte) in bytes.enumerated() { data[offset] = byte }
          return bytes.count
        }
      }
    }
  }
  return LLVMFuzzerMutate(data, size, capacity)
}
