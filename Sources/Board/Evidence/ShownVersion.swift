import Diagnostics
import Digests
package import ObjectStore
package import Planning

/// What a person who decides on a version looks at.
package struct ShownVersion: Encodable, Sendable {
  package struct Word: Encodable, Sendable {
    package var verdict: String
    package var by: String
    package var role: String?
    package var note: String
    package var made: String
  }

  package var asset: String
  package var made: String
  /// Its files as the user can paste them; of a sequence the folder.
  package var paths: [String]
  package var files: Int
  /// Of all its files, in their order.
  package var digests: [String]
  package var frames: Int64?
  package var timecodes: String?
  /// The stages whose pictures it shows: of these an approval speaks.
  package var stages: [String]
  package var decisions: [Word]
  /// Frames that no approved version of it shows.
  package var unseen: [UnseenFrames]

  package init(_ version: VersionRecord, in store: ObjectStore, typed: String) throws {
    let publisher = VersionPublisher(store)
    let recipe = try? version.facts.decoded(as: Recipe.self)
    asset = version.reference
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
  package var binding: String {
    let one = files == 1 ? "1 file" : "\(files) files"
    let first = digests.first.map { " (sha256 \($0.prefix(12))…)" } ?? ""
    let pictures = frames.map { " and \($0) frames of \(stages.joined(separator: ", "))" } ?? ""
    return one + first + pictures
  }

  package var text: String {
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

/// A decision on a version: the same for the command line and for the board.
package enum VersionDecision {
  /// What there is to look at.
  ///
  /// - Throws: `verification`, `decision.damaged`, for files that nobody may decide on.
  package static func shown(
    _ version: VersionRecord, in store: ObjectStore, typed: String
  ) throws -> ShownVersion {
    _ = try intactRecord(of: version, in: store)
    return try ShownVersion(version, in: store, typed: typed)
  }

  /// Puts the word of a person on record, beside the version.
  ///
  /// - Throws: `verification`, `decision.damaged`; what the disk says.
  package static func record(
    _ verdict: Decision.Verdict, of version: VersionRecord, by: String, role: String?, note: String,
    in store: ObjectStore, typed: String
  ) throws -> (decision: Decision, shown: ShownVersion) {
    let record = try intactRecord(of: version, in: store)
    let shown = try ShownVersion(version, in: store, typed: typed)
    let decision = Decision(verdict, of: version, record: record, by: by, role: role, note: note)
    try VersionPublisher(store).record(decision, on: version)
    return (decision, shown)
  }

  /// The digest of `version.json`, of a version whose files are what was published.
  static func intactRecord(of version: VersionRecord, in store: ObjectStore) throws -> Digest {
    let publisher = VersionPublisher(store)
    guard publisher.isIntact(version), let record = try publisher.recordDigest(of: version) else {
      throw DiagnosticList([
        Diagnostic(
          family: .verification, code: "decision.damaged",
          message: "the files of this version are missing or were changed",
          remedy: "Run the pipeline again: they are put back.")
      ])
    }
    return record
  }
}

extension PublishedVersion {
  /// `short-film/master@v002`.
  package var reference: String {
    "\(line.programme)/\(line.name)@\(VersionLine.folderName(version: version))"
  }
}
