import ArgumentParser
import Engine
import Foundation
import Planning

struct RunListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the runs of a production, the latest first.",
    discussion: """
      Runs that found nothing to do leave no record. Probes and measurements of text, which come before a plan, are \
      runs of their own and listed with --all.

        interlock run list --production Output
      """)

  @OptionGroup var production: ProductionOptions

  @Flag(help: "List probes and measurements of text as well.")
  var all = false

  @Option(help: "List no more than so many.")
  var limit: Int = 20

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if limit < 1 { throw ValidationError("--limit takes a number from 1") }
  }

  func run() throws {
    let archive = RunArchive(try production.required())
    var runs: [RecordedRun] = []
    var hidden = 0
    for name in try archive.names().reversed() where runs.count < limit {
      guard let run = try RecordedRun(named: name, in: archive) else { continue }
      if all || run.phase == .main { runs.append(run) } else { hidden += 1 }
    }
    if json {
      return Outcome.printResult(
        String(decoding: try JSONBytes.encode(runs.map(\.facts), isPretty: true), as: UTF8.self))
    }
    guard !runs.isEmpty else { return Outcome.printResult("No run is on record.") }
    for run in runs { Outcome.printResult(Self.line(run)) }
    if hidden > 0 {
      Outcome.printResult(
        "\(hidden == 1 ? "1 run" : "\(hidden) runs") of probes and text measurements left out: --all lists them"
      )
    }
  }

  private static func line(_ run: RecordedRun) -> String {
    var parts = [run.name, run.when, run.log.outcome, run.size]
    if run.phase != .main { parts.append(run.phase.rawValue) }
    if let pipeline = run.plan.purpose?.pipeline { parts.append(pipeline) }
    if let cut = run.plan.purpose?.cut, !cut.isEmpty { parts.append(cut.joined(separator: ", ")) }
    return parts.joined(separator: "  ")
  }
}
