package import Diagnostics
package import MediaTime

/// One layer of picture or one channel of sound, without overlaps and without holes: gaps fill them.
package struct Track: Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable, Codable {
    case picture, sound
  }

  package var kind: Kind
  /// `V1`, `A1`, `A2`, … or the name in the file.
  package var name: String
  /// In record order.
  package var items: [TrackItem]
  /// A track that is switched off is neither seen nor heard.
  package var isEnabled = true
  package var metadata = Metadata()

  package init(kind: Kind, name: String, items: [TrackItem] = []) {
    self.kind = kind
    self.name = name
    self.items = items
  }

  package var clips: [Clip] {
    items.compactMap { item in
      guard case .clip(let clip) = item else { return nil }
      return clip
    }
  }

  /// The timeline frame after the last item.
  package var end: Int64 {
    for item in items.reversed() {
      if let range = item.recordRange { return range.end }
    }
    return 0
  }

  /// The same track that many frames later, a gap in front; never negative.
  func offset(by frames: Int64) -> Track {
    guard frames > 0 else { return self }
    var copy = self
    copy.items = items.map { $0.offset(by: frames) }
    if case .gap(var gap) = copy.items.first {
      gap.recordRange = FrameRange(start: 0, end: gap.recordRange.end)
      copy.items[0] = .gap(gap)
    } else {
      copy.items.insert(.gap(Gap(recordRange: FrameRange(start: 0, count: frames))), at: 0)
    }
    return copy
  }
}

package enum TrackItem: Sendable, Hashable {
  case clip(Clip)
  case gap(Gap)
  /// Only until the timeline is flattened.
  case nest(Nest)
  /// Stands between the outgoing and the incoming item and takes no record time of its own.
  case transition(Transition)

  /// `nil` for a transition.
  package var recordRange: FrameRange? {
    switch self {
    case .clip(let clip): clip.recordRange
    case .gap(let gap): gap.recordRange
    case .nest(let nest): nest.recordRange
    case .transition: nil
    }
  }

  func offset(by frames: Int64) -> TrackItem {
    switch self {
    case .clip(var clip):
      clip.recordRange = clip.recordRange.offset(by: frames)
      return .clip(clip)
    case .gap(var gap):
      gap.recordRange = gap.recordRange.offset(by: frames)
      return .gap(gap)
    case .nest(var nest):
      nest.recordRange = nest.recordRange.offset(by: frames)
      return .nest(nest)
    case .transition: return self
    }
  }
}

/// Nothing: black or silence.
package struct Gap: Sendable, Hashable {
  package var recordRange: FrameRange
  package var metadata = Metadata()

  package init(recordRange: FrameRange) { self.recordRange = recordRange }
}

/// A dissolve, wipe or key from the item before it to the item after it.
///
/// It covers `inOffset` frames before the cut and `outOffset` frames after it: the incoming clip needs `inOffset`
/// frames before its source in, the outgoing one `outOffset` frames after its source out. An EDL's transition begins
/// at the cut, so its `inOffset` is 0.
package struct Transition: Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    case dissolve
    /// Number of the switcher's pattern, 0 when the list does not say.
    case wipe(Int)
    /// A keyed foreground; background and fade-out lines are `isBackground`, `isOut`.
    case key(isBackground: Bool, isOut: Bool)
    /// Another program's effect, by its name.
    case custom(String)
  }

  package var kind: Kind
  /// As the list calls it, e.g. `CROSS DISSOLVE`.
  package var name: String?
  package var event: String
  package var inOffset: Int64
  package var outOffset: Int64
  package var location: SourceLocation?
  package var metadata = Metadata()

  package init(
    kind: Kind, name: String? = nil, event: String, inOffset: Int64, outOffset: Int64,
    location: SourceLocation? = nil
  ) {
    self.kind = kind
    self.name = name
    self.event = event
    self.inOffset = inOffset
    self.outOffset = outOffset
    self.location = location
  }

  package var count: Int64 { inOffset + outOffset }
}

/// A note at a frame of the timeline, or of a clip's source.
package struct Marker: Sendable, Hashable, Codable {
  package var name: String
  package var comment: String
  /// Upper-case colour word as the file has it, e.g. `RED`; empty when none is given.
  package var color: String
  /// Timeline frame; may lie outside the programme.
  package var frame: Int64
  /// Frames that the note is about; 0 for a point.
  package var count: Int64
  package var location: SourceLocation?

  package init(
    name: String, comment: String, color: String, frame: Int64, count: Int64 = 0,
    location: SourceLocation? = nil
  ) {
    self.count = count
    self.name = name
    self.comment = comment
    self.color = color
    self.frame = frame
    self.location = location
  }
}
