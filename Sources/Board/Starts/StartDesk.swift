import Diagnostics
import Engine
import FoundationEssentials
package import ObjectStore

/// One command that was started from the board, and what has become of it.
package struct StartedCommand: Encodable, Sendable {
  package var schema = 1
  package var start: String
  package var verb: StartRecord.Verb
  package var programme: String?
  package var cut: String?
  /// As it is typed into a shell.
  package var command: String
  package var by: String
  /// ISO 8601, UTC.
  package var made: String
  package var state: StartState
  /// Exit code of the command line.
  package var exit: Int32?
  package var ended: String?
  /// The run it made, once it has one.
  package var run: String?
  /// The end of what it said besides its result.
  package var messages: String
  /// The end of its result.
  package var output: String
  /// Whether it has written a page.
  package var hasReport: Bool

  package var isGoingOn: Bool { state == .waiting || state == .running }
}

/// Starts commands, each as a process of its own that needs nobody, and knows what became of them.
package actor StartDesk {
  /// Starts the process of a record, in a session of its own.
  package typealias Launcher = @Sendable (StartFolder, StartRecord) async throws -> Void

  private let executor = BlockingExecutor(label: "interlock.board.starts")
  private let production: Production
  private let launcher: Launcher
  /// What is over does not change any more.
  private var over: [String: StartedCommand] = [:]

  package static let listed = 20
  /// Records of commands that are over are kept for so many.
  private static let mostKept = 200
  private static let longestText = 24 << 10
  /// An earlier run than these cannot go on: one production has one coordinator.
  private static let looked = 40

  package init(_ production: Production, launcher: @escaping Launcher) {
    self.production = production
    self.launcher = launcher
  }

  package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  /// - Parameters:
  ///   - arguments: made for the folder that the record gets.
  ///   - prepare: puts into the folder what the command needs.
  package func start(
    _ verb: StartRecord.Verb, programme: String?, cut: String?, by person: String,
    prepare: @Sendable (StartFolder) throws -> Void = { _ in },
    arguments: @Sendable (StartFolder) -> [String]
  ) async throws -> StartedCommand {
    let folder = StartFolder(ULID.next().description, in: production)
    let record = StartRecord(
      id: folder.id, verb: verb, programme: programme, cut: cut, arguments: arguments(folder), by: person,
      made: WallClock.now().iso8601)
    try production.fileSystem.createFolder(folder.path)
    try prepare(folder)
    try folder.write(record)
    try await launcher(folder, record)
    guard let started = try command(folder.id) else {
      throw Diagnostic(family: .failed, code: "start.lost", message: "what was started left no record")
    }
    return started
  }

  /// The newest first.
  package func latest(_ count: Int = StartDesk.listed) throws -> [StartedCommand] {
    let folders = try StartFolder.all(in: production).prefix(count)
    let runs = try RunFolder.all(in: production)
    return folders.compactMap { command($0, among: runs) }
  }

  package func command(_ id: String) throws -> StartedCommand? {
    guard ULID(id) != nil else { return nil }
    return command(StartFolder(id, in: production), among: try RunFolder.all(in: production))
  }

  /// What became of the wish that something stops.
  package enum Cancelling: Sendable {
    case asked, over, unknown
  }

  /// Asks it to stop, as Ctrl-C does where it was typed.
  package func cancel(start id: String, isNow: Bool) throws -> Cancelling {
    guard ULID(id) != nil, let command = try command(id) else { return .unknown }
    if isNow, let run = command.run, try cancel(run: run, isNow: true) == .asked { return .asked }
    return StartFolder(id, in: production).interrupt() ? .asked : .over
  }

  /// Asks a run to stop, whoever started it, as `interlock cancel` does.
  package func cancel(run id: String, isNow: Bool) throws -> Cancelling {
    let run = RunFolder(id, in: production)
    guard ULID(id) != nil, production.fileSystem.exists(run.path) else { return .unknown }
    guard run.isUnderWay || run.isCommandAlive else { return .over }
    try run.cancel(isNow: isNow)
    return .asked
  }

  /// Whatever works in the production now, in words; nil when nobody does.
  package func atWork() throws -> String? {
    let runs = try RunFolder.all(in: production).prefix(Self.looked)
    if let run = runs.first(where: { $0.isUnderWay || $0.isCommandAlive }) {
      return "run \(run.id)" + (run.presence.map { " of \($0)" } ?? "")
    }
    let planning = try latest().first { $0.isGoingOn && $0.verb == .run }
    return planning.map { "`\($0.command)`, which plans" }
  }

  /// Forgets what is long over.
  package func sweep() throws {
    for folder in try StartFolder.all(in: production).dropFirst(Self.mostKept)
    where folder.state == .ended || folder.state == .lost {
      // What cannot be removed now is swept another time.
      try? FileManager.default.removeItem(atPath: folder.path)
    }
  }

  private func command(_ folder: StartFolder, among runs: [RunFolder]) -> StartedCommand? {
    if let known = over[folder.id] { return known }
    guard let record = folder.record else { return nil }
    let (state, ending) = (folder.state, folder.ending)
    let command = StartedCommand(
      start: folder.id, verb: record.verb, programme: record.programme, cut: record.cut,
      command: record.command, by: record.by, made: record.made, state: state, exit: ending?.exit,
      ended: ending?.ended, run: record.verb == .run ? folder.run(among: runs)?.id : nil,
      messages: folder.tail(of: folder.errorsPath, longest: Self.longestText),
      output: folder.tail(of: folder.outputPath, longest: Self.longestText),
      hasReport: production.fileSystem.exists(folder.reportPath))
    if state == .ended {
      if over.count > Self.mostKept { over = [:] }
      over[folder.id] = command
    }
    return command
  }
}
