package import Diagnostics
package import MediaTime

/// A timeline played as one clip: a nested sequence or stack, a compound clip.
///
/// In a picture track it plays the picture tracks of its timeline, in a sound track the sound tracks.
package struct Nest: Sendable, Hashable {
  package var name: String
  package var event: String
  package var timeline: Timeline
  /// The frame of the nested timeline that is shown first, at its own rate.
  package var sourceIn: Int64
  package var recordRange: FrameRange
  /// Frames of the nested timeline for each record frame, both in frames of their own rates at normal speed.
  package var timeScale: Rational
  /// A speed that changes; it counts instead of `timeScale`. Its source positions are frames of the nested timeline.
  package var curve: RetimeCurve?
  /// Plays only this track of its kind, counted from 1; all of them when `nil`.
  package var track: Int?
  package var isEnabled: Bool
  package var adjustment: PictureAdjustment
  package var markers: [Marker]
  package var metadata: Metadata
  package var location: SourceLocation?

  package init(
    name: String, event: String, timeline: Timeline, sourceIn: Int64, recordRange: FrameRange,
    timeScale: Rational = .one, curve: RetimeCurve? = nil, track: Int? = nil, isEnabled: Bool = true,
    adjustment: PictureAdjustment = .none, markers: [Marker] = [], metadata: Metadata = Metadata(),
    location: SourceLocation? = nil
  ) {
    self.name = name
    self.event = event
    self.timeline = timeline
    self.sourceIn = sourceIn
    self.recordRange = recordRange
    self.timeScale = timeScale
    self.curve = curve
    self.track = track
    self.isEnabled = isEnabled
    self.adjustment = adjustment
    self.markers = markers
    self.metadata = metadata
    self.location = location
  }
}
