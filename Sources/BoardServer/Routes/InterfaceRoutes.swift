import Board
import Diagnostics
import Digests
import HTTPTypes
import Hummingbird
import Monitoring
import NIOCore
import ObjectStore
import Planning

/// The same for programs: JSON, lines of events, and what Prometheus reads.
struct InterfaceRoutes {
  private let desk: PageDesk

  init(_ desk: PageDesk) { self.desk = desk }

  /// What went wrong, as `OpenAPIDocument` describes it.
  struct Problem: Encodable {
    var code: String
    var message: String
    var remedy: String?
    var details: [String]?

    init(_ fault: Fault) {
      (code, message, remedy) = (fault.code, fault.message, fault.remedy)
      details = fault.details.isEmpty ? nil : fault.details
    }
  }

  private struct Deliverables: Encodable {
    var schema = 1
    /// When the pipelines were compared with what is there; ISO 8601, UTC.
    var surveyed: String?
    var deliverables: [DeliverableRow]
    var planning: PlanningAnswer
  }

  private struct Session: Encodable {
    var person: String
    var token: String
  }

  /// What a program sends to decide.
  private struct DecisionRequest: Decodable {
    var verdict: Decision.Verdict
    var role: String?
    var note: String?
  }

  static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
    guard let bytes = try? JSONBytes.encode(value) else {
      preconditionFailure("answers are plain values")
    }
    return PageDesk.bytes(ByteBuffer(bytes: bytes), "application/json", status: status)
  }

  func add(to router: Router<BasicRequestContext>) {
    let desk = desk
    router.get("/openapi.json") { _, _ in Self.json(OpenAPIDocument.json) }
    router.get("/metrics") { _, _ in
      PageDesk.text(await desk.reader.metricsText(), "text/plain; version=0.0.4; charset=utf-8")
    }
    router.get("/api/v1/session") { _, _ in
      Self.json(Session(person: desk.identity.person, token: desk.doorkeeper.token))
    }
    router.get("/api/v1/run") { _, _ in Self.json(await desk.reader.snapshot()) }
    router.get("/api/v1/events") { _, _ in try EventStream.lines(desk.feed, desk.reader, desk.runs) }
    router.get("/api/v1/deliverables") { request, _ in
      desk.feed.noteLook()
      let overview = try await desk.reader.overview()
      let choice = try Self.choice(request)
      return Self.json(
        Deliverables(
          surveyed: overview.planning.surveyed?.iso8601, deliverables: choice.shown(of: overview.rows),
          planning: PlanningAnswer(overview.planning)))
    }
    router.get("/api/v1/deliverables/:programme/:name/:version") { _, context in
      guard
        let facts = try await desk.reader.deliverable(
          desk.line(context), version: desk.version(context))
      else { throw HTTPError(.notFound) }
      return Self.json(DeliverableAnswer(facts))
    }
    router.post("/api/v1/deliverables/:programme/:name/:version/decisions") { request, context in
      try await decide(request, on: desk.line(context), version: desk.version(context))
    }
  }

  /// What is asked for, refused where it is none: a program is told, where a page shows what it can.
  private static func choice(_ request: Request) throws -> BoardPage.Choice {
    let query = request.uri.queryParameters
    if let words = query.get("search"), words.unicodeScalars.count > 200 {
      throw HTTPError(.badRequest, message: "`search` is words of at most 200 characters")
    }
    let states = DeliverableRow.Condition.allCases.map(\.rawValue)
    if let state = query.get("state"), !states.contains(state) {
      throw HTTPError(.badRequest, message: "`state` is \(states.joined(separator: ", "))")
    }
    return BoardPage.Choice { query.get($0) }
  }

  private func decide(_ request: Request, on line: VersionLine, version: Int) async throws -> Response {
    try desk.checkMayChange(request, token: request.headers[RequestGuard.token])
    let wanted = try await request.json(
      as: DecisionRequest.self,
      "{\"verdict\": \"approved\" or \"rejected\", \"role\": …, \"note\": …}")
    let wish = DecisionWish(verdict: wanted.verdict, role: wanted.role, note: wanted.note)
    let decision = try await wish.record(on: line, version: version, desk)
    return Self.json(decision, status: .created)
  }
}

/// Which pipelines could not be planned, and why: without it nothing would say that rows are missing.
struct PlanningAnswer: Encodable {
  struct Unplanned: Encodable {
    var pipeline: String
    /// Whether what was known of it before stands among the rows.
    var isShownAsBefore: Bool
    var faults: [PipelineFault]
  }

  /// One fault in a pipeline file or in what it names.
  struct PipelineFault: Encodable {
    var code: String
    var message: String
    var remedy: String?
    var file: String?
    /// From 1.
    var line: Int?
    var column: Int?

    init(_ fault: Diagnostic) {
      (code, message, remedy) = (fault.code, fault.message, fault.remedy)
      (file, line, column) = (fault.location?.file, fault.location?.line, fault.location?.column)
    }
  }

  private static let faultsListed = 40

  var isPlanning: Bool
  var unplanned: [Unplanned]
  /// Why none of them could be compared with what is there.
  var fault: String?

  init(_ planning: PlanningState) {
    (isPlanning, fault) = (planning.isSurveying, planning.fault)
    unplanned = planning.unplanned.map { unplanned in
      Unplanned(
        pipeline: unplanned.pipeline, isShownAsBefore: unplanned.isShownAsBefore,
        faults: unplanned.faults.prefix(Self.faultsListed).map(PipelineFault.init))
    }
  }
}

/// One version, for programs.
private struct DeliverableAnswer: Encodable {
  struct File: Encodable {
    var name: String
    var digest: String
    var byteCount: Int64
    var address: String
  }

  var schema = 1
  var reference: String
  var made: String
  var state: DeliverableRow?
  var files: [File]
  var decisions: [DeliverableRow.Word]
  var unseen: [UnseenFrames]
  /// What became of every version of the line at its recipients, oldest first.
  var handovers: [Handover]
  /// Nil where it was not measured.
  var quality: QualityState?
  var checksMet: Int?
  var checksNotMet: Int?

  init(_ facts: DeliverableFacts) {
    reference = facts.version.reference
    made = facts.version.made
    state = facts.row
    files = facts.version.files.map { file in
      File(
        name: file.name, digest: file.digest.hex, byteCount: file.byteCount,
        address: DeliverablePage.fileAddress(file, of: facts.version))
    }
    decisions = facts.decisions.map(DeliverableRow.Word.init)
    unseen = facts.unseen
    (handovers, quality) = (facts.handovers, facts.quality)
    checksMet = facts.evidence?.checks.count(where: \.isMet)
    checksNotMet = facts.evidence?.checks.count { !$0.isMet }
  }
}
