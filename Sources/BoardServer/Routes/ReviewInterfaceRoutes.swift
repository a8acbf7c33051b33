import Board
import Diagnostics
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import ObjectStore

/// Shots, findings, waivers and handovers for programs.
struct ReviewInterfaceRoutes {
  private let desk: PageDesk

  init(_ desk: PageDesk) { self.desk = desk }

  func add(to router: Router<BasicRequestContext>) {
    let desk = desk
    router.get("/api/v1/shots") { request, _ in
      desk.feed.noteLook()
      return InterfaceRoutes.json(
        ShotList(
          await desk.reader.pipelines(), choice: try Self.choice(request),
          planning: await desk.reader.planning))
    }
    router.get("/api/v1/shots/:programme/:shot") { _, context in
      guard let programme = context.parameters.get("programme"), let key = context.parameters.get("shot"),
        let facts = try await desk.reader.shot(key, of: programme)
      else { throw HTTPError(.notFound) }
      return InterfaceRoutes.json(ShotAnswer(facts))
    }
    router.get("/api/v1/quality") { _, _ in
      InterfaceRoutes.json(MeasuredList(try await desk.reader.quality()))
    }
    let version = "/api/v1/deliverables/:programme/:name/:version"
    router.get(RouterPath("\(version)/findings")) { _, context in
      let (facts, evidence) = try await measured(context)
      return InterfaceRoutes.json(FindingList(evidence, of: facts.version))
    }
    router.post(RouterPath("\(version)/waivers")) { request, context in try await waive(request, context) }
    router.get(RouterPath("\(version)/handovers")) { _, context in
      guard
        let facts = try await desk.reader.deliverable(desk.line(context), version: desk.version(context))
      else { throw HTTPError(.notFound) }
      return InterfaceRoutes.json(HandoverList(handovers: facts.handovers))
    }
    router.post(RouterPath("\(version)/handovers")) { request, context in try await handOver(request, context)
    }
  }

  // MARK: Asking

  /// What is asked for, refused where it is none: a program is told, where a page shows what it can.
  private static func choice(_ request: Request) throws -> ShotsPage.Choice {
    let query = request.uri.queryParameters
    func refuse(_ name: String, unless isGood: (String) -> Bool, _ wanted: String) throws {
      guard let value = query.get(name), !isGood(value) else { return }
      throw HTTPError(.badRequest, message: "`\(name)` is \(wanted)")
    }
    try refuse("search", unless: { $0.unicodeScalars.count <= 200 }, "words of at most 200 characters")
    try refuse("programme", unless: PortableName.isValid, "the name of a programme")
    try refuse("state", unless: { ShotList.states.contains($0) }, ShotList.states.joined(separator: ", "))
    try refuse("handles", unless: { $0 == "short" }, "short, or left out")
    try refuse("page", unless: { Int($0).map { (1...100_000).contains($0) } ?? false }, "a number from 1 on")
    return ShotsPage.Choice { query.get($0) }
  }

  private func measured(_ context: some RequestContext) async throws -> (QualityFacts, QualityEvidence) {
    let line = try desk.line(context)
    guard let facts = try await desk.reader.quality(of: line, version: desk.version(context)) else {
      throw HTTPError(.notFound)
    }
    guard let evidence = facts.evidence else {
      throw Refused(
        status: .notFound, code: "waive.notMeasured",
        message: "\(facts.version.reference) was not measured, so nothing was found in it",
        remedy: "Give the pipeline a stage `{kind: qc, of: \(line.name)}` and run it.")
    }
    return (facts, evidence)
  }

  // MARK: Changing

  private struct WaiverRequest: Decodable {
    var verdict: Waiver.Verdict
    var finding: String
    var reason: String
    var until: String?
    var role: String?
  }

  private func waive(_ request: Request, _ context: some RequestContext) async throws -> Response {
    let (line, version) = (try desk.line(context), try desk.version(context))
    let wanted = try await body(
      of: request, as: WaiverRequest.self,
      "{\"verdict\": \"waived\" or \"unwaived\", \"finding\": …, \"reason\": …, \"until\": \"2026-12-24\", \"role\": …}"
    )
    guard (wanted.role ?? "").unicodeScalars.count <= 60 else {
      throw Self.tooLong("a role has at most 60 characters")
    }
    _ = try await measured(context)
    let waiver = try await refusing {
      try await desk.reader.waive(
        wanted.verdict, wanted.finding, of: line, version: version, reason: wanted.reason,
        until: wanted.until ?? "", by: desk.identity.person,
        role: wanted.role.flatMap { $0.isEmpty ? nil : $0 })
    }
    desk.feed.noteDecision()
    return InterfaceRoutes.json(waiver, status: .created)
  }

  private struct HandoverRequest: Decodable {
    var verdict: Handover.Verdict
    var recipient: String?
    var note: String?
  }

  private func handOver(_ request: Request, _ context: some RequestContext) async throws -> Response {
    let (line, version) = (try desk.line(context), try desk.version(context))
    let wanted = try await body(
      of: request, as: HandoverRequest.self,
      "{\"verdict\": \"sent\", \"received\" or \"refused\", \"recipient\": …, \"note\": …}")
    guard try await desk.reader.deliverable(line, version: version) != nil else {
      throw HTTPError(.notFound)
    }
    let handover = try await refusing {
      try await desk.reader.handover(
        wanted.verdict, of: line, version: version,
        recipient: wanted.recipient.flatMap { $0.isEmpty ? nil : $0 }, note: wanted.note ?? "",
        by: desk.identity.person)
    }
    desk.feed.noteDecision()
    return InterfaceRoutes.json(handover, status: .created)
  }

  private static let longestBody = 64 << 10

  private func body<Value: Decodable>(
    of request: Request, as type: Value.Type, _ form: String
  ) async throws -> Value {
    try desk.checkMayChange(request, token: request.headers[RequestGuard.token])
    guard request.headers[.contentType]?.lowercased().hasPrefix("application/json") == true else {
      throw HTTPError(.unsupportedMediaType, message: "send JSON, with Content-Type: application/json")
    }
    let body = try await request.body.collect(upTo: Self.longestBody)
    guard let value = try? JSONDecoder().decode(type, from: Data(body.readableBytesView)) else {
      throw HTTPError(.badRequest, message: "send \(form)")
    }
    return value
  }

  private static func tooLong(_ message: String) -> Refused {
    Refused(status: .unprocessableContent, code: "request.tooLong", message: message)
  }

  /// What whoever asked can put right is told in full; it names nothing that is not there.
  private func refusing<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let list as DiagnosticList where list.isUsage {
      guard let first = list.diagnostics.first else { throw list }
      throw Refused(
        status: .unprocessableContent, code: first.code, message: first.message, remedy: first.remedy,
        faults: list.diagnostics.count > 1 ? list.diagnostics : [])
    }
  }
}

// MARK: - Answers

/// Shots as they are planned, a page of them at a time.
private struct ShotList: Encodable {
  static let states = ["missing", "waiting", "done"]
  /// Shots of one answer.
  private static let longest = 500

  struct Shot: Encodable {
    private enum Key: String, CodingKey {
      case programme
    }

    var programme: String
    var row: ShotRow

    func encode(to encoder: any Encoder) throws {
      try row.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(programme, forKey: .programme)
    }
  }

  var schema = 1
  /// Those that are like what was asked for, on all pages.
  var count: Int
  var page: Int
  var pages: Int
  var shots: [Shot]
  var planning: PlanningAnswer

  init(_ programmes: [BoardSurvey.Programme], choice: ShotsPage.Choice, planning: PlanningState) {
    self.planning = PlanningAnswer(planning)
    let all = programmes.filter { choice.programme.isEmpty || $0.programme == choice.programme }
    let found = all.flatMap { programme in
      choice.shown(of: programme.shots).map { Shot(programme: programme.programme, row: $0) }
    }
    count = found.count
    pages = max(1, (count + Self.longest - 1) / Self.longest)
    page = choice.page
    // A page beyond the last has nothing, and says so: whoever asks for one after the other ends there.
    shots = Array(found.dropFirst((page - 1) * Self.longest).prefix(Self.longest))
  }
}

/// One shot and what it was in every version.
private struct ShotAnswer: Encodable {
  struct Version: Encodable {
    var deliverable: String
    var version: String
    var made: String
    var cut: [String]
    var firstFrame: Int64
    var frames: Int64
    var timecode: String
    var decision: DeliverableRow.Word?
  }

  struct Scopes: Encodable {
    var stage: String
    var version: String
    var address: String
  }

  var schema = 1
  var shot: ShotList.Shot
  var versions: [Version]
  var scopes: [Scopes]

  init(_ facts: ShotFacts) {
    shot = ShotList.Shot(programme: facts.programme, row: facts.row)
    versions = facts.appearances.sorted { $0.made > $1.made }.map { known in
      Version(
        deliverable: known.line.name, version: VersionLine.folderName(version: known.version),
        made: known.made, cut: known.cut, firstFrame: known.firstFrame, frames: known.frames,
        timecode: known.timecode, decision: known.word)
    }
    scopes = facts.scopes.map { scopes in
      Scopes(
        stage: scopes.stage, version: VersionLine.folderName(version: scopes.version.version),
        address: DeliverablePage.fileAddress(scopes.file, of: scopes.version))
    }
  }
}

/// What quality control says of the newest version of every deliverable.
private struct MeasuredList: Encodable {
  struct Row: Encodable {
    var programme: String
    var deliverable: String
    var version: String
    var made: String
    /// Nil where it was not measured.
    var quality: QualityState?
  }

  var schema = 1
  var deliverables: [Row]

  init(_ rows: [QualityRow]) {
    deliverables = rows.map { row in
      Row(
        programme: row.line.programme, deliverable: row.line.name, version: row.version, made: row.made,
        quality: row.state)
    }
  }
}

private struct HandoverList: Encodable {
  var schema = 1
  /// Of every version of the line, oldest first.
  var handovers: [Handover]
}
