import ArgumentParser
import Board
import Foundation
import ObjectStore
import Planning

struct AssetsPinCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pin", abstract: "Keep everything a version was made from, whatever `gc` is told.",
    discussion: """
      The pin is a file beside the version and lasts until `assets unpin`.

        interlock assets pin short-film/master@v002 --note "what the festival got" --production Output
      """)

  @OptionGroup var options: PinOptions

  func run() throws { try options.record(.pinned) }
}

struct AssetsUnpinCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unpin", abstract: "Let `gc` treat a version like any other again.")

  @OptionGroup var options: PinOptions

  func run() throws { try options.record(.unpinned) }
}

/// What both take.
struct PinOptions: ParsableArguments {
  @Argument(help: "PROGRAMME/NAME or PROGRAMME/NAME@v002; the newest without a version.")
  var asset: String

  @Option(help: "Why, for whoever frees space.")
  var note: String = ""

  @Option(help: "Who says so. Default: the user's name.")
  var by: String?

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print JSON.")
  var json = false

  func record(_ verb: Pin.Verb) throws {
    let store = ObjectStore(try production.required())
    let version = try AssetText.find(asset, in: store)
    let pin = Pin(verb, version, by: by ?? NSUserName(), note: note)
    try VersionPublisher(store).record(pin, on: version)
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(pin, isPretty: true), as: UTF8.self))
    } else {
      Outcome.printResult("\(verb.rawValue) \(version.reference) by \(pin.by)")
    }
  }
}

struct AssetsPinsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pins", abstract: "Every pinned version, by whom and why.")

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print JSON.")
  var json = false

  private struct Row: Encodable {
    var asset: String
    var by: String
    var made: String
    var note: String
  }

  func run() throws {
    let publisher = VersionPublisher(ObjectStore(try production.required()))
    var rows: [Row] = []
    for line in try publisher.lines() {
      for version in try publisher.versions(of: line).versions {
        let (pin, findings) = try publisher.pin(on: version)
        Outcome.printDiagnostics(findings)
        if let pin {
          rows.append(Row(asset: version.reference, by: pin.by, made: pin.made, note: pin.note))
        }
      }
    }
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(rows, isPretty: true), as: UTF8.self))
      return
    }
    for line in AssetText.aligned(rows.map { [$0.asset, $0.by, $0.made, $0.note] }) {
      Outcome.printResult(line)
    }
    if rows.isEmpty { Outcome.printResult("Nothing is pinned.") }
  }
}
