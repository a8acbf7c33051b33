package import MediaTime

/// What became of every clip between two cuts of one programme.
package struct ChangeList: Sendable, Hashable, Codable {
  /// One clip, in the old cut, the new one, or both.
  package struct Entry: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Hashable, Codable {
      /// The same frames of the same source; it may have moved.
      case kept
      /// The same source with other frames, another speed, placement, grade or state.
      case changed
      case added, removed
    }

    package var kind: Kind
    package var track: String
    package var shot: String
    /// Event numbers and record ranges in either cut.
    package var oldEvent: String?
    package var newEvent: String?
    package var oldRecord: FrameRange?
    package var newRecord: FrameRange?
    /// Record timecode in the new cut; of a removed clip in the old one.
    package var recordIn = ""
    package var recordOut = ""
    /// Source frames gained before the old first one; negative for frames lost.
    package var head: Int64 = 0
    /// Source frames gained after the old last one; negative for frames lost.
    package var tail: Int64 = 0
    /// What else is different: `speed`, `placement`, `grade`, `enabled`, `notes`.
    package var differences: [String] = []
    /// Frames of its source that it shows and that no clip of the old cut showed.
    package var newFrames: Int64 = 0

    /// Timeline frames by which a clip of both cuts begins later.
    package var shift: Int64? {
      guard let oldRecord, let newRecord else { return nil }
      return newRecord.start - oldRecord.start
    }
  }

  package var schema = 1
  package var oldName: String
  package var newName: String
  package var rate: FrameRate
  package var oldFrames: Int64
  package var newFrames: Int64
  /// By track and position in the new cut; removed clips stand where they were.
  package var entries: [Entry]

  /// - Parameters: flat timelines of one rate.
  package init(from old: Timeline, to new: Timeline) {
    oldName = old.name
    newName = new.name
    rate = new.rate
    oldFrames = old.frameCount
    newFrames = new.frameCount
    entries = []
    var seen = ShownFrames(old)
    for name in Self.trackNames(old, new) {
      let before = old.tracks.first { $0.name == name }.map { SourcedClip.all(in: $0, old) } ?? []
      let after = new.tracks.first { $0.name == name }.map { SourcedClip.all(in: $0, new) } ?? []
      let pairs = ClipPairing.pairs(before, after)
      entries += Self.entries(name, before, after, pairs, seen: &seen)
    }
    for index in entries.indices {
      let (range, timeline) =
        entries[index].newRecord.map { ($0, new) } ?? (
          entries[index].oldRecord ?? FrameRange(start: 0, count: 0), old
        )
      entries[index].recordIn = timeline.timecode(at: range.start).description
      entries[index].recordOut = timeline.timecode(at: range.end).description
    }
  }

  private static func trackNames(_ old: Timeline, _ new: Timeline) -> [String] {
    var names: [String] = []
    for track in new.tracks + old.tracks where !names.contains(track.name) { names.append(track.name) }
    return names
  }

  private static func entries(
    _ track: String, _ old: [SourcedClip], _ new: [SourcedClip], _ pairs: [Int: Int], seen: inout ShownFrames
  ) -> [Entry] {
    var found: [(position: Int64, entry: Entry)] = []
    for (index, clip) in new.enumerated() {
      var entry: Entry
      if let before = pairs[index].map({ old[$0] }) {
        entry = Self.entry(track, before, clip)
      } else {
        entry = Entry(kind: .added, track: track, shot: clip.clip.shot)
      }
      entry.newEvent = clip.clip.event
      entry.newRecord = clip.clip.recordRange
      entry.newFrames = seen.newFrames(of: clip)
      found.append((clip.clip.recordRange.start, entry))
    }
    let kept = Set(pairs.values)
    for (index, clip) in old.enumerated() where !kept.contains(index) {
      var entry = Entry(kind: .removed, track: track, shot: clip.clip.shot)
      entry.oldEvent = clip.clip.event
      entry.oldRecord = clip.clip.recordRange
      found.append((clip.clip.recordRange.start, entry))
    }
    return found.sorted { $0.position < $1.position }.map(\.entry)
  }

  private static func entry(_ track: String, _ old: SourcedClip, _ new: SourcedClip) -> Entry {
    var entry = Entry(kind: .kept, track: track, shot: new.clip.shot)
    entry.oldEvent = old.clip.event
    entry.oldRecord = old.clip.recordRange
    if let before = old.shown, let after = new.shown {
      entry.head = before.start - after.start
      entry.tail = after.end - before.end
    }
    if old.clip.timeScale != new.clip.timeScale || old.clip.curve != new.clip.curve {
      entry.differences.append("speed")
    }
    if old.clip.adjustments != new.clip.adjustments { entry.differences.append("placement") }
    if old.clip.grade != new.clip.grade { entry.differences.append("grade") }
    if old.clip.isEnabled != new.clip.isEnabled { entry.differences.append("enabled") }
    if old.clip.notes != new.clip.notes { entry.differences.append("notes") }
    let isSame =
      entry.head == 0 && entry.tail == 0 && old.clip.recordRange.count == new.clip.recordRange.count
      && entry.differences.allSatisfy { $0 == "notes" }
    if !isSame { entry.kind = .changed }
    return entry
  }
}

/// A clip with the source frames that it shows, counted on one clock for each source.
struct SourcedClip {
  var clip: Clip
  /// Source reel, file or name, without regard to case.
  var source: String
  /// `nil` where the source in cannot be counted at the timeline's rate.
  var shown: FrameRange?

  static func all(in track: Track, _ timeline: Timeline) -> [SourcedClip] {
    track.clips.filter { !$0.isBlack }.map { clip in
      let first: Int64? =
        switch clip.sourceIn {
        case .frames(let count, _): count
        case .label(let label):
          try? label.frame(
            rate: timeline.rate, isDropFrame: label.isDropFrame && timeline.rate.allowsDropFrame)
        }
      let names = [clip.sourceReel, clip.sourceFile, clip.targetURL, clip.name].compactMap { $0 }
      return SourcedClip(
        clip: clip, source: names.first { !$0.isEmpty }?.lowercased() ?? "",
        shown: first.map { clip.neededSource.offset(by: $0) })
    }
  }
}

/// Which source frames a cut shows.
private struct ShownFrames {
  /// Ascending and apart from each other.
  private var ranges: [String: [FrameRange]] = [:]

  init(_ timeline: Timeline) {
    for track in timeline.tracks {
      for clip in SourcedClip.all(in: track, timeline) {
        if let shown = clip.shown { ranges[clip.source, default: []].append(shown) }
      }
    }
    ranges = ranges.mapValues(Self.joined)
  }

  private static func joined(_ ranges: [FrameRange]) -> [FrameRange] {
    var joined: [FrameRange] = []
    for range in ranges.sorted(by: { $0.start < $1.start }) {
      if let last = joined.last, range.start <= last.end {
        joined[joined.count - 1] = FrameRange(start: last.start, end: max(last.end, range.end))
      } else {
        joined.append(range)
      }
    }
    return joined
  }

  /// Frames of a clip that are not among them; from then on they are.
  mutating func newFrames(of clip: SourcedClip) -> Int64 {
    guard let shown = clip.shown else { return 0 }
    let known = ranges[clip.source] ?? []
    let covered = known.reduce(Int64(0)) { $0 + (shown.intersection($1)?.count ?? 0) }
    ranges[clip.source] = Self.joined(known + [shown])
    return shown.count - covered
  }
}
