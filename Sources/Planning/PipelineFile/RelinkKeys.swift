import Diagnostics
import Editorial

/// Reads the keys of `timeline:` that say how clips find their media.
enum RelinkKeys {
  static let keys: [KeySpec] = [
    KeySpec(
      "rates", .list(RateRules.keys), "how media of another rate is read; the first rule that matches counts"),
    KeySpec(
      "relink", .choices(RelinkRule.allCases.map(\.rawValue)),
      "the rules by which media is found, the most trusted first: \(RelinkRule.help); without the key all of them"
    ),
    KeySpec(
      "reels", .items(choices: ["metadata", "file-name", "log"], or: reelKeys),
      "where the source reel of a file is read: metadata of the container, file-name (all of it or its beginning up "
        + "to a _ or .; or a pattern), folder (by number), log; without the key [metadata, file-name, log]"),
    KeySpec("paths", .list(pathKeys), "where folders of the cut's stored paths are on this machine"),
    KeySpec(
      "ambiguity", .choice(AmbiguityPolicy.allCases.map(\.rawValue)),
      "several files match equally well: stop (exit 5), or take the first by path with a warning; default stop"
    ),
    KeySpec("lock", .path, "a lock file of `interlock conform --lock`, whose choices hold"),
    KeySpec(
      "partial", .choice(MissingPolicy.allCases.map(\.rawValue)),
      "the media of an event lacks frames: fail, or show black, hold the nearest frame, or a slug with the event's "
        + "name; sound is silent there; frames that only a transition shows are held; default fail"),
    KeySpec(
      "missing", .choice(MissingPolicy.allCases.filter { $0 != .hold }.map(\.rawValue)),
      "no media has anything of an event: fail, or show black or a slug with its name; sound is silent; default fail"
    ),
  ]

  private static let reelKeys: [KeySpec] = [
    KeySpec(
      "file-name", .text,
      "pattern of file names with {reel} for the part that is the reel, * for any characters and ? for one"),
    KeySpec(
      "folder", .integer(1...16), "the reel is the name of a folder: 1 holds the file, 2 holds that one, …"),
  ]

  private static let pathKeys: [KeySpec] = [
    KeySpec("from", .text, isRequired: true, "the folder as the cut has it, POSIX or Windows"),
    KeySpec("to", .path, isRequired: true, "the same folder here"),
  ]

  static func read(_ reader: KeyReader) -> RelinkSettings {
    var settings = RelinkSettings(
      rates: reader["rates"].map { RateRules.read($0, findings: reader.findings) } ?? [])
    if let value = reader["relink"] {
      settings.rules = reader.choices("relink", of: RelinkRule.self)
      if settings.rules.isEmpty, case .list(let values) = value.content, values.isEmpty {
        reader.findings.add(
          value.error(
            "pipeline.noRules", "`relink` has no rule", remedy: "Leave the key out for all of them."))
      }
    }
    if let value = reader["reels"] { settings.reels = reels(value, reader.findings) }
    if let value = reader["paths"] { settings.paths = paths(value, reader.findings) }
    settings.ambiguity = reader.choice("ambiguity", of: AmbiguityPolicy.self) ?? .stop
    settings.partial = reader.choice("partial", of: MissingPolicy.self) ?? .fail
    settings.missing = missing(reader)
    settings.lock = lock(reader)
    return settings
  }

  private static func missing(_ reader: KeyReader) -> MissingPolicy {
    guard let policy = reader.choice("missing", of: MissingPolicy.self) else { return .fail }
    if policy == .hold, let value = reader["missing"] {
      reader.findings.add(
        value.error(
          "pipeline.badChoice", "`hold` is not a value of `missing`: without media there is no frame to hold",
          remedy: "It is one of fail, black, slug; `partial: hold` is for media that lacks some frames."))
    }
    return policy
  }

  private static func lock(_ reader: KeyReader) -> RelinkLock? {
    let paths = reader.paths("lock")
    if paths.count > 1, let value = reader["lock"] {
      reader.findings.add(value.error("pipeline.notAPath", "`lock` is a single path"))
    }
    guard
      let file = PipelineLoader.inputFiles(
        Array(paths.prefix(1)), what: "the lock file", findings: reader.findings
      )
      .first
    else { return nil }
    do throws(DiagnosticList) {
      return try RelinkLock.read(path: file.typed, bytes: file.bytes)
    } catch {
      for diagnostic in error.diagnostics { reader.findings.add(diagnostic) }
      return nil
    }
  }

  private static func reels(_ value: PipelineValue, _ findings: Findings) -> [ReelSource] {
    let help = "For instance: reels: [metadata, {file-name: \"{reel}_*\"}, {folder: 1}]"
    if value.values.isEmpty {
      findings.add(value.error("pipeline.notAList", "`reels` must be a list", remedy: help))
    }
    return value.values.compactMap { value -> ReelSource? in
      switch value.scalar {
      case "metadata": return .metadata
      case "file-name": return .fileName(nil)
      case "log": return .log
      case let word?:
        findings.add(
          value.error(
            "pipeline.badChoice", "`\(word)` is no place where a reel is read",
            remedy: "It is metadata, file-name, log, {file-name: PATTERN} or {folder: NUMBER}."))
        return nil
      case nil: break
      }
      let reader = KeyReader(value, keys: reelKeys, owner: "an entry of `reels`", findings: findings)
      if (reader["file-name"] == nil) == (reader["folder"] == nil) {
        if value.entries?.allSatisfy({ $0.key == "file-name" || $0.key == "folder" }) ?? false {
          findings.add(
            value.error("pipeline.badReel", "an entry of `reels` has either `file-name` or `folder`"))
        }
        return nil
      }
      if let number = reader.integer("folder", in: 1...16) { return .folder(number) }
      guard let text = reader.text("file-name") else { return nil }
      guard let pattern = NamePattern(text) else {
        findings.add(
          value.error(
            "pipeline.badPattern", "`\(text)` is no pattern of a file name with its reel",
            remedy: "Write {reel} once, and at most eight *: \"{reel}_*\" takes A001 of A001_C003.mov."))
        return nil
      }
      return .fileName(pattern)
    }
  }

  private static func paths(_ value: PipelineValue, _ findings: Findings) -> [PathMap] {
    guard case .list(let values) = value.content else {
      findings.add(
        value.error(
          "pipeline.notAList", "`paths` must be a list of maps",
          remedy: "For instance: paths: [{from: \"/Volumes/RAID\", to: ../rushes}]"))
      return []
    }
    return values.compactMap { value in
      let reader = KeyReader(value, keys: pathKeys, owner: "an entry of `paths`", findings: findings)
      guard let from = reader.text("from"), let to = reader.paths("to").first else { return nil }
      // Media is known by its real path.
      return PathMap(from: from, to: FilePaths.real(to.path) ?? to.path)
    }
  }
}
