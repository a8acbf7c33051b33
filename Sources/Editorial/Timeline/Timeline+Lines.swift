import Diagnostics

extension Timeline {
  /// The timeline without lines and columns: for a cut that was converted, its user has no file with those lines.
  func withoutLines() -> Timeline {
    var copy = self
    copy.tracks = tracks.map { track in
      var track = track
      track.items = track.items.map { $0.withoutLines() }
      return track
    }
    copy.markers = markers.map { $0.withoutLine() }
    copy.findings = findings.map { finding in
      var finding = finding
      finding.location = finding.location?.withoutLine
      return finding
    }
    copy.faults = faults.map(\.withoutLine)
    return copy
  }
}

extension TrackItem {
  fileprivate func withoutLines() -> TrackItem {
    switch self {
    case .clip(var clip):
      clip.location = clip.location?.withoutLine
      clip.markers = clip.markers.map { $0.withoutLine() }
      return .clip(clip)
    case .gap: return self
    case .nest(var nest):
      nest.timeline = nest.timeline.withoutLines()
      nest.location = nest.location?.withoutLine
      nest.markers = nest.markers.map { $0.withoutLine() }
      return .nest(nest)
    case .transition(var transition):
      transition.location = transition.location?.withoutLine
      return .transition(transition)
    }
  }
}

extension Marker {
  fileprivate func withoutLine() -> Marker {
    var copy = self
    copy.location = location?.withoutLine
    return copy
  }
}

extension Diagnostic {
  /// The same fault with the place of its file alone.
  var withoutLine: Diagnostic {
    var copy = self
    copy.location = location?.withoutLine
    copy.excerpt = nil
    return copy
  }
}

extension SourceLocation {
  fileprivate var withoutLine: SourceLocation { SourceLocation(file: file) }
}
