import Diagnostics
import MediaTime

/// The times of event lines as frames.
extension EDLTimelineBuilder {
  mutating func resolve(_ line: EDLLine, _ event: EDLEvent) -> Resolved? {
    guard line.times[2].isLabel == line.times[3].isLabel else {
      fault(
        "cut.badTimecode", line.line, "record in and record out are not written the same way",
        "Write both as timecodes.", at: line.times[2].offset)
      return nil
    }
    guard let recordIn = recordFrame(line.times[2], line), let recordOut = recordFrame(line.times[3], line)
    else { return nil }
    var count = recordOut - recordIn
    let isAcrossMidnight = count < 0 && line.times[3].isLabel
    if isAcrossMidnight { count += day }
    // Half a day over midnight is more likely backwards.
    guard count >= 0, count <= day / 2 || !isAcrossMidnight else {
      fault(
        "cut.backwards", line.line, "event \(event.number) has its record out before its record in",
        "Only a list that crosses midnight counts down to 00:00:00:00.", at: line.times[3].offset)
      return nil
    }
    guard let source = source(line, event) else { return nil }
    return Resolved(line: line, recordIn: recordIn, count: count, source: source)
  }

  private mutating func recordFrame(_ time: EDLTime, _ line: EDLLine) -> Int64? {
    switch time.value {
    case .count(let count): return count
    case .label(let label):
      guard !label.isDropFrame || isDropFrame || !rate.allowsDropFrame else {
        fault(
          "cut.mixedCounting", line.line, "`\(label)` is drop frame in a list that counts non-drop frame",
          "A timeline counts one way: correct the list.", at: time.offset)
        return nil
      }
      return frame(label, isDropFrame: isDropFrame || label.isDropFrame, line, at: time.offset)
    }
  }

  /// A label that drop-frame counting leaves out is that of the next frame, and that is said.
  mutating func frame(_ label: TimecodeLabel, isDropFrame: Bool, _ line: EDLLine, at offset: Int) -> Int64? {
    do {
      return try label.frame(rate: rate, isDropFrame: isDropFrame)
    } catch {
      if error.code == .droppedLabel, let next = nextLabel(label) {
        var shown = label
        shown.isDropFrame = true
        findings.add(
          .approximated, "labels that drop-frame counting leaves out are read as the next that it has",
          example: "\(shown)", event: line.number, at: line.line.location(in: document.path, at: offset))
        return next
      }
      let remedy =
        switch error.code {
        case .outOfRange where label.frames >= rate.nominalBase:
          "Give the rate of the list: \(rate) is too low."
        case .noDropFrame:
          "Give the rate of the list, for instance 30000/1001, or write `:` before the frames."
        default: "Correct the timecode."
        }
      fault("cut.badTimecode", line.line, error.message, remedy, at: offset)
      return nil
    }
  }

  private func nextLabel(_ label: TimecodeLabel) -> Int64? {
    var label = label
    // At most eight labels are left out in a row.
    for _ in 0..<8 {
      label.frames += 1
      if let frame = try? label.frame(rate: rate, isDropFrame: true) { return frame }
    }
    return nil
  }

  /// Source in as the list has it, and the frames up to the source out where they can be counted.
  private mutating func source(_ line: EDLLine, _ event: EDLEvent) -> Source? {
    switch (line.times[0].value, line.times[1].value) {
    case (.label(var first), .label(var last)):
      let isDrop = rate.allowsDropFrame && line.countsDropFrame == true
      first.isDropFrame = first.isDropFrame || isDrop
      last.isDropFrame = last.isDropFrame || isDrop
      if [first, last].contains(where: isOfAnotherBase) {
        for (label, time) in zip([first, last], line.times) where !isOfAnotherBase(label) {
          guard frame(label, isDropFrame: label.isDropFrame, line, at: time.offset) != nil else { return nil }
        }
        return Source(first: .label(first), end: .label(last), count: nil)
      }
      guard let from = frame(first, isDropFrame: first.isDropFrame, line, at: line.times[0].offset),
        let to = frame(last, isDropFrame: last.isDropFrame, line, at: line.times[1].offset)
      else { return nil }
      let day = rate.framesPerDay(isDropFrame: first.isDropFrame)
      let count = to < from ? to - from + day : to - from
      guard count >= 0, count <= day / 2 || to >= from else { return backwards(line, event, .label(first)) }
      return Source(first: existing(first, from), end: .label(last), count: count)
    case (.count(let first), .count(let last)):
      guard last >= first else { return backwards(line, event, SourcePosition(count: first, rate: rate)) }
      return Source(first: SourcePosition(count: first, rate: rate), count: last - first)
    default:
      fault(
        "cut.badTimecode", line.line, "source in and source out are not written the same way",
        at: line.times[0].offset)
      return nil
    }
  }

  /// The label itself, or the one of its frame where drop-frame counting does not have it.
  private func existing(_ label: TimecodeLabel, _ frame: Int64) -> SourcePosition {
    guard label.isDropFrame else { return .label(label) }
    return .label(Timecode(frame: frame, rate: rate, isDropFrame: true).label)
  }

  /// Whether a label has a frame that the timeline's base does not count: media of a higher rate is labelled by its
  /// own, and only the media tells which.
  private func isOfAnotherBase(_ label: TimecodeLabel) -> Bool {
    label.frames >= rate.nominalBase && label.frames < 60
      && label.hours < 24 && label.minutes < 60 && label.seconds < 60
  }

  /// Source out before source in: some lists write reversed clips so, and their M2 line then says which frames
  /// play; without one it is a fault, not a clip that plays forward.
  private mutating func backwards(
    _ line: EDLLine, _ event: EDLEvent, _ first: SourcePosition
  ) -> Source? {
    let hasSpeed = event.notes.contains { note in
      if case .motion = note.content { true } else { false }
    }
    if hasSpeed { return Source(first: first) }
    fault(
      "cut.backwards", line.line, "event \(event.number) has its source out before its source in",
      "A reversed clip has an M2 line with a negative speed after its event.", at: line.times[1].offset)
    return nil
  }
}
