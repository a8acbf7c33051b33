import ArgumentParser
import Board
import Delivery
import Diagnostics
import Digests
import Foundation
import MediaTime
import ObjectStore
import Planning

struct WaiveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "waive",
    abstract: "Accept a finding of quality control as it is, until a day.",
    discussion: """
      A waiver binds to the very pictures, or samples, of the finding: in later versions it counts where these are \
      identical, and nowhere else. It ends by itself after its day. With --show nothing is waived: it lists what was \
      found, where, and what is waived until when. With --withdraw an earlier waiver counts no more.

        interlock waive short-film/master --show --production Output
        interlock waive short-film/master black-2 --reason "Blackout of the story" --until 2026-12-24 --production Output
      """)

  @Argument(help: "PROGRAMME/NAME or PROGRAMME/NAME@v002 of a deliverable; the newest without a version.")
  var asset: String

  @Argument(help: "The finding, as --show names it, e.g. black-2.")
  var finding: String?

  @Option(help: "Why it is accepted as it is.")
  var reason: String?

  @Option(help: ArgumentHelp("The last day on which it counts, in UTC.", valueName: "yyyy-mm-dd"))
  var until: String?

  @Option(help: "Function in which you waive, e.g. post-supervisor.")
  var role: String?

  @Option(help: "Who waives. Default: the user's name.")
  var by: String?

  @Flag(help: "Take an earlier waiver of this finding back.")
  var withdraw = false

  @Flag(help: "Waive nothing; list what was found.")
  var show = false

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard !show else { return }
    if finding == nil { throw ValidationError("name the finding; --show lists them") }
    if reason == nil { throw ValidationError("say why: --reason \"…\"") }
    if until == nil, !withdraw { throw ValidationError("say until when: --until yyyy-mm-dd") }
  }

  func run() throws {
    let store = ObjectStore(try production.required())
    let version = try AssetText.find(asset, in: store)
    var shelf = VersionShelf(store)
    let shelves = try shelf.rows()
    var reports = QualityReports(store.production)
    guard let own = shelves.first(where: { $0.line == version.line }),
      let evidence = try reports.evidence(of: version, in: own, among: shelves, store: store)
    else {
      throw DiagnosticList([
        Diagnostic(
          family: .inputMissing, code: "waive.notMeasured",
          message: "\(version.reference) was not measured, so nothing was found in it",
          remedy: "Give the pipeline a stage `{kind: qc, of: \(version.line.name)}` and run it.")
      ])
    }
    if show { return try tell(evidence, version) }
    let waiver = try FindingWaiver.record(
      withdraw ? .unwaived : .waived, finding ?? "", in: evidence, of: version, reason: reason ?? "",
      until: until ?? WallClock.now().day, by: by ?? NSUserName(), role: role, store: store)
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(waiver, isPretty: true), as: UTF8.self))
    } else {
      let verb = withdraw ? "no longer waived" : "waived until \(waiver.until)"
      Outcome.printResult(
        "\(finding ?? "") of \(version.reference) is \(verb), by \(waiver.by): \(waiver.place)")
      if !withdraw { Outcome.printResult("It counts in every version where this is identical.") }
    }
  }

  private func tell(_ evidence: QualityEvidence, _ version: VersionRecord) throws {
    if json {
      let answer = FindingList(evidence, of: version)
      Outcome.printResult(String(decoding: try JSONBytes.encode(answer, isPretty: true), as: UTF8.self))
      return
    }
    Outcome.printResult("\(version.reference): \(evidence.state.text)  (\(evidence.asset.reference))")
    for result in evidence.report.results {
      let track = result.track.map { " of track \($0)" } ?? ""
      let threshold = result.threshold.isEmpty ? "" : "  [\(result.threshold)]"
      Outcome.printResult(
        "  \(result.verdict.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0))  \(result.check.rawValue)\(track): \(result.measured)\(threshold)"
      )
    }
    for item in evidence.items {
      Outcome.printResult(
        "  \(item.name)  \(item.finding.verdict.rawValue)  \(item.place)  \(item.finding.measured)")
      guard let waiver = item.waiver else { continue }
      let state =
        item.isWaived
        ? "waived until \(waiver.until)"
        : waiver.verdict == .unwaived ? "no longer waived" : "was waived until \(waiver.until)"
      Outcome.printResult(
        "      \(state) by \(waiver.by)\(waiver.role.map { " as \($0)" } ?? ""): \(waiver.reason)")
    }
    for (check, count) in evidence.report.unlisted.sorted(by: { $0.key < $1.key }) {
      Outcome.printResult("  and \(count) more of \(check), which are not listed")
    }
    if evidence.items.isEmpty { Outcome.printResult("  Nothing is out of bounds.") }
  }
}
