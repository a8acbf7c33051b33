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

  @OptionGroup var conform: ConformOptions

  @Flag(
    help: ArgumentHelp(
      "Stop at faults of the cut, at events without media, and at anything approximated, inferred or dropped. "
        + "Without it the report tells of them and the rest is conformed."))
  var strict = false

  @Option(
    name: .customLong("report"),
    help:
      "Write the report to this file: .html as a page, .json for machines, else text. May be given several times."
  )
  var reports: [String] = []

  @Option(help: "Write the conformed cut to this OTIO file.")
  var otio: String?

  @Option(help: "Render the conformed picture to this file.")
  var output: String?

  @Option(help: "Delivery profile of --output.")
  var profile: String = "prores-422hq"

  @Option(help: "Raster of --output, e.g. 1920x1080. Default: the largest of the cut's sources.")
  var raster: String?

  @Option(help: "Pictures of another shape: letterbox, fill or native.")
  var fit: String = "letterbox"

  @Option(help: "Explain one event in full.")
  var explain: String?

  @Flag(help: "Print the report as JSON.")
  var json = false

  @OptionGroup var waiting: WaitOptions

  @Option(help: "Work in this production, so that frames are reused. Default: a private temporary one.")
  var production: String?

  func run() async throws {
    let inputs = conform.inputs
    let reportPaths = try reports.map { try OutputPath($0, option: "--report", inputs: inputs) }
    let otioPath = try otio.map { try OutputPath($0, option: "--otio", inputs: inputs) }
    let outputPath = try output.map { try OutputPath($0, option: "--output", inputs: inputs) }
    let lockPath = try conform.lock.map { try OutputPath($0, option: "--lock", inputs: inputs) }
    try OutputPath.checkApart(reportPaths + [otioPath, outputPath, lockPath].compactMap { $0 })
    let temporary = production == nil ? try PrivateFolder() : nil
    var request = conform.request(isStrict: strict, raster: raster, fit: fit, lock: lockPath)
    // A broken cut is told before anything is made on disk.
    let converted = try await CutFile.converted(request.pipeline()).timeline.cuts
    async let identity = WorkerExecutable.identity()
    let folder = try Production.create(
      at: temporary?.path ?? FilePaths.resolve(production ?? ".", from: FilePaths.current))
    let engine = try await EngineAccess.open(folder, workers: nil, isQuiet: json, wait: waiting.limit)
    let tools = try await identity
    try await engine.closing {
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
      let pages = reportPaths.filter(\.isPage)
      let hasPage = !pages.isEmpty
      var first = try await plan(publishesConform: hasPage)
      var result = try ConformDocuments(plan: first, handles: conform.handles)
      if let reference = conform.reference {
        request.reference = reference
        request.referenceStart = conform.referenceStart
        request.masks = conform.mask
        request.raster = try raster ?? result.largestRaster()
        first = try await plan(publishesConform: hasPage)
        result = try ConformDocuments(plan: first, handles: conform.handles)
        request.reference = nil
      }
      Outcome.printDiagnostics(first.diagnostics)
      try write(result, reports: reportPaths.filter { !$0.isPage }, otio: otioPath)
      if hasPage {
        try await writePage(first, to: pages, engine: engine) { try await plan(publishesConform: hasPage) }
      }
      if strict { try stopAtFindings(result.report) }
      let reported = DiagnosticList(first.diagnostics)
      // A lock is only written by a conform that is whole: what went wrong must not unpin a choice.
      if !reported.hasErrors { try lockPath?.write(result.lock) }
      if let outputPath, reported.hasErrors {
        Outcome.printError("\(outputPath.typed) is not made: the errors above would be seen in it")
      } else if let outputPath {
        request.profile = profile
        request.raster = try raster ?? result.largestRaster()
        try await render(try await plan(publishesConform: true), to: outputPath, engine: engine) {
          try await plan(publishesConform: true)
        }
      }
      // What was reported above and left out of the conform is an error all the same.
      if reported.hasErrors { throw ExitCode(Int32(reported.exitCode)) }
      if let signal = signals.received { throw ExitCode(128 + signal) }
      withExtendedLifetime(temporary) {}
    }
  }

  private func write(_ result: ConformDocuments, reports: [OutputPath], otio: OutputPath?) throws {
    for report in reports { try report.write(try result.report(for: report.typed)) }
    if let otio { try otio.write(result.otio) }
    if json {
      Outcome.printResult(
        String(decoding: try result.report.prettyJSON(), as: UTF8.self))
    } else if let explain {
      Outcome.printResult(try result.explanation(of: explain))
    } else if self.reports.isEmpty {
      Outcome.printResult(result.report.text)
    }
  }

  /// The report as a page with pictures, which workers make.
  private func writePage(
    _ plan: ProgrammePlan, to pages: [OutputPath], engine: Coordinator,
    replan: @escaping () async throws -> ProgrammePlan
  ) async throws {
    guard let key = plan.conformPage else { return }
    let kinds = [ThumbnailsTask.identifier, ConformPageTask.identifier]
    let outcome = try await Rewind(engine: engine, replan: replan).run(plan) { plan in
      try Plan(plan.plan.nodes.filter { kinds.contains($0.kind) })
    }
    Outcome.printDiagnostics(outcome.warnings)
    if outcome.exitCode != 0 {
      Outcome.printDiagnostics(outcome.failures.flatMap(\.diagnostics))
      throw ExitCode(Int32(outcome.exitCode))
    }
    guard let made = try engine.store.result(key, as: MadeFiles.self)?.output.files.first,
      let bytes = try engine.store.readObject(made.object)
    else { throw PublishFault(what: "the page of the report was made, but is not there") }
    for page in pages { try page.write(bytes) }
  }

  /// The findings are in the report already; of both kinds the offline's word is the later one, and weighs more.
  private func stopAtFindings(_ report: ConformReport) throws {
    if report.totals.findings > 0 {
      Outcome.printError("\(report.totals.findings) findings, and --strict allows none")
    }
    if let offline = report.offline, !offline.faults.isEmpty {
      Outcome.printError("\(offline.faults.count) events are not the offline's, and --strict allows none")
      throw ExitCode(4)
    }
    if report.totals.findings > 0 { throw ExitCode(2) }
  }
}
