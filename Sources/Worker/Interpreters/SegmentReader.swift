import Diagnostics
import Digests
import Media
import ObjectStore
import TaskGraph
import TaskKinds

/// Reads encoded frames out of segments, in programme order.
final class SegmentReader {
  fileprivate struct Open {
    var key: TaskKey
    var record: SegmentRecord
    var object: Digest
    var file: ByteFile
  }

  private let store: ObjectStore
  /// The segment read last: pieces of one segment usually follow each other.
  private var current: Open?

  init(store: ObjectStore) { self.store = store }

  /// Calls `body` with every frame of the pieces, its number from 0, and whether it is the first of its segment.
  ///
  /// - Parameter isChecked: whether each packet's digest is checked; else only its size is, for whoever digests the packets
  ///   where they go.
  func forEachFrame(
    _ pieces: [AssembleTask.Piece], isChecked: Bool = true,
    _ body: (_ frame: Int64, _ packet: [UInt8], _ entry: PacketEntry, _ isFirst: Bool) throws -> Void
  ) throws {
    var frame: Int64 = 0
    for piece in pieces {
      for step in 0..<piece.count {
        let index = piece.offset + step * piece.step
        let (packet, entry) = try packet(of: piece.segment, at: index, isChecked: isChecked)
        try body(frame, packet, entry, index == 0)
        frame += 1
      }
    }
  }

  /// One frame of a segment.
  func packet(
    of key: TaskKey, at index: Int, isChecked: Bool = true
  ) throws -> (bytes: [UInt8], entry: PacketEntry) {
    if let open = try? segment(key, holding: index), let found = try? open.read(index),
      isChecked ? found.entry.isOf(found.bytes) : found.entry.size == found.bytes.count
    {
      return found
    }
    // Another machine may have moved it, or made it again, under our hands.
    current = nil
    let open = try segment(key, holding: index)
    let found = try open.read(index)
    guard found.entry.isOf(found.bytes) else {
      try takeOut(open)
      throw WorkerFailure(damagedObject: open.object)
    }
    return found
  }

  /// Takes a segment out of use whose packets are not what its result says: the object, or else the result.
  private func takeOut(_ segment: Open) throws {
    if try store.verifyObject(segment.object) { try store.withdrawResult(segment.key) }
  }

  /// Bytes of all the frames of some pieces.
  func byteCount(_ pieces: [AssembleTask.Piece]) throws -> Int64 {
    try pieces.reduce(0) { total, piece in
      let packets = try record(piece.segment).packets
      return (0..<piece.count).reduce(into: total) { total, step in
        let index = piece.offset + step * piece.step
        guard packets.indices.contains(index) else { return }
        total += Int64(packets[index].size)
      }
    }
  }

  private func record(_ key: TaskKey) throws -> SegmentRecord {
    if let current, current.key == key { return current.record }
    guard let result = try store.result(key, as: SegmentRecord.self) else {
      throw WorkerFailure(missingObject: key)
    }
    return result.output
  }

  private func segment(_ key: TaskKey, holding index: Int) throws -> Open {
    if let current, current.key == key, current.record.object(ofFrame: index) == current.object {
      return current
    }
    var missing: Digest = key
    // An assembly may move the segment into its file just now: then the next look finds it there.
    for look in 0..<3 {
      if look > 0 { current = nil }
      let record = try record(key)
      guard record.packets.indices.contains(index) else {
        throw WorkerFailure(verification: "segment \(key.hex.prefix(12)) has no frame \(index)")
      }
      missing = record.object(ofFrame: index)
      // Segments that lie in one file mostly follow each other.
      let known = current.flatMap { $0.object == missing ? $0.file : nil }
      guard let file = known ?? file(of: missing) else { continue }
      let open = Open(key: key, record: record, object: missing, file: file)
      current = open
      return open
    }
    throw WorkerFailure(missingObject: missing)
  }

  private func file(of object: Digest) -> ByteFile? {
    store.contains(object) ? try? ByteFile(store.path(of: object)) : nil
  }
}

extension SegmentReader.Open {
  fileprivate func read(_ index: Int) throws -> (bytes: [UInt8], entry: PacketEntry) {
    let entry = record.packets[index]
    return (try file.read(at: entry.offset, count: entry.size), entry)
  }
}

extension PacketEntry {
  /// Whether these are its bytes.
  func isOf(_ bytes: [UInt8]) -> Bool { size == bytes.count && Digest.sha256(bytes).hex.hasPrefix(digest) }
}

extension WorkerFailure {
  /// Whether it says what is lost or damaged, which is made again then.
  var namesLoss: Bool { diagnostics.contains { ["object.missing", "object.damaged"].contains($0.code) } }

  init(damagedObject digest: Digest) {
    self.init(
      exit: 4, failure: .media,
      diagnostics: [
        .init(
          severity: .error, family: .verification, code: "object.damaged", location: nil,
          message: "object \(digest.hex.prefix(12)) is not what it was when it was made",
          remedy: "Run again: what is missing or damaged is made again.")
      ])
  }
}

extension Result where Failure == any Error {
  /// Throws a failure that names what is lost: whoever found it has taken it out of use, and others find only that it is
  /// gone.
  func throwLoss() throws {
    if case .failure(let failure as WorkerFailure) = self, failure.namesLoss { throw failure }
  }
}
