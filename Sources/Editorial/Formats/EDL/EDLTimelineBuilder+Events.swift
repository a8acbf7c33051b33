import Diagnostics
import MediaTime

/// Events as clips, transitions and markers.
extension EDLTimelineBuilder {
  mutating func place(_ event: EDLEvent, _ lines: [Resolved]) {
    guard let main = lines.last, let position = position(main, event) else { return }
    let notes = EDLEventNotes(event)
    for note in notes.dropped { found(.dropped, note.what, note.line, event) }
    if notes.hasPatch { groups[.patch, default: []].append(event.number) }
    for marker in notes.markers { place(marker, event) }
    if let (color, text, line) = notes.eventMarker {
      markers.append(
        Marker(
          name: event.number, comment: text, color: color, frame: position,
          location: line.location(in: document.path)))
      return
    }
    guard !main.line.channels.isEmpty else {
      found(.dropped, "event \(event.number) goes to no track and is not carried", main.line.line, event)
      return
    }
    if lines.count == 2, lines[0].count > 0 {
      guard let position = self.position(lines[0], event) else { return }
      place(clip(lines[0], notes.outgoing, event, at: position), nil, nil, lines[0].line)
    } else if lines.count == 2, notes.outgoing.grade != nil, notes.incoming.grade != nil {
      found(
        .dropped, "the grade of the outgoing clip of event \(event.number) is taken from its own event",
        lines[0].line.line, event)
    }
    guard main.count > 0 else {
      found(.dropped, "event \(event.number) has no length and is not carried", main.line.line, event)
      return
    }
    let transition = transition(main, notes, event)
    if let transition, transition.outOffset > main.count {
      found(
        .approximated, "the transition of event \(event.number) is longer than its incoming clip",
        main.line.line,
        event)
    }
    var outgoing: Clip?
    if transition != nil, lines.count == 2, lines[0].count == 0 {
      outgoing = clip(lines[0], notes.outgoing, event, at: position)
    }
    place(clip(main, notes.incoming, event, at: position), transition, outgoing, main.line)
  }

  mutating func place(_ marker: EDLEventNotes.PlacedMarker, _ event: EDLEvent) {
    guard case .label(let label) = marker.time.value else { return }
    do {
      let counted = try label.frame(rate: rate, isDropFrame: isDropFrame)
      var frame = counted - startFrame
      if frame < 0, crossesMidnight { frame += day }
      markers.append(
        Marker(
          name: "", comment: marker.text, color: marker.color, frame: frame,
          location: marker.line.location(in: document.path)))
    } catch {
      fault("cut.badTimecode", marker.line, "the marker's \(error.message)", "Correct the marker's timecode.")
    }
  }

  func transition(_ main: Resolved, _ notes: EDLEventNotes, _ event: EDLEvent) -> Transition? {
    let kind: Transition.Kind
    switch main.line.transition {
    case .cut: return nil
    case .dissolve: kind = .dissolve
    case .wipe(let pattern): kind = .wipe(pattern)
    case .key: kind = .key(isBackground: false, isOut: false)
    case .keyBackground: kind = .key(isBackground: true, isOut: false)
    case .keyOut: kind = .key(isBackground: false, isOut: true)
    }
    return Transition(
      kind: kind, name: notes.effectName, event: event.number, inOffset: 0,
      outOffset: main.line.duration ?? 0,
      location: main.line.line.location(in: document.path))
  }

  mutating func clip(
    _ resolved: Resolved, _ side: EDLEventNotes.Side, _ event: EDLEvent, at position: Int64
  ) -> Clip {
    let shown = resolved.line.sourceReel
    let special = shown.uppercased()
    let content: Clip.Content =
      switch special {
      case "BL", "BLACK": .black
      case "BARS": .generator("bars")
      default: .media
      }
    let isUnknown = special == "AX"
    let speed = content == .media ? speed(resolved, side, event) : (scale: .one, isGiven: true)
    return Clip(
      content: content, name: side.name, event: event.number,
      sourceReel: isUnknown ? side.reelNames.first : shown,
      alternateReels: side.reelNames.filter { $0 != shown }, sourceFile: side.sourceFile,
      targetURL: side.path,
      sourceIn: resolved.source.first, sourceCount: resolved.source.count,
      recordRange: FrameRange(start: position, count: resolved.count),
      timeScale: speed.scale, grade: side.grade, notes: side.comments,
      location: resolved.line.line.location(in: document.path), sourceOut: resolved.source.end,
      isSpeedGiven: speed.isGiven)
  }

  mutating func place(_ clip: Clip, _ transition: Transition?, _ outgoing: Clip?, _ line: EDLLine) {
    var isKey = false
    if case .key(isBackground: false, isOut: _) = transition?.kind { isKey = true }
    let placedClip = PlacedClip(clip: clip, transition: transition, outgoing: outgoing, line: line.line)
    for number in line.channels.picture {
      placed[TrackKey(kind: .picture, number: number, isKey: isKey), default: []].append(placedClip)
    }
    for number in line.channels.sound {
      placed[TrackKey(kind: .sound, number: number, isKey: false), default: []].append(placedClip)
    }
  }
}
