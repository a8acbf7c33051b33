import ArgumentParser
import Board
import Diagnostics
import Digests
import Foundation
import ObjectStore
import Planning

struct ApproveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Approve a version and the pictures it shows.",
    discussion: """
      The decision binds to the pictures: whatever is rendered again identically stays approved, and a changed or \
      added frame is unseen. Then run the pipeline again: what waited for the gate goes on. With --show nothing is \
      decided: it says what there is to look at, and which frames no approved version shows.

        interlock approve short-film/review --show --production Output
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
    discussion: """
      It takes back your approval of that version, and closes the gate while everything shown now was in it, until you \
      approve that version or a later one.

        interlock reject short-film/review --production Output --note "Skin too green at 01:00:26:00."
      """)

  @OptionGroup var options: DecisionOptions
  @Option(help: "What is wrong with it.")
  var note: String?

  func validate() throws {
    if note == nil, !options.show { throw ValidationError("say what is wrong with it: --note \"…\"") }
  }

  func run() throws { try options.decide(.rejected, note: note ?? "") }
}

/// What both verdicts take.
struct DecisionOptions: ParsableArguments {
  @Argument(help: "PROGRAMME/NAME or PROGRAMME/NAME@v002; the newest without a version.")
  var asset: String

  @Option(help: "Function in which you decide, as the gate names it, e.g. colorist.")
  var role: String?

  @Option(help: "Who decides. Default: the user's name.")
  var by: String?

  @Flag(help: "Decide nothing; say what there is to look at, and what no approved version shows.")
  var show = false

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print JSON.")
  var json = false

  func decide(_ verdict: Decision.Verdict, note: String) throws {
    let store = ObjectStore(try production.required())
    let version = try AssetText.find(asset, in: store)
    let typed = production.production ?? "."
    if show {
      let shown = try VersionDecision.shown(version, in: store, typed: typed)
      Outcome.printResult(
        json ? String(decoding: try JSONBytes.encode(shown, isPretty: true), as: UTF8.self) : shown.text)
      return
    }
    let (decision, shown) = try VersionDecision.record(
      verdict, of: version, by: by ?? NSUserName(), role: role, note: note, in: store, typed: typed)
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(decision, isPretty: true), as: UTF8.self))
      return
    }
    var line = "\(verdict.rawValue) \(version.reference) by \(decision.by)"
    if let role = decision.role { line += " as \(role)" }
    Outcome.printResult(line)
    Outcome.printResult(
      "  binds to \(shown.binding), version.json sha256 \(decision.record?.hex.prefix(12) ?? "")")
    if verdict == .approved { Outcome.printResult("Run the pipeline again: what waited for it goes on.") }
  }
}

/// Words of a command line.
enum CommandWords {
  /// A word as a shell takes it.
  static func quoted(_ word: String) -> String {
    let isPlain = word.unicodeScalars.allSatisfy { scalar in
      scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789-_./@:".unicodeScalars.contains(scalar))
    }
    return isPlain && !word.isEmpty ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }
}
