import ArgumentParser
import Diagnostics
import Editorial
import MediaTime
import Planning

struct CutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cut",
    abstract: "Read a cut in any format, find its faults, compare it with the next, convert it.",
    discussion: """
      Needs no media. What a format cannot say is told, with its line: nothing is lost silently.

        interlock cut show reel1.edl --rate 24
        interlock cut lint turnover.fcpxml
        interlock cut convert turnover.xml --output turnover.edl
      """,
    subcommands: [CutShowCommand.self, CutLintCommand.self, CutDiffCommand.self, CutConvertCommand.self])
}

/// The cut that a command is about.
struct CutOptions: ParsableArguments {
  @Argument(help: "The cut: one file, or several as tracks or reels of one cut.")
  var cuts: [String]

  @Option(help: "Frame rate of the timeline, e.g. 24000/1001. An EDL does not say its own.")
  var rate: String?

  @Option(help: "Timecode of the first frame. Default: the cut's.")
  var start: String?

  @Option(help: "Which of several timelines in the file, by name.")
  var sequence: String?

  @Flag(help: "Stop at a fault instead of reading the rest.")
  var strict = false

  func validate() throws {
    if cuts.isEmpty { throw ValidationError("Name the cut.") }
  }

  /// - Throws: what leaves no timeline; with `--strict` every fault.
  func read() async throws -> Timeline {
    let timeline = try await CutReading(cuts: cuts, rate: rate, start: start, sequence: sequence).read()
    if strict, !timeline.faults.isEmpty { throw DiagnosticList(timeline.faults) }
    return timeline
  }
}

/// Files that are one cut, as the command line names them.
struct CutReading {
  var cuts: [String]
  var rate: String?
  var start: String?
  var sequence: String?

  /// The cut as one timeline, all faults of all files among its faults.
  ///
  /// - Throws: what leaves no timeline.
  func read() async throws -> Timeline {
    var faults: [Diagnostic] = []
    var read: [Cut] = []
    var findings: [Finding] = []
    let rate = try self.rate.map(Self.rate)
    for path in cuts {
      do {
        let file = try await CutFile.load(path)
        read.append(try file.cut())
        findings += file.findings
      } catch let list as DiagnosticList {
        faults += list.diagnostics
      }
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    guard let common = rate ?? read.lazy.compactMap(\.declaredRate).first else { throw Self.noRate(cuts[0]) }
    let start = try self.start.map { try Self.start($0, common) }
    var timelines: [Timeline] = []
    for cut in read {
      do {
        timelines.append(try cut.timeline(sequence: sequence, rate: common, start: start))
      } catch {
        faults += error.diagnostics
      }
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    guard var timeline = Timeline.merged(timelines) else {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "cut.mixedLists", location: SourceLocation(file: cuts[0]),
          message: "the files do not count alike: their rates or drop-frame modes differ",
          remedy: "Export all of them from one timeline.")
      ])
    }
    timeline.findings = findings + timeline.findings
    return timeline
  }

  private static func rate(_ text: String) throws -> FrameRate {
    do throws(MediaTimeError) {
      return try FrameRate(parsing: text)
    } catch {
      throw usage("--rate", error.message, "Write it as 24000/1001, 25 or 29.97.")
    }
  }

  private static func start(_ text: String, _ rate: FrameRate) throws -> Timecode {
    do throws(MediaTimeError) {
      return try Timecode(parsing: text, rate: rate)
    } catch {
      throw usage("--start", error.message, "Write it as 01:00:00:00, or 01:00:00;00 for drop frame.")
    }
  }

  private static func noRate(_ path: String) -> DiagnosticList {
    usage(
      path, "the cut does not say its frame rate", "Give it with --rate, for instance --rate 24000/1001.",
      code: "cut.noRate")
  }

  static func usage(
    _ file: String, _ message: String, _ remedy: String, code: String = "cut.usage"
  ) -> DiagnosticList {
    DiagnosticList([
      Diagnostic(
        family: .usage, code: code, location: SourceLocation(file: file), message: message,
        remedy: remedy)
    ])
  }
}
