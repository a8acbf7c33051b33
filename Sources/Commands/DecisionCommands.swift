import ArgumentParser
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
    let publisher = VersionPublisher(store)
    guard publisher.isIntact(version), let record = try publisher.recordDigest(of: version) else {
      throw DiagnosticList([
        Diagnostic(
          family: .verification, code: "decision.damaged",
          message: "the files of this version are missing or were changed",
          remedy: "Run the pipeline again: they are put back.")
      ])
    }
    let shown = try ShownVersion(version, in: store, typed: production.production ?? ".")
    if show {
      Outcome.printResult(
        json ? String(decoding: try JSONBytes.encode(shown, isPretty: true), as: UTF8.self) : shown.text)
      return
    }
    let decision = Decision(
      verdict, of: version, record: record, by: by ?? NSUserName(), role: role, note: note)
    try publisher.record(decision, on: version)
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(decision, isPretty: true), as: UTF8.self))
      return
    }
    var line = "\(verdict.rawValue) \(AssetText.name(version)) by \(decision.by)"
    if let role = decision.role { line += " as \(role)" }
    Outcome.printResult(line)
    Outcome.printResult("  binds to \(shown.binding), version.json sha256 \(record.hex.prefix(12))")
    if verdict == .approved { Outcome.printResult("Run the pipeline again: what waited for it goes on.") }
  }
}

/// What a person who decides on a version looks at.
struct ShownVersion: Encodable {
  struct Word: Encodable {
    var verdict: String
    var by: String
    var role: String?
    var note: String
    var made: String
  }

  var asset: String
  var made: String
  /// Its files as the user can paste them; of a sequence the folder.
  var paths: [String]
  var files: Int
  /// Of all its files, in their order.
  var digests: [String]
  var frames: Int64?
  var timecodes: String?
  /// The stages whose pictures it shows: of these an approval speaks.
  var stages: [String]
  var decisions: [Word]
  /// Frames that no approved version of it shows.
  var unseen: [UnseenFrames]

  init(_ version: VersionRecord, in store: ObjectStore, typed: String) throws {
    let publisher = VersionPublisher(store)
    let recipe = try? version.facts.decoded(as: Recipe.self)
    asset = AssetText.name(version)
    made = version.made
    let looked = Viewables([version], production: store.production, typed: typed).items.flatMap(\.paths)
    let path = DeliverablePath.display(version, production: store.production, typed: typed)
    paths = looked.isEmpty ? [path] : looked
    files = version.files.count
    digests = version.files.map(\.digest.hex)
    frames = recipe?.frameCount
    timecodes = recipe.flatMap { recipe in
      recipe.frameCount > 0
        ? "\(recipe.timecode(at: 0))–\(recipe.timecode(at: recipe.frameCount - 1))" : nil
    }
    stages = recipe?.pictures.keys.sorted() ?? []
    decisions = try publisher.decisions(on: version).decisions.map {
      Word(verdict: $0.verdict.rawValue, by: $0.by, role: $0.role, note: $0.note, made: $0.made)
    }
    let approved = try publisher.versions(of: version.line).versions.filter {
      try publisher.decisions(on: $0).decisions.last?.verdict == .approved
    }.compactMap { try? $0.facts.decoded(as: Recipe.self) }
    unseen = recipe.map { UnseenFrames.list($0, notIn: approved) } ?? []
  }

  /// What a decision is about, in words.
  var binding: String {
    let one = files == 1 ? "1 file" : "\(files) files"
    let first = digests.first.map { " (sha256 \($0.prefix(12))…)" } ?? ""
    let pictures = frames.map { " and \($0) frames of \(stages.joined(separator: ", "))" } ?? ""
    return one + first + pictures
  }

  var text: String {
    var lines = ["\(asset), made \(made)"]
    for (index, path) in paths.prefix(8).enumerated() {
      lines.append((index == 0 ? "  look at  " : "           ") + path)
    }
    if paths.count > 8 { lines.append("           and \(paths.count - 8) more") }
    lines.append("  shows    \(binding)" + (timecodes.map { ", \($0)" } ?? ""))
    for word in decisions {
      let role = word.role.map { " as \($0)" } ?? ""
      let note = word.note.isEmpty ? "" : ": \(word.note)"
      lines.append("  \(word.verdict) by \(word.by)\(role), \(word.made)\(note)")
    }
    if frames != nil {
      lines.append(unseen.isEmpty ? "  every frame is in an approved version" : "  in no approved version:")
      lines += UnseenFrames.lines(unseen, most: 20).map { "    \($0)" }
    }
    return lines.joined(separator: "\n")
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
