import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Monitoring
import ObjectStore
import Planning
import TaskGraph

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Tell how a run went: time, CPU and cost by stage, critical path, failures.",
    discussion: """
      Any run on record will do, also one that goes on or was killed. The page is a file of its own: a timeline of the \
      attempts of each worker, what was made and reused, the slowest tasks, cost, critical path. What computing \
      costs is `cost: 0.12 EUR/core-hour` in the pipeline file, or --cost.

        interlock report --production Output -o run.html
        interlock report 01KAYZ --production Output --cost "0.12 EUR/core-hour"
      """)

  @Argument(
    help: ArgumentHelp(
      "The run: its name, or the beginning or end of it. Default: the latest.", valueName: "run"))
  var runName: String?

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("Write the page to this file.", valueName: "file.html"))
  var output: String?

  @Option(help: ArgumentHelp("What computing costs.", valueName: "0.12 EUR/core-hour"))
  var cost: String?

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print the figures as JSON.")
  var json = false

  func validate() throws {
    if let cost, CostRate(parsing: cost) == nil {
      throw ValidationError("--cost: `\(cost)` is not a rate. \(CostRate.form)")
    }
  }

  func run() throws {
    let production = try production.required()
    let history = try RunHistory(try RunArchive(production).find(runName ?? "latest"))
    let page = ReportPage(history, rate: cost.flatMap { CostRate(parsing: $0) })
    if let output {
      let file = try OutputPath(output, option: "--output", inputs: [production.interlockFolder])
      try file.write(Array(page.html.utf8))
    }
    if json {
      Outcome.printResult(
        String(decoding: try JSONBytes.encode(page.figures, isPretty: true), as: UTF8.self))
    } else {
      Outcome.printResult(page.figures.text())
    }
  }
}
