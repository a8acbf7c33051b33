import ArgumentParser
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

  private struct Row: Encodable {
    /// Of one pipeline its stage, else `programme/stage`.
    var deliverable: String
    var profile: String?
    var version: String?
    var state: String
    var frames: Int64?
    var newFrames: Int64?
    var path: String?
    var made: String?
    /// Closed gates that it waits for.
    var gates: [GateState]?
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

  private func current(_ store: ObjectStore) async throws -> [Row] {
    let planned = try await PlannedProgrammes(
      pipelines, overrides: overrides, until: nil, production: production, remembers: false)
    return try planned.programmes.flatMap { try rows(of: $0, isAlone: pipelines.count == 1, store) }
  }

  private func rows(of planned: PlannedProgramme, isAlone: Bool, _ store: ObjectStore) throws -> [Row] {
    let publisher = Publisher(store: store)
    let programme = planned.programme
    let publishes = planned.work?.plan.publishes ?? []
    return try planned.deliverables.map { deliverable in
      let publish = publishes.first { $0.stage == deliverable.stage && $0.assembly != nil }
      let exact = try publish.flatMap { try publisher.existing($0) }
      let line = VersionLine(.deliverable, programme: programme, name: deliverable.stage)
      let latest = try VersionPublisher(store).newest(of: line)
      let state: String
      if exact != nil {
        state = "current"
      } else if let gate = planned.gates.first(where: { deliverable.waitsFor.contains($0.gate) }) {
        state = "waits for \(gate.gate): \(gate.text)"
      } else if latest == nil {
        state = "not made yet"
      } else {
        state =
          deliverable.newFrames > 0
          ? "stale: \(deliverable.newFrames) frames have changed"
          : "stale: same frames, other order, sound or wrapping"
      }
      let shown = exact ?? latest
      return Row(
        deliverable: isAlone ? deliverable.stage : "\(programme)/\(deliverable.stage)",
        profile: deliverable.profile,
        version: shown.map { VersionLine.folderName(version: $0.version) }, state: state,
        frames: deliverable.frames,
        newFrames: deliverable.newFrames,
        path: shown.map {
          DeliverablePath.display($0, production: store.production, typed: production.production ?? ".")
        },
        made: shown?.made,
        gates: planned.gates.filter { exact == nil && deliverable.waitsFor.contains($0.gate) })
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

  private func all(_ store: ObjectStore) throws -> [Row] {
    let publisher = VersionPublisher(store)
    return try publisher.lines().filter { $0.shelf == .deliverable }.flatMap { line in
      try publisher.versions(of: line).versions.map { version in
        Row(
          deliverable: "\(line.programme)/\(line.name)", profile: nil,
          version: VersionLine.folderName(version: version.version), state: "published", frames: nil,
          newFrames: nil,
          path: DeliverablePath.display(
            version, production: store.production, typed: production.production ?? "."),
          made: version.made)
      }
    }
  }

  private func text(_ row: Row) -> String {
    let mark = row.state == "current" || row.state == "published" ? "✓" : "•"
    var line = "\(mark) \(row.deliverable)  \(row.version ?? "–")  \(row.state)"
    if let path = row.path { line += "\n    \(path)" }
    for gate in row.gates ?? [] {
      for unseen in UnseenFrames.lines(gate.unseen) { line += "\n    unseen: \(unseen)" }
    }
    return line
  }
}
