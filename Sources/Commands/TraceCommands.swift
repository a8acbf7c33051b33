import ArgumentParser
import Delivery
import Diagnostics
import Foundation
import ImageGraph
import MediaTime
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
    var frame: Int64
    var recordTimecode: String
    var part: Recipe.Part
    var sourceFrame: Int64
    var sourceTimecode: String?
    var encoding: String
    /// Versions of the grades that the file shows.
    var grades: [String]?
  }

  func run() throws {
    let (version, recipe) = try PublishedRecipe.read(file)
    let total = recipe.parts.reduce(0) { $0 + $1.count }
    guard let part = recipe.parts.last(where: { $0.firstFrame <= frame }), frame >= 0, frame < total else {
      throw DiagnosticList([
        Diagnostic(
          severity: .error, family: .usage, code: "trace.noFrame", location: SourceLocation(file: file),
          message: "there is no frame \(frame); the file has frames 0 to \(total - 1)")
      ])
    }
    let source = part.map.position(at: frame - part.firstFrame)
    let answer = Answer(
      file: file, frame: frame,
      recordTimecode: Timecode(
        frame: recipe.startFrame + frame, rate: recipe.rate, isDropFrame: recipe.isDropFrame
      )
      .description,
      part: part, sourceFrame: source,
      sourceTimecode: part.sourceTimecode(ofFrame: source, rate: recipe.rate)?.description,
      encoding:
        "\(recipe.profile): \(recipe.encoding.codec) \(recipe.encoding.pixelFormat), \(recipe.encoding.builtBy)",
      grades: try recipe.grades.map { try Self.words($0, of: version, in: file) })
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(answer, isPretty: true), as: UTF8.self))
      return
    }
    var lines = [
      "frame \(frame), record \(answer.recordTimecode), version \(VersionLine.folderName(version: version.version))"
    ]
    if let shot = part.shot { lines.append("  shot       \(shot), event \(part.event ?? "–")") }
    let offset = frame - part.firstFrame
    if let sides = part.sides {
      for (name, side) in zip(["outgoing", "incoming"], sides) {
        lines.append("  \(name)   \(Self.words(side, at: offset, rate: recipe.rate))")
      }
    } else if part.source != nil {
      lines.append("  source     \(Self.words(part, at: offset, rate: recipe.rate))")
    }
    for (index, layer) in (part.layers ?? []).enumerated() {
      let shown = layer.frame(at: frame - part.firstFrame).map { "frame \($0)" } ?? "nothing"
      lines.append(
        "  layer \(index + 1)    \(layer.source), \(shown), \(layer.layer.merge.rawValue)"
          + (layer.side.map { ", \($0)" } ?? ""))
    }
    for (index, picture) in (part.stack ?? []).enumerated() {
      lines.append(
        "  layer \(index + 1)    "
          + (picture.sides ?? [picture]).map { Self.words($0, at: offset, rate: recipe.rate) }
          .joined(separator: " to ")
          + (picture.event.map { ", event \($0)" } ?? ""))
    }
    lines += part.externalLines(at: frame - part.firstFrame)
    for operation in part.operations {
      lines.append(
        "  \(operation.operation.padding(toLength: 10, withPad: " ", startingAt: 0)) \(operation.parameters) [version \(operation.version)]"
      )
    }
    for grade in answer.grades ?? [] { lines.append("  version    \(grade)") }
    lines.append("  encoding   \(answer.encoding)")
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

  /// A source and its frame, by number and timecode.
  private static func words(_ part: Recipe.Part, at offset: Int64, rate: FrameRate) -> String {
    let frame = part.map.position(at: offset)
    let label = part.sourceTimecode(ofFrame: frame, rate: rate).map { ", \($0)" } ?? ""
    return "\(part.source ?? "black"), frame \(frame)\(label)" + (part.reel.map { ", reel \($0)" } ?? "")
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
