import ArgumentParser
import Board
import BoardServer
import Diagnostics
import Foundation
import Glibc
import Logging
import MediaTime
import ObjectStore
import Planning
import Publishing
import Subprocess
import SystemPackage

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Show the board in a browser: deliverables, decisions, pipeline, farm.",
    discussion: """
      Pages, live while a run goes on: what every deliverable is made of, is it right, whose turn is it; the review copy \
      to look at; approve and reject with a note, as `interlock approve` and `interlock reject` do; drop a cut, and start, \
      cancel and resume runs, as `interlock run`, `conform` and `cancel` do. Nothing is loaded from elsewhere.

      It answers only on this machine, only who has the key in the address that it prints, and decides in your name; from \
      another machine use `ssh -L 8470:127.0.0.1:8470`. Runs that are started from a page need no server: Ctrl-C ends the \
      board, and they go on.

        interlock serve Pipelines/short-film.yaml --production Output
        interlock serve season/*.yaml --production Season --port 9000

      Programs find the same under /api/v1 (described by /openapi.json), the events of a run as lines under \
      /api/v1/events, and Prometheus under /metrics; they send `Authorization: Bearer KEY`, with a key that stays the same \
      where --key-file names a file for it.
      """)

  @Argument(help: "Pipeline files; without any, what is published is shown.")
  var pipelines: [String] = []

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Overrides a key of every pipeline.", valueName: "key=value"))
  var overrides: [String] = []

  @Option(help: "Port on 127.0.0.1; 0 takes any that is free.")
  var port = 8470

  @Option(
    help:
      "Folder with media that a dropped cut may be conformed against, besides those of the pipelines; may be given several times."
  )
  var media: [String] = []

  @Option(
    help: ArgumentHelp(
      "File that holds the key; made if it is not there. Default: a new key with every start.",
      valueName: "file"))
  var keyFile: String?

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print the address as JSON and the key as JSON when the server is ready.")
  var json = false

  func validate() throws {
    try PipelinesOptions.validate(overrides)
    guard (0...65_535).contains(port) else { throw ValidationError("--port takes a number from 0 to 65535") }
  }

  private struct Ready: Encodable {
    var address: String
    /// The address that lets a browser in.
    var entrance: String
    /// What programs send as `Authorization: Bearer KEY`.
    var key: String
    var production: String
    var process: Int32
  }

  func run() async throws {
    var served: [ServedPipeline] = []
    // What cannot be read at all is told here, not on a page.
    for path in pipelines {
      let pipeline = try await PipelineOptions.load(path, overrides: overrides)
      served.append(ServedPipeline(pipeline, path: path))
    }
    // With pipelines and a place there is something to start from a page.
    let folder =
      pipelines.isEmpty || production.production == nil
      ? try production.required() : try production.createOrOpen()
    let folders = try media.map(Self.folder)
    var logger = Logger(label: "interlock.serve") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .warning
    let conforms = ConformDesk.Settings(
      pipelines: served, folders: folders, arguments: commandArguments(folder),
      examiner: { try await BoardPrograms.examine($0, $1, $2) },
      launcher: { try await BoardPrograms.launch($0, $1) })
    let settings = BoardApplication.Settings(
      port: port, identity: LocalUser(NSUserName()), typed: production.production ?? folder.root,
      version: interlockVersion,
      inputs: pipelines.map { FilePaths.resolve($0, from: FilePaths.current) },
      key: try keyFile.map { try BoardKey.read(FilePaths.resolve($0, from: FilePaths.current), typed: $0) },
      conforms: conforms, explainer: { try await BoardPrograms.explain($0, run: $1, in: folder) })
    let (arguments, all, shelf) = (surveyArguments, served, CutShelf(folder))
    let planned: BoardFeed.Surveyor = { try await Self.survey(arguments, all, shelf) }
    let application = BoardApplication(
      folder, settings: settings, logger: logger, surveyor: pipelines.isEmpty ? nil : planned)
    let isJSON = json
    do {
      try await application.run { port, key in
        Self.tell(
          Ready(
            address: "http://127.0.0.1:\(port)/", entrance: "http://127.0.0.1:\(port)/enter?key=\(key)",
            key: key,
            production: folder.root, process: getpid()), isJSON: isJSON)
      }
    } catch let error where "\(error)".contains("errno: 98") {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "serve.portTaken", message: "port \(port) is taken by another program",
          remedy: "Choose another one with --port, or --port 0 for any that is free.")
      ])
    }
  }

  private static func tell(_ ready: Ready, isJSON: Bool) {
    if isJSON {
      guard let bytes = try? JSONBytes.encode(ready) else { preconditionFailure("plain values") }
      Outcome.printResult(String(decoding: bytes, as: UTF8.self))
    } else {
      Outcome.printResult("The board is at \(ready.entrance)")
      Outcome.printError("The address lets in whoever has it. Ctrl-C ends the server; runs go on.")
    }
  }

  private static func folder(_ typed: String) throws -> MediaFolder {
    let path = FilePaths.resolve(typed, from: FilePaths.current)
    guard let real = FilePaths.real(path), FilePaths.isFolder(real) else {
      throw DiagnosticList([
        Diagnostic(
          family: .inputMissing, code: "serve.noFolder", message: "there is no folder \(typed)",
          remedy: "--media takes folders with camera and sound files.")
      ])
    }
    return MediaFolder(typed: typed, path: real)
  }

  private var overrideArguments: [String] { overrides.flatMap { ["--set", $0] } }

  /// What every run that is started from a page gets, as it would be typed here.
  private func commandArguments(_ folder: Production) -> [String] {
    overrideArguments + ["--production", production.production ?? folder.root]
  }

  private var surveyArguments: [String] {
    ["board-survey"] + pipelines + overrideArguments
      + (production.production.map { ["--production", $0] } ?? [])
  }

  /// The most that a survey may print: some thousand deliverables with their gates.
  private static let longestSurvey = 64 << 20

  /// Plans in a process of its own, with the cuts that are in force.
  private static func survey(
    _ arguments: [String], _ pipelines: [ServedPipeline], _ shelf: CutShelf
  ) async throws -> BoardSurvey {
    var given: [String] = []
    for (index, pipeline) in pipelines.enumerated() {
      guard let cut = try shelf.inForce(pipeline.programme), let path = shelf.path(of: cut) else { continue }
      given += ["--given", "\(index)=\(path)"]
    }
    let result = try await Subprocess.run(
      .path(FilePath(BoardPrograms.path)), arguments: Arguments(arguments + given),
      output: .bytes(limit: longestSurvey), error: .string(limit: 1 << 16))
    guard result.terminationStatus.isSuccess,
      let survey = try? JSONDecoder().decode(BoardSurvey.self, from: Data(result.standardOutput))
    else { throw SurveyFault(text: result.standardError) }
    return survey
  }

  private struct SurveyFault: Error, CustomStringConvertible {
    var text: String

    var description: String { text.isEmpty ? "planning ended without a word" : text }
  }
}

extension ServedPipeline {
  fileprivate init(_ pipeline: Pipeline, path: String) {
    self.init(
      path: path, programme: pipeline.programme,
      cut: pipeline.timeline.cuts.map { FilePaths.name(of: $0.path) },
      rate: pipeline.timeline.rate.map(\.description), handles: pipeline.timeline.handles,
      media: pipeline.timeline.mediaRoots.map(\.path),
      conformStage: pipeline.stages.first { type(of: $0).kind == EditingStage.kind }?.declaration.name)
  }
}
