import Diagnostics
import Editorial
import MediaTime
import Testing

/// A timeline as Final Cut Pro XML gives it back: what the format has no word for, or only one form of, is
/// taken out.
struct FCP7Form {
  private let rate: FrameRate

  static func of(_ timeline: Timeline) -> Timeline {
    FCP7Form(rate: timeline.rate).timeline(timeline)
  }

  private func timeline(_ timeline: Timeline) -> Timeline {
    var copy = timeline
    copy.findings = []
    copy.faults = []
    copy.markers = timeline.markers.map(marker)
    copy.tracks = timeline.tracks.map { track in
      var track = track
      track.items = track.items.compactMap { item($0, track.kind) }
      // A transition belongs to the event that it leads to.
      for (place, item) in track.items.enumerated() {
        guard case .transition(var transition) = item, place + 1 < track.items.count else { continue }
        transition.event = event(track.items[place + 1]) ?? transition.event
        track.items[place] = .transition(transition)
      }
      // A sequence ends with its last item.
      if case .gap? = track.items.last { track.items.removeLast() }
      return track
    }
    return copy
  }

  private func event(_ item: TrackItem) -> String? {
    switch item {
    case .clip(let clip): clip.event
    case .nest(let nest): nest.event
    case .gap, .transition: nil
    }
  }

  private func marker(_ marker: Marker) -> Marker {
    var marker = marker
    marker.location = nil
    return marker
  }

  private func item(_ item: TrackItem, _ kind: Track.Kind) -> TrackItem? {
    switch item {
    case .gap: return item
    case .clip(let clip): return .clip(self.clip(clip, kind))
    case .nest(var nest):
      nest.location = nil
      nest.timeline = FCP7Form(rate: nest.timeline.rate).timeline(nest.timeline)
      nest.adjustment = adjustment(nest.adjustment)
      if nest.curve != nil { nest.timeScale = .one }
      nest.markers = nest.markers.map(marker)
      return .nest(nest)
    case .transition(var transition):
      transition.location = nil
      if transition.name == nil {
        transition.name =
          switch (transition.kind, kind) {
          case (.wipe, _): "Edge Wipe"
          case (_, .sound): "Cross Fade (+3dB)"
          default: "Cross Dissolve"
          }
      }
      return .transition(transition)
    }
  }

  private func clip(_ clip: Clip, _ kind: Track.Kind) -> Clip {
    let isBlack = clip.content == .black
    var copy = Clip(
      content: clip.content, name: clip.name, event: clip.event, sourceReel: isBlack ? nil : clip.sourceReel,
      sourceFile: clip.sourceFile, targetURL: clip.targetURL,
      // A generator counts from nothing.
      sourceIn: isBlack ? SourcePosition(count: 0, rate: rate) : clip.sourceIn,
      // Only the length of a clip at normal speed is one of its media.
      sourceCount: clip.timeScale == .one && clip.curve == nil ? clip.recordRange.count : nil,
      availableRange: clip.availableRange, recordRange: clip.recordRange,
      timeScale: clip.curve == nil ? clip.timeScale : .one, notes: clip.notes)
    copy.curve = clip.curve
    copy.isEnabled = clip.isEnabled
    copy.sourceIdentity = isBlack ? nil : clip.sourceIdentity
    // The file says its rate.
    copy.sourceRate = isBlack ? nil : clip.sourceRate ?? rate
    copy.sourceChannel = clip.sourceChannel
    copy.metadata = clip.metadata
    copy.markers = clip.markers.map(marker)
    copy.adjustments = clip.adjustments.map(adjustment).filter { $0 != .none }
    return copy
  }

  /// Keys that change nothing are one value.
  private func adjustment(_ adjustment: PictureAdjustment) -> PictureAdjustment {
    func settled(_ value: Animated) -> Animated { value.constant.map { Animated($0) } ?? value }
    var copy = adjustment
    copy.scaleX = settled(adjustment.scaleX)
    copy.scaleY = settled(adjustment.scaleY)
    copy.positionX = settled(adjustment.positionX)
    copy.positionY = settled(adjustment.positionY)
    copy.rotation = settled(adjustment.rotation)
    copy.opacity = settled(adjustment.opacity)
    copy.crop.left = settled(adjustment.crop.left)
    return copy
  }
}

@Suite struct FCP7RoundTripTests {
  private func reread(_ bytes: [UInt8]) throws -> Timeline {
    try Cut.read(path: "cut.xml", bytes: bytes).timeline(rate: nil)
  }

  /// Without retimed clips' markers, which stand on whole frames of the retimed clip.
  private func prepared(_ timeline: Timeline) -> Timeline {
    var timeline = timeline
    for track in timeline.tracks.indices {
      timeline.tracks[track].items = timeline.tracks[track].items.map { item in
        switch item {
        case .clip(var clip):
          if clip.timeScale != .one || clip.curve != nil { clip.markers = [] }
          for place in clip.adjustments.indices { clip.adjustments[place] = sized(clip.adjustments[place]) }
          return .clip(clip)
        case .nest(var nest):
          nest.timeline = prepared(nest.timeline)
          nest.adjustment = sized(nest.adjustment)
          return .nest(nest)
        case .gap, .transition: return item
        }
      }
    }
    return timeline
  }

  /// Sizing without a known raster is against the media's own pixels.
  private func sized(_ adjustment: PictureAdjustment) -> PictureAdjustment {
    guard adjustment != .none else { return adjustment }
    var copy = adjustment
    copy.fit = .native
    return copy
  }

  @Test(arguments: GeneratedCut.Clock.all)
  func `what is written is read again as the same cut`(clock: GeneratedCut.Clock) throws {
    for seed in UInt64(0)..<8 {
      var features = GeneratedCut.Features.everything
      features.usesLabels = seed % 2 == 0
      let timeline = prepared(GeneratedCut.timeline(seed: seed, clock: clock, features: features))
      let written = FCP7Writer.write(timeline)
      let again = try reread(written.bytes)
      #expect(again.faults == [], "seed \(seed)")
      let (want, got) = (FCP7Form.of(timeline), FCP7Form.of(again))
      guard want != got else { continue }
      Issue.record("seed \(seed): \(Self.difference("\(want)", "\(got)"))")
      return
    }
  }

  /// Where two descriptions part, as much as a person reads.
  private static func difference(_ want: String, _ got: String) -> String {
    let (want, got) = (Array(want.utf8), Array(got.utf8))
    let common = zip(want, got).prefix { $0 == $1 }.count
    func part(_ text: [UInt8]) -> String {
      String(decoding: text[max(0, common - 300)..<min(text.count, common + 120)], as: UTF8.self)
    }
    return "\(part(want))\nis read as\n\(part(got))"
  }
}
