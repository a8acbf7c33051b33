import ArgumentParser
import Board
import Diagnostics
import Foundation
import ObjectStore
import Planning

struct SentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sent", abstract: "Record that a version was sent to its recipient.",
    discussion: """
      Interlock sends nothing by itself. What is recorded here, and what the recipient answers, stands on the board and in \
      `interlock status`; sending again after a rejection is the next round.

        interlock sent short-film/master@v002 --to "Example TV" --note "upload, ticket 4711" --production Output
      """)

  @Option(help: "The recipient; the one of before without it.")
  var to: String?
  @OptionGroup var options: HandoverOptions

  func run() throws { try options.record(.sent, recipient: to) }
}

struct ReceivedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "received", abstract: "Record that the recipient has a version that was sent.",
    discussion: "  interlock received short-film/master@v002 --production Output")

  @Option(help: "The recipient; the one it was sent to without it.")
  var by: String?
  @OptionGroup var options: HandoverOptions

  func run() throws { try options.record(.received, recipient: by) }
}

struct RefusedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "refused", abstract: "Record that the recipient rejected a version, and why.",
    discussion: """
      Your own word on a version is `interlock reject`; this is the word of those it was made for.

        interlock refused short-film/master@v002 --note "hiss at 01:00:12:00" --production Output
      """)

  @Option(help: "The recipient; the one it was sent to without it.")
  var by: String?
  @OptionGroup var options: HandoverOptions

  func validate() throws {
    if options.note.isEmpty { throw ValidationError("say what the recipient found: --note \"…\"") }
  }

  func run() throws { try options.record(.refused, recipient: by) }
}

/// What all three take.
struct HandoverOptions: ParsableArguments {
  @Argument(help: "PROGRAMME/NAME or PROGRAMME/NAME@v002 of a deliverable; the newest without a version.")
  var asset: String

  @Option(help: "What is to be remembered with it.")
  var note: String = ""

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print JSON.")
  var json = false

  func record(_ verdict: Handover.Verdict, recipient: String?) throws {
    let store = ObjectStore(try production.required())
    let version = try AssetText.find(asset, in: store)
    let handover = try HandoverRecord.record(
      verdict, of: version, recipient: recipient, note: note, by: NSUserName(), in: store)
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(handover, isPretty: true), as: UTF8.self))
      return
    }
    switch verdict {
    case .sent: Outcome.printResult("\(version.reference) was sent to \(handover.recipient)")
    case .received: Outcome.printResult("\(handover.recipient) has received \(version.reference)")
    case .refused:
      Outcome.printResult("\(handover.recipient) rejected \(version.reference): \(handover.note)")
    }
  }
}
