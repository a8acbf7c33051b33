import ArgumentParser
import Diagnostics
import Editorial
import Foundation
import Planning

struct CutShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Print what is on every track of a cut, and what was not carried as written.",
    discussion: """
      Faults go to standard error and end with exit code 2; the rest of the cut is shown all the same, unless --strict.
      """)

  @OptionGroup var cut: CutOptions

  @Flag(help: "Put the clips of nested timelines on the tracks, as a conform sees them.")
  var flat = false

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    var timeline = try await cut.read()
    if flat { timeline = timeline.flattened() }
    let listing = CutListing(timeline)
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(listing, isPretty: true), as: UTF8.self))
    } else {
      Outcome.printResult(listing.text)
    }
    try Outcome.endWithFaults(timeline.faults)
  }
}

struct CutLintCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint", abstract: "Find the faults of a cut and what a conform would not carry as written.",
    discussion: """
      Exit code 2 when the cut has faults, or when something of its picture would be lost; with --strict also when \
      anything is approximated, inferred or dropped.
      """)

  @OptionGroup var cut: CutOptions

  @Flag(help: "Print JSON.")
  var json = false

  private struct Report: Encodable {
    var schema = 1
    /// Of the picture and sound on its tracks; nil for what is no cut.
    var frames: Int64?
    var clips: Int?
    var faults: [Diagnostic]
    var findings: [Finding]
  }

  func run() async throws {
    var options = cut
    options.strict = false
    let timeline: Timeline
    do {
      timeline = try await options.read()
    } catch let list as DiagnosticList where json {
      let report = Report(faults: list.diagnostics, findings: [])
      Outcome.printResult(String(decoding: try JSONBytes.encode(report, isPretty: true), as: UTF8.self))
      throw list
    }
    let flat = timeline.flattened()
    let listing = CutListing(flat)
    let report = Report(
      frames: listing.frames, clips: listing.clipCount, faults: flat.faults,
      findings: listing.findings + flat.unrendered)
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(report, isPretty: true), as: UTF8.self))
    } else {
      for finding in report.findings { Outcome.printResult("\(finding)") }
      let faults = report.faults.count + report.findings.count { $0.isFault }
      Outcome.printResult(
        "frames \(listing.frames), clips \(listing.clipCount), faults \(faults), "
          + "other findings \(report.findings.count { !$0.isFault })")
    }
    try Outcome.endWithFaults(report.faults)
    if report.findings.contains(where: { $0.isFault || cut.strict }) { throw ExitCode(2) }
  }
}

extension Outcome {
  /// Prints faults and ends with their exit code; returns when there are none.
  static func endWithFaults(_ faults: [Diagnostic]) throws {
    guard !faults.isEmpty else { return }
    printDiagnostics(faults)
    throw ExitCode(Int32(DiagnosticList(faults).exitCode))
  }
}
