package import Board
import Diagnostics
import Glibc
import Hummingbird
import NIOCore
import ObjectStore

/// What pages and programs may start: runs and conforms of what the board was started with, and of nothing else.
package struct ConformDesk: Sendable {
  /// Looks at a cut in a process of its own, which may be killed by it.
  ///
  /// - Parameters: the folder and the name of the file, and the frame rate where that is known.
  package typealias Examiner =
    @Sendable (_ folder: String, _ name: String, _ rate: String?) async throws -> CutDesk.Examination

  package struct Settings: Sendable {
    package var pipelines: [ServedPipeline]
    package var folders: [MediaFolder]
    /// What follows the verb of every command: overrides, and the production.
    package var arguments: [String]
    package var examiner: Examiner
    package var launcher: StartDesk.Launcher

    package init(
      pipelines: [ServedPipeline], folders: [MediaFolder], arguments: [String],
      examiner: @escaping Examiner, launcher: @escaping StartDesk.Launcher
    ) {
      (self.pipelines, self.folders, self.arguments) = (pipelines, folders, arguments)
      (self.examiner, self.launcher) = (examiner, launcher)
    }
  }

  let settings: Settings
  let production: Production
  /// The production as the user named it.
  let typed: String
  let cuts: CutDesk
  let starts: StartDesk
  let shelf: CutShelf

  init(_ production: Production, typed: String, settings: Settings) {
    self.settings = settings
    self.production = production
    self.typed = typed
    cuts = CutDesk(production)
    starts = StartDesk(production, launcher: settings.launcher)
    shelf = CutShelf(production)
  }

  /// The largest cut that is taken over the network.
  static let largestCut = 64 << 20

  func pipeline(_ programme: String?) throws -> ServedPipeline {
    guard let pipeline = settings.pipelines.first(where: { $0.programme == programme }) else {
      throw Refused(
        status: .notFound, code: "programme.unknown",
        message: "no pipeline that this board was started with is about this programme",
        remedy: "Name its pipeline file to `interlock serve`.")
    }
    return pipeline
  }

  // MARK: Facts

  func facts(_ reader: ProductionReader) async throws -> ConformFacts {
    let conforms = try await reader.conforms()
    let runs = try await reader.farm().runs
    let programmes = try settings.pipelines.map { pipeline in
      let cuts = try shelf.versions(of: pipeline.programme)
      return ConformFacts.Programme(
        pipeline: pipeline, cut: cuts.first.flatMap { $0.file == nil ? nil : $0 }, cuts: cuts,
        conforms: Self.withPage(conforms, programme: pipeline.programme),
        run: runs.first { $0.programme == pipeline.programme })
    }
    let known = Set(settings.pipelines.map(\.programme))
    return ConformFacts(
      programmes: programmes,
      others: conforms.filter { !known.contains($0.line.programme) }.compactMap(\.versions.first),
      folders: settings.folders, starts: try await starts.latest(), atWork: try await starts.atWork())
  }

  /// The newest first, of all editing stages of a programme.
  static func withPage(_ rows: [VersionShelf.Row], programme: String) -> [VersionHead] {
    rows.filter { $0.line.programme == programme }.flatMap(\.versions).filter { $0.conformPage != nil }
      .sorted { $0.made > $1.made }
  }

  // MARK: Cuts

  /// Takes in what is sent and hands it on; what was sent is gone afterwards, whatever happens.
  private func receive<Value>(
    _ request: Request, name: String?, _ take: (CutDesk.Incoming) async throws -> Value
  ) async throws -> Value {
    guard let name, !name.isEmpty else {
      throw Refused(
        status: .badRequest, code: "cut.noName", message: "`name` says how the file is called",
        remedy: "Add ?name=CUT.edl to the address.")
    }
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > Self.largestCut {
      throw Self.tooLarge
    }
    let incoming: CutDesk.Incoming
    do {
      incoming = try await cuts.begin(name)
    } catch let fault as Diagnostic where fault.family == .usage {
      throw Refused(
        status: .unprocessableContent, code: fault.code, message: fault.message, remedy: fault.remedy)
    }
    do {
      var count = 0
      for try await part in request.body {
        count += part.readableBytes
        guard count <= Self.largestCut else { throw Self.tooLarge }
        try await cuts.append(Array(part.readableBytesView), to: incoming)
      }
      try await cuts.finish(incoming)
      guard count > 0 else {
        throw Refused(status: .unprocessableContent, code: "cut.empty", message: "the file is empty")
      }
      let value = try await take(incoming)
      await cuts.discard(incoming)
      return value
    } catch {
      await cuts.discard(incoming)
      throw error
    }
  }

  private static let tooLarge = Refused(
    status: .contentTooLarge, code: "cut.tooLarge",
    message: "a cut of more than \(largestCut >> 20) MiB is not taken over the network",
    remedy: "Start the run in a shell: interlock run PIPELINE --set timeline.cut=CUT")

  /// Makes what is sent the cut of a programme; one with faults is not taken.
  func takeCut(
    _ request: Request, name: String?, for pipeline: ServedPipeline, by person: String
  ) async throws -> CutVersion {
    try await receive(request, name: name) { incoming in
      let examined = try await settings.examiner(incoming.folder, incoming.name, pipeline.rate)
      try Self.refuse(examined.faults, name: incoming.name)
      return try await cuts.publish(
        incoming, programme: pipeline.programme, examined: examined, by: person)
    }
  }

  private static func refuse(_ faults: [Diagnostic], name: String) throws {
    guard !faults.isEmpty else { return }
    throw Refused(
      status: .unprocessableContent, code: "cut.faults",
      message: faults.count == 1
        ? "\(name) has a fault" : "\(name) has \(faults.count) faults",
      remedy: "Nothing was taken. A report alone can be made of a cut with faults.", faults: faults)
  }

  // MARK: Runs

  /// What a run is asked to be.
  struct RunWish: Decodable {
    var programme: String
    /// `v002`, or `own` for the pipeline file's; without it the one in force.
    var cut: String?
    /// `conform` for no more than that.
    var until: String?
  }

  func run(_ wish: RunWish, by person: String) async throws -> StartedCommand {
    let pipeline = try pipeline(wish.programme)
    var until: String?
    switch wish.until {
    case nil, "": break
    case "conform":
      guard let stage = pipeline.conformStage else {
        throw Refused(
          status: .unprocessableContent, code: "run.noConform", message: "this pipeline has no editing stage")
      }
      until = stage
    default:
      throw Refused(
        status: .unprocessableContent, code: "run.badUntil", message: "`until` is `conform`, or left out")
    }
    let wanted = try wish.cut.map { try cut($0, of: pipeline) }
    if let other = try await starts.atWork() {
      throw Refused(
        status: .conflict, code: "run.busy", message: "another command works in this production: \(other)",
        remedy: "Wait until it is over, or cancel it: what is finished is kept.")
    }
    let version: CutVersion?
    if let wanted {
      version = try await cuts.putInForce(wanted, programme: pipeline.programme, by: person)
    } else {
      version = try shelf.inForce(pipeline.programme)
    }
    let arguments = runArguments(pipeline, cut: version, until: until)
    return try await starts.start(
      .run, programme: pipeline.programme,
      cut: version?.file ?? pipeline.cut.joined(separator: ", "), by: person
    ) { _ in
      arguments
    }
  }

  /// - Returns: nil for the pipeline file's own.
  private func cut(_ name: String, of pipeline: ServedPipeline) throws -> CutVersion? {
    if name == "own" { return nil }
    guard let version = try shelf.versions(of: pipeline.programme).first(where: { $0.name == name }) else {
      throw Refused(
        status: .unprocessableContent, code: "cut.unknown",
        message: "\(pipeline.programme) has no cut of this name")
    }
    return version.file == nil ? nil : version
  }

  private func runArguments(_ pipeline: ServedPipeline, cut: CutVersion?, until: String?) -> [String] {
    var arguments = ["run", Self.place(pipeline.path)] + settings.arguments
    if let cut, let path = shelf.path(of: cut, typed: typed) {
      arguments += ["--set", "timeline.cut=\(path)"]
    }
    if let until { arguments += ["--until", until] }
    return arguments
  }

  /// A path that no option and no subcommand is taken for.
  private static func place(_ path: String) -> String { path.contains("/") ? path : "./\(path)" }

  // MARK: Conforms

  /// What a conform without a pipeline is asked to be.
  struct ConformWish {
    var name: String?
    /// Its media, rate and handles are taken.
    var programme: String?
    /// A folder of media, as it was given to `interlock serve`.
    var media: String?
    var rate: String?
    var handles: String?
    /// The editor's offline, inside the folders of media.
    var reference: String?
  }

  func conform(_ request: Request, _ wish: ConformWish, by person: String) async throws -> StartedCommand {
    let pipeline = try wish.programme.map { try self.pipeline($0) }
    var folders = pipeline?.media ?? []
    if let media = wish.media {
      guard let folder = settings.folders.first(where: { $0.typed == media }) else {
        throw Refused(
          status: .unprocessableContent, code: "conform.media",
          message: "this board was not given such a folder of media",
          remedy: "Give it to `interlock serve` with --media.")
      }
      folders.append(folder.path)
    }
    guard !folders.isEmpty else {
      throw Refused(
        status: .badRequest, code: "conform.noMedia",
        message: "`programme` or `media` says where the media is")
    }
    let rate = try wish.rate.map(Self.rate) ?? pipeline?.rate
    let handles = try wish.handles.map(Self.handles) ?? pipeline?.handles ?? 0
    let reference = try wish.reference.map { try Self.inside($0, folders) }
    return try await receive(request, name: wish.name) { incoming in
      var options = folders.flatMap { ["--media", $0] } + ["--handles", "\(handles)"]
      if let rate { options += ["--rate", rate] }
      if let reference { options += ["--reference", reference] }
      let files = production.fileSystem
      let all = options
      return try await starts.start(
        .conform, programme: pipeline?.programme, cut: incoming.name, by: person,
        prepare: { folder in
          guard try files.link(incoming.path, to: "\(folder.path)/\(incoming.name)") else {
            throw Diagnostic(family: .failed, code: "cut.sameName", message: "the cut cannot be kept")
          }
        },
        arguments: { folder in
          ["conform", "\(folder.path)/\(incoming.name)"] + all
            + ["--report", folder.reportPath, "--report", folder.reportDataPath]
        })
    }
  }

  private static func rate(_ text: String) throws -> String {
    guard text.utf8.count <= 20,
      text.utf8.allSatisfy({ ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2F || $0 == 0x2E }),
      text.utf8.first.map({ $0 >= 0x30 && $0 <= 0x39 }) == true
    else {
      throw Refused(
        status: .unprocessableContent, code: "conform.rate", message: "this is no frame rate",
        remedy: "Write it as 24000/1001, 25 or 29.97.")
    }
    return text
  }

  private static func handles(_ text: String) throws -> Int {
    guard let handles = Int(text), (0...1000).contains(handles) else {
      throw Refused(
        status: .unprocessableContent, code: "conform.handles",
        message: "handles are a number of frames from 0 to 1000")
    }
    return handles
  }

  /// The path of a file in one of the folders, wherever links in it lead.
  private static func inside(_ text: String, _ folders: [String]) throws -> String {
    for folder in folders {
      let path = text.hasPrefix("/") ? text : "\(folder)/\(text)"
      guard !path.contains("\0"), let real = Self.real(path), let root = Self.real(folder),
        real.hasPrefix(root + "/")
      else { continue }
      return real
    }
    throw Refused(
      status: .unprocessableContent, code: "conform.reference",
      message: "there is no such file in the folders of media",
      remedy: "Name the offline by its path inside of them.")
  }

  private static func real(_ path: String) -> String? {
    guard let real = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(real) }
    return unsafe String(cString: real)
  }
}

extension ConformDesk {
  // MARK: Cancelling

  /// Asks a run to stop, as `interlock cancel` does.
  ///
  /// - Returns: its name.
  @discardableResult
  func cancel(run id: String, isNow: Bool) async throws -> String {
    switch try await starts.cancel(run: id, isNow: isNow) {
    case .asked: return id
    case .over:
      throw Refused(status: .conflict, code: "cancel.noRun", message: "run \(id) is not under way")
    case .unknown: throw HTTPError(.notFound)
    }
  }

  /// Asks what was started to stop, whether or not it has a run yet.
  func cancel(start id: String, isNow: Bool) async throws {
    switch try await starts.cancel(start: id, isNow: isNow) {
    case .asked: return
    case .over: throw Refused(status: .conflict, code: "cancel.over", message: "it is over")
    case .unknown: throw HTTPError(.notFound)
    }
  }
}
