import ArgumentParser
import Board
import Diagnostics
import Digests
import Foundation
import ObjectStore
import Planning

struct AssetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "assets", abstract: "List and show what is published; pin what is to be kept.",
    subcommands: [
      AssetsListCommand.self, AssetsShowCommand.self, AssetsHistoryCommand.self, AssetsPinCommand.self,
      AssetsUnpinCommand.self, AssetsPinsCommand.self,
    ],
    defaultSubcommand: AssetsListCommand.self)
}

struct AssetsListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Every asset and deliverable with its newest version.")

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let publisher = VersionPublisher(ObjectStore(try production.required()))
    let newest = try publisher.lines().compactMap { try publisher.versions(of: $0).versions.last }
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(newest, isPretty: true), as: UTF8.self))
      return
    }
    for line in AssetText.table(newest) { Outcome.printResult(line) }
    if newest.isEmpty { Outcome.printResult("Nothing is published yet.") }
  }
}

struct AssetsShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "One version in full: files, digests, verification.")

  @Argument(help: "PROGRAMME/NAME or PROGRAMME/NAME@v002; the newest without a version.")
  var asset: String

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let store = ObjectStore(try production.required())
    let version = try AssetText.find(asset, in: store)
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(version, isPretty: true), as: UTF8.self))
      return
    }
    Outcome.printResult(AssetText.line(version))
    if let pin = try VersionPublisher(store).pin(on: version).pin {
      Outcome.printResult("  pinned by \(pin.by)\(pin.note.isEmpty ? "" : ": \(pin.note)")")
    }
    for line in AssetText.files(of: version, folder: production.production ?? ".", in: store.production) {
      Outcome.printResult(line)
    }
    let verification = String(
      decoding: try JSONBytes.encode(version.verification, isPretty: true), as: UTF8.self)
    if version.verification != .null { Outcome.printResult(verification) }
  }
}

struct AssetsHistoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "All versions of one asset, oldest first.")

  @Argument(help: "PROGRAMME/NAME.")
  var asset: String

  @OptionGroup var production: ProductionOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let store = ObjectStore(try production.required())
    let line = try AssetText.find(asset, in: store).line
    let versions = try VersionPublisher(store).versions(of: line).versions
    if json {
      Outcome.printResult(String(decoding: try JSONBytes.encode(versions, isPretty: true), as: UTF8.self))
    } else {
      for line in AssetText.table(versions) { Outcome.printResult(line) }
    }
  }
}

/// Finding and printing versions.
enum AssetText {
  static func line(_ version: VersionRecord) -> String {
    let bytes = version.files.reduce(0) { $0 + $1.byteCount }
    return
      "\(version.reference)  \(version.files.count) files, \(size(bytes))  \(version.made)"
  }

  /// Versions in aligned columns, with what there is to look at in each.
  static func table(_ versions: [VersionRecord]) -> [String] {
    aligned(
      versions.map { version in
        let bytes = version.files.reduce(0) { $0 + $1.byteCount }
        var viewable: [String] = []
        for what in version.files.compactMap({ Viewables.what($0, in: version) })
        where !viewable.contains(what) {
          viewable.append(what)
        }
        return [
          version.reference, "\(version.files.count) files", size(bytes), version.made,
          viewable.joined(separator: ", "),
        ]
      })
  }

  /// The folder, then each file with its size and digest; what is there to be looked at comes first.
  static func files(of version: VersionRecord, folder typed: String, in production: Production) -> [String] {
    guard let first = version.files.first else { return [] }
    let path = version.path(of: first, in: production).dropFirst(production.root.count + 1)
    let folder = path.dropLast(first.name.count)
    let rows = version.files.map { file in
      let how = file.placement.rawValue
      return (
        what: Viewables.what(file, in: version),
        cells: [file.name, size(file.byteCount), how, "sha256 \(file.digest.hex)"]
      )
    }
    let sorted = rows.filter { $0.what != nil } + rows.filter { $0.what == nil }
    return ["  \(typed)/\(folder)"] + aligned(sorted.map(\.cells)).map { "    \($0)" }
  }

  static func aligned(_ rows: [[String]]) -> [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell in
        cell.padding(toLength: widths[column], withPad: " ", startingAt: 0)
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  static func size(_ bytes: Int64) -> String {
    if bytes < 10_000 { return "\(bytes) bytes" }
    if bytes >= 1_000_000_000 { return String(format: "%.1f GB", Double(bytes) / 1e9) }
    return bytes < 1_000_000
      ? "\((bytes + 500) / 1000) kB" : String(format: "%.1f MB", Double(bytes) / 1e6)
  }

  static func find(_ text: String, in store: ObjectStore) throws -> VersionRecord {
    let parts = text.split(separator: "@", maxSplits: 1).map(String.init)
    let publisher = VersionPublisher(store)
    let lines = try publisher.lines()
    let wanted = parts.first ?? ""
    guard let line = lines.first(where: { "\($0.programme)/\($0.name)" == wanted || $0.name == wanted })
    else {
      let names = lines.map { "\($0.programme)/\($0.name)" }
      throw missing(
        "there is no asset `\(wanted)`",
        nearest(wanted, among: names).map { "Did you mean `\($0)`?" }
          ?? "Published are: \(names.joined(separator: ", ")).")
    }
    let versions = try publisher.versions(of: line).versions
    let found =
      parts.count > 1
      ? versions.first { VersionLine.folderName(version: $0.version) == parts[1] } : versions.last
    guard let found else {
      throw missing(
        "\(wanted) has no version \(parts.count > 1 ? parts[1] : "")",
        "It has \(versions.map { VersionLine.folderName(version: $0.version) }.joined(separator: ", ")).")
    }
    return found
  }

  private static func missing(_ message: String, _ remedy: String) -> DiagnosticList {
    DiagnosticList([
      Diagnostic(
        severity: .error, family: .usage, code: "asset.unknown", location: nil, message: message,
        remedy: remedy)
    ])
  }
}
