package import Diagnostics
package import TaskGraph

/// Where a frame lies in a file that was assembled.
package struct FramePlace: Hashable, Sendable {
  package var object: ObjectReference
  package var offset: Int64
  /// The beginning of the SHA-256 of its packet there, as in `PacketEntry`.
  package var digest: String

  package init(object: ObjectReference, offset: Int64, digest: String) {
    self.object = object
    self.offset = offset
    self.digest = digest
  }
}

extension ObjectStore {
  /// Lets a segment lie in the files that were assembled of it, so that every frame is stored once.
  ///
  /// Its result says from then on where, and its own object goes. Nothing happens where frames are missing there or are
  /// others, or where the segment lies in an assembled file already. Any number of processes may do this at once and be
  /// killed at any instant: the result that is there leads to all frames at each.
  /// - Parameters:
  ///   - places: of frames, by their index in the segment; their objects are in the store.
  ///   - assembly: whose files these are; its result need not be there yet.
  ///   - scratch: the attempt's folder, for the `.part` file.
  package func moveSegment(
    _ key: TaskKey, to places: [Int: FramePlace], of assembly: TaskKey, scratch: String
  ) throws(Diagnostic) {
    // One that lies in an assembled file stays there: this one may be gone sooner.
    guard var result = try result(key, as: SegmentRecord.self), result.objects.map(\.name) == ["segment"],
      let own = result.objects.first
    else { return }
    var objects: [ObjectReference] = []
    for (index, packet) in result.output.packets.enumerated() {
      guard let place = places[index], place.digest == packet.digest, place.offset >= 0,
        place.offset + Int64(packet.size) <= place.object.byteCount
      else { return }
      result.output.packets[index].offset = place.offset
      objects.append(place.object)
    }
    guard let first = objects.first else { return }
    let isSigned = result.output.isSigned(own)
    let isOne = objects.allSatisfy { $0.digest == first.digest }
    result.output.object = first.digest
    result.output.assembly = assembly
    result.output.files = isOne ? nil : objects.map(\.digest)
    result.objects = isOne ? [first] : objects
    try replaceResult(result, scratch: scratch)
    // An object without the key in it may be another segment's, too: whether it is needed only `gc` can tell.
    if isSigned { try fileSystem.remove(path(of: own.digest)) }
  }
}
