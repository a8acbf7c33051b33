import ArgumentParser
import Diagnostics
import Editorial
import Engine
import Foundation
import Glibc
import ObjectStore
import Planning
import TaskGraph
import TaskKinds

struct ConformCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conform", abstract: "Rebuild a cut from its source media, without a pipeline file.",
    discussion: """
      Every event is matched by the identity of its source, then by reel, file name or clip name and source timecode, \
      then by its stored path. The report says for each which file, which frames, which handles are left, which rule \
      matched, why other files did not, and what was approximated, inferred or dropped.

      Where several files match equally well the first by path is taken, with a warning; --strict stops with exit code 5. \
      --lock pins the choices: the file is written when the conform succeeds, honoured the next time, and yours to edit.

        interlock conform cut.edl --media rushes --rate 24000/1001
        interlock conform cut.edl --media rushes --otio conformed.otio --report conform.json
        interlock conform cut.edl --media rushes --output conformed.mov --profile prores-422hq
      """)

  @Argument(help: "The cut: one list or several (EDL, OTIO).")
  var cuts: [String]

  @Option(help: "Folder with camera and sound files; may be given several times.")
  var media: [String]

  @Option(
    help:
      "Frame rate of the timeline, e.g. 24000/1001. Default: the cut's, else the unanimous rate of the media."
  )
  var rate: String?

  @Option(
    help: ArgumentHelp(
      "How media of another rate is read: REEL=realtime or REEL=every-frame, with * for any characters; also "
        + "clip:NAME=…, file:NAME=… and rate:25=…. May be given several times.", valueName: "rule"))
  var rates: [String] = []

  @Option(help: "Which of several timelines in the cut's file, by name.")
  var sequence: String?

  @Option(
    help: ArgumentHelp(
      "A rule by which media is found, the most trusted first; may be given several times: \(RelinkRule.help). "
        + "Default: all of them in this order.", valueName: "rule"))
  var relink: [String] = []

  @Option(
    help: ArgumentHelp(
      "Where the source reel of a file is read: metadata, file-name, file-name:PATTERN with {reel}, * and ? such as "
        + "'file-name:{reel}_*', folder:1 (the folder of the file) or log. May be given several times.",
      valueName: "place"))
  var reels: [String] = []

  @Option(
    help: ArgumentHelp(
      "Where a folder of the cut's stored paths is here, e.g. /Volumes/RAID=../rushes or 'D:\\RAID=rushes'. May be "
        + "given several times.", valueName: "from=to"))
  var paths: [String] = []

  @Option(help: "Lock file with the choices of media: honoured where it exists, written after the conform.")
  var lock: String?

  @Option(help: "Events whose media lacks frames: fail, black, hold (the nearest frame) or slug (a card).")
  var partial: String?

  @Option(help: "Events without any media: fail, black or slug.")
  var missing: String?

  @Option(
    name: .customLong("log"),
    help: "ALE or CSV log of the sources: reels of media, scenes, takes. May be given several times.")
  var logs: [String] = []

  @Option(help: "Timecode of the first frame. Default: the cut's.")
  var start: String?

  @Option(help: "Frames wanted beyond each end of a shot; missing ones are reported.")
  var handles: Int = 0

  @Flag(
    help: ArgumentHelp(
      "Stop at faults of the cut, at events without media, and at anything approximated, inferred or dropped. "
        + "Without it the report tells of them and the rest is conformed."))
  var strict = false

  @Option(help: "Write the report to this file: .html as a page, .json for machines, else text.")
  var report: String?

  @Option(help: "Write the conformed cut to this OTIO file.")
  var otio: String?

  @Option(help: "Render the conformed picture to this file.")
  var output: String?

  @Option(help: "Delivery profile of --output.")
  var profile: String = "prores-422hq"

  @Option(help: "Raster of --output, e.g. 1920x1080. Default: the largest of the cut's sources.")
  var raster: String?

  @Option(help: "Pictures of another shape: letterbox or fill.")
  var fit: String = "letterbox"

  @Option(help: "Compare every event with the editor's offline movie.")
  var reference: String?

  @Option(help: "Timecode of the offline's first frame. Default: its own, else the start of the cut.")
  var referenceStart: String?

  @Option(
    help: ArgumentHelp(
      "Part of the offline to leave out, in its pixels. Burn-ins that stay in place are found without it.",
      valueName: "x,y,width,height"))
  var mask: [String] = []

  @Option(help: "Explain one event in full.")
  var explain: String?

  @Flag(help: "Print the report as JSON.")
  var json = false

  @Option(help: "Work in this production, so that frames are reused. Default: a private temporary one.")
  var production: String?

  func validate() throws {
    if cuts.isEmpty { throw ValidationError("Name the cut.") }
    if media.isEmpty { throw ValidationError("Say where the media is with --media.") }
  }

  func run() async throws {
    let inputs = cuts + media + logs + (reference.map { [$0] } ?? [])
    let reportPath = try report.map { try OutputPath($0, option: "--report", inputs: inputs) }
    let otioPath = try otio.map { try OutputPath($0, option: "--otio", inputs: inputs) }
    let outputPath = try output.map { try OutputPath($0, option: "--output", inputs: inputs) }
    let temporary = production == nil ? try PrivateFolder() : nil
    var request = ConformRequest(
      cuts: cuts, media: media, rate: rate, start: start, handles: handles, raster: raster ?? "16x16",
      fit: fit,
      profile: nil, rates: rates)
    request.sequence = sequence
    request.isLenient = !strict
    let lockPath = try lock.map { try OutputPath($0, option: "--lock", inputs: inputs) }
    request.relink = relink
    request.reels = reels
    request.paths = paths
    request.ambiguity = strict ? .stop : .first
    request.lock = lockPath.flatMap { FileManager.default.fileExists(atPath: $0.path) ? lock : nil }
    request.partial = partial
    request.missing = missing
    request.logs = logs
    // A broken cut is told before anything is made on disk.
    let converted = try await CutFile.converted(request.pipeline()).timeline.cuts
    let tools = try await WorkerExecutable.identity()
    let folder = try Production.create(
      at: temporary?.path ?? FilePaths.resolve(production ?? ".", from: FilePaths.current))
    let engine = try await EngineAccess.open(folder, workers: nil, isQuiet: json)
    let signals = SignalWatch { engine.cancel() }
    defer { signals.stop() }
    func plan(publishesConform: Bool) async throws -> ProgrammePlan {
      var pipeline = try request.pipeline()
      pipeline.timeline.cuts = converted
      let session = ProgrammeSession(
        pipeline: pipeline, production: folder, store: engine.store, ledger: engine.ledger,
        tools: tools)
      return try await session.plan(until: nil, probing: engine, publishesConform: publishesConform)
    }
    // Only a page is made by tasks of the plan.
    let hasPage = reportPath?.isPage ?? false
    var first = try await plan(publishesConform: hasPage)
    var result = try ConformDocuments(plan: first, handles: handles)
    if let reference {
      request.reference = reference
      request.referenceStart = referenceStart
      request.masks = mask
      request.raster = try raster ?? result.largestRaster()
      first = try await plan(publishesConform: hasPage)
      result = try ConformDocuments(plan: first, handles: handles)
      request.reference = nil
    }
    Outcome.printDiagnostics(first.diagnostics)
    try write(result, report: reportPath, otio: otioPath)
    if let reportPath, reportPath.isPage { try await writePage(first, to: reportPath, engine: engine) }
    try lockPath?.write(result.lock)
    if strict, result.report.totals.findings > 0 {
      Outcome.printError("\(result.report.totals.findings) findings, and --strict allows none")
      throw ExitCode(2)
    }
    if strict, let offline = result.report.offline, !offline.faults.isEmpty {
      Outcome.printError(
        "\(offline.faults.count) events are not the offline's, and --strict allows none")
      throw ExitCode(4)
    }
    if let outputPath {
      request.profile = profile
      request.raster = try raster ?? result.largestRaster()
      try await render(try await plan(publishesConform: true), to: outputPath, engine: engine)
    }
    // What was reported above and left out of the conform is an error all the same.
    let reported = DiagnosticList(first.diagnostics)
    if reported.hasErrors { throw ExitCode(Int32(reported.exitCode)) }
    if let signal = signals.received { throw ExitCode(128 + signal) }
    withExtendedLifetime(temporary) {}
  }

  private func write(_ result: ConformDocuments, report: OutputPath?, otio: OutputPath?) throws {
    if let report, !report.isPage {
      try report.write(try result.report(for: report.typed))
    }
    if let otio { try otio.write(result.otio) }
    if json {
      Outcome.printResult(
        String(decoding: try JSONBytes.encode(result.report, isPretty: true), as: UTF8.self))
    } else if let explain {
      Outcome.printResult(try result.explanation(of: explain))
    } else if self.report == nil {
      Outcome.printResult(result.report.text)
    }
  }

  /// The report as a page with pictures, which workers make.
  private func writePage(_ plan: ProgrammePlan, to page: OutputPath, engine: Coordinator) async throws {
    guard let key = plan.conformPage else { return }
    let kinds = [ThumbnailsTask.identifier, ConformPageTask.identifier]
    let nodes = plan.plan.nodes.filter { kinds.contains($0.kind) }
    try ObjectIntake.store(plan.objects, in: engine.store, when: !nodes.isEmpty)
    let outcome = try await engine.run(try Plan(nodes)) { _ in }
    if outcome.exitCode != 0 {
      Outcome.printDiagnostics(outcome.failures.flatMap(\.diagnostics))
      throw ExitCode(Int32(outcome.exitCode))
    }
    guard let made = try engine.store.result(key, as: MadeFiles.self)?.output.files.first,
      let file = try engine.store.fileSystem.read(engine.store.path(of: made.object))
    else { throw PublishFault(what: "the page of the report was made, but is not there") }
    try page.write(file.bytes)
  }

  /// Chapters and the like go beside the file, under its name: `review.chapters.vtt` with `review.mp4`.
  private func writeCompanions(
    of version: VersionRecord, beside output: OutputPath, production: Production
  ) throws {
    guard let main = version.mainFile else { return }
    let stem = version.line.fileName(version: version.version, fileExtension: "")
    let target = URL(fileURLWithPath: output.path).deletingPathExtension().path
    for file in version.files where file.name != main.name {
      let path = "\(target).\(file.name.dropFirst(stem.count))"
      let bytes = try Data(contentsOf: URL(fileURLWithPath: version.path(of: file, in: production)))
      try bytes.write(to: URL(fileURLWithPath: path), options: .atomic)
    }
  }

  private func render(_ plan: ProgrammePlan, to output: OutputPath, engine: Coordinator) async throws {
    let publisher = Publisher(store: engine.store)
    try ObjectIntake.store(plan.objects, in: engine.store, when: !plan.plan.isEmpty)
    let outcome = try await engine.run(plan.plan) { node in _ = try publisher.publish(node) }
    if outcome.exitCode != 0 {
      Outcome.printDiagnostics(outcome.failures.flatMap(\.diagnostics))
      throw ExitCode(Int32(outcome.exitCode))
    }
    guard let publish = plan.publishes.first(where: { $0.assembly != nil }),
      let version = try publisher.existing(publish)
    else { throw PublishFault(what: "the output was made, but is not there") }
    let target = output.path
    let manager = FileManager.default
    // Beside the target first, under a name of our own, so that a half-copied file never has its name.
    let part = "\(target).\(ULID.next()).part"
    defer { try? manager.removeItem(atPath: part) }
    if let file = version.mainFile {
      try manager.copyItem(atPath: version.path(of: file, in: engine.store.production), toPath: part)
    } else {
      try manager.createDirectory(atPath: part, withIntermediateDirectories: true)
      for file in version.files {
        try manager.copyItem(
          atPath: version.path(of: file, in: engine.store.production), toPath: part + "/" + file.name)
      }
    }
    if version.mainFile != nil {
      // The object is read-only; the user's own file is not.
      try manager.setAttributes([.posixPermissions: 0o644], ofItemAtPath: part)
    }
    guard unsafe rename(part, target) == 0 else {
      throw PublishFault(what: "cannot write \(output.typed): \(unsafe String(cString: strerror(errno)))")
    }
    try writeCompanions(of: version, beside: output, production: engine.store.production)
    let message = "\(output.typed): \(plan.conform.timeline.frameCount) frames"
    if json { Outcome.printError(message) } else { Outcome.printResult(message) }
  }
}
