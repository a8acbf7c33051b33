import ArgumentParser
import Board
import BoardServer
import Diagnostics
import Foundation
import Glibc
import Logging
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
      to look at; approve and reject with a note, as `interlock approve` and `interlock reject` do. Nothing is loaded from \
      elsewhere. It answers only on this machine and decides in your name; from another one use `ssh -L 8470:127.0.0.1:8470`. \
      It reads files and takes no lock: runs never notice it. Ctrl-C ends it.

        interlock serve Pipelines/short-film.yaml --production Output
        interlock serve season/*.yaml --production Season --port 9000

      Programs find the same under /api/v1 (described by /openapi.json), the events of a run as lines under \
      /api/v1/events, and Prometheus under /metrics.
      """)

  @Argument(help: "Pipeline files; without any, what is published is shown.")
  var pipelines: [String] = []

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Overrides a key of every pipeline.", valueName: "key=value"))
  var overrides: [String] = []

  @Option(help: "Port on 127.0.0.1; 0 takes any that is free.")
  var port = 8470

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print the address as JSON when the server is ready.")
  var json = false

  func validate() throws {
    try PipelinesOptions.validate(overrides)
    guard (0...65_535).contains(port) else { throw ValidationError("--port takes a number from 0 to 65535") }
  }

  private struct Ready: Encodable {
    var address: String
    var production: String
    var process: Int32
  }

  func run() async throws {
    let folder = try production.required()
    // What cannot be read at all is told here, not on a page.
    for pipeline in pipelines { _ = try await PipelineOptions.load(pipeline, overrides: overrides) }
    var logger = Logger(label: "interlock.serve") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .warning
    let arguments = surveyArguments
    let settings = BoardApplication.Settings(
      port: port, identity: LocalUser(NSUserName()), typed: production.production ?? ".",
      version: interlockVersion,
      inputs: pipelines.map { FilePaths.resolve($0, from: FilePaths.current) })
    let planned: BoardFeed.Surveyor = { try await Self.survey(arguments) }
    let application = BoardApplication(
      folder, settings: settings, logger: logger, surveyor: pipelines.isEmpty ? nil : planned)
    let isJSON = json
    do {
      try await application.run { port in
        let address = "http://127.0.0.1:\(port)/"
        if isJSON {
          let ready = Ready(address: address, production: folder.root, process: getpid())
          guard let bytes = try? JSONBytes.encode(ready) else { preconditionFailure("plain values") }
          Outcome.printResult(String(decoding: bytes, as: UTF8.self))
        } else {
          Outcome.printResult("The board is at \(address)")
          Outcome.printError("Ctrl-C ends it.")
        }
      }
    } catch let error where "\(error)".contains("errno: 98") {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "serve.portTaken", message: "port \(port) is taken by another program",
          remedy: "Choose another one with --port, or --port 0 for any that is free.")
      ])
    }
  }

  private var surveyArguments: [String] {
    ["board-survey"] + pipelines + overrides.flatMap { ["--set", $0] }
      + (production.production.map { ["--production", $0] } ?? [])
  }

  /// The most that a survey may print: some thousand deliverables with their gates.
  private static let longestSurvey = 64 << 20

  /// Plans in a process of its own.
  private static func survey(_ arguments: [String]) async throws -> BoardSurvey {
    let path = FilePaths.real("/proc/self/exe") ?? CommandLine.arguments[0]
    let result = try await Subprocess.run(
      .path(FilePath(path)), arguments: Arguments(arguments), output: .string(limit: longestSurvey),
      error: .string(limit: 1 << 16))
    guard result.terminationStatus.isSuccess,
      let survey = try? JSONDecoder().decode(BoardSurvey.self, from: Data((result.standardOutput).utf8))
    else { throw SurveyFault(text: result.standardError) }
    return survey
  }

  private struct SurveyFault: Error, CustomStringConvertible {
    var text: String

    var description: String { text.isEmpty ? "planning ended without a word" : text }
  }
}
