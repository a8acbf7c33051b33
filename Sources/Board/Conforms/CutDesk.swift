package import Diagnostics
import Digests
import Engine
import FoundationEssentials
import Glibc
package import ObjectStore

/// Takes in files that come over the network: to disk as they come, under a name of ours, and to their place only when
/// they are whole and were looked at by somebody who can bear it.
package actor CutDesk {
  /// A file on its way.
  package struct Incoming: Sendable {
    fileprivate var id: String
    /// A folder of its own.
    package var folder: String
    package var name: String

    package var path: String { "\(folder)/\(name)" }
  }

  /// What was found in a cut.
  package struct Examination: Codable, Sendable {
    package var frames: Int64?
    package var clips: Int?
    /// What leaves no cut, or makes one that is not what was meant.
    package var faults: [Diagnostic]

    package init(frames: Int64?, clips: Int?, faults: [Diagnostic]) {
      (self.frames, self.clips, self.faults) = (frames, clips, faults)
    }
  }

  private final class Open {
    let file: OpenFile

    init(_ file: consuming OpenFile) { self.file = file }
  }

  private let executor = BlockingExecutor(label: "interlock.board.cuts")
  private let production: Production
  private let shelf: CutShelf
  private var open: [String: Open] = [:]

  /// Files that may be on their way at a time.
  private static let mostIncoming = 4
  /// What was left behind by a server that was killed is removed after so long.
  private static let leftFor: Int64 = 24 * 3600 * 1000

  package init(_ production: Production) {
    self.production = production
    shelf = CutShelf(production)
  }

  package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  private var incomingFolder: String { production.interlockFolder + "/incoming" }

  /// - Parameter name: as it was sent.
  /// - Throws: `usage`, `cut.badName`; `transient`, `cut.tooMany`.
  package func begin(_ name: String) throws -> Incoming {
    let kept = try CutFileName.kept(name)
    guard open.count < Self.mostIncoming else {
      throw Diagnostic(
        family: .transient, code: "cut.tooMany", message: "\(open.count) files are on their way already",
        remedy: "Send it again when they are there.")
    }
    let files = production.fileSystem
    let id = ULID.next().description
    let folder = "\(incomingFolder)/\(id)"
    try files.createFolder(folder)
    let incoming = Incoming(id: id, folder: folder, name: kept)
    open[id] = Open(try OpenFile(incoming.path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o644, in: files))
    return incoming
  }

  package func append(_ bytes: [UInt8], to incoming: Incoming) throws {
    try open[incoming.id]?.file.write(bytes)
  }

  /// The file is whole: makes it durable.
  package func finish(_ incoming: Incoming) throws {
    defer { open[incoming.id] = nil }
    try open[incoming.id]?.file.sync()
  }

  /// Removes the file and everything beside it; after it was published only a second name of it.
  package func discard(_ incoming: Incoming) {
    open[incoming.id] = nil
    remove(incoming.folder)
  }

  /// Makes the file the cut of a programme.
  package func publish(
    _ incoming: Incoming, programme: String, examined: Examination, by person: String
  ) throws -> CutVersion {
    let files = production.fileSystem
    var version = CutVersion(
      programme: programme, version: 0, file: incoming.name, by: person, made: WallClock.now().iso8601)
    let file = try OpenFile(incoming.path, O_RDONLY | O_NOFOLLOW, in: files)
    try file.setMode(0o444)
    version.byteCount = try file.facts().byteCount
    version.digest = try file.digest().hex
    (version.frames, version.clips) = (examined.frames, examined.clips)
    return try shelf.publish(incoming.path, as: version)
  }

  /// Puts an earlier cut, or with nil the pipeline file's own, in force again; one that is in force stays as it is.
  package func putInForce(
    _ wanted: CutVersion?, programme: String, by person: String
  ) throws -> CutVersion? {
    let present = try shelf.inForce(programme)
    guard present?.digest != wanted?.digest || present?.file != wanted?.file else { return present }
    var version = CutVersion(
      programme: programme, version: 0, file: wanted?.file, by: person, made: WallClock.now().iso8601)
    (version.digest, version.byteCount) = (wanted?.digest, wanted?.byteCount)
    (version.frames, version.clips) = (wanted?.frames, wanted?.clips)
    return try shelf.publish(wanted.flatMap(shelf.path), as: version)
  }

  /// Removes what a server that was killed has left.
  package func sweep() throws {
    let now = WallClock.now().milliseconds
    for name in try production.fileSystem.names(in: incomingFolder) {
      guard let id = ULID(name), now - id.time.milliseconds > Self.leftFor else { continue }
      remove("\(incomingFolder)/\(name)")
    }
  }

  private func remove(_ folder: String) {
    // What cannot be removed now is swept another time.
    try? FileManager.default.removeItem(atPath: folder)
  }
}
