import Diagnostics
import Digests
import Foundation
import Glibc
import ObjectStore
import TaskGraph
import Testing

/// Segments that come to lie in what was assembled of them: whoever reads finds every frame, at every instant.
@Suite struct SegmentMoveTests {
  private let temporary: TemporaryProduction
  private var store: ObjectStore { temporary.store }
  private let key = Digest.sha256(Array("segment".utf8))
  private let packets: [[UInt8]] = (0..<5).map { index in
    [UInt8](repeating: UInt8(index + 1), count: 100 + index)
  }

  init() throws { temporary = try TemporaryProduction() }

  private let assembly = Digest.sha256([9])

  private func digest(_ packet: [UInt8]) -> String { String(Digest.sha256(packet).hex.prefix(32)) }

  /// Commits a segment as a worker does it.
  ///
  /// - Parameter isSigned: whether its object ends with its key, as of earlier programs it does not.
  @discardableResult
  private func commit(
    _ key: TaskKey, _ packets: [[UInt8]], isSigned: Bool = true
  ) throws -> ObjectReference {
    let object = try store.commitObject(
      bytes: Array(packets.joined()) + (isSigned ? key.bytes : []), name: "segment",
      scratch: temporary.scratch)
    var offset: Int64 = 0
    let entries = packets.map { packet in
      defer { offset += Int64(packet.count) }
      return PacketEntry(offset: offset, size: packet.count, digest: digest(packet))
    }
    let record = SegmentRecord(
      encoding: Digest.sha256([1]), chain: Digest.sha256([2]), first: 10, step: 1,
      count: Int64(packets.count), object: object.digest, packets: entries,
      evidence: SegmentEvidence(decodedFrames: packets.count, lowestPSNR: nil, largestPacket: 104))
    _ = try store.commitResult(
      ResultRecord(
        key: key, kind: segmentKind, version: 1, output: record, objects: [object],
        attempt: temporary.attempt.id, tool: "test"), scratch: temporary.scratch)
    return object
  }

  /// A file with the packets in it, and where they are.
  private func assemble(_ name: String, _ packets: [[UInt8]]) throws -> [Int: FramePlace] {
    let head = Array("the head of \(name)".utf8)
    let object = try store.commitObject(
      bytes: head + packets.joined() + Array("its index".utf8), name: "movie.mov", scratch: temporary.scratch)
    var places: [Int: FramePlace] = [:]
    var offset = Int64(head.count)
    for (index, packet) in packets.enumerated() {
      places[index] = FramePlace(object: object, offset: offset, digest: digest(packet))
      offset += Int64(packet.count)
    }
    return places
  }

  /// A file for each packet, as in a sequence.
  private func sequence(_ packets: [[UInt8]]) throws -> [Int: FramePlace] {
    var places: [Int: FramePlace] = [:]
    for (index, packet) in packets.enumerated() {
      let object = try store.commitObject(bytes: packet, name: "frame", scratch: temporary.scratch)
      places[index] = FramePlace(object: object, offset: 0, digest: digest(packet))
    }
    return places
  }

  private func expectFrames(
    _ key: TaskKey, _ packets: [[UInt8]], sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) throws {
    let result = try #require(try store.result(key, as: SegmentRecord.self), sourceLocation: sourceLocation)
    #expect(store.missingObjects(of: result.objects).isEmpty, sourceLocation: sourceLocation)
    for (index, packet) in packets.enumerated() {
      let entry = result.output.packets[index]
      let object = try #require(
        try store.readObject(result.output.object(ofFrame: index)), sourceLocation: sourceLocation)
      #expect(
        Array(object[Int(entry.offset)..<Int(entry.offset) + entry.size]) == packet,
        sourceLocation: sourceLocation)
    }
  }

  @Test func `frames are stored once, in a movie or in files of their own`() throws {
    let other = Digest.sha256(Array("other".utf8))
    let own = try commit(key, packets)
    let second = try commit(other, packets)
    #expect(own.digest != second.digest, "no two segments have one object")
    try store.moveSegment(key, to: try assemble("master", packets), of: assembly, scratch: temporary.scratch)
    try store.moveSegment(other, to: try sequence(packets), of: assembly, scratch: temporary.scratch)
    #expect(!store.contains(own.digest) && !store.contains(second.digest))
    try expectFrames(key, packets)
    try expectFrames(other, packets)
    #expect(try store.result(other, as: SegmentRecord.self)?.output.files?.count == 5)
    #expect(try temporary.parts == [])
  }

  @Test(arguments: [false, true])
  func `a process killed at any operation leaves every frame, and the next one ends it`(isMovie: Bool) throws
  {
    func places() throws -> [Int: FramePlace] {
      isMovie ? try assemble("master", packets) : try sequence(packets)
    }
    let counting = FailingDisk(.never, root: temporary.production.root)
    try commit(key, packets)
    let homes = try places()
    try FileSystem.$injected.withValue(counting) {
      try ObjectStore(temporary.production).moveSegment(
        key, to: homes, of: assembly, scratch: temporary.scratch)
    }
    #expect(counting.count >= 5)
    for step in 0..<counting.count {
      let segment = Digest.sha256(Array("segment \(step)".utf8))
      let own = try commit(segment, packets)
      let disk = FailingDisk(.dead(step), root: temporary.production.root)
      #expect(throws: (any Error).self) {
        try FileSystem.$injected.withValue(disk) {
          try ObjectStore(temporary.production).moveSegment(
            segment, to: homes, of: assembly, scratch: temporary.scratch)
        }
      }
      try expectFrames(segment, packets)
      try store.moveSegment(segment, to: homes, of: assembly, scratch: temporary.scratch)
      try expectFrames(segment, packets)
      let result = try #require(try store.result(segment, as: SegmentRecord.self))
      #expect(!result.objects.contains(own))
    }
  }

  @Test func `two assemblies at once leave it in one of their files`() throws {
    let texted = try assemble("texted", packets)
    let textless = try assemble("textless", packets)
    for round in 0..<20 {
      let segment = Digest.sha256(Array("segment \(round)".utf8))
      let own = try commit(segment, packets)
      DispatchQueue.concurrentPerform(iterations: 3) { number in
        do {
          if number == 2 { return try expectResult(segment) }
          try store.moveSegment(
            segment, to: number == 0 ? texted : textless, of: assembly, scratch: temporary.scratch)
        } catch {
          Issue.record(error)
        }
      }
      try expectFrames(segment, packets)
      #expect(!store.contains(own.digest))
    }
  }

  /// What a reader beside them sees, until the segment lies elsewhere.
  private func expectResult(_ segment: TaskKey) throws {
    while true {
      let result = try #require(try store.storedResult(segment))
      #expect(try !store.isIncomplete(result))
      guard result.head.objects.map(\.name) == ["segment"] else { return }
    }
  }

  @Test func `an object that may be another segment's stays`() throws {
    let other = Digest.sha256(Array("other".utf8))
    let own = try commit(key, packets, isSigned: false)
    #expect(try commit(other, packets, isSigned: false).digest == own.digest)
    try store.moveSegment(key, to: try assemble("master", packets), of: assembly, scratch: temporary.scratch)
    try expectFrames(key, packets)
    try expectFrames(other, packets)
    #expect(try store.withdrawIncompleteResults().isEmpty)
  }

  @Test func `a segment stays where it is if the file has not all of its frames, or others`() throws {
    let own = try commit(key, packets)
    var some = try assemble("some", packets)
    some[3] = nil
    var changed = packets
    changed[2][0] ^= 1
    for places in [some, try assemble("changed", changed), [:]] {
      try store.moveSegment(key, to: places, of: assembly, scratch: temporary.scratch)
      #expect(try store.result(key, as: SegmentRecord.self)?.objects == [own])
    }
    var beyond = try assemble("beyond", packets)
    beyond[4]?.offset = 1_000_000
    try store.moveSegment(key, to: beyond, of: assembly, scratch: temporary.scratch)
    try expectFrames(key, packets)
    // One that has moved stays in the first file.
    let first = try assemble("first", packets)
    try store.moveSegment(key, to: first, of: assembly, scratch: temporary.scratch)
    try store.moveSegment(key, to: try assemble("second", packets), of: assembly, scratch: temporary.scratch)
    #expect(try store.result(key, as: SegmentRecord.self)?.output.object == first[0]?.object.digest)
  }

  @Test func `who commits a segment late finds it where it has moved`() throws {
    let own = try commit(key, packets)
    let record = try #require(try store.result(key, as: SegmentRecord.self))
    #expect(record.objects == [own])
    try store.moveSegment(key, to: try assemble("master", packets), of: assembly, scratch: temporary.scratch)
    // It named its object just before that was taken away.
    #expect(try !store.commitResult(record, scratch: temporary.scratch))
    try expectFrames(key, packets)
  }

  @Test func `a file that is damaged takes its segments with it, and only those`() throws {
    let other = Digest.sha256(Array("other".utf8))
    try commit(key, packets)
    try commit(other, packets.reversed())
    let places = try assemble("master", packets)
    try store.moveSegment(key, to: places, of: assembly, scratch: temporary.scratch)
    let path = store.path(of: try #require(places[0]).object.digest)
    #expect(unsafe chmod(path, 0o644) == 0)
    try Data("another cut".utf8).write(to: URL(fileURLWithPath: path))
    #expect(try store.withdrawIncompleteResults() == [key])
    try expectFrames(other, packets.reversed())
    // What is made again is found, and may move again.
    try commit(key, packets)
    try store.moveSegment(key, to: try assemble("master", packets), of: assembly, scratch: temporary.scratch)
    try expectFrames(key, packets)
  }
}
