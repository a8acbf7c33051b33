import ArgumentParser
import Diagnostics
import Foundation
import ObjectStore
import Planning

struct ApproveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Approve a version, for the gates of its pipeline.",
    discussion: """
      The decision binds to the pictures: whatever is rendered again identically stays approved, and a changed or \
      added frame is unseen. Then run the pipeline again: what waited for the gate goes on.

        interlock approve short-film/review@v001 --production Output --note "Reef is lovely now."
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

  @Option(help: "Gate that is decided. Default: every gate that this deliverable is shown for.")
  var gate: [String] = []

  @Option(help: "Function in which you decide. Default: the gate's own.")
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
    let shown = (try? version.facts.decoded(as: Recipe.self))?.reviewed ?? []
    let names = shown.map(\.gate)
    if let unknown = gate.first(where: { !names.contains($0) }) {
      throw fault(
        .usage, "decision.unknownGate", "\(asset) is not shown for a gate `\(unknown)`",
        nearest(unknown, among: names).map { "Did you mean `\($0)`?" }
          ?? (names.isEmpty ? "No gate is held for it." : "Its gates are \(names.joined(separator: ", "))."))
    }
    let decided = shown.filter { gate.isEmpty || gate.contains($0.gate) }
    let roles = Set(decided.compactMap(\.role))
    if role == nil, roles.count > 1 {
      throw fault(
        .usage, "decision.severalRoles", "its gates are held by \(roles.sorted().joined(separator: " and "))",
        "Say `--role`, or one `--gate`.")
    }
    let decision = Decision(
      verdict, of: version, gates: decided.map(\.gate), by: by ?? NSUserName(), role: role ?? roles.first,
      note: note)
    try publisher.record(decision, on: version)
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(decision, isPretty: true), as: UTF8.self))
      return
    }
    let name =
      "\(version.line.programme)/\(version.line.name)@\(VersionLine.folderName(version: version.version))"
    var line = "\(verdict.rawValue) \(name) by \(decision.by)"
    if let role = decision.role { line += " as \(role)" }
    if !decision.gates.isEmpty { line += "; answers \(decision.gates.joined(separator: ", "))" }
    Outcome.printResult(line)
    if verdict == .approved, !decision.gates.isEmpty {
      Outcome.printResult("Run the pipeline again to go on.")
    }
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
