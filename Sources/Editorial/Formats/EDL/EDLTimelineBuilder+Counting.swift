import Diagnostics
import MediaTime

/// How a list counts, and where its timeline begins.
extension EDLTimelineBuilder {
  mutating func chooseCounting() {
    var declared = document.firstCounting?.isDropFrame
    var place = document.firstCounting.map { ($0.line, $0.line.bytes.startIndex) }
    // Separators win over `FCM:`, which also speaks of sources; a single one among others is a slip of the hand.
    let firsts = document.events.lazy.flatMap(\.lines).filter { $0.times[2].isLabel }
    let dropped = firsts.filter { $0.times[2].isDropFrame }
    if dropped.count * 2 > firsts.count, let line = dropped.first {
      declared = true
      place = (line.line, line.times[2].offset)
    }
    if let start, let declared, declared != start.isDropFrame, rate.allowsDropFrame {
      let (line, index) =
        place ?? (document.events[0].main.line, document.events[0].main.line.bytes.startIndex)
      fault(
        "cut.mixedCounting", line,
        "the list counts \(declared ? "drop frame" : "non-drop frame"), but the start \(start) "
          + "is \(start.isDropFrame ? "drop frame" : "non-drop frame")",
        "Write the start as the list counts, with `\(declared ? ";" : ":")` before the frames.", at: index)
    }
    isDropFrame = start?.isDropFrame ?? declared ?? false
    if declared == true, !rate.allowsDropFrame, let place {
      fault(
        "cut.noDropFrame", place.0,
        "the list counts drop frame, which does not exist at \(rate.displayName) fps",
        "Give the rate of the list, for instance 30000/1001, or correct the list.", at: place.1)
      isDropFrame = false
    }
  }

  mutating func chooseStart(_ resolved: [[Resolved?]]) {
    let lines = resolved.joined().compactMap { $0 }
    // Counts of frames do not begin again at midnight.
    crossesMidnight = lines.contains {
      $0.line.times[3].isLabel && $0.recordIn + $0.count >= day && $0.count > 0
    }
    if let start {
      startFrame = start.frame
    } else if crossesMidnight {
      startFrame = Self.startAcrossMidnight(
        lines.map { FrameRange(start: $0.recordIn, count: $0.count) }, day: day)
    } else {
      startFrame = lines.lazy.map(\.recordIn).min() ?? 0
    }
  }

  /// The record in after the longest stretch of the day in which nothing is recorded.
  private static func startAcrossMidnight(_ ranges: [FrameRange], day: Int64) -> Int64 {
    let sorted = ranges.sorted { $0.start < $1.start }
    guard let first = sorted.first else { return 0 }
    var best = first.start
    var longest: Int64 = -1
    // What crosses midnight also covers the beginning of the day.
    var end = (sorted.lazy.map(\.end).max() ?? 0) - day
    for range in sorted {
      if range.start - end > longest {
        longest = range.start - end
        best = range.start
      }
      end = max(end, range.end)
    }
    return best
  }

  mutating func position(_ resolved: Resolved, _ event: EDLEvent) -> Int64? {
    var position = resolved.recordIn - startFrame
    if position < 0, crossesMidnight { position += day }
    guard position >= 0, position <= day / 2 || !crossesMidnight else {
      fault(
        "cut.beforeStart", resolved.line.line,
        "event \(event.number) begins at \(label(resolved.recordIn)), before the start \(label(startFrame))",
        "Give the start timecode of the programme.", at: resolved.line.times[2].offset)
      return nil
    }
    return position
  }

  func label(_ frame: Int64) -> Timecode {
    Timecode(frame: frame, rate: rate, isDropFrame: isDropFrame)
  }
}
