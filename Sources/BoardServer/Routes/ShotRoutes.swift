import Board
import Diagnostics
import HTTPTypes
import Hummingbird
import NIOCore
import ObjectStore

/// Shots and their stills, single frames, and what quality control found.
struct ShotRoutes {
  private let desk: PageDesk

  init(_ desk: PageDesk) { self.desk = desk }

  func add(to router: Router<BasicRequestContext>) {
    let desk = desk
    router.get("/shots") { request, _ in
      desk.feed.noteLook()
      let choice = ShotsPage.Choice { request.uri.queryParameters.get($0) }
      let page = ShotsPage(
        await desk.reader.pipelines(), choice: choice, planning: await desk.reader.planning)
      return await desk.page("Shots", .shots, page.body)
    }
    router.get("/shots/:programme/:key") { _, context in
      guard let programme = context.parameters.get("programme"), let key = context.parameters.get("key"),
        let facts = try await desk.reader.shot(key, of: programme)
      else { throw HTTPError(.notFound) }
      let page = ShotPage(facts)
      return await desk.page(page.title, .shots, page.body)
    }
    router.get("/stills/:key/:file") { request, context in
      guard let key = context.parameters.get("key"), let file = context.parameters.get("file"),
        ["before.bmp", "after.bmp"].contains(file)
      else { throw HTTPError(.notFound) }
      return try await still(key, isAfter: file == "after.bmp", request)
    }
    router.get("/deliverables/:programme/:name/:version/frames/:frame") { _, context in
      guard let number = context.parameters.get("frame").flatMap({ Int64($0) }),
        let facts = try await desk.reader.frame(
          number, of: desk.line(context), version: desk.version(context))
      else { throw HTTPError(.notFound) }
      let page = FramePage(facts)
      return await desk.page(page.title, .deliverables, page.body)
    }
    addQuality(to: router)
  }

  private func addQuality(to router: Router<BasicRequestContext>) {
    let desk = desk
    router.get("/qc") { _, _ in
      await desk.page("QC and sound", .quality, QualityListPage(try await desk.reader.quality()).body)
    }
    router.get("/qc/:programme/:name") { request, context in
      try await desk.quality(
        desk.line(context), version: nil, recorded: request.uri.queryParameters.get("recorded"))
    }
    router.get("/qc/:programme/:name/:version") { request, context in
      try await desk.quality(
        desk.line(context), version: desk.version(context),
        recorded: request.uri.queryParameters.get("recorded"))
    }
    router.post("/qc/:programme/:name/:version/waiver") { request, context in
      try await waive(request, of: desk.line(context), version: desk.version(context))
    }
    router.post("/deliverables/:programme/:name/:version/handover") { request, context in
      try await handOver(request, of: desk.line(context), version: desk.version(context))
    }
  }

  // MARK: Pictures

  /// A still never changes under its key.
  private func still(_ key: String, isAfter: Bool, _ request: Request) async throws -> Response {
    let tag = "\"\(key.prefix(64))-\(isAfter ? "after" : "before")\""
    var headers = HTTPFields()
    headers[.contentType] = "image/bmp"
    headers[.eTag] = tag
    headers[.cacheControl] = "private, max-age=31536000, immutable"
    guard let bytes = try await desk.reader.still(key, isAfter: isAfter) else { throw HTTPError(.notFound) }
    if request.headers[.ifNoneMatch] == tag { return Response(status: .notModified, headers: headers) }
    return Response(
      status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  // MARK: Quality

  private struct WaiverForm: Decodable {
    var token: String?
    var verdict: String?
    var finding: String?
    var reason: String?
    var until: String?
    var role: String?
  }

  private func waive(_ request: Request, of line: VersionLine, version: Int) async throws -> Response {
    let form = try await request.form(as: WaiverForm.self)
    try desk.doorkeeper.check(token: form.token)
    let (finding, reason) = (form.finding ?? "", FormText.lines(form.reason))
    let (until, role) = (FormText.word(form.until), FormText.word(form.role))
    do {
      guard let verdict = form.verdict.flatMap(Waiver.Verdict.init(rawValue:)), role.count <= 60 else {
        throw DiagnosticList([
          Diagnostic(
            family: .usage, code: "waive.form", message: "choose to waive or to take a waiver back",
            remedy: "A function has at most 60 characters.")
        ])
      }
      let last = verdict == .waived ? until : WallClock.now().day
      _ = try await desk.reader.waive(
        verdict, finding, of: line, version: version, reason: reason, until: last,
        by: desk.identity.person, role: role.isEmpty ? nil : role)
      desk.feed.noteDecision()
      return .redirect(
        to: "\(QualityPage.address(line, version: version))?recorded=\(verdict.rawValue)", type: .normal)
    } catch let list as DiagnosticList where list.isUsage {
      let refusal = QualityPage.Refusal(
        problem: list.sentences, finding: finding, reason: reason, until: until, role: role)
      return try await desk.quality(line, version: version, refusal: refusal)
    }
  }

  // MARK: Recipients

  private struct HandoverForm: Decodable {
    var token: String?
    var verdict: String?
    var recipient: String?
    var answer: String?
  }

  private func handOver(_ request: Request, of line: VersionLine, version: Int) async throws -> Response {
    let form = try await request.form(as: HandoverForm.self)
    try desk.doorkeeper.check(token: form.token)
    let (recipient, note) = (FormText.word(form.recipient), FormText.lines(form.answer))
    do {
      guard let verdict = form.verdict.flatMap(Handover.Verdict.init(rawValue:)) else {
        throw DiagnosticList([
          Diagnostic(
            family: .usage, code: "handover.form", message: "choose what became of it",
            remedy: "It was sent, received or refused.")
        ])
      }
      _ = try await desk.reader.handover(
        verdict, of: line, version: version, recipient: recipient.isEmpty ? nil : recipient, note: note,
        by: desk.identity.person)
      desk.feed.noteDecision()
      let address = DeliverablePage.address(line, version: version)
      return .redirect(to: "\(address)?recorded=\(verdict.rawValue)", type: .normal)
    } catch let list as DiagnosticList
      where list.isUsage || list.diagnostics.contains(where: { $0.code == HandoverRecord.notMeasured })
    {
      let refusal = DeliverablePage.Refusal(reason: list.sentences, recipient: recipient, answer: note)
      return try await desk.deliverable(line, version: version, refusal: refusal)
    }
  }
}

/// Text as forms send it.
enum FormText {
  /// With plain line ends and no blanks around it.
  static func lines(_ text: String?) -> String {
    let plain = (text ?? "").replacing("\r\n", with: "\n").drop(while: \.isWhitespace)
    return String(plain.reversed().drop(while: \.isWhitespace).reversed())
  }

  /// On one line.
  static func word(_ text: String?) -> String {
    (text ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}

extension DiagnosticList {
  /// Whether who asked can put all of it right.
  var isUsage: Bool { diagnostics.allSatisfy { $0.family == .usage } }

  /// For a page: what is wrong and what to do, without codes.
  var sentences: String {
    diagnostics.map { "\($0.message). \($0.remedy ?? "")" }.joined(separator: " ")
  }
}
