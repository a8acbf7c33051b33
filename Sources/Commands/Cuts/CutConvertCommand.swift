import ArgumentParser
import Diagnostics
import Editorial
import Foundation
import Planning

struct CutConvertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Write a cut in another format, and say what that format cannot hold.",
    discussion: """
      The format follows from the name of --output: .edl (CMX 3600; a list for each picture track: cut.edl, \
      cut.V2.edl, …), .otio (OpenTimelineIO) or .xml (Final Cut Pro 7 XML).

        interlock cut convert turnover.fcpxml --output turnover.otio
        interlock cut convert cut.otio --output cut.edl --report losses.json
      """)

  @OptionGroup var cut: CutOptions

  @Option(name: .shortAndLong, help: "The file to write.")
  var output: String

  @Option(help: "Write the loss report to this file: .json for machines, else text.")
  var report: String?

  @Flag(help: "Print the loss report as JSON.")
  var json = false

  private struct LossReport: Encodable {
    var schema = 1
    var output: [String]
    /// Of reading, then of writing.
    var findings: [Finding]

    var text: String {
      findings.isEmpty
        ? "everything is carried\n" : findings.map { "\($0)" }.joined(separator: "\n") + "\n"
    }
  }

  func run() async throws {
    let target = try OutputPath(output, option: "--output", inputs: cut.cuts)
    let reportPath = try report.map { try OutputPath($0, option: "--report", inputs: cut.cuts + [output]) }
    let format = try CutFormat(path: output)
    let timeline = try await cut.read()
    let written = format.write(timeline, to: output)
    let targets = try written.files.map { file in
      (file.path == output ? target : try OutputPath(file.path, option: "--output", inputs: cut.cuts))
    }
    let losses = LossReport(
      output: written.files.map(\.path), findings: CutListing(timeline).findings + written.findings)
    guard !cut.strict || losses.findings.isEmpty else {
      Outcome.printError(
        losses.text + "\(losses.findings.count) losses, and --strict allows none; nothing is written")
      throw ExitCode(2)
    }
    // A cut with faults is not whole: nothing is written that could be taken for it.
    try Outcome.endWithFaults(timeline.faults)
    for (file, target) in zip(written.files, targets) { try target.write(file.bytes) }
    let machine = try JSONBytes.encode(losses, isPretty: true)
    if let reportPath {
      try reportPath.write(
        FilePaths.fileExtension(of: reportPath.typed) == "json" ? machine : Array(losses.text.utf8))
    }
    if json {
      Outcome.printResult(String(decoding: machine, as: UTF8.self))
    } else {
      Outcome.printError(losses.text.trimmingCharacters(in: .newlines))
      for file in written.files { Outcome.printResult(file.path) }
    }
  }
}

/// A format that cuts are written in.
enum CutFormat {
  case decisionList, openTimeline, finalCut7

  init(path: String) throws {
    switch FilePaths.fileExtension(of: path) {
    case "edl": self = .decisionList
    case "otio": self = .openTimeline
    case "xml": self = .finalCut7
    case let other:
      throw CutReading.usage(
        "--output", "`\(other)` is not a format that cuts are written in",
        "Name a file ending in .edl (CMX 3600), .otio (OpenTimelineIO) or .xml (Final Cut Pro 7 XML).")
    }
  }

  /// The files that say the timeline, the first at `path`, and what they do not say.
  func write(_ timeline: Timeline, to path: String) -> (
    files: [(path: String, bytes: [UInt8])], findings: [Finding]
  ) {
    switch self {
    case .openTimeline:
      let (bytes, findings) = OTIOWriter.write(timeline)
      return ([(path, bytes)], findings)
    case .finalCut7:
      let (bytes, findings) = FCP7Writer.write(timeline)
      return ([(path, bytes)], findings)
    case .decisionList:
      let lists = EDLWriter.lists(timeline.flattened())
      let stem = path.dropLast(".edl".count)
      let files = lists.enumerated().map { index, list in
        (index == 0 ? path : "\(stem).\(list.track ?? "\(index + 1)").edl", list.bytes)
      }
      return (files, lists.flatMap(\.findings))
    }
  }
}
