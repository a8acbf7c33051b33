import MediaTime

/// The media by the names that a clip may call them.
struct MediaIndex: Sendable {
  /// Files that a level of trust names, by what they are called there.
  private struct Names: Sendable {
    var files: [String: [Int]] = [:]

    mutating func add(_ name: String, _ index: Int) {
      guard !name.isEmpty, files[name]?.last != index else { return }
      files[name, default: []].append(index)
    }
  }

  /// Reel names of the files themselves, for suggestions.
  let reels: [String]

  private let media: [MediaItem]
  private let settings: RelinkSettings
  private let levels: [TrustLevel]
  private var byIdentity = Names()
  private var byReel = Names()
  private var byName = Names()
  private var byStem = Names()
  private var byPath = Names()

  init(_ media: [MediaItem], settings: RelinkSettings) {
    self.media = media
    self.settings = settings
    levels = TrustLevel.levels(settings.rules)
    let usesPaths = settings.rules.contains(.path)
    var reels: [String] = []
    for (index, item) in media.enumerated() {
      let facts = item.facts
      for identity in Self.identities(of: facts) { byIdentity.add(identity, index) }
      for source in settings.reels {
        for reel in Self.reels(of: item, by: source, settings.loggedReels) {
          byReel.add(reel.lowercased(), index)
        }
      }
      if let reel = facts.reel ?? facts.sound?.tape, reels.count < 2000 { reels.append(reel) }
      let stem = FileNames.stem(facts.fileName)
      byName.add(facts.fileName.lowercased(), index)
      byStem.add(stem.lowercased(), index)
      if usesPaths { byPath.add(StoredPath.key(item.path), index) }
      if reels.count < 2000 { reels.append(stem) }
    }
    self.reels = reels
  }

  /// What a media file is called in one place where reels are read.
  private static func reels(of item: MediaItem, by source: ReelSource, _ logged: [String: [String]])
    -> [String]
  {
    switch source {
    case .metadata: return [item.facts.reel, item.facts.sound?.tape].compactMap { $0 }
    case .fileName(nil):
      // A camera writes `A001C003_240813_R1.mov` for reel `A001C003`.
      let stem = FileNames.stem(item.facts.fileName)
      let starts = stem.indices.filter { stem[$0] == "_" || stem[$0] == "." }.map { String(stem[..<$0]) }
      return [stem] + starts
    case .fileName(let pattern?):
      let names = [item.facts.fileName, FileNames.stem(item.facts.fileName)]
      return names.compactMap { pattern.reel(in: $0) }.first.map { [$0] } ?? []
    case .folder(let number):
      let folders = StoredPath.normal(item.path).split(separator: "/").dropLast()
      guard number >= 1, number <= folders.count else { return [] }
      return [String(folders[folders.count - number])]
    case .log: return logged[item.path] ?? []
    }
  }

  /// Digests and material identifiers of a file, in one way of writing.
  private static func identities(of facts: MediaFacts) -> [String] {
    var tags: [(key: String, value: String)] = []
    for tag in facts.tags where isIdentity(tag.key) { tags.append(tag) }
    return ([facts.identity] + tags.sorted { $0.key < $1.key }.map(\.value)).map(plainIdentity)
  }

  /// Whether the name of a tag holds `umid` or `uuid`, in any case; every tag of every file is asked.
  private static func isIdentity(_ name: String) -> Bool {
    var lastFour: UInt32 = 0
    return name.utf8.contains { byte in
      lastFour = lastFour << 8 | UInt32(byte | 0x20)
      return lastFour == 0x756d_6964 || lastFour == 0x7575_6964
    }
  }

  /// Hexadecimal digits and letters only: `urn:smpte:umid:060a2b34.01010105…` and `0x060A2B34…` are one.
  private static func plainIdentity(_ text: String) -> String {
    var rest = Substring(text.lowercased())
    for start in ["urn:smpte:umid:", "urn:uuid:", "umid:", "sha256:", "0x"] where rest.hasPrefix(start) {
      rest = rest.dropFirst(start.count)
    }
    // Asked of every file, and hardly ever anything but ASCII.
    guard rest.utf8.allSatisfy({ $0 < 0x80 }) else {
      return String(rest.filter { $0.isLetter || $0.isNumber })
    }
    return String(
      decoding: rest.utf8.filter { 0x61...0x7a ~= $0 || 0x30...0x39 ~= $0 }, as: UTF8.self)
  }

  /// Files that any of the rules names for the clip, whatever their timecode, each with the bits of the levels that
  /// do; ascending.
  func candidates(_ clip: Clip) -> [(index: Int, levels: [Int])] {
    var found: [Int: [Int]] = [:]
    for (level, trust) in levels.enumerated() {
      for index in Set(named(clip, trust)) { found[index, default: []].append(level) }
    }
    return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private func named(_ clip: Clip, _ level: TrustLevel) -> [Int] {
    switch level.rule {
    case .identity:
      return clip.sourceIdentity.map { byIdentity.files[Self.plainIdentity($0)] ?? [] } ?? []
    case .reelAndTimecode: return Self.reels(clip).flatMap { byReel.files[$0.lowercased()] ?? [] }
    case .fileNameAndTimecode:
      return Self.fileNames(clip).flatMap { name in
        let last = FileNames.lastComponent(name)
        return level.isTight
          ? byName.files[last.lowercased()] ?? []
          : byStem.files[FileNames.stem(ofName: last).lowercased()] ?? []
      }
    case .clipNameAndTimecode:
      let stem = FileNames.stem(ofName: clip.name).lowercased()
      return stem.isEmpty ? [] : byStem.files[stem] ?? []
    case .path: return paths(clip).flatMap { byPath.files[StoredPath.key($0)] ?? [] }
    }
  }

  /// Why the level names this file, as the first half of a sentence.
  func reason(_ clip: Clip, _ level: Int, media index: Int) -> String {
    let item = media[index]
    let file = FileNames.lastComponent(Self.fileNames(clip).first ?? "")
    switch levels[level].rule {
    case .identity: return "the list gives the identity of the file"
    case .reelAndTimecode:
      for source in settings.reels {
        let names = Set(Self.reels(of: item, by: source, settings.loggedReels).map { $0.lowercased() })
        guard let reel = Self.reels(clip).first(where: { names.contains($0.lowercased()) }) else { continue }
        switch source {
        case .metadata: return "source reel \(reel) is the file's reel"
        case .fileName(nil): return "source reel \(reel) begins the file's name"
        case .fileName(let pattern?):
          return "source reel \(reel) is the reel of the file's name by \(pattern)"
        case .folder: return "source reel \(reel) is the file's folder"
        case .log: return "source reel \(reel) is the file's reel by the log"
        }
      }
      return "the source reel is the file's"
    case .fileNameAndTimecode: return "the list names the file \(file)"
    case .clipNameAndTimecode: return "clip name \(clip.name) is the file's name"
    case .path: return "the list stores the path of the file"
    }
  }

  private static func reels(_ clip: Clip) -> [String] {
    ([clip.sourceReel].compactMap { $0 } + clip.alternateReels).filter { !$0.isEmpty }
  }

  private static func fileNames(_ clip: Clip) -> [String] {
    [clip.sourceFile, clip.targetURL.map { FileNames.path(ofURL: $0) }].compactMap { $0 }.filter {
      !$0.isEmpty
    }
  }

  /// Stored paths here: by the first map that fits, else as they are.
  private func paths(_ clip: Clip) -> [String] {
    Self.fileNames(clip).filter { $0.contains("/") || $0.contains("\\") }.map { path in
      settings.paths.lazy.compactMap { $0.mapped(path) }.first ?? path
    }
  }
}
