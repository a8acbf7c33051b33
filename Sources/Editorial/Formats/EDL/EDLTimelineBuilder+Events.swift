import Diagnostics
import MediaTime

/// Events as clips, transitions and markers.
extension EDLTimelineBuilder {
  mutating func place(_ event: EDLEvent, _ lines: [Resolved], _ split: Split?) {
    guard let main = lines.last, let position = position(main, event) else { return }
    let notes = EDLEventNotes(event)
    for loss in notes.losses {
      found(loss.kind, loss.what, example: loss.example, loss.line, event.number, isFault: loss.isFault)
    }
    for marker in notes.markers { place(marker, event) }
    for (marker, line) in notes.eventMarkers {
      markers.append(
        Marker(
          name: marker.name.isEmpty || marker.comment.isEmpty ? event.number : marker.name,
          comment: marker.comment.isEmpty ? marker.name : marker.comment, color: marker.color,
          frame: position,
          count: marker.count ?? 0, location: line.location(in: document.path)))
    }
    if notes.eventMarkers.contains(where: { isMarkerOnly(main, $0.marker) }) { return }
    guard !main.line.channels.isEmpty else {
      found(.dropped, "events that go to no track are not carried", main.line.line, event.number)
      return
    }
    if lines.count == 2, lines[0].count > 0 {
      guard let position = self.position(lines[0], event) else { return }
      place(
        PlacedClip(clip: clip(lines[0], notes.outgoing, at: position), line: lines[0].line.line),
        lines[0].line)
    } else if lines.count == 2, notes.outgoing.grade != nil, notes.incoming.grade != nil {
      found(
        .dropped, "grades of outgoing clips are taken from their own events", lines[0].line.line, event.number
      )
    }
    guard main.count > 0 else {
      found(.dropped, "events without length are not carried", main.line.line, event.number)
      return
    }
    var transition = transition(main, notes, event)
    if let length = transition?.outOffset, length > main.count {
      found(
        .approximated, "transitions longer than their incoming clips end with them", main.line.line,
        event.number)
      transition?.outOffset = main.count
    }
    var outgoing: Clip?
    if transition != nil, !main.line.transition.isKey, lines.count == 2, lines[0].count == 0 {
      outgoing = clip(lines[0], notes.outgoing, at: position)
    }
    let whole = clip(main, notes.incoming, at: position)
    for kind in [Track.Kind.picture, .sound] where main.line.channels.has(kind) {
      let clip = split.flatMap { $0.kind == kind ? delayed(whole, by: $0, event) : nil } ?? whole
      var channels = main.line.channels
      if kind == .picture { channels.sound = [] } else { channels.picture = [] }
      place(
        PlacedClip(clip: clip, transition: transition, outgoing: outgoing, line: main.line.line), main.line,
        on: channels, patches: notes.patches)
    }
  }

  /// A marker list of DaVinci Resolve writes its markers as events that repeat the record times; under an event that
  /// has a source of its own the line is a marker of the clip's.
  private func isMarkerOnly(_ main: Resolved, _ marker: EDLEventMarker) -> Bool {
    main.line.times[0].value == main.line.times[2].value
      && main.line.times[1].value == main.line.times[3].value
      && (main.count <= 1 || main.count == marker.count)
  }

  private mutating func place(_ marker: EDLEventNotes.PlacedMarker, _ event: EDLEvent) {
    do {
      let counted = try marker.label.frame(
        rate: rate, isDropFrame: isDropFrame || (marker.label.isDropFrame && rate.allowsDropFrame))
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

  private mutating func transition(_ main: Resolved, _ notes: EDLEventNotes, _ event: EDLEvent) -> Transition?
  {
    let kind: Transition.Kind
    switch main.line.transition {
    case .cut: return nil
    case .dissolve: kind = .dissolve
    case .wipe(let pattern): kind = .wipe(pattern)
    case .key: kind = .key(isBackground: false, isOut: false)
    case .keyBackground: kind = .key(isBackground: true, isOut: false)
    case .keyOut: kind = .key(isBackground: false, isOut: true)
    }
    if main.line.isFading || event.outgoing?.isFading == true {
      found(.approximated, "keys fade, which is not carried", main.line.line, event.number)
    }
    return Transition(
      kind: kind, name: notes.effectName, event: event.number, inOffset: 0,
      outOffset: main.line.duration ?? 0,
      location: main.line.line.location(in: document.path))
  }

  private mutating func clip(_ resolved: Resolved, _ side: EDLEventNotes.Side, at position: Int64) -> Clip {
    let shown = resolved.line.sourceReel
    let special = shown.uppercased()
    let content: Clip.Content =
      switch special {
      case "BL", "BLACK": .black
      case "BARS": .generator("bars")
      default: .media
      }
    let isUnknown = special == "AX"
    let reel = isUnknown ? side.reelNames.first : shown
    let speed = content == .media ? speed(resolved, side) : (scale: .one, isGiven: true)
    var clip = Clip(
      content: content, name: side.name, event: resolved.line.number, sourceReel: reel,
      alternateReels: side.reelNames.filter { $0 != reel }, sourceFile: side.sourceFile, targetURL: side.path,
      sourceIn: resolved.source.first, sourceCount: resolved.source.count,
      availableRange: availableRange(side, resolved.line),
      recordRange: FrameRange(start: position, count: resolved.count), timeScale: speed.scale,
      grade: side.grade,
      notes: side.comments, location: resolved.line.line.location(in: document.path),
      sourceOut: resolved.source.end, isSpeedGiven: speed.isGiven)
    clip.sourceIdentity = side.identity
    if !side.kept.isEmpty { clip.metadata[EDLMetadata.namespace] = EDLMetadata.lines(side.kept) }
    return clip
  }

  private mutating func availableRange(_ side: EDLEventNotes.Side, _ line: EDLLine) -> FrameRange? {
    guard let media = side.media else { return nil }
    guard let start = try? media.start.frame(rate: rate, isDropFrame: media.start.isDropFrame) else {
      found(
        .dropped, "starts of media are no timecodes at the rate of the list", example: "\(media.start)",
        line.line, line.number)
      return nil
    }
    return FrameRange(start: start, count: media.count)
  }

  private mutating func place(
    _ placedClip: PlacedClip, _ line: EDLLine, on channels: EDLChannels? = nil, patches: [Int: Int] = [:]
  ) {
    let channels = channels ?? line.channels
    var isKey = false
    if case .key(isBackground: false, isOut: _) = placedClip.transition?.kind { isKey = true }
    for number in channels.picture {
      placed[TrackKey(kind: .picture, number: number, isKey: isKey), default: []].append(placedClip)
    }
    for number in channels.sound {
      var item = placedClip
      if let source = patches[number] {
        item.clip.sourceChannel = source
        found(
          .approximated, "PATCH lines name source channels, which are carried and not picked in the mix",
          line.line, line.number)
      }
      placed[TrackKey(kind: .sound, number: number, isKey: false), default: []].append(item)
    }
  }
}

// MARK: Splits

extension EDLTimelineBuilder {
  /// One kind of channels of an event begins later than the other.
  struct Split {
    var kind: Track.Kind
    var frames: Int64
  }

  /// The delays by event. Systems differ in whether the line belongs to the event above or below it: it goes to the
  /// one that has picture and sound, unless both have.
  mutating func splits() -> [Split?] {
    var splits = [Split?](repeating: nil, count: document.events.count)
    func canSplit(_ index: Int) -> Bool {
      guard document.events.indices.contains(index) else { return false }
      let event = document.events[index]
      return event.main.isCut && event.lines.count == 1 && event.main.channels.has(.picture)
        && event.main.channels.has(.sound)
    }
    for (index, event) in document.events.enumerated() {
      for note in event.notes {
        guard case .split(let kind, let delay) = note.content else { continue }
        let targets = [index, index + 1].filter(canSplit)
        guard targets.count == 1 else {
          found(
            .dropped,
            targets.isEmpty
              ? "SPLIT lines stand at no event with picture and sound and are not carried"
              : "SPLIT lines stand between events that both have picture and sound and are not carried",
            note.line,
            event.number)
          continue
        }
        if let frames = try? delay.frame(rate: rate, isDropFrame: false) {
          splits[targets[0]] = Split(kind: kind, frames: frames)
        } else {
          fault(
            "cut.badTimecode", note.line, "`\(delay)` is not a delay at \(rate.displayName) fps",
            "Correct the delay.")
        }
      }
    }
    return splits
  }

  private mutating func delayed(_ clip: Clip, by split: Split, _ event: EDLEvent) -> Clip? {
    guard split.frames < clip.recordRange.count,
      let later = trimmed(
        clip, to: FrameRange(start: clip.recordRange.start + split.frames, end: clip.recordRange.end))
    else {
      found(.dropped, "delays as long as their events are not carried", event.main.line, event.number)
      return nil
    }
    return later
  }
}
