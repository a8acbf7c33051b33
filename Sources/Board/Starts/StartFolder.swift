package import Diagnostics
package import Engine
import FoundationEssentials
import Glibc
package import ObjectStore

/// The record of one command that was started from the board, `.interlock/starts/<ulid>/`: written by who started it and
/// by the command itself, so that it needs no server to go on, and tells any server how it went.
package struct StartFolder: Hashable, Sendable {
  package let production: Production
  /// ULID of the start.
  package let id: String

  package init(_ id: String, in production: Production) {
    self.id = id
    self.production = production
  }

  package static func folder(in production: Production) -> String { production.interlockFolder + "/starts" }

  /// What a process that was started for a record finds the folder under in its environment.
  package static let variable = "INTERLOCK_START"

  package var path: String { "\(Self.folder(in: production))/\(id)" }
  /// What it printed as its result.
  package var outputPath: String { path + "/output.txt" }
  /// What it said besides.
  package var errorsPath: String { path + "/errors.txt" }
  /// The page that a conform writes.
  package var reportPath: String { path + "/report.html" }
  package var reportDataPath: String { path + "/report.json" }

  /// The newest first.
  package static func all(in production: Production) throws(Diagnostic) -> [StartFolder] {
    try production.fileSystem.names(in: folder(in: production)).filter { ULID($0) != nil }.sorted(by: >)
      .map { StartFolder($0, in: production) }
  }

  // MARK: Records

  package var record: StartRecord? { read("start.json") }
  /// The process that does it.
  package var presence: RunPresence? { read("process.json") }
  package var ending: StartEnding? { read("exit.json") }

  /// A process that was started has its say within so long.
  private static let longestSilence: Int64 = 300_000

  package var state: StartState {
    if ending != nil { return .ended }
    guard let presence else {
      let age = WallClock.now().milliseconds - (ULID(id)?.time.milliseconds ?? 0)
      return age < Self.longestSilence ? .waiting : .lost
    }
    guard presence.isAlive == false else { return .running }
    // It may have ended between the two looks.
    return ending == nil ? .lost : .ended
  }

  package func write(_ record: StartRecord) throws(Diagnostic) {
    try production.fileSystem.createFolder(path)
    try write(record, "start.json")
  }

  /// Of the process that does it, about itself.
  package func notePresence() throws(Diagnostic) {
    try write(RunPresence.here(run: id, began: WallClock.now().iso8601), "process.json")
  }

  package func write(_ ending: StartEnding) throws(Diagnostic) { try write(ending, "exit.json") }

  /// What Ctrl-C does where a command was typed: clean the first time, at once the second time.
  ///
  /// - Returns: whether its process was there to be asked.
  package func interrupt() -> Bool {
    guard let presence, presence.isAlive == true, let process = ProcessFacts(of: presence.process),
      process.started == presence.started, isOurs(process)
    else { return false }
    process.send(SIGINT)
    return true
  }

  /// Whether a process was started for this record, as its environment says: the record alone could be written by
  /// anybody who may write into the production, and name any process of ours.
  private func isOurs(_ process: ProcessFacts) -> Bool {
    process.environmentValue(Self.variable)?.hasSuffix("/\(id)") == true
  }

  /// The last run that it made: one command makes some to look at media, and then the one that is meant.
  package func run(among runs: [RunFolder]) -> RunFolder? {
    guard let presence else { return nil }
    return runs.first { run in
      guard run.id > id, let of = run.presence else { return false }
      return of.process == presence.process && of.started == presence.started && of.boot == presence.boot
    }
  }

  /// The end of a file of its own, as text.
  package func tail(of path: String, longest: Int) -> String {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return "" }
    defer { _ = close(descriptor) }
    let start = max(0, lseek(descriptor, 0, SEEK_END) - longest)
    var bytes = [UInt8](repeating: 0, count: longest)
    let count = unsafe bytes.withUnsafeMutableBytes {
      unsafe pread(descriptor, $0.baseAddress, $0.count, start)
    }
    return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
  }

  private func read<Record: Decodable>(_ name: String) -> Record? {
    guard let file = try? production.fileSystem.read("\(path)/\(name)") else { return nil }
    return try? JSONDecoder().decode(Record.self, from: Data(file.bytes))
  }

  /// Whole from the moment it has its name.
  private func write(_ record: some Encodable, _ name: String) throws(Diagnostic) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let bytes = try? encoder.encode(record) else { preconditionFailure("plain values can be encoded") }
    _ = try production.fileSystem.publish(
      Array(bytes) + [UInt8(ascii: "\n")], at: "\(path)/\(name)", scratch: path, isDurable: false)
  }
}
