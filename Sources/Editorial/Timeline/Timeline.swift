package import Diagnostics
package import MediaTime

/// A cut: tracks of clips, gaps and transitions on one clock, whatever file it came from.
///
/// Record positions are timeline frames counted from 0; frame 0 carries the label `startFrame`.
package struct Timeline: Sendable, Hashable {
  package var name: String
  package var rate: FrameRate
  /// Whether record timecode is printed as drop frame.
  package var isDropFrame: Bool
  /// Label count of timeline frame 0: frames since midnight.
  package var startFrame: Int64
  /// Picture tracks from the bottom up, then sound tracks.
  package var tracks: [Track]
  package var markers: [Marker]
  /// What the file said and the model does not carry, or carries in another way.
  package var findings: [Finding]
  /// What could not be read: each is an error, and what it concerns is missing from the tracks.
  package var faults: [Diagnostic] = []
  package var metadata = Metadata()

  package init(
    name: String, rate: FrameRate, isDropFrame: Bool = false, startFrame: Int64 = 0, tracks: [Track] = [],
    markers: [Marker] = [], findings: [Finding] = []
  ) {
    self.name = name
    self.rate = rate
    self.isDropFrame = isDropFrame
    self.startFrame = startFrame
    self.tracks = tracks
    self.markers = markers
    self.findings = findings
  }

  /// Frames from frame 0 to the end of the longest track, gaps at its end included.
  package var frameCount: Int64 { tracks.lazy.map(\.end).max() ?? 0 }

  /// The clips whose speed nobody wrote down, as one finding.
  package var concludedSpeeds: Finding? {
    let clips = tracks.flatMap(\.clips).filter { !$0.isSpeedGiven && $0.timeScale != .one }
    guard let first = clips.first else { return nil }
    return Finding(
      kind: .inferred,
      what: "source and record lengths differ without an M2 line; the speed is concluded from the lengths "
        + "(\(Finding.listing(clips.map(\.event))))",
      location: first.location.map { SourceLocation(file: $0.file) },
      event: clips.count == 1 ? first.event : nil)
  }

  /// Record timecode of a timeline frame.
  package func timecode(at frame: Int64) -> Timecode {
    Timecode(frame: startFrame + frame, rate: rate, isDropFrame: isDropFrame)
  }
}
