import Board
import Diagnostics
import Digests
import HTTPTypes
import Hummingbird
import Monitoring
import NIOCore
import ObjectStore
import TaskGraph

/// The pages and their forms.
struct PageRoutes {
  private let desk: PageDesk

  init(_ desk: PageDesk) { self.desk = desk }

  func add(to router: Router<BasicRequestContext>) {
    let desk = desk
    for (path, bytes, type) in BoardFiles.all {
      router.get(RouterPath(path)) { _, _ in PageDesk.bytes(ByteBuffer(bytes: bytes), type) }
    }
    router.get("/") { request, _ in
      desk.feed.noteLook()
      let choice = BoardPage.Choice { request.uri.queryParameters.get($0) }
      let page = BoardPage(try await desk.reader.overview(), choice: choice)
      return await desk.page("Deliverables", .deliverables, page.body)
    }
    router.get("/events") { _, _ in try EventStream.changes(desk.feed) }
    router.get("/deliverables/:programme/:name") { request, context in
      try await deliverable(desk.line(context), version: nil, request)
    }
    router.get("/deliverables/:programme/:name/:version") { request, context in
      try await deliverable(desk.line(context), version: desk.version(context), request)
    }
    router.post("/deliverables/:programme/:name/:version/decision") { request, context in
      try await decide(request, on: desk.line(context), version: desk.version(context))
    }
    router.get("/files/:shelf/:programme/:name/:version/:digest/:file") { request, context in
      try await file(request, context)
    }
    addWork(to: router)
  }

  private func addWork(to router: Router<BasicRequestContext>) {
    let desk = desk
    router.get("/pipelines") { _, _ in
      desk.feed.noteLook()
      let all = await desk.reader.pipelines()
      guard let first = all.first else {
        return await desk.page("Pipeline", .pipelines, UnplannedPage(await desk.reader.planning).body)
      }
      return await pipeline(first, of: all)
    }
    router.get("/pipelines/:programme") { _, context in
      desk.feed.noteLook()
      let all = await desk.reader.pipelines()
      guard let programme = all.first(where: { $0.programme == context.parameters.get("programme") }) else {
        throw HTTPError(.notFound)
      }
      return await pipeline(programme, of: all)
    }
    router.get("/pipelines/:programme/:stage") { _, context in
      let all = await desk.reader.pipelines()
      guard let programme = all.first(where: { $0.programme == context.parameters.get("programme") }),
        let stage = programme.stages.first(where: { $0.name == context.parameters.get("stage") })
      else { throw HTTPError(.notFound) }
      let work = await desk.reader.stageWork()
      var tasks: StageTasks?
      if let work, work.programme == programme.programme {
        tasks = try await desk.runs.tasks(of: stage.name, in: work.run)
      }
      let page = StagePage(stage, programme: programme.programme, tasks: tasks)
      return await desk.page(page.title, .pipelines, page.body)
    }
    router.get("/runs/:run/tasks/:key") { _, context in
      guard let key = context.parameters.get("key").flatMap({ TaskKey(hex: $0) }),
        let run = context.parameters.get("run"), let facts = try await desk.runs.task(key, of: run)
      else { throw HTTPError(.notFound) }
      let page = TaskPage(facts, causes: desk.why.causes(of: key.hex, in: run))
      return await desk.page(page.title, .pipelines, page.body)
    }
    router.get("/farm") { _, _ in
      let facts = try await desk.reader.farm()
      var sums: (stages: StageSums, shots: ShotSums)?
      // A run that was killed as it began has no plan, and nothing to add up.
      if let run = facts.glance?.run { sums = try? await desk.runs.sums(of: run) }
      return await desk.page("Farm", .farm, FarmPage(facts, sums: sums?.stages, shots: sums?.shots).body)
    }
  }

  private func pipeline(_ programme: BoardSurvey.Programme, of all: [BoardSurvey.Programme]) async -> Response
  {
    let page = PipelinePage(
      programme, of: all, work: await desk.reader.stageWork(), planning: await desk.reader.planning)
    return await desk.page(page.title, .pipelines, page.body)
  }

  // MARK: Deliverables

  private func deliverable(_ line: VersionLine, version: Int?, _ request: Request) async throws -> Response {
    desk.feed.noteLook()
    return try await desk.deliverable(
      line, version: version, recorded: request.uri.queryParameters.get("recorded"))
  }

  /// What the form of a deliverable brings back.
  private struct Form: Decodable {
    var token: String?
    var verdict: String?
    var role: String?
    var note: String?
  }

  private func decide(_ request: Request, on line: VersionLine, version: Int) async throws -> Response {
    let form = try await request.form(as: Form.self)
    try desk.doorkeeper.check(token: form.token)
    let wish = DecisionWish(
      verdict: form.verdict.flatMap(Decision.Verdict.init(rawValue:)), role: form.role, note: form.note)
    do {
      let decision = try await wish.record(on: line, version: version, desk)
      let address = DeliverablePage.address(line, version: version)
      return .redirect(to: "\(address)?recorded=\(decision.verdict.rawValue)", type: .normal)
    } catch let refused as Refused {
      let refusal = DeliverablePage.Refusal(
        reason: "\(refused.message.prefix(1).uppercased())\(refused.message.dropFirst()).", note: wish.note,
        role: wish.role)
      return try await desk.deliverable(line, version: version, refusal: refusal)
    }
  }

  // MARK: Files

  private func file(_ request: Request, _ context: some RequestContext) async throws -> Response {
    guard let shelf = context.parameters.get("shelf").flatMap(VersionLine.Shelf.init(rawValue:)),
      let digest = context.parameters.get("digest"), let name = context.parameters.get("file"),
      let file = try await desk.reader.file(
        digest, of: desk.line(context, shelf: shelf), version: desk.version(context)),
      file.name == name
    else { throw HTTPError(.notFound) }
    return try await FileAnswer(
      path: file.path, name: file.name, digest: digest, size: file.byteCount,
      isDownload: request.uri.queryParameters.get("download") != nil
    ).response(to: request, context: context)
  }
}
