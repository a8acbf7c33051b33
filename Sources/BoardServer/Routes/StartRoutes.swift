import Board
import Diagnostics
import HTTPTypes
import Hummingbird
import NIOCore
import ObjectStore

/// Cuts, runs and conforms for programs, and for the script of the page where a cut is dropped.
struct StartRoutes {
  private let desk: PageDesk
  private let conforms: ConformDesk

  init(_ desk: PageDesk, _ conforms: ConformDesk) { (self.desk, self.conforms) = (desk, conforms) }

  private struct Programmes: Encodable {
    struct Programme: Encodable {
      var programme: String
      var pipeline: String
      /// Names of the files that a run would take now.
      var cut: [String]
      /// The version that stands for the pipeline file's own cut.
      var given: Cut?
      var latestRun: String?
    }

    var schema = 1
    var programmes: [Programme]
    /// Who works in the production now.
    var atWork: String?
  }

  struct Cut: Encodable {
    var programme: String
    var name: String
    var file: String?
    var digest: String?
    var byteCount: Int64?
    var frames: Int64?
    var clips: Int?
    var by: String
    var made: String

    init(_ version: CutVersion) {
      (programme, name, file) = (version.programme, version.name, version.file)
      (digest, byteCount) = (version.digest, version.byteCount)
      (frames, clips, by, made) = (version.frames, version.clips, version.by, version.made)
    }
  }

  private struct Cuts: Encodable {
    var schema = 1
    var cuts: [Cut]
  }

  private struct Starts: Encodable {
    var schema = 1
    var starts: [StartedCommand]
  }

  private struct Runs: Encodable {
    struct Run: Encodable {
      var run: String
      var programme: String?
      var began: String
      var seconds: Double?
      var exit: Int?
      var isUnderWay: Bool
    }

    var schema = 1
    var runs: [Run]
  }

  private struct CancelWish: Decodable {
    var now: Bool?
  }

  private struct Cancelled: Encodable {
    var run: String?
    var start: String?
    /// Whether its workers are killed at once.
    var now: Bool
  }

  func add(to router: Router<BasicRequestContext>) {
    let (desk, conforms) = (desk, conforms)
    router.get("/api/v1/programmes") { _, _ in
      let facts = try await conforms.facts(desk.reader)
      let programmes = facts.programmes.map { programme in
        Programmes.Programme(
          programme: programme.name, pipeline: programme.pipeline.path, cut: programme.cutNames,
          given: programme.cut.map(Cut.init), latestRun: programme.run?.id)
      }
      return InterfaceRoutes.json(Programmes(programmes: programmes, atWork: facts.atWork))
    }
    router.get("/api/v1/programmes/:programme/cuts") { _, context in
      let pipeline = try conforms.pipeline(context.parameters.get("programme"))
      return InterfaceRoutes.json(
        Cuts(cuts: try conforms.shelf.versions(of: pipeline.programme).map(Cut.init)))
    }
    router.post("/api/v1/programmes/:programme/cuts") { request, context in
      try mayChange(request)
      let pipeline = try conforms.pipeline(context.parameters.get("programme"))
      try request.checkType("application/octet-stream", "the file as it is")
      let version = try await conforms.takeCut(
        request, name: request.uri.queryParameters.get("name"), for: pipeline, by: desk.identity.person)
      desk.feed.noteDecision()
      return InterfaceRoutes.json(Cut(version), status: .created)
    }
    router.get("/api/v1/runs") { _, _ in
      let runs = try await desk.reader.farm().runs.map { run in
        Runs.Run(
          run: run.id, programme: run.programme, began: run.began, seconds: run.seconds, exit: run.exit,
          isUnderWay: run.isUnderWay)
      }
      return InterfaceRoutes.json(Runs(runs: runs))
    }
    router.post("/api/v1/runs") { request, _ in
      try mayChange(request)
      let wish = try await request.json(
        as: ConformDesk.RunWish.self,
        "{\"programme\": …, \"cut\": \"v002\" or \"own\", \"until\": \"conform\"}")
      let started = try await conforms.run(wish, by: desk.identity.person)
      desk.feed.noteDecision()
      return InterfaceRoutes.json(started, status: .accepted)
    }
    router.post("/api/v1/runs/:run/cancel") { request, context in
      try mayChange(request)
      let wish = try await request.json(as: CancelWish.self, "{\"now\": true or false}")
      let run = try await conforms.cancel(
        run: context.parameters.get("run") ?? "", isNow: wish.now ?? false)
      return InterfaceRoutes.json(Cancelled(run: run, now: wish.now ?? false), status: .accepted)
    }
    addStarts(to: router)
  }

  private func addStarts(to router: Router<BasicRequestContext>) {
    let (desk, conforms) = (desk, conforms)
    router.post("/api/v1/conforms") { request, _ in
      try mayChange(request)
      try request.checkType("application/octet-stream", "the file as it is")
      let query = request.uri.queryParameters
      let wish = ConformDesk.ConformWish(
        name: query.get("name"), programme: query.get("programme"), media: query.get("media"),
        rate: query.get("rate"), handles: query.get("handles"), reference: query.get("reference"))
      let started = try await conforms.conform(request, wish, by: desk.identity.person)
      return InterfaceRoutes.json(started, status: .accepted)
    }
    router.get("/api/v1/starts") { _, _ in
      InterfaceRoutes.json(Starts(starts: try await conforms.starts.latest()))
    }
    router.get("/api/v1/starts/:start") { _, context in
      guard let id = context.parameters.get("start"), let command = try await conforms.starts.command(id)
      else { throw HTTPError(.notFound) }
      return InterfaceRoutes.json(command)
    }
    router.post("/api/v1/starts/:start/cancel") { request, context in
      try mayChange(request)
      let wish = try await request.json(as: CancelWish.self, "{\"now\": true or false}")
      guard let id = context.parameters.get("start"), try await conforms.starts.command(id) != nil else {
        throw HTTPError(.notFound)
      }
      try await conforms.cancel(start: id, isNow: wish.now ?? false)
      return InterfaceRoutes.json(Cancelled(start: id, now: wish.now ?? false), status: .accepted)
    }
  }

  private func mayChange(_ request: Request) throws {
    try desk.checkMayChange(request, token: request.headers[RequestGuard.token])
  }
}
