import Board
import Diagnostics
import HTTPTypes
import Hummingbird
import NIOCore
import ObjectStore

/// What the routes answer with: everything they need at hand.
struct PageDesk: Sendable {
  let production: Production
  let reader: ProductionReader
  let runs: RunReader
  let why: WhyDesk
  let feed: BoardFeed
  let doorkeeper: Doorkeeper
  let identity: any Identity

  func frame() async -> PageFrame {
    PageFrame(
      production: FileSystem.lastName(of: production.root), person: identity.person, token: doorkeeper.token,
      glance: await reader.glance())
  }

  func page(
    _ title: String, _ place: PageFrame.Place?, _ body: HTML, status: HTTPResponse.Status = .ok,
    frame: PageFrame? = nil
  ) async -> Response {
    let present: PageFrame
    if let frame { present = frame } else { present = await self.frame() }
    return Self.text(
      present.page(title: title, place: place, body: body), "text/html; charset=utf-8", status: status)
  }

  /// The page of a version of a deliverable, the newest where none is named.
  ///
  /// - Parameters:
  ///   - recorded: what was recorded on the way here.
  ///   - refusal: what was not recorded, and why.
  func deliverable(
    _ line: VersionLine, version: Int?, recorded: String? = nil, refusal: DeliverablePage.Refusal? = nil
  ) async throws -> Response {
    guard let facts = try await reader.deliverable(line, version: version) else { throw HTTPError(.notFound) }
    let frame = await self.frame()
    let page = DeliverablePage(facts, frame: frame, refusal: refusal, recorded: recorded)
    return await self.page(
      page.title, .deliverables, page.body, status: refusal == nil ? .ok : .unprocessableContent, frame: frame
    )
  }

  /// The page of what quality control found in a version, the newest where none is named.
  func quality(
    _ line: VersionLine, version: Int?, recorded: String? = nil, refusal: QualityPage.Refusal? = nil
  ) async throws -> Response {
    guard let facts = try await reader.quality(of: line, version: version) else {
      throw HTTPError(.notFound)
    }
    let frame = await self.frame()
    let page = QualityPage(facts, frame: frame, refusal: refusal, recorded: recorded)
    return await self.page(
      page.title, .quality, page.body, status: refusal == nil ? .ok : .unprocessableContent, frame: frame)
  }

  static func text(_ text: String, _ type: String, status: HTTPResponse.Status = .ok) -> Response {
    bytes(ByteBuffer(string: text), type, status: status)
  }

  static func bytes(_ buffer: ByteBuffer, _ type: String, status: HTTPResponse.Status = .ok) -> Response {
    var headers = HTTPFields()
    headers[.contentType] = type
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: buffer))
  }

  // MARK: What goes wrong

  /// A page, or JSON for programs, that says what was refused or could not be done.
  func answer(to error: any Error, _ request: Request) async -> Response {
    let fault = Fault(error)
    var answer = await answer(with: fault, request)
    for field in fault.headers { answer.headers[field.name] = field.value }
    return answer
  }

  private func answer(with fault: Fault, _ request: Request) async -> Response {
    if Self.isForPrograms(request.uri.path) {
      return InterfaceRoutes.json(InterfaceRoutes.Problem(fault), status: fault.status)
    }
    if fault.status == .unauthorized {
      return EntranceRoutes.page(EntrancePage(isWrong: false), status: .unauthorized)
    }
    // Who came under a name that is not ours gets no page of ours.
    if fault.status == .misdirectedRequest {
      return Self.text(fault.message + "\n", "text/plain; charset=utf-8", status: fault.status)
    }
    return await page(
      fault.heading, nil,
      MessagePage(
        heading: fault.heading, message: fault.message, remedy: fault.remedy, details: fault.details
      ).body,
      status: fault.status)
  }

  private static func isForPrograms(_ path: String) -> Bool {
    path.hasPrefix("/api/") || path == "/metrics" || path == "/openapi.json"
  }

  /// Lets nothing be changed but by our own pages, which have the token, and by programs that send the key.
  func checkMayChange(_ request: Request, token: String?) throws {
    guard !doorkeeper.isProgram(request.headers[.authorization]) else { return }
    try doorkeeper.check(token: token)
  }

  /// A file of a line of versions that a request names; nothing else can be named.
  func line(_ context: some RequestContext, shelf: VersionLine.Shelf = .deliverable) throws -> VersionLine {
    guard let programme = context.parameters.get("programme"), let name = context.parameters.get("name"),
      PortableName.isValid(programme), PortableName.isValid(name)
    else { throw HTTPError(.notFound) }
    return VersionLine(shelf, programme: programme, name: name)
  }

  /// `v003`, written in the only way there is.
  func version(_ context: some RequestContext) throws -> Int {
    guard let text = context.parameters.get("version"), text.hasPrefix("v"), text.utf8.count < 12,
      let number = Int(text.dropFirst()), number > 0, VersionLine.folderName(version: number) == text
    else { throw HTTPError(.notFound) }
    return number
  }
}
