import ImageGraph
import MediaTime

/// Picture tracks on top of each other, as the spans that are seen.
enum PictureStack {
  /// A span of one track, and how it meets what lies below it.
  struct Laid {
    var span: PictureSpan
    var blend = Layering.Blend.normal
    /// Whether it hides whatever lies below.
    var covers: Bool

    /// A gap.
    var isNothing: Bool { span.node == .nothing }
  }

  /// The tracks, the lowest first, as one; black where nothing is seen.
  ///
  /// What is hidden leaves no trace, and a single picture stays as it is: frames under which a track was laid, or over
  /// which, keep their names.
  ///
  /// - Complexity: O(spans × tracks).
  static func spans(_ tracks: [[Laid]]) -> [PictureSpan] {
    var next = tracks.map { _ in (index: 0, used: Int64(0)) }
    var spans: [PictureSpan] = []
    var shown: [Part] = []
    /// The pictures that are seen over some frames, by where each begins in its track.
    struct Part: Equatable {
      var track: Int
      var index: Int
      var from: Int64
    }
    func close(_ count: Int64) {
      guard count > 0 else { return }
      spans.append(
        merged(
          shown.map { part in
            var laid = tracks[part.track][part.index]
            laid.span = laid.span.part(from: part.from, count: count)
            return laid
          }, count: count))
    }
    var open: Int64 = 0
    while true {
      var seen: [Part] = []
      var count = Int64.max
      for track in tracks.indices {
        let place = next[track]
        guard place.index < tracks[track].count else { continue }
        let laid = tracks[track][place.index]
        count = min(count, laid.span.count - place.used)
        if laid.isNothing { continue }
        if laid.covers, laid.blend == .normal { seen = [] }
        seen.append(Part(track: track, index: place.index, from: place.used))
      }
      guard count < Int64.max else { break }
      let goesOn =
        seen.count == shown.count
        && zip(seen, shown).allSatisfy {
          $0.track == $1.track && $0.index == $1.index && $0.from == $1.from + open
        }
      // A track of its own has spans of its own, gaps too.
      if !goesOn || open == 0 || (seen.isEmpty && tracks.count == 1) {
        close(open)
        (shown, open) = (seen, 0)
      }
      open += count
      for track in tracks.indices where next[track].index < tracks[track].count {
        next[track].used += count
        if next[track].used == tracks[track][next[track].index].span.count {
          next[track] = (next[track].index + 1, 0)
        }
      }
    }
    close(open)
    return spans
  }

  private static func merged(_ laid: [Laid], count: Int64) -> PictureSpan {
    guard let lowest = laid.first else {
      return PictureSpan(
        node: .black(Black()), map: FrameMap(first: 0, speed: .zero), count: count, shot: nil)
    }
    guard laid.count > 1 else { return lowest.span }
    // Counted by the lowest picture that runs, so that a cut elsewhere leaves the frames their numbers.
    let clock = laid.map(\.span.map).first { $0.speed == .one }
    let isHeld = laid.allSatisfy { $0.span.map.speed == .zero }
    let origin = clock?.position(at: 0) ?? 0
    let layers = laid.map { laid in
      Layering.Layer(blend: laid.blend, map: laid.span.map.advanced(by: -origin))
    }
    let named = laid.first { $0.span.shot != nil }?.span
    var span = PictureSpan(
      node: .layers(Layering(layers: layers), of: laid.map(\.span.node)),
      map: clock == nil ? FrameMap(first: 0, speed: isHeld ? .zero : .one) : FrameMap(first: origin),
      count: count, shot: named?.shot, outgoingShot: named?.outgoingShot)
    span.layers = laid.map(\.span)
    return span
  }
}
