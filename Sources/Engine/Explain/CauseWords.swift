/// Causes in words.
package enum CauseWords {
  /// One cause as a sentence without a full stop.
  package static func sentence(_ cause: Cause) -> String { sentence(cause, [cause]) }

  /// Causes that differ only in what they are about.
  static func sentence(_ shape: Cause, _ causes: [Cause]) -> String {
    var seen: Set<String> = []
    let about = causes.compactMap(\.about).filter { seen.insert($0).inserted }
    let whose = about.isEmpty ? "" : " of \(listed(about))"
    let since = causes.compactMap(\.since).max().map { "in run \(short(run: $0))" } ?? "before"
    switch shape.kind {
    case .first: return "nothing of it was made before"
    case .new: return "\(listed(about)) \(about.count == 1 ? "is" : "are") new in the cut"
    case .changed:
      let words = changes(shape)
      let origin = origin(shape)
      if shape.group.isEmpty { return "\(words)\(whose)\(origin)" }
      if shape.changes.contains(where: { $0.name == "identity" }), shape.changes.count == 1 {
        return "\(shape.group)\(whose) changed: \(words) (the file was replaced)"
      }
      return "\(shape.group)\(whose) changed: \(words)\(origin)"
    case .added:
      let words = changes(shape)
      return "\(shape.group)\(whose) is new" + (words.isEmpty ? "" : ": \(words)") + origin(shape)
    case .removed: return "\(shape.group)\(whose) is gone"
    case .input:
      let words = causes.first?.changes.first?.new ?? shape.group
      return "an input of it is made again: \(words)"
    case .frames, .regrouped: return frames(causes, shape.kind)
    case .gone: return "it was made \(since), and its result is gone or was taken back as missing or damaged"
    case .unfinished: return "it was begun \(since), which ended before it was done"
    case .failed:
      return "it failed \(since): \(causes.first?.changes.first?.new ?? "without a word")"
    case .unknown: return "its key differs from that \(since), and no record says by what"
    }
  }

  // MARK: Parts

  /// `slope 1.02 1.0 0.98 → 1.05 1.0 0.98, saturation 1.0 → 0.9`
  private static func changes(_ cause: Cause) -> String {
    cause.changes.map { change in
      let name = change.name.isEmpty || change.name == "digest" ? "" : "\(change.name) "
      let (old, new) = shortened(change.old, change.new)
      switch (old, new) {
      case (let old?, let new?): return "\(name)\(old) → \(new)"
      case (let old?, nil): return "\(name)\(old) is gone"
      case (nil, let new?): return cause.kind == .added ? "\(name)\(new)" : "\(name)\(new) is new"
      case (nil, nil): return name
      }
    }.joined(separator: ", ")
  }

  private static func origin(_ cause: Cause) -> String {
    switch (cause.oldOrigin, cause.origin) {
    case (let old?, let new?): " (\(old) → \(new))"
    case (nil, let new?): " (\(new))"
    default: ""
    }
  }

  /// The digits of digests that tell them apart, at least four.
  private static func shortened(_ old: String?, _ new: String?) -> (String?, String?) {
    var count = 4
    if let old, let new, isDigest(old), isDigest(new), old != new {
      while old.prefix(count) == new.prefix(count) { count += 2 }
    }
    func short(_ text: String?) -> String? {
      guard let text else { return nil }
      if text.isEmpty { return "none" }
      if isDigest(text) { return "\(text.prefix(count))…" }
      return text.count > longest ? "\(text.prefix(longest))…" : text
    }
    return (short(old), short(new))
  }

  /// Characters of a value that are shown.
  private static let longest = 100

  private static func isDigest(_ text: String) -> Bool {
    (text.utf8.count == 16 || text.utf8.count == 64)
      && text.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }

  /// `shot A`, `shots A, B and C`, `38 shots`.
  static func listed(_ about: [String]) -> String {
    guard about.count > 1 else { return about.first ?? "it" }
    let nouns = Set(about.map { $0.prefix { $0 != " " } })
    guard let noun = nouns.first, nouns.count == 1, about.count <= 3 else { return counted(Set(about)) }
    let names = about.map { $0.dropFirst(noun.count + 1) }
    return "\(noun)s \(names.dropLast().joined(separator: ", ")) and \(names[names.count - 1])"
  }

  static func counted(_ about: Set<String>) -> String {
    let nouns = Set(about.map { $0.prefix { $0 != " " } })
    guard about.count != 1 else { return about.first ?? "it" }
    return nouns.count == 1 ? "\(about.count) \(nouns.first ?? "")s" : "\(about.count) parts"
  }

  /// `frames 120–143 of A001C003.mov (shot 12) are new in the cut`; of many shots only how many.
  static func frames(_ causes: [Cause], _ kind: Cause.Kind) -> String {
    let verb = kind == .regrouped ? "are cut into other groups of pictures" : "new in the cut"
    let words = causes.flatMap { cause in cause.changes.map { "\($0.name) \($0.new ?? "")" } }
    let ranges = FrameWords.ranges(words)
    let about = causes.compactMap(\.about).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let total = ranges.values.joined().reduce(0) { $0 + $1.count }
    let isOne = total == 1
    let state = kind == .regrouped ? verb : "\(isOne ? "is" : "are") \(verb)"
    guard ranges.count == 1, let (file, list) = ranges.first, list.count <= 4 else {
      return total > 0
        ? "\(total) frames of \(listed(about)) \(state)" : "frames of \(listed(about)) \(state)"
    }
    let text = list.map(FrameWords.text).joined(separator: ", ")
    let whose = about.isEmpty ? "" : " (\(listed(about)))"
    return "\(isOne ? "frame" : "frames") \(text) of \(file)\(whose) \(state)"
  }

  /// The end of a run's name: its beginning is a time that runs of one day share.
  package static func short(run: String) -> String { String(run.suffix(8)) }
}
