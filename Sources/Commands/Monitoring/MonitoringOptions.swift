import ArgumentParser
import Diagnostics
import Engine
import Foundation
import Ledger
import Monitoring
import ObjectStore
import Planning
import Publishing

/// What a run leaves for those who watch it besides its terminal.
struct MonitoringOptions: ParsableArguments {
  @Option(
    name: .customLong("metrics-file"),
    help: ArgumentHelp(
      "Write Prometheus metrics there every five seconds, e.g. for the textfile collector of node_exporter.",
      valueName: "file.prom"))
  var metricsFile: String?

  @Option(
    help: ArgumentHelp(
      "Write a report of the run as a page: timeline, cost, critical path.", valueName: "file.html"))
  var report: String?

  /// - Parameter inputs: files that the command reads, and must not write over.
  func begin(_ pipeline: Pipeline, inputs: [String], isQuiet: Bool) throws -> RunMonitor {
    let page = try report.map { try OutputPath($0, option: "--report", inputs: inputs) }
    let metrics = try metricsFile.map { try OutputPath($0, option: "--metrics-file", inputs: inputs) }
    try OutputPath.checkApart([page, metrics].compactMap(\.self))
    return try RunMonitor(pipeline, page: page, metrics: metrics, isQuiet: isQuiet)
  }
}

/// Watches one command's runs: the terminal, the metrics file, and the report at the end.
final class RunMonitor {
  let observer: any RunObserver
  private let page: OutputPath?
  private let metrics: RunMetrics?
  private let file: MetricsFile?

  fileprivate init(_ pipeline: Pipeline, page: OutputPath?, metrics path: OutputPath?, isQuiet: Bool) throws {
    self.page = page
    let view = LiveView(programme: pipeline.programme, isQuiet: isQuiet)
    guard let path else {
      (metrics, file, observer) = (nil, nil, view)
      return
    }
    let metrics = RunMetrics(programme: pipeline.programme, version: interlockVersion)
    self.metrics = metrics
    file = try MetricsFile(
      path: path.path, typed: path.typed, text: { metrics.text() },
      onFault: { Outcome.printDiagnostics([$0]) })
    observer = Observers([view, metrics])
  }

  /// Counts the commits of the ledger, too.
  func watch(_ ledger: Ledger) {
    guard let metrics else { return }
    ledger.onCommit { metrics.noteLedgerCommit($0) }
  }

  func note(_ heading: RunHeading) { metrics?.note(heading) }

  /// Writes what is written at the end, whatever the outcome.
  func finish(_ run: String?, _ heading: RunHeading, in production: Production) throws {
    guard let page else { return }
    let history =
      try run.map { try RunHistory(RunFolder($0, in: production)) } ?? RunHistory(withoutWork: heading)
    try page.write(Array(ReportPage(history).html.utf8))
  }

  func close() { file?.finish() }
}

/// Tells several observers, in order.
private struct Observers: RunObserver {
  let all: [any RunObserver]

  init(_ all: [any RunObserver]) { self.all = all }

  func observe(_ event: RunEvent) { for observer in all { observer.observe(event) } }
}

extension RunHeading {
  init(_ plan: ProgrammePlan, of pipeline: Pipeline) {
    self.init(
      programme: pipeline.programme, pipeline: pipeline.path,
      deliverables: plan.deliverables.map { deliverable in
        Deliverable(
          stage: deliverable.stage, profile: deliverable.profile, frames: deliverable.frames,
          distinctFrames: deliverable.distinctFrames, reusedFrames: deliverable.reusedFrames,
          newFrames: deliverable.newFrames)
      },
      closedGates: plan.gates.filter { !$0.isOpen }.map { Gate(gate: $0.gate, text: $0.text) },
      cost: pipeline.cost)
  }
}
