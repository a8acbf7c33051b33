import Board
import BoardServer
import Diagnostics
import Editorial
import Foundation
import ObjectStore
import Planning
import Subprocess
import SystemPackage

/// The processes that the board starts: this program itself, with the words anybody could type.
enum BoardPrograms {
  /// This program.
  static var path: String { FilePaths.real("/proc/self/exe") ?? CommandLine.arguments[0] }

  // MARK: Starting

  /// Starts a command in a session of its own: it has no part in what becomes of the server, and of its terminal.
  static func launch(_ folder: StartFolder, _ record: StartRecord) async throws {
    let output = try file(folder.outputPath)
    let errors = try file(folder.errorsPath)
    let result = try await Subprocess.run(
      .name("setsid"), arguments: Arguments(["--fork", path] + record.arguments),
      environment: .inherit.updating([Environment.Key(stringLiteral: StartFolder.variable): folder.path]),
      input: .none, output: .fileDescriptor(output, closeAfterSpawningProcess: true),
      error: .fileDescriptor(errors, closeAfterSpawningProcess: true))
    guard result.terminationStatus.isSuccess else {
      throw Diagnostic(
        family: .failed, code: "start.failed", message: "the command cannot be started",
        remedy: folder.tail(of: folder.errorsPath, longest: 400))
    }
  }

  private static func file(_ path: String) throws -> FileDescriptor {
    try FileDescriptor.open(
      FilePath(path), .writeOnly, options: [.create, .closeOnExec, .exclusiveCreate],
      permissions: [.ownerReadWrite, .groupRead, .otherRead])
  }

  // MARK: Explaining

  private struct Explained: Decodable {
    var key: String
    var because: [String]
  }

  /// The causes of one task of a run: `interlock why`.
  static func explain(_ key: String, run: String, in production: Production) async throws -> [String] {
    let result = try await Subprocess.run(
      .path(FilePath(path)),
      arguments: ["why", key, "--run", run, "--json", "--production", production.root],
      output: .string(limit: 4 << 20), error: .string(limit: 1 << 16))
    guard result.terminationStatus.isSuccess,
      let tasks = try? JSONDecoder().decode([Explained].self, from: Data(result.standardOutput.utf8))
    else {
      throw Diagnostic(
        family: .failed, code: "why.failed",
        message: "`interlock why` said: \(result.standardError.prefix(300))")
    }
    return tasks.first { $0.key == key }?.because ?? []
  }

  // MARK: Looking at cuts

  private struct LintReport: Decodable {
    var frames: Int64?
    var clips: Int?
    var faults: [Diagnostic]
    var findings: [Finding]
  }

  /// Reads a cut in a process that is limited in time and memory: `interlock cut lint`.
  static func examine(_ folder: String, _ name: String, _ rate: String?) async throws -> CutDesk.Examination {
    let limited = LimitedRun(program: path, folder: folder, wallTime: .seconds(120))
    let result = try await limited.run(
      ["cut", "lint", name, "--json"] + (rate.map { ["--rate", $0] } ?? []))
    guard let report = try? JSONDecoder().decode(LintReport.self, from: Data(result.output)) else {
      return CutDesk.Examination(
        frames: nil, clips: nil,
        faults: [
          Diagnostic(
            family: .usage, code: "cut.unreadable", location: SourceLocation(file: name),
            message: "the cut cannot be read: \(result.reason)")
        ])
    }
    // A list that does not say its rate has that of its media, as the pipeline finds it.
    let lost = report.findings.filter(\.isFault).map { finding in
      Diagnostic(
        family: .usage, code: "editing.lostPicture", location: finding.location,
        message:
          "\(finding.event.map { "event \($0): " } ?? "")\(finding.what), and would be seen in the picture")
    }
    let faults = report.faults.filter { $0.code != "cut.noRate" || rate != nil } + lost
    return CutDesk.Examination(frames: report.frames, clips: report.clips, faults: faults)
  }
}
