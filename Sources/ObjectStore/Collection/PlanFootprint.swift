package import Diagnostics
package import Digests
import FoundationEssentials
import Glibc
package import TaskGraph

/// The results that one plan of a pipeline rests on, those it made as well as those it found.
///
/// Written before a plan is carried out, so that whoever frees space knows what each published version needs to be
/// made again for nothing: its frames, its mixes, the probes of its media. A file of its own in `footprints/`:
/// a line of JSON, then the keys, one a line.
package struct PlanFootprint: Sendable {
  package struct Head: Codable, Hashable, Sendable {
    package var schema: Int
    package var programme: String
    /// As the user named it.
    package var pipeline: String
    /// ISO 8601, UTC.
    package var made: String
    package var count: Int
    /// SHA-256 of everything behind the first line.
    package var sha256: Digest
  }

  /// The name of its file.
  package let id: String
  package let head: Head
  /// Ascending, without repeats.
  package let keys: [TaskKey]

  package var time: WallClock { ULID(id)?.time ?? WallClock(milliseconds: 0) }

  package func contains(_ key: TaskKey) -> Bool {
    var low = 0
    var high = keys.count
    while low < high {
      let middle = (low + high) / 2
      if keys[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low < keys.count && keys[low] == key
  }
}

extension ObjectStore {
  /// Puts on record what a plan rests on, unless the newest record of the pipeline says the same.
  package func recordFootprint(
    of keys: [TaskKey], programme: String, pipeline: String
  ) throws(Diagnostic) {
    let sorted = Set(keys).sorted()
    var body: [UInt8] = []
    body.reserveCapacity(sorted.count * 65)
    for key in sorted {
      body += key.hex.utf8
      body.append(UInt8(ascii: "\n"))
    }
    let digest = Digest.sha256(body)
    let earlier = try footprintIDs().reversed().lazy.compactMap { try? self.footprintHead($0) }
    if let last = earlier.first(where: { $0.programme == programme && $0.pipeline == pipeline }),
      last.sha256 == digest
    {
      return
    }
    let head = PlanFootprint.Head(
      schema: 1, programme: programme, pipeline: pipeline, made: WallClock.now().iso8601,
      count: sorted.count, sha256: digest)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let line = try? encoder.encode(head) else {
      preconditionFailure("a footprint's head is plain values")
    }
    let folder = production.footprintsFolder
    try fileSystem.createFolder(folder)
    let path = footprintPath(ULID.next().description)
    guard try fileSystem.publish(Array(line) + [UInt8(ascii: "\n")] + body, at: path, scratch: folder) else {
      throw fileSystem.fault("publish", path, EEXIST)
    }
  }

  /// All footprints, oldest first, and what is wrong with those that cannot be read.
  package func footprints() throws(Diagnostic) -> (footprints: [PlanFootprint], findings: [Diagnostic]) {
    var footprints: [PlanFootprint] = []
    var findings: [Diagnostic] = []
    for id in try footprintIDs() {
      do {
        footprints.append(try footprint(id))
      } catch {
        findings.append(error)
      }
    }
    return (footprints, findings)
  }

  /// Removes what killed writers of footprints left; only under the lock of the production, which every writer holds.
  package func sweepFootprints() throws(Diagnostic) {
    let folder = production.footprintsFolder
    for name in try fileSystem.names(in: folder) where name.hasSuffix(".part") {
      try fileSystem.remove("\(folder)/\(name)")
    }
  }

  /// Removes a footprint that nothing rests on any more.
  package func removeFootprint(_ id: String) throws(Diagnostic) {
    try fileSystem.remove(footprintPath(id))
  }

  private func footprintPath(_ id: String) -> String { "\(production.footprintsFolder)/\(id).txt" }

  private func footprintIDs() throws(Diagnostic) -> [String] {
    try fileSystem.names(in: production.footprintsFolder).compactMap { name in
      let id = String(name.dropLast(4))
      return name.hasSuffix(".txt") && ULID(id) != nil ? id : nil
    }
  }

  private func footprintHead(_ id: String) throws(Diagnostic) -> PlanFootprint.Head {
    try parts(of: id).head
  }

  private func footprint(_ id: String) throws(Diagnostic) -> PlanFootprint {
    let (head, body) = try parts(of: id)
    let keys = body.split(separator: UInt8(ascii: "\n")).compactMap {
      Digest(hex: String(decoding: $0, as: UTF8.self))
    }
    guard Digest.sha256(Array(body)) == head.sha256, keys.count == head.count else { throw unreadable(id) }
    return PlanFootprint(id: id, head: head, keys: keys)
  }

  private func parts(of id: String) throws(Diagnostic) -> (head: PlanFootprint.Head, body: ArraySlice<UInt8>)
  {
    guard let (bytes, _) = try fileSystem.read(footprintPath(id)),
      let end = bytes.firstIndex(of: UInt8(ascii: "\n")),
      let head = try? JSONDecoder().decode(PlanFootprint.Head.self, from: Data(bytes[..<end])),
      head.schema == 1
    else { throw unreadable(id) }
    return (head, bytes[(end + 1)...])
  }

  private func unreadable(_ id: String) -> Diagnostic {
    Diagnostic(
      family: .verification, code: "footprint.unreadable",
      location: SourceLocation(file: fileSystem.relative(footprintPath(id))),
      message: "this is not a whole record of what a plan rests on",
      remedy: "Move it away: `interlock gc` then keeps more than it needs to, never less.")
  }
}
