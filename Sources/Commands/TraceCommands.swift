import ArgumentParser
import Diagnostics
import Foundation
import ImageGraph
import ObjectStore
import Planning

struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace", abstract: "Say what made one frame of a deliverable.",
    discussion:
      "  interlock trace Output/Deliverables/short-film/master/v001/short-film_master_v001.mov --frame 432")

  @Argument(help: "A published file, or the folder of its version.")
  var file: String

  @Option(help: "Frame of the file, from 0.")
  var frame: Int64

  @Flag(help: "Print JSON.")
  var json = false

  @Option(help: .hidden)
  var production: String?

  private struct Answer: Encodable {
    var file: String
    var trace: FrameTrace

    func encode(to encoder: any Encoder) throws {
      enum Key: String, CodingKey { case file }
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(file, forKey: .file)
      try trace.encode(to: encoder)
    }
  }

  func run() throws {
    let (version, recipe) = try PublishedRecipe.read(file)
    guard var trace = FrameTrace(recipe, frame: frame) else {
      throw DiagnosticList([
        Diagnostic(
          severity: .error, family: .usage, code: "trace.noFrame", location: SourceLocation(file: file),
          message: "there is no frame \(frame); the file has frames 0 to \(recipe.frameCount - 1)")
      ])
    }
    trace.grades = try recipe.grades.map { try Self.words($0, of: version, in: file) }
    if json {
      let answer = Answer(file: file, trace: trace)
      Outcome.printResult(String(decoding: try JSONBytes.encode(answer, isPretty: true), as: UTF8.self))
      return
    }
    func line(_ name: String, _ value: String) -> String {
      "  \(name.padding(toLength: 10, withPad: " ", startingAt: 0)) \(value)"
    }
    var lines = [
      "frame \(frame), record \(trace.recordTimecode), version \(VersionLine.folderName(version: version.version))"
    ]
    lines += trace.facts.map { line($0.name, $0.value) } + trace.programs
    lines += trace.part.operations.map {
      line($0.operation, "\($0.parameters) [version \($0.version)]")
    }
    for grade in trace.grades ?? [] { lines.append(line("version", grade)) }
    lines.append(line("encoding", trace.encoding))
    Outcome.printResult(lines.joined(separator: "\n"))
  }

  /// Grades with the version that has exactly their files, which may have been published with the file itself.
  private static func words(_ grades: [PlannedGrade], of version: VersionRecord, in file: String) throws
    -> [String]
  {
    let folder = FilePaths.folder(of: FilePaths.resolve(file, from: FilePaths.current))
    let versions = Production.nearest(from: folder).map { GradeVersions(VersionPublisher(ObjectStore($0))) }
    return try grades.map { grade in
      grade.words(
        version: try versions?.version(of: grade, programme: version.line.programme) ?? grade.version)
    }
  }
}

/// The recipe that a published version carries.
enum PublishedRecipe {
  static func read(_ path: String) throws -> (VersionRecord, Recipe) {
    let absolute = FilePaths.resolve(path, from: FilePaths.current)
    let folders = [absolute, FilePaths.folder(of: absolute)]
    for folder in folders {
      guard let bytes = try? FilePaths.read(folder + "/version.json") else { continue }
      guard let version = try? JSONDecoder().decode(VersionRecord.self, from: Data(bytes)) else {
        throw DiagnosticList([
          Diagnostic(
            severity: .error, family: .verification, code: "version.unreadable",
            location: SourceLocation(file: "version.json"), message: "this is not a version file",
            remedy: "Run `interlock verify`.")
        ])
      }
      guard let recipe = try? version.facts.decoded(as: Recipe.self) else {
        throw DiagnosticList([
          Diagnostic(
            severity: .error, family: .usage, code: "trace.noPicture", location: SourceLocation(file: path),
            message: "this version holds no picture, so there is no frame to trace")
        ])
      }
      return (version, recipe)
    }
    throw DiagnosticList([
      Diagnostic(
        severity: .error, family: .inputMissing, code: "trace.notPublished",
        location: SourceLocation(file: path),
        message: "there is no version.json beside it, so it is not a published file",
        remedy: "Name a file below Deliverables/ of a production.")
    ])
  }
}
