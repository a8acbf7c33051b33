import ArgumentParser
import Digests
import Engine
import Foundation
import Ledger
import ObjectStore
import Planning

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Read everything again and compare it with its digests.",
    discussion: """
      Every object, result and segment, every published file with its permissions, decisions, pins, plans of runs, \
      quarantine, and the ledger against the files. Damaged or missing objects and results are taken back, so that \
      the next run makes them again. With --rebuild the ledger is made anew from files alone: results, frames, \
      attempts, and how long tasks took. Exit code 4 when anything is not as it was written.

        interlock verify --production Output
        interlock verify --rebuild --json
      """)

  @OptionGroup var production: ProductionOptions

  @OptionGroup var waiting: WaitOptions

  @Flag(help: "Make the ledger anew from the files.")
  var rebuild = false

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let folder = try production.required()
    let store = ObjectStore(folder)
    let claim = try await waiting.claim(folder)
    defer { withExtendedLifetime(claim) {} }
    let ledger = try Ledger.open(folder, isOwner: true)
    let rebuilt = rebuild ? try ledger.rebuild(from: store) : nil
    var verification = try Verification(store, ledger, isQuiet: json)
    try await verification.run()
    var report = verification.report
    report.ledgerAdded = rebuilt?.added
    report.ledgerRemoved = rebuilt?.removed
    for key in rebuilt?.walk.damaged ?? [] {
      report.add(.damagedResult, key.hex, "damaged, in quarantine: result \(key.hex.prefix(12))")
    }
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(report, isPretty: true), as: UTF8.self))
    } else {
      Outcome.printResult(report.text)
    }
    guard !report.faults.isEmpty else { return }
    let count = report.faults.count == 1 ? "1 fault" : "\(report.faults.count) faults"
    let isLedgerOnly = report.faults.allSatisfy { $0.kind == .ledger }
    Outcome.printError(
      isLedgerOnly
        ? "\(count); `interlock verify --rebuild` brings the ledger in step"
        : "\(count); run the pipeline again to have what is missing made again")
    throw ExitCode(4)
  }
}
