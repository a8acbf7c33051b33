import Diagnostics
import Digests
import Foundation
import ObjectStore
import TaskGraph
import TaskKinds

/// Reads encoded frames out of segments, in programme order.
final class SegmentReader {
  private struct Open {
    var key: TaskKey
    var record: SegmentRecord
    var file: FileHandle
  }

  private let store: ObjectStore
  /// The segment read last: pieces of one segment usually follow each other.
  private var current: Open?

  init(store: ObjectStore) { self.store = store }

  deinit { try? current?.file.close() }

  /// Calls `body` with every frame of the pieces, its number from 0, and whether it is the first of its segment;
  /// each packet's digest is checked.
  func forEachFrame(
    _ pieces: [AssembleTask.Piece],
    _ body: (_ frame: Int64, _ packet: [UInt8], _ entry: PacketEntry, _ isFirst: Bool) throws -> Void
  ) throws {
    var frame: Int64 = 0
    for piece in pieces {
      let open = try segment(piece.segment)
      for step in 0..<piece.count {
        let index = piece.offset + step * piece.step
        guard open.record.packets.indices.contains(index) else {
          throw WorkerFailure(verification: "segment \(piece.segment.hex.prefix(12)) has no frame \(index)")
        }
        let entry = open.record.packets[index]
        try open.file.seek(toOffset: UInt64(entry.offset))
        let packet = [UInt8](try open.file.read(upToCount: entry.size) ?? Data())
        guard Digest.sha256(packet).hex.hasPrefix(entry.digest) else {
          try takeOut(open)
          throw WorkerFailure(damagedObject: open.record.object)
        }
        try body(frame, packet, entry, index == 0)
        frame += 1
      }
    }
  }

  /// Takes a segment out of use whose packets are not what its result says: the object, or else the result.
  private func takeOut(_ segment: Open) throws {
    if try store.verifyObject(segment.record.object) { try store.withdrawResult(segment.key) }
  }

  /// Bytes of all the frames of some pieces.
  func byteCount(_ pieces: [AssembleTask.Piece]) throws -> Int64 {
    try pieces.reduce(0) { total, piece in
      let packets = try segment(piece.segment).record.packets
      return (0..<piece.count).reduce(into: total) { total, step in
        let index = piece.offset + step * piece.step
        guard packets.indices.contains(index) else { return }
        total += Int64(packets[index].size)
      }
    }
  }

  private func segment(_ key: TaskKey) throws -> Open {
    if let current, current.key == key { return current }
    try? current?.file.close()
    current = nil
    guard let result = try store.result(key, as: SegmentRecord.self) else {
      throw WorkerFailure(missingObject: key)
    }
    let record = result.output
    guard store.contains(record.object),
      let file = FileHandle(forReadingAtPath: store.path(of: record.object))
    else { throw WorkerFailure(missingObject: record.object) }
    let open = Open(key: key, record: record, file: file)
    current = open
    return open
  }
}

extension WorkerFailure {
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
