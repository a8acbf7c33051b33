import ArgumentParser
import Board
import Diagnostics
import Foundation
import Monitoring
import ObjectStore
import Planning
import Publishing
import TaskKinds

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show deliverables: which version is current, and what is stale because of what.",
    discussion: """
      With a pipeline, its deliverables are compared with what it would make now; with several, those of each \
      programme; without, all versions are listed. \
      With --watch the run that goes on is shown until Ctrl-C, or the next one awaited: stages, workers, what waits for \
      what, failures. It only reads files, so it may run anywhere that sees the production.

        interlock status Pipelines/short-film.yaml --production Output
        interlock status season/*.yaml --production Season
        interlock status --production Output --watch
      """)

  @Argument(help: "Pipeline files.")
  var pipelines: [String] = []

  @Option(
    name: .customLong("set"), help: ArgumentHelp("Overrides a key of the pipeline.", valueName: "key=value"))
  var overrides: [String] = []

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Show the present run as it goes on; with --json as a line of JSON each second.")
  var watch = false

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    try PipelinesOptions.validate(overrides)
    if watch, pipelines.count > 1 {
      throw ValidationError("--watch shows one programme, or with no pipeline all of them")
    }
  }

  func run() async throws {
    let folder = try production.required()
    let store = ObjectStore(folder)
    if watch {
      let programme = try await programme()
      return try await BoardWatch(production: folder, programme: programme, isJSON: json) {
        try latest(store, programme)
      }.run()
    }
    let rows =
      if pipelines.isEmpty { try all(store) } else { try await current(store) }
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(rows, isPretty: true), as: UTF8.self))
    } else {
      for row in rows { Outcome.printResult(text(row)) }
      if rows.isEmpty { Outcome.printResult("Nothing is published yet.") }
    }
  }

  private func current(_ store: ObjectStore) async throws -> [DeliverableRow] {
    let planned = try await PlannedProgrammes(
      pipelines, overrides: overrides, until: nil, production: production, remembers: false)
    let rows = try DeliverableRows(store, typed: production.production ?? ".")
    return try planned.programmes.flatMap { planned in
      try rows.rows(of: planned, isAlone: pipelines.count == 1, showsWork: true)
    }
  }

  /// Of the pipeline, if one is given.
  private func programme() async throws -> String? {
    guard let pipeline = pipelines.first else { return nil }
    return try await PipelineOptions.load(pipeline, overrides: overrides).programme
  }

  /// The latest version of each deliverable.
  private func latest(_ store: ObjectStore, _ programme: String?) throws -> [BoardSnapshot.Deliverable] {
    let publisher = VersionPublisher(store)
    return try publisher.lines().filter { line in
      line.shelf == .deliverable && (programme == nil || line.programme == programme)
    }.compactMap { line in
      try publisher.versions(of: line).versions.last.map { version in
        BoardSnapshot.Deliverable(
          deliverable: "\(line.programme)/\(line.name)",
          version: VersionLine.folderName(version: version.version), made: version.made,
          path: DeliverablePath.display(
            version, production: store.production, typed: production.production ?? "."))
      }
    }
  }

  private func all(_ store: ObjectStore) throws -> [DeliverableRow] {
    try DeliverableRows(store, typed: production.production ?? ".").published()
  }

  private func text(_ row: DeliverableRow) -> String {
    let mark = row.state == "current" || row.state == "published" ? "✓" : "•"
    var line = "\(mark) \(row.deliverable)  \(row.version ?? "–")  \(row.state)"
    if let path = row.path { line += "\n    \(path)" }
    for grade in row.grades ?? [] { line += "\n    grade \(grade)" }
    for remark in row.remarks ?? [] { line += "\n    \(remark)" }
    for cause in row.because ?? [] { line += "\n    because \(cause)" }
    if let due = row.due {
      line += "\n    due \(due)" + (row.isLate(on: WallClock.now().day) ? ", late" : "")
    }
    if let asks = row.asks {
      line +=
        "\n    waiting for approval by \(asks.joined(separator: ", "))"
        + (row.since.map { " since \($0)" } ?? "")
    }
    if let quality = row.quality { line += "\n    \(quality.text)  (\(quality.report))" }
    if let approved = row.approvedAs {
      line +=
        row.unseenFrames == 0
        ? "\n    shows what was approved as \(approved)"
        : "\n    \(row.unseenFrames ?? 0) frames are in no approved version"
    }
    if let delivery = row.delivery, delivery.text != row.state {
      line += "\n    \(delivery.version) \(delivery.text)"
    }
    if let decision = row.decision { line += "\n    \(decision.text)" }
    for gate in row.gates ?? [] {
      for unseen in UnseenFrames.lines(gate.unseen) { line += "\n    unseen: \(unseen)" }
    }
    return line
  }
}
