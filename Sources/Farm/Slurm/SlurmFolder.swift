package import Diagnostics
package import Engine
import Foundation
package import ObjectStore

/// What coordinator and jobs of one run hand to each other, in `runs/<run>/slurm/`: what each submission has to do, and the
/// letters of its jobs.
package struct SlurmFolder: Hashable, Sendable {
  package let run: RunFolder

  package init(_ run: RunFolder) { self.run = run }

  package var path: String { run.path + "/slurm" }
  private var files: FileSystem { run.production.fileSystem }
  private var mail: String { path + "/mail" }
  /// The one script of all jobs; what differs comes as arguments.
  package var scriptPath: String { path + "/job.sh" }

  package func folder(of number: Int) -> String { "\(path)/\(number)" }

  /// What the jobs of one submission do.
  package struct Work: Codable, Sendable, Hashable {
    package var schema = 1
    package var run: String
    package var number: Int
    /// The program that opens media.
    package var worker: String
    /// Attempts by element of the array.
    package var elements: [[SlurmOrder]]
    /// How many attempts one job does at once: of a pilot as many as it has cores.
    package var width: Int
    /// In bytes; nil for the usual limits.
    package var memoryLimit: Int64?
    package var isPilot: Bool
    /// Variables that workers get.
    package var environment: [String: String]
    /// Seconds without a sign of life, and without progress, after which a worker is stopped.
    package var silence: Double
    package var stall: Double
    /// Seconds after which an idle pilot goes.
    package var idle: Double
  }

  /// The script takes: how many modules, the program, the folder; the modules; words before the command.
  private static let script = """
    #!/bin/bash
    # A job of Interlock. What differs from job to job comes as arguments.
    modules=$1 program=$2 folder=$3
    shift 3
    if [ "$modules" -gt 0 ]; then
      type module >/dev/null 2>&1 || . /etc/profile
      while [ "$modules" -gt 0 ]; do
        module load "$1" || exit 75
        shift
        modules=$((modules - 1))
      done
    fi
    exec "$@" "$program" worker attend "$folder"

    """

  /// Makes the folder before the first submission.
  package func create() throws(Diagnostic) {
    try files.createFolder(mail)
    guard !files.exists(scriptPath) else { return }
    try files.writeNew(Array(Self.script.utf8), at: scriptPath, mode: 0o755, isDurable: false)
  }

  /// Writes what a submission does, before anybody can ask for it.
  package func write(_ work: Work) throws {
    let folder = folder(of: work.number)
    try files.createFolder(folder)
    try files.writeNew(try Self.encode(work), at: folder + "/work.json", isDurable: false)
  }

  /// What a submission does; nil when it was withdrawn or never made.
  package func work(of number: Int) -> Work? {
    guard let file = try? files.read(folder(of: number) + "/work.json") else { return nil }
    return try? JSONDecoder().decode(Work.self, from: Data(file.bytes))
  }

  /// Numbers of the submissions that have not been withdrawn.
  package func submissions() throws(Diagnostic) -> [Int] {
    try files.names(in: path).compactMap { Int($0) }.filter { files.exists(folder(of: $0) + "/work.json") }
      .sorted()
  }

  package func isWithdrawn(_ number: Int) -> Bool { !files.exists(folder(of: number) + "/work.json") }

  /// Leaves nothing to do for jobs of the submission that start from here on.
  package func withdraw(_ number: Int) throws(Diagnostic) {
    let folder = folder(of: number)
    _ = try files.move(folder + "/work.json", to: folder + "/withdrawn.json")
  }

  // MARK: Letters

  /// A job writes to its coordinator; the file appears whole.
  package func send(_ letter: JobLetter) throws {
    let name = "\(letter.submission)-\(letter.element)-\(ULID.next()).json"
    let isNew = try files.publish(
      try Self.encode(letter), at: "\(mail)/\(name)", scratch: folder(of: letter.submission), mode: 0o644,
      isDurable: false)
    precondition(isNew, "a ULID comes once")
  }

  /// Takes the letters that have come, oldest first.
  ///
  /// - Parameter isShared: the folder may be cached; a change of our own makes the client look.
  package func takeLetters(isShared: Bool) throws -> [JobLetter] {
    if isShared {
      let look = "\(mail)/look.\(ULID.next())"
      try? files.writeNew([], at: look, isDurable: false)
      try? files.remove(look)
    }
    var letters: [JobLetter] = []
    for name in try files.names(in: mail) where name.hasSuffix(".json") {
      let path = "\(mail)/\(name)"
      guard let file = try files.read(path) else { continue }
      // What cannot be read is no news; the records of the attempts say the same.
      if let letter = try? JSONDecoder().decode(JobLetter.self, from: Data(file.bytes)) {
        letters.append(letter)
      }
      try files.remove(path)
    }
    return letters
  }

  // MARK: Pilots

  private func queuePath(_ number: Int) -> String { folder(of: number) + "/queue.jsonl" }

  /// Gives a pilot more to do, or, without orders, leave to go.
  package func feed(_ orders: [SlurmOrder], to number: Int) throws {
    let file = try OpenFile(queuePath(number), O_WRONLY | O_CREAT | O_APPEND, mode: 0o666, in: files)
    var bytes: [UInt8] = []
    for order in orders { bytes += try Self.encode(order) }
    try file.write(bytes)
  }

  package func release(_ number: Int) throws {
    let file = try OpenFile(queuePath(number), O_WRONLY | O_CREAT | O_APPEND, mode: 0o666, in: files)
    try file.write(Array("end\n".utf8))
  }

  /// What was given to a pilot after the first `offset` bytes, in whole lines.
  ///
  /// - Returns: the orders, the new offset, and whether nothing more will come.
  package func fed(_ number: Int, after offset: Int) -> (orders: [SlurmOrder], offset: Int, isOver: Bool) {
    guard let file = try? files.read(queuePath(number)), file.bytes.count > offset else {
      return ([], offset, false)
    }
    guard let end = file.bytes.lastIndex(of: UInt8(ascii: "\n")), end >= offset else {
      return ([], offset, false)
    }
    var orders: [SlurmOrder] = []
    var isOver = false
    for line in file.bytes[offset...end].split(separator: UInt8(ascii: "\n")) {
      if line.elementsEqual("end".utf8) { isOver = true }
      if let order = try? JSONDecoder().decode(SlurmOrder.self, from: Data(line)) { orders.append(order) }
    }
    return (orders, end + 1, isOver)
  }

  private static func encode(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
  }
}

extension ExitRecord {
  /// The record that an attempt has left, if any.
  package static func left(by attempt: String, in production: Production) -> ExitRecord? {
    guard let folder = AttemptFolder.open(id: attempt, in: production),
      let file = try? production.fileSystem.read(folder.exitPath)
    else { return nil }
    return try? JSONDecoder().decode(ExitRecord.self, from: Data(file.bytes))
  }

  /// Leaves the record of a worker that died, unless it has left one itself.
  package func leave(in production: Production) {
    guard let folder = AttemptFolder.open(id: attempt, in: production),
      !production.fileSystem.exists(folder.exitPath), let bytes = try? JSONEncoder().encode(self)
    else { return }
    try? folder.writeExit([UInt8](bytes))
  }
}
