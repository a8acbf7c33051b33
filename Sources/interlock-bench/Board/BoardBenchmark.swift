import Digests
import Foundation
import Glibc
import ObjectStore

/// How fast the board answers, and what it takes, with a production of 5,000 shots and 200 deliverables while a run of
/// 100,000 tasks goes on and 200 people have a page open.
///
/// The production is a season as `SeasonBenchmark` makes it: real pipelines, planned by the board itself. The run is a
/// record that this process writes as a coordinator would.
struct BoardBenchmark {
  let folder: String
  let samples: Int
  /// How long the streams of news are held open.
  let streamSeconds: Int
  var programmes = 14
  var shots = 358
  var frames = 38_800
  var chains = 20_000
  var chainLength = 5
  var listeners = 200

  private struct Ready: Decodable {
    var address: String
    var key: String
    var process: Int32
  }

  private struct Rows: Decodable {
    struct Row: Decodable {
      var deliverable: String
      var programme: String
      var stage: String
      var version: String?
    }
    struct Planning: Decodable {
      struct Unplanned: Decodable {
        var pipeline: String
      }
      var unplanned: [Unplanned]
    }
    var surveyed: String?
    var deliverables: [Row]
    var planning: Planning
  }

  private struct Shots: Decodable {
    struct Shot: Decodable {
      var programme: String
      var key: String
      var shot: String
    }
    var count: Int
    var shots: [Shot]
  }

  /// - Returns: nothing without FFmpeg, which makes the media.
  func measure(_ budgets: Budgets) throws -> [Figure] {
    guard Programs.installed("ffmpeg") != nil else {
      Progress.say("FFmpeg is not installed (Debian: ffmpeg); the board is not measured.")
      return []
    }
    Progress.say("Making a finished season of \(programmes) programmes, \(programmes * shots) shots …")
    _ = try ChildProcess.run(
      Programs.own,
      [
        "prepare-season", folder, "--programmes", "\(programmes)", "--shots", "\(shots)", "--frames",
        "\(frames)",
      ],
      logFolder: folder)
    guard let production = Production.nearest(from: "\(folder)/production") else {
      throw BenchError("the season was not made")
    }
    let names = (1...programmes).map { SeasonTurnover(programme: $0).name }
    let pipelines = names.map { "\(folder)/turnover/\($0).yaml" }
    let server = try start(pipelines)
    defer { server.end() }
    let ready = try server.ready(as: Ready.self)
    guard let port = URL(string: ready.address)?.port else { throw BenchError("the board has no port") }
    let visitor = BoardVisitor(port: port, key: ready.key)
    Progress.say("The board plans the season …")
    let planned = ContinuousClock.now
    var rows = try self.rows(visitor)
    while rows.surveyed == nil {
      usleep(200_000)
      rows = try self.rows(visitor)
    }
    let surveySeconds = (ContinuousClock.now - planned) / .seconds(1)
    if let unplanned = rows.planning.unplanned.first {
      throw BenchError("the board cannot plan \(unplanned.pipeline)")
    }
    guard let first = rows.deliverables.first(where: { $0.version != nil }) else {
      throw BenchError("the board shows no version")
    }
    Progress.say("A run of \(chains * chainLength) tasks …")
    var run = try BoardRun(
      production, programme: first.programme, pipeline: pipelines[0], chains: chains, chainLength: chainLength
    )
    try run.go(run.count * 8 / 10)
    try settle(visitor, run)
    let place = "\(rows.deliverables.count) deliverables, \(programmes * shots) shots, \(run.count) tasks"
    var figures = try pages(visitor, first, run, budgets, note: place)
    figures.append(Figure("board, first survey", surveySeconds, "s", note: place))
    figures += try streams(visitor, &run, ready.process, budgets, note: place)
    try run.end()
    return figures
  }

  private func rows(_ visitor: BoardVisitor) throws -> Rows {
    try JSONDecoder().decode(Rows.self, from: visitor.visit("/api/v1/deliverables").body)
  }

  // MARK: Pages

  private func pages(
    _ visitor: BoardVisitor, _ row: Rows.Row, _ run: BoardRun, _ budgets: Budgets, note: String
  ) throws -> [Figure] {
    let shots = try JSONDecoder().decode(Shots.self, from: visitor.visit("/api/v1/shots").body)
    guard shots.count == programmes * self.shots, let shot = shots.shots.last else {
      throw BenchError("the board shows \(shots.count) shots of \(programmes * self.shots)")
    }
    let targets = [
      ("shots", "/shots"), ("shots, searched", "/shots?search=\(shot.shot)"),
      ("shots, of a state", "/shots?state=missing"), ("shots, the last page", "/shots?page=100000"),
      ("shot", "/shots/\(shot.programme)/\(shot.key)"), ("shots, JSON", "/api/v1/shots"), ("QC", "/qc"),
      ("deliverables", "/"), ("deliverables, sorted and searched", "/?search=master&sort=state"),
      ("deliverable", "/deliverables/\(row.programme)/\(row.stage)"),
      ("pipeline", "/pipelines/\(row.programme)"),
      ("stage", "/pipelines/\(row.programme)/grade"), ("conform", "/conform"),
      ("conform of a programme", "/conform/\(row.programme)"), ("farm", "/farm"),
      ("task", "/runs/\(run.id)/tasks/\(run.key.hex)"), ("deliverables, JSON", "/api/v1/deliverables"),
      ("metrics", "/metrics"),
    ]
    var figures: [Figure] = []
    for (name, target) in targets {
      // What is kept from then on is made with the first one.
      let cold = try visitor.visit(target)
      guard cold.status == 200 else { throw BenchError("\(target) answers \(cold.status)") }
      let visits = try (0..<samples).map { _ in try visitor.visit(target) }
      let size = "\(visits[0].body.count / 1000) kB; the first time \(Int(cold.whole * 1000)) ms"
      figures.append(
        Figure(
          "board, \(name), first byte", median(visits.map(\.firstByte)) * 1000, "ms", .atMost,
          budgets.boardFirstByteMilliseconds, note: size))
      figures.append(
        Figure(
          "board, \(name), page", median(visits.map(\.whole)) * 1000, "ms", .atMost,
          budgets.boardPageMilliseconds, note: note))
    }
    return figures
  }

  // MARK: Streams

  private struct Glance: Decodable {
    struct Stage: Decodable {
      var tasksDone: Int
    }
    var stages: [Stage]
    var tasksDone: Int { stages.reduce(0) { $0 + $1.tasksDone } }
  }

  /// Until the board knows of everything that was done.
  private func settle(_ visitor: BoardVisitor, _ run: BoardRun) throws {
    let limit = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < limit {
      let told = try JSONDecoder().decode(Glance.self, from: visitor.visit("/api/v1/run").body)
      if told.tasksDone == run.done { return }
      usleep(100_000)
    }
    throw BenchError("the board does not tell of \(run.done) tasks that are done")
  }

  private func streams(
    _ visitor: BoardVisitor, _ run: inout BoardRun, _ process: Int32, _ budgets: Budgets, note: String
  ) throws -> [Figure] {
    Progress.say("\(listeners) streams of news for \(streamSeconds) s, while the run goes on …")
    var open = try BoardListeners(listeners, visitor)
    defer { open.end() }
    let steps = max(1, streamSeconds * 5)
    let left = run.count - run.done
    var slowest = 0.0
    var warm: Int64 = 0
    for step in 0..<steps {
      if let signal = Interruption.signal { throw BenchError("stopped", signal: signal) }
      try run.go(left * (step + 1) / steps - left * step / steps)
      try open.listen()
      if step % 10 == 0 { slowest = max(slowest, try visitor.visit("/").whole) }
      // What is made once, such as buffers of each connection, is there after a tenth of the time.
      if step == steps / 10 { warm = Self.memory(process, "VmRSS") }
      usleep(200_000)
    }
    try settle(visitor, run)
    try open.listen()
    guard let fewest = open.news.min(), fewest > 0 else { throw BenchError("a stream brought no news") }
    let (end, peak) = (Self.memory(process, "VmRSS"), Self.memory(process, "VmHWM"))
    let streams = "\(listeners) streams for \(streamSeconds) s, at least \(fewest) news on each"
    return [
      Figure("board, deliverables beside the streams, slowest", slowest * 1000, "ms", note: streams),
      Figure(
        "board, memory at its peak", Double(peak) / 1e6, "MB", .atMost, Double(budgets.boardPeakBytes) / 1e6,
        note: note),
      Figure(
        "board, growth of memory", Double(end - warm) / 1e6, "MB", .atMost, budgets.boardGrowthMegabytes,
        note: streams),
    ]
  }

  /// Of one process alone, in bytes: planning is another one's.
  private static func memory(_ process: Int32, _ name: String) -> Int64 {
    let text = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
    return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int64($0) }
      .map { $0 * 1024 } ?? 0
  }

  // MARK: The server

  private func start(_ pipelines: [String]) throws -> BoardServerProcess {
    try BoardServerProcess(
      Programs.sibling("interlock"),
      ["serve"] + pipelines + ["--production", "\(folder)/production", "--port", "0", "--json"],
      folder: folder)
  }
}

/// `interlock serve`, until it is ended.
private struct BoardServerProcess {
  private let process: Process
  private let output: String

  init(_ program: String, _ arguments: [String], folder: String) throws {
    process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    output = "\(folder)/serve.txt"
    for path in [output, "\(folder)/serve-errors.txt"] {
      try Data().write(to: URL(fileURLWithPath: path))
    }
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle(forWritingAtPath: "\(folder)/serve-errors.txt")
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  /// Waits for the line in which it says where it is.
  func ready<Value: Decodable>(as type: Value.Type) throws -> Value {
    while process.isRunning {
      let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
      if text.hasSuffix("\n") { return try JSONDecoder().decode(type, from: Data(text.utf8)) }
      usleep(20_000)
    }
    throw BenchError("the board did not start")
  }

  func end() {
    process.terminate()
    process.waitUntilExit()
  }
}
