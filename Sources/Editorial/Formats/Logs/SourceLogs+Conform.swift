package import Diagnostics
package import MediaTime

extension SourceLogs {
  /// A grade of a log, and the row it stands in.
  package struct LoggedGrade: Sendable, Hashable {
    package var decision: ColorDecision
    package var location: SourceLocation

    package init(decision: ColorDecision, location: SourceLocation) {
      self.decision = decision
      self.location = location
    }
  }

  /// The rows about a clip: by what the cut says of it, else by the media that was found for it.
  package func matches(for clip: Clip, in media: MediaItem?, rate: FrameRate) -> [Match] {
    let own = matches(for: clip, rate: rate)
    guard own.isEmpty, let media else { return own }
    return matches(for: media, at: clip, rate: media.facts.timecodeRate ?? media.facts.video?.rate ?? rate)
  }

  /// The different grades that rows give a clip; two mean that the logs contradict each other.
  package func grades(for clip: Clip, in media: MediaItem?, rate: FrameRate) -> [LoggedGrade] {
    var found: [LoggedGrade] = []
    for match in matches(for: clip, in: media, rate: rate) {
      guard let decision = match.entry.grade, !found.contains(where: { $0.decision == decision }) else {
        continue
      }
      found.append(LoggedGrade(decision: decision, location: match.entry.location))
    }
    return found
  }

  /// Source reels by the file's name in small letters without its extension, as `RelinkSettings` takes them.
  package func reels(of media: [MediaItem]) -> [String: [String]] {
    var reels: [String: [String]] = [:]
    for item in media {
      for reel in matches(for: item).compactMap(\.entry.reel) where reels[item.path]?.contains(reel) != true {
        reels[item.path, default: []].append(reel)
      }
    }
    return reels
  }

  /// The conform with what the logs say of each clip in its metadata, under `log`: reel, scene, take, rolls and the row.
  package func annotating(_ conform: Conform, media: [MediaItem]) -> Conform {
    guard !isEmpty else { return conform }
    var conform = conform
    for (index, event) in conform.events.enumerated() {
      let item = event.media.map { media[$0] }
      guard let entry = matches(for: event.clip, in: item, rate: conform.timeline.rate).first?.entry else {
        continue
      }
      let columns = [
        ("name", entry.name), ("reel", entry.reel), ("scene", entry.scene), ("take", entry.take),
        ("camera roll", entry.cameraRoll), ("sound roll", entry.soundRoll), ("umid", entry.umid),
        ("row", entry.location.description),
      ]
      let value = Metadata.Value.object(
        columns.compactMap { key, text in
          text.flatMap { $0.isEmpty ? nil : Metadata.Entry(key: key, value: .string($0)) }
        })
      conform.events[index].clip.metadata["log"] = value
      let (track, place) = (event.trackIndex, event.itemIndex)
      if case .clip(var clip) = conform.timeline.tracks[track].items[place] {
        clip.metadata["log"] = value
        conform.timeline.tracks[track].items[place] = .clip(clip)
      }
    }
    return conform
  }
}
