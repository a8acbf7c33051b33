import Diagnostics
import MediaTime

/// Clips laid out on tracks.
extension EDLTimelineBuilder {
  mutating func track(_ key: TrackKey) -> Track {
    let clips = (placed[key] ?? []).enumerated().sorted {
      ($0.element.clip.recordRange.start, $0.offset) < ($1.element.clip.recordRange.start, $1.offset)
    }
    var items: [TrackItem] = []
    var end: Int64 = 0
    var previous: PlacedClip?
    for (_, item) in clips {
      let range = item.clip.recordRange
      if range.start < end, let previous {
        let earlier = previous.line.location(in: document.path)
        fault(
          "cut.overlap", item.line,
          "event \(item.clip.event) at \(label(startFrame + range.start)) overlaps event \(previous.clip.event) "
            + "on \(key.name), which ends at \(label(startFrame + end))",
          "Event \(previous.clip.event) is at \(earlier). Give each of them a track or a range of its own.")
      }
      if range.start > end {
        items.append(.gap(Gap(recordRange: FrameRange(start: end, end: range.start))))
      }
      if let transition = item.transition {
        if let outgoing = item.outgoing { join(outgoing, to: &items) }
        items.append(.transition(transition))
      }
      items.append(.clip(item.clip))
      if range.end >= end { previous = item }
      end = max(end, range.end)
    }
    return Track(kind: key.kind, name: key.name, items: items)
  }

  /// A transition goes from what its own outgoing line names: mostly the clip that ends there, which is continued. From
  /// black or another reel, that stands between with no length of its own.
  mutating func join(_ outgoing: Clip, to items: inout [TrackItem]) {
    guard case .clip(let previous) = items.last, previous.recordRange.end == outgoing.recordRange.start else {
      if !outgoing.isBlack { items.append(.clip(outgoing)) }
      return
    }
    if outgoing.isBlack {
      if !previous.isBlack { items.append(.gap(Gap(recordRange: outgoing.recordRange))) }
    } else if outgoing.sourceReel?.lowercased() != previous.sourceReel?.lowercased() {
      items.append(.clip(outgoing))
    } else if outgoing.isSpeedGiven, outgoing.timeScale != previous.timeScale {
      findings.append(
        Finding(
          kind: .dropped,
          what:
            "the M2 line of the outgoing clip of event \(outgoing.event) does not agree with the clip's own "
            + "event \(previous.event), whose speed is used",
          location: outgoing.location, event: outgoing.event))
    }
  }
}
