import Board
import Diagnostics
import HTTPTypes
import Hummingbird
import NIOCore
import ObjectStore

/// The pages about conforms and what was started, with their forms.
struct ConformRoutes {
  private let desk: PageDesk
  private let conforms: ConformDesk

  init(_ desk: PageDesk, _ conforms: ConformDesk) { (self.desk, self.conforms) = (desk, conforms) }

  func add(to router: Router<BasicRequestContext>) {
    let (desk, conforms) = (desk, conforms)
    router.get("/conform") { _, _ in
      desk.feed.noteLook()
      let page = ConformsPage(try await conforms.facts(desk.reader), token: desk.doorkeeper.token)
      return await desk.page("Conform", .conform, page.body)
    }
    router.get("/conform/:programme") { _, context in
      desk.feed.noteLook()
      return try await programme(context, version: nil)
    }
    router.get("/conform/:programme/:name/:version") { _, context in
      try await programme(context, version: desk.version(context))
    }
    router.post("/conform/:programme/run") { request, context in
      let form = try await request.form(as: Form.self)
      try desk.checkMayChange(request, token: form.token)
      let wish = ConformDesk.RunWish(
        programme: context.parameters.get("programme") ?? "", cut: form.cut, until: form.until)
      let started = try await conforms.run(wish, by: desk.identity.person)
      desk.feed.noteDecision()
      return Response.redirect(to: StartPage.address(started.start), type: .normal)
    }
    addStarted(to: router)
  }

  private func addStarted(to router: Router<BasicRequestContext>) {
    let (desk, conforms) = (desk, conforms)
    router.get("/starts/:start") { _, context in
      let command = try await started(context)
      let page = StartPage(
        command, work: await desk.reader.stageWork(), glance: await desk.reader.glance(),
        token: desk.doorkeeper.token)
      return await desk.page(page.title, .conform, page.body)
    }
    router.get("/starts/:start/report") { request, context in
      let command = try await started(context)
      let folder = StartFolder(command.start, in: conforms.production)
      let isData = request.uri.queryParameters.get("data") != nil
      let path = isData ? folder.reportDataPath : folder.reportPath
      guard command.hasReport, !command.isGoingOn,
        let facts = try conforms.production.fileSystem.facts(path), facts.isRegularFile
      else { throw HTTPError(.notFound) }
      return try await FileAnswer(
        path: path, name: FileSystem.lastName(of: path),
        digest: "\(command.start)-\(facts.byteCount)-\(facts.modifiedSeconds)", size: facts.byteCount,
        isDownload: isData
      ).response(to: request, context: context)
    }
    router.post("/starts/:start/cancel") { request, context in
      let form = try await request.form(as: Form.self)
      try desk.checkMayChange(request, token: form.token)
      let command = try await started(context)
      _ = try await conforms.cancel(start: command.start, isNow: form.now != nil)
      return Response.redirect(to: StartPage.address(command.start), type: .normal)
    }
    router.post("/runs/:run/cancel") { request, context in
      let form = try await request.form(as: Form.self)
      try desk.checkMayChange(request, token: form.token)
      let run = try await conforms.cancel(
        run: context.parameters.get("run") ?? "", isNow: form.now != nil)
      let start = try await conforms.starts.latest().first { $0.run == run }
      return Response.redirect(to: start.map { StartPage.address($0.start) } ?? "/conform", type: .normal)
    }
  }

  private func started(_ context: some RequestContext) async throws -> StartedCommand {
    guard let id = context.parameters.get("start"), let command = try await conforms.starts.command(id) else {
      throw HTTPError(.notFound)
    }
    return command
  }

  private func programme(_ context: some RequestContext, version: Int?) async throws -> Response {
    guard let name = context.parameters.get("programme"), PortableName.isValid(name) else {
      throw HTTPError(.notFound)
    }
    let published = ConformDesk.withPage(try await desk.reader.conforms(), programme: name)
    let facts = try await conforms.facts(desk.reader)
    guard !published.isEmpty || facts.programmes.contains(where: { $0.name == name }) else {
      throw HTTPError(.notFound)
    }
    var shown = published.first
    if let version {
      let line = context.parameters.get("name")
      shown = published.first { $0.version == version && $0.line.name == line }
      guard shown != nil else { throw HTTPError(.notFound) }
    }
    var totals: ConformTotals?
    if let shown { totals = await desk.reader.totals(of: shown) }
    let page = ProgrammeConformPage(
      facts, programme: name, conforms: published, shown: shown, totals: totals,
      token: desk.doorkeeper.token)
    return await desk.page(page.title, .conform, page.body)
  }

  /// What the forms bring back.
  private struct Form: Decodable {
    var token: String?
    var cut: String?
    var until: String?
    var now: String?
  }
}
