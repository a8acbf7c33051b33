import Diagnostics
import Digests
import ObjectStore

/// What a collection of unneeded files did or would do.
struct GcReport: Encodable {
  /// Files of one kind.
  struct Portion: Encodable {
    var what: String
    var results: Int?
    var files: Int
    var byteCount: Int64
    /// What the disk gets back: nothing for a file that is published under another name.
    var freedBytes: Int64
  }

  struct Kept: Encodable {
    struct Item: Encodable {
      var name: String
      var object: String
      var byteCount: Int64
      /// From near to far.
      var because: [String]
    }

    var results: Int
    var objects: Int
    var byteCount: Int64
    var biggest: [Item]
  }

  var isDryRun: Bool
  /// Where unneeded results and objects went.
  var quarantine: String?
  /// Goes to quarantine, or straight away with `--purge`.
  var setAside: [Portion]
  /// Is deleted.
  var deleted: [Portion]
  /// Waits in quarantine for its time.
  var waiting: [Portion] = []
  var kept: Kept
  var warnings: [String]

  // MARK: From a survey

  init(_ survey: SpaceSurvey, isDryRun: Bool) {
    self.isDryRun = isDryRun
    let makers = survey.makers()
    var portions: [String: Portion] = [:]
    func add(_ kind: String, results: Int = 0, _ space: StoreInventory.Space?, files: Int) {
      let what = Self.words[kind] ?? kind
      var portion = portions[what] ?? Portion(what: what, results: 0, files: 0, byteCount: 0, freedBytes: 0)
      portion.results = (portion.results ?? 0) + results
      portion.files += files
      portion.byteCount += space?.byteCount ?? 0
      portion.freedBytes += space?.freedBytes ?? 0
      portions[what] = portion
    }
    for key in survey.unneededResults {
      guard let result = survey.inventory.results[key] else { continue }
      add(result.kind, results: 1, result.space, files: 0)
    }
    for digest in survey.unneededObjects {
      add(makers[digest]?.kind ?? "", survey.inventory.objects[digest], files: 1)
    }
    setAside = portions.values.sorted { ($1.byteCount, $0.what) < ($0.byteCount, $1.what) }
    deleted = []
    let objects = survey.inventory.objects.filter { survey.retention.keeps(object: $0.key) }
    let biggest = objects.sorted { ($1.value.byteCount, $0.key) < ($0.value.byteCount, $1.key) }.prefix(5)
    kept = Kept(
      results: survey.inventory.results.keys.count { survey.retention.keeps(result: $0) },
      objects: objects.count, byteCount: objects.values.reduce(0) { $0 + $1.byteCount },
      biggest: biggest.map { digest, space in
        Kept.Item(
          name: makers[digest]?.name ?? "an object", object: digest.hex, byteCount: space.byteCount,
          because: survey.reasons(for: digest))
      })
    warnings = survey.findings.map(\.description)
  }

  private static let words = [
    segmentKind: "frames", "assemble": "assembled files", "mix": "mixes", "still": "stills",
    "contact-sheet": "contact sheets", "probe": "probes", "probe-files": "probes", "typeset": "titles",
    "render": "records of renders", "": "objects of no result",
  ]

  // MARK: Text

  var text: String {
    var lines: [String] = []
    if setAside.isEmpty {
      lines.append("Everything in the store is needed.")
    } else {
      lines.append(
        isDryRun
          ? "Nothing needs these, and they would be set aside:" : "Set aside, because nothing needs it:")
      lines += Self.table(setAside)
    }
    if !deleted.isEmpty {
      lines.append(isDryRun ? "Would be deleted:" : "Deleted:")
      lines += Self.table(deleted)
    }
    if !waiting.isEmpty {
      lines.append("In quarantine until its time is over:")
      lines += Self.table(waiting)
    }
    lines.append(
      "Kept: \(kept.results) results and \(kept.objects) objects, \(AssetText.size(kept.byteCount))")
    lines += AssetText.aligned(
      kept.biggest.map { [AssetText.size($0.byteCount), $0.name, $0.because.last ?? ""] }
    ).map { "  \($0)" }
    if isDryRun {
      lines.append("Nothing was changed.")
    } else if let quarantine, !setAside.isEmpty {
      lines.append("Take it back with `interlock gc --restore \(quarantine)`.")
    }
    return lines.joined(separator: "\n")
  }

  private static func table(_ portions: [Portion]) -> [String] {
    AssetText.aligned(
      portions.map { portion in
        let results = portion.results.map { $0 == 0 ? "" : $0 == 1 ? "1 result" : "\($0) results" } ?? ""
        let files = portion.files == 0 ? "" : portion.files == 1 ? "1 file" : "\(portion.files) files"
        let freed =
          portion.freedBytes == 0 && portion.byteCount > 0
          ? "frees nothing: it has other names" : "frees \(AssetText.size(portion.freedBytes))"
        return [portion.what, results, files, AssetText.size(portion.byteCount), freed]
      }
    ).map { "  \($0)" }
  }
}
