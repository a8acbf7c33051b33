import ArgumentParser
import Diagnostics
import Foundation
import ObjectStore
import Planning

struct ApproveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Approve a version and the pictures it shows.",
    discussion: """
      The decision binds to the pictures: whatever is rendered again identically stays approved, and a changed or \
      added frame is unseen. Then run the pipeline again: what waited for the gate goes on.

        interlock approve short-film/review@v001 --role colorist --production Output --note "Reef is lovely."
      """)

  @OptionGroup var options: DecisionOptions
  @Option(help: "What is to be remembered with it.")
  var note: String = ""

  func run() throws { try options.decide(.approved, note: note) }
}

struct RejectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reject", abstract: "Reject a version, and say why.",
    discussion:
      "  interlock reject short-film/review --production Output --note \"Skin too green at 01:00:26:00.\"")

  @OptionGroup var options: DecisionOptions
  @Option(help: "What is wrong with it.")
  var note: String

  func run() throws { try options.decide(.rejected, note: note) }
}

/// What both verdicts take.
struct DecisionOptions: ParsableArguments {
  @Argument(help: "PROGRAMME/NAME or PROGRAMME/NAME@v002; the newest without a version.")
  var asset: String

  @Option(help: "Function in which you decide, as the gate names it, e.g. colorist.")
  var role: String?

  @Option(help: "Who decides. Default: the user's name.")
  var by: String?

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print JSON.")
  var json = false

  func decide(_ verdict: Decision.Verdict, note: String) throws {
    let store = ObjectStore(try production.required())
    let version = try AssetText.find(asset, in: store)
    let publisher = VersionPublisher(store)
    guard publisher.isIntact(version) else {
      throw fault(
        .verification, "decision.damaged", "the files of this version are missing or were changed",
        "Run the pipeline again: they are put back.")
    }
    let decision = Decision(verdict, of: version, by: by ?? NSUserName(), role: role, note: note)
    try publisher.record(decision, on: version)
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(decision, isPretty: true), as: UTF8.self))
      return
    }
    let name =
      "\(version.line.programme)/\(version.line.name)@\(VersionLine.folderName(version: version.version))"
    var line = "\(verdict.rawValue) \(name) by \(decision.by)"
    if let role = decision.role { line += " as \(role)" }
    Outcome.printResult(line)
    if verdict == .approved { Outcome.printResult("Run the pipeline again: what waited for it goes on.") }
  }

  private func fault(_ family: Diagnostic.Family, _ code: String, _ message: String, _ remedy: String)
    -> DiagnosticList
  {
    DiagnosticList([
      Diagnostic(
        severity: .error, family: family, code: code, location: nil, message: message, remedy: remedy)
    ])
  }
}
