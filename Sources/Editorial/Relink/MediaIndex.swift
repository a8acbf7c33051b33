import MediaTime

/// The media by the names that a clip may call them.
struct MediaIndex: Sendable {
  /// Reel names of the files themselves, for suggestions.
  let reels: [String]

  private let media: [MediaItem]
  private var byReel: [String: [Int]] = [:]
  private var byStem: [String: [Int]] = [:]
  /// File-name stems cut before each `_` and `.`: a camera writes `A001C003_240813_R1.mov` for reel `A001C003`.
  private var byStemStart: [String: [Int]] = [:]

  init(_ media: [MediaItem]) {
    self.media = media
    var reels: [String] = []
    for (index, item) in media.enumerated() {
      for reel in Set([item.facts.reel, item.facts.sound?.tape].compactMap { $0?.lowercased() })
      where !reel.isEmpty {
        byReel[reel, default: []].append(index)
      }
      if let reel = item.facts.reel ?? item.facts.sound?.tape { reels.append(reel) }
      let stem = FileNames.stem(item.facts.fileName).lowercased()
      byStem[stem, default: []].append(index)
      for position in stem.indices where stem[position] == "_" || stem[position] == "." {
        let start = String(stem[..<position])
        if !start.isEmpty { byStemStart[start, default: []].append(index) }
      }
      reels.append(FileNames.stem(item.facts.fileName))
    }
    self.reels = Array(reels.prefix(2000))
  }

  /// Files that the rule names for the clip, whatever their timecode; ascending.
  func candidates(_ clip: Clip, rule: RelinkRule) -> [Int] {
    var found: Set<Int> = []
    switch rule {
    case .reelAndTimecode:
      for reel in Self.reels(clip) {
        found.formUnion(byReel[reel] ?? [])
        found.formUnion(byStem[reel] ?? [])
        found.formUnion(byStemStart[reel] ?? [])
      }
    case .fileNameAndTimecode:
      for name in Self.fileNames(clip) { found.formUnion(byStem[FileNames.stem(name).lowercased()] ?? []) }
    case .clipNameAndTimecode:
      let stem = FileNames.stem(ofName: clip.name).lowercased()
      if !stem.isEmpty { found.formUnion(byStem[stem] ?? []) }
    }
    return found.sorted()
  }

  /// Why the rule names this file, as the first half of a sentence.
  func reason(_ clip: Clip, _ rule: RelinkRule, media index: Int) -> String {
    let facts = media[index].facts
    switch rule {
    case .reelAndTimecode:
      let shown = clip.sourceReel ?? clip.alternateReels.first ?? ""
      let inside = [facts.reel, facts.sound?.tape].compactMap { $0?.lowercased() }
      return Self.reels(clip).contains(where: inside.contains)
        ? "source reel \(shown) is the file's reel" : "source reel \(shown) begins the file's name"
    case .fileNameAndTimecode:
      return "the list names the file \(FileNames.lastComponent(Self.fileNames(clip).first ?? ""))"
    case .clipNameAndTimecode: return "clip name \(clip.name) is the file's name"
    }
  }

  private static func reels(_ clip: Clip) -> [String] {
    ([clip.sourceReel].compactMap { $0 } + clip.alternateReels).map { $0.lowercased() }.filter { !$0.isEmpty }
  }

  private static func fileNames(_ clip: Clip) -> [String] {
    [clip.sourceFile, clip.targetURL.map { FileNames.path(ofURL: $0) }].compactMap { $0 }.filter {
      !$0.isEmpty
    }
  }
}
