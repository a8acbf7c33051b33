import ArgumentParser
import Diagnostics
import Foundation
import Planning

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Say what a run would do, and why.",
    discussion: """
      Nothing is rendered or published. New media is probed, because the plan depends on it. Without a production \
      the plan is made from nothing, in a private temporary folder.

        interlock plan Pipelines/short-film.yaml --production Output
        interlock plan season/*.yaml --production Season

      Several pipelines of one production, a programme each, are planned as they would be run one after the other: \
      what one makes, the next finds. With --json one pipeline is an object with programme, deliverables, gates, tasks, \
      prepared, estimatedSeconds and more; several are {"programmes": [one such object each], "total": {programmes, \
      deliverables, frames, distinctFrames, reusedFrames, newFrames, tasks, heldTasks, estimatedSeconds}}. --dot and \
      --mermaid draw all in one graph.
      """)

  @OptionGroup var pipelines: PipelinesOptions
  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Print the tasks as a Graphviz graph.")
  var dot = false

  @Flag(help: "Print the tasks as a Mermaid graph.")
  var mermaid = false

  @Option(name: [.customShort("o"), .customLong("output")], help: "Write the JSON plan to this file.")
  var output: String?

  func validate() throws {
    if [json, dot, mermaid].filter(\.self).count > 1 {
      throw ValidationError("Choose one of --json, --dot, --mermaid")
    }
  }

  func run() async throws {
    let planned = try await PlannedProgrammes(
      pipelines.pipelines, overrides: pipelines.overrides, until: pipelines.until, production: production,
      remembers: true)
    if let output {
      try Data(try report(of: planned)).write(to: URL(fileURLWithPath: output), options: .atomic)
    }
    if json {
      Outcome.printResult(String(decoding: try report(of: planned), as: UTF8.self))
    } else if dot || mermaid {
      let drawing = try TaskDrawing(planned.programmes.map { ($0.programme, $0.nodes) })
      Outcome.printResult(drawing.text(asMermaid: mermaid))
    } else {
      try printText(of: planned.programmes, planned)
    }
  }

  /// One pipeline has the shape it has alone.
  private func report(of planned: PlannedProgrammes) throws -> [UInt8] {
    if planned.programmes.count == 1 {
      return try JSONBytes.encode(try planned.programmes[0].report(), isPretty: true)
    }
    return try JSONBytes.encode(try planned.report(), isPretty: true)
  }

  private func printText(of programmes: [PlannedProgramme], _ planned: PlannedProgrammes) throws {
    if programmes.count == 1 {
      Outcome.printDiagnostics(programmes[0].diagnostics)
      return Outcome.printResult(try programmes[0].lines().joined(separator: "\n"))
    }
    for programme in programmes where !programme.diagnostics.isEmpty {
      Outcome.printError("\(programme.programme):")
      Outcome.printDiagnostics(programme.diagnostics)
    }
    Outcome.printResult(try planned.text())
  }
}
