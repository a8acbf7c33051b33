package import Diagnostics
package import MediaTime

/// All logs of a cut, asked for what they say about a clip or a media file.
///
/// Rows and sources recognise each other by these rules, the first that finds a row counts:
///   1. UMID;
///   2. the name of the source file;
///   3. source reel and source timecode;
///   4. the row's name (or tape as the start of a file name) and source timecode.
/// Timecodes decide wherever both sides have them: a row of another stretch of the same tape is no match. They are
/// compared as labels, since a camera's 23.976 and the log's 24 count alike.
package struct SourceLogs: Sendable {
  package enum Rule: String, Sendable, Hashable, Codable {
    case umid = "UMID"
    case fileName = "file name"
    case reelAndTimecode = "reel+timecode"
    case nameAndTimecode = "name+timecode"
  }

  /// A row that speaks of a source.
  package struct Match: Sendable, Hashable {
    package var entry: SourceLog.Entry
    package var rule: Rule
  }

  /// In order of trust: the first log first.
  package let entries: [SourceLog.Entry]

  private var byUMID: [String: [Int]] = [:]
  private var byFile: [String: [Int]] = [:]
  private var byReel: [String: [Int]] = [:]
  private var byName: [String: [Int]] = [:]

  package init(_ logs: [SourceLog] = []) {
    entries = logs.flatMap(\.entries)
    for (index, entry) in entries.enumerated() {
      if let umid = entry.umid.map(Self.hex), !umid.isEmpty { byUMID[umid, default: []].append(index) }
      for name in Self.fileNames(entry) {
        byFile[FileNames.stem(name).lowercased(), default: []].append(index)
      }
      if let reel = entry.reel { byReel[reel.lowercased(), default: []].append(index) }
      for name in Set([FileNames.stem(ofName: entry.name).lowercased(), entry.reel?.lowercased() ?? ""])
      where !name.isEmpty {
        byName[name, default: []].append(index)
      }
    }
  }

  package var isEmpty: Bool { entries.isEmpty }

  /// The rows about one frame of a source reel, in the order of the logs.
  package func entries(reel: String, timecode: Timecode) -> [SourceLog.Entry] {
    let place = Place(start: timecode.frame, count: 1, rate: timecode.rate)
    return (byReel[reel.lowercased()] ?? []).map { entries[$0] }.filter { Self.speaks($0, of: place) == true }
  }

  /// The rows about a media file, all by the best rule that finds any.
  package func matches(for media: MediaItem) -> [Match] {
    guard !isEmpty else { return [] }
    let facts = media.facts
    let place = Place(facts)
    let umids = facts.tags.filter { $0.key.lowercased().contains("umid") }.map { Self.hex($0.value) }.sorted()
    let stem = FileNames.stem(facts.fileName).lowercased()
    let reels = [facts.reel, facts.sound?.tape].compactMap { $0?.lowercased() }
    if let found = found(.umid, umids.flatMap { byUMID[$0] ?? [] }, place) { return found }
    if let found = found(.fileName, byFile[stem] ?? [], place) { return found }
    if let found = found(.reelAndTimecode, reels.flatMap { byReel[$0] ?? [] }, place) { return found }
    // A camera writes `A001C003_240813_R1.mov` for the tape `A001C003`.
    let starts =
      [stem] + stem.indices.filter { stem[$0] == "_" || stem[$0] == "." }.map { String(stem[..<$0]) }
    return found(.nameAndTimecode, starts.flatMap { byName[$0] ?? [] }, place) ?? []
  }

  /// The rows about the source of a clip, all by the best rule that finds any.
  ///
  /// - Parameter rate: the rate at which the clip's source timecode counts, where it is not in the clip.
  package func matches(for clip: Clip, rate: FrameRate) -> [Match] {
    guard !isEmpty, clip.content == .media else { return [] }
    let place = Place(clip, rate: clip.sourceRate ?? rate)
    let files = [clip.sourceFile, clip.targetURL.map { FileNames.path(ofURL: $0) }].compactMap { $0 }
      .map { FileNames.stem($0).lowercased() }.filter { !$0.isEmpty }
    let reels = ([clip.sourceReel].compactMap { $0 } + clip.alternateReels).map { $0.lowercased() }
    if let umid = clip.sourceIdentity.map(Self.hex), let found = found(.umid, byUMID[umid] ?? [], place) {
      return found
    }
    if let found = found(.fileName, files.flatMap { byFile[$0] ?? [] }, place) { return found }
    if let found = found(.reelAndTimecode, reels.flatMap { byReel[$0] ?? [] }, place) { return found }
    let name = FileNames.stem(ofName: clip.name).lowercased()
    return found(.nameAndTimecode, byName[name] ?? [], place) ?? []
  }

  /// The rows about a media file that speak of the frame a clip shows first.
  func matches(for media: MediaItem, at clip: Clip, rate: FrameRate) -> [Match] {
    guard let place = Place(clip, rate: rate) else { return [] }
    return matches(for: media).filter { Self.speaks($0.entry, of: place) ?? true }
  }

  /// The source reel that the logs give a media file.
  ///
  /// - Returns: the reel and the row it stands in; `nil` without a row, without a reel in the rows, and when rows
  ///   contradict each other, which `reelConflicts` reports.
  package func reel(of media: MediaItem) -> (reel: String, match: Match)? {
    let named = matches(for: media).filter { $0.entry.reel != nil }
    guard let first = named.first, let reel = first.entry.reel,
      named.allSatisfy({ $0.entry.reel?.lowercased() == reel.lowercased() })
    else { return nil }
    return (reel, first)
  }

  /// Media whose rows name several reels, as warnings.
  package func reelConflicts(in media: [MediaItem]) -> [Diagnostic] {
    media.compactMap { item in
      let named = matches(for: item).filter { $0.entry.reel != nil }
      guard let first = named.first,
        let other = named.first(where: { $0.entry.reel?.lowercased() != first.entry.reel?.lowercased() })
      else { return nil }
      return Diagnostic(
        severity: .warning, family: .ambiguous, code: "log.conflict", location: other.entry.location,
        message: "the logs give \(item.facts.fileName) the reel \(other.entry.reel ?? "") here and "
          + "\(first.entry.reel ?? "") at \(first.entry.location); neither is used",
        remedy: "Correct the row that is wrong.")
    }
  }

  // MARK: Comparing

  /// Frames of a source by its timecode.
  private struct Place {
    var start: Int64
    var count: Int64
    var rate: FrameRate

    init(start: Int64, count: Int64, rate: FrameRate) {
      self.start = start
      self.count = count
      self.rate = rate
    }

    /// `nil` when the media has no timecode.
    init?(_ facts: MediaFacts) {
      if let text = facts.timecodeStart {
        guard let rate = facts.timecodeRate ?? facts.video?.rate,
          let start = try? Timecode(parsing: text, rate: rate)
        else { return nil }
        var count: Int64 = 1
        if let video = facts.video {
          // Labels go by while the pictures run, at whatever rate they do.
          let labels = Rational(video.frameCount).checkedMultiply(rate.rational / video.rate.rational)
          count = labels?.rounded ?? video.frameCount
        } else if let sound = facts.sound, sound.sampleRate > 0 {
          count = Self.frames(sound.sampleCount, sound.sampleRate, rate)
        }
        self.init(start: start.frame, count: max(1, count), rate: rate)
      } else if let sound = facts.sound, let reference = sound.timeReference, sound.sampleRate > 0,
        facts.video == nil
      {
        let rate = facts.timecodeRate ?? FrameRate(25)
        self.init(
          start: Self.frames(reference, sound.sampleRate, rate),
          count: max(1, Self.frames(sound.sampleCount, sound.sampleRate, rate)), rate: rate)
      } else {
        return nil
      }
    }

    /// The frame that the clip shows first; `nil` where nothing counts it.
    init?(_ clip: Clip, rate: FrameRate) {
      switch clip.sourceIn {
      case .label(let label):
        let isDropFrame = label.isDropFrame && rate.allowsDropFrame
        guard let start = try? label.frame(rate: rate, isDropFrame: isDropFrame) else { return nil }
        self.init(start: start, count: 1, rate: rate)
      case .frames(let count, let other):
        guard count.magnitude < 1 << 52 else { return nil }
        self.init(start: count, count: 1, rate: other)
      }
    }

    private static func frames(_ samples: Int64, _ sampleRate: Int, _ rate: FrameRate) -> Int64 {
      (Rational(samples).checkedMultiply(rate.rational / Rational(Int64(sampleRate))) ?? .zero).rounded
    }
  }

  private func found(_ rule: Rule, _ candidates: [Int], _ place: Place?) -> [Match]? {
    let needsTimecode = rule == .reelAndTimecode || rule == .nameAndTimecode
    var seen: Set<Int> = []
    let rows = candidates.filter { seen.insert($0).inserted }.sorted().map { entries[$0] }
    let fitting = rows.filter { row in place.flatMap { Self.speaks(row, of: $0) } ?? !needsTimecode }
    if !fitting.isEmpty { return fitting.map { Match(entry: $0, rule: rule) } }
    // One row without timecode about a name is still about it.
    guard rule == .nameAndTimecode, rows.count == 1, rows[0].span == nil || place == nil else { return nil }
    return [Match(entry: rows[0], rule: rule)]
  }

  /// Whether the row's stretch and the place share a frame; `nil` when one of them has no timecode.
  private static func speaks(_ entry: SourceLog.Entry, of place: Place) -> Bool? {
    guard let span = entry.span else { return nil }
    let rate = entry.rate ?? place.rate
    guard let frames = span.frames(at: rate) else { return nil }
    var start = frames.start
    var count = frames.count ?? 0
    if rate.nominalBase != place.rate.nominalBase {
      start = place.rate.frame(nearest: start, of: rate)
      count = place.rate.frame(nearest: count, of: rate)
    }
    // Without a length only the first frame is known.
    let range = FrameRange(start: start, count: max(1, count))
    return range.intersection(FrameRange(start: place.start, count: place.count)) != nil
  }

  private static func fileNames(_ entry: SourceLog.Entry) -> [String] {
    let path = entry.path.map(FileNames.lastComponent) ?? ""
    // A folder is no file name.
    let isFile = FileNames.stem(path) != path
    return [entry.sourceFile, isFile ? path : nil].compactMap { $0 }.filter { !$0.isEmpty }
  }

  /// Hexadecimal digits in lower case, the `0x` of FFmpeg and the `urn:smpte:umid:` of others left out.
  private static func hex(_ umid: String) -> String {
    var text = Substring(umid.lowercased())
    if text.hasPrefix("0x") { text = text.dropFirst(2) }
    if let colon = text.firstRange(of: "umid:") { text = text[colon.upperBound...] }
    return String(text.filter(\.isHexDigit))
  }
}
