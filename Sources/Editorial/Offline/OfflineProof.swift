package import Diagnostics
package import MediaTime

/// What comparing a conform with the editor's offline movie found, the worst first.
package struct OfflineProof: Hashable, Codable, Sendable {
  package enum Verdict: String, Hashable, Codable, Sendable, CaseIterable {
    case wrongTake = "wrong take"
    case flopped
    case wrongSize = "wrong size"
    case wrongSpeed = "wrong speed"
    case early
    case late
    case notComparable = "not comparable"
    case right

    package var isFault: Bool { self != .right && self != .notComparable }
  }

  /// One event of the cut against the offline.
  package struct Event: Hashable, Codable, Sendable {
    package var event: String
    package var track: String
    package var shot: String
    package var recordTimecode: String
    package var recordRange: FrameRange
    package var verdict: Verdict
    /// Early and late: frames of the record, or of the source where a frame is held.
    package var frames: Int64?
    /// Wrong size: size in the offline in percent of the conformed one.
    package var sizePercent: Double?
    /// Wrong speed: as measured, in percent.
    package var speedPercent: Double?
    /// The media that has the offline's picture, where the take is wrong and it was found.
    package var foundFile: String?
    package var foundTimecode: String?
    /// 0…100; of what is not comparable 0.
    package var confidence: Int
    /// What was found, in one sentence without full stop.
    package var what: String
    /// Detail of the offline that the conformed picture does not explain, and what is left under the verdict: 0…1.
    package var asConformed: Double
    package var asFound: Double
    /// Record timecode of the frame shown beside this event.
    package var shownTimecode: String?
    /// A PNG in base 64: offline, conform and their difference. Not part of the JSON report.
    package var still: String?

    private enum CodingKeys: String, CodingKey {
      case event, track, shot, recordTimecode, recordRange, verdict, frames, sizePercent, speedPercent,
        foundFile, foundTimecode, confidence, what, asConformed, asFound, shownTimecode
    }
  }

  /// Name of the offline movie.
  package var offline: String
  /// How it was aligned with the cut, in one sentence.
  package var alignment: String
  /// How the conformed pictures lie in it.
  package var fit: String
  /// Share of the picture left out as burn-ins, in percent.
  package var maskedPercent: Int
  package var counts: [String: Int]
  package var events: [Event]

  /// What one comparison came to, before it is put in words.
  package struct Result: Sendable {
    /// Index into the conform's events.
    package var event: Int
    package var match: OfflineMatch
    package var isHeld: Bool
    /// Why there is nothing to compare.
    package var absence: String?
    /// Frame of the timeline that shows it best.
    package var shown: Int64?
    /// Frames of the conformed media there: as conformed, and where the offline's picture is.
    package var source: Int64?
    package var matched: Int64?
    /// Media that has the offline's picture there: index and frame.
    package var found: (media: Int, frame: Int64)?
    /// Media files that were searched for it.
    package var searched: Int
    package var still: String?

    package init(event: Int, match: OfflineMatch, isHeld: Bool = false, absence: String? = nil) {
      self.event = event
      self.match = match
      self.isHeld = isHeld
      self.absence = absence
      searched = 0
    }
  }

  /// - Parameter media: as given to the relinker.
  package init(
    _ conform: Conform, media: [MediaItem], offline: String, alignment: String, fit: String,
    maskedPercent: Int,
    results: [Result]
  ) {
    self.offline = offline
    self.alignment = alignment
    self.fit = fit
    self.maskedPercent = maskedPercent
    let words = OfflineWords(conform: conform, media: media)
    events = results.map(words.event)
      .enumerated().sorted { one, other in
        let order = Verdict.allCases
        func rank(_ event: Event, _ offset: Int) -> (Int, Int64, Int, Int) {
          let place = order.firstIndex(of: event.verdict) ?? 0
          // Early and late are one kind of fault: the further off the worse.
          let late = order.firstIndex(of: .late) ?? 0
          return (event.verdict == .early ? late : place, -(event.frames ?? 0), -event.confidence, offset)
        }
        return rank(one.element, one.offset) < rank(other.element, other.offset)
      }.map(\.element)
    counts = events.reduce(into: [:]) { $0[$1.verdict.rawValue, default: 0] += 1 }
  }

  package func count(_ verdict: Verdict) -> Int { counts[verdict.rawValue] ?? 0 }

  package var faults: [Event] { events.filter(\.verdict.isFault) }

  /// One line for each event that is wrong, and one when all are wrong alike.
  package var diagnostics: [Diagnostic] {
    var found = faults.map { event in
      Diagnostic(
        severity: .warning, family: .verification, code: "offline.differs", location: nil,
        message: "event \(event.event) (\(event.shot)) is not the offline's: \(event.what)", remedy: nil)
    }
    if let shift = commonShift {
      found.insert(
        Diagnostic(
          severity: .warning, family: .verification, code: "offline.allShifted", location: nil,
          message: "all events that can be told are \(shift): the offline itself is out of step",
          remedy: "Give the timecode of the offline's first frame with --reference-start."), at: 0)
    }
    return found
  }

  /// `1 frame late`, when at least three events can be told and all of them are.
  package var commonShift: String? {
    let told = events.filter { $0.verdict != .notComparable }
    guard told.count >= 3, let first = told.first, first.verdict == .early || first.verdict == .late,
      let frames = first.frames,
      told.allSatisfy({ $0.verdict == first.verdict && $0.frames == frames })
    else { return nil }
    return "\(frames == 1 ? "1 frame" : "\(frames) frames") \(first.verdict.rawValue)"
  }

  /// `58 right, 1 late, 3 not comparable`.
  package var summary: String {
    Verdict.allCases.reversed().compactMap { verdict in
      count(verdict) > 0 || verdict == .right ? "\(count(verdict)) \(verdict.rawValue)" : nil
    }.joined(separator: ", ")
  }

  /// Lines for the text report.
  var textLines: [String] {
    var lines = ["against the offline \(offline): \(summary)", "  \(alignment); \(fit)"]
    lines += events.filter { $0.verdict != .right }.map { event in
      let sure = event.verdict == .notComparable ? "" : " (\(event.confidence) % sure)"
      return
        "  \(event.event) \(event.shot) \(event.recordTimecode): \(event.verdict.rawValue): \(event.what)\(sure)"
    }
    return lines
  }
}
