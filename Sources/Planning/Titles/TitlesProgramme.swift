import Diagnostics
import Editorial
import ImageGraph
import MediaTime
import TaskKinds
import Titling

/// A card at its place in the programme.
struct PlacedCard {
  var cue: CardCue
  /// Programme frames.
  var range: FrameRange

  /// Fades count frames of their own; between them the card only lies there, and the frames keep their numbers.
  func lay(_ typeset: TypesetTask.Typeset, over picture: PictureSequence) -> PictureSequence {
    func graphics(_ fade: Graphics.Fade?) -> Graphics {
      Graphics(
        purpose: .titles,
        layers: typeset.pictures.map { Graphics.Layer(.still($0.image), x: $0.x, y: $0.y, fade: fade) })
    }
    guard !typeset.pictures.isEmpty else { return picture }
    let (up, down) = (cue.fadeIn, cue.fadeOut)
    let hold = FrameRange(start: range.start + up, end: range.end - down)
    var result = picture.laying(graphics(nil), over: hold)
    if up > 0 {
      let fade = Graphics.Fade(first: 0, fadeIn: up, end: up, fadeOut: 0)
      result = result.laying(graphics(fade), over: FrameRange(start: range.start, count: up), clock: 0)
    }
    if down > 0 {
      let fade = Graphics.Fade(first: 0, fadeIn: 0, end: down, fadeOut: down)
      result = result.laying(graphics(fade), over: FrameRange(start: hold.end, count: down), clock: 0)
    }
    return result
  }
}

/// Finds the frames that titles are asked for at, in one programme.
struct TitlesProgramme {
  private let timeline: Timeline
  private let frameCount: Int64

  init(_ timeline: Timeline, frameCount: Int64) {
    self.timeline = timeline
    self.frameCount = frameCount
  }

  /// Where a roll starts, and why there.
  struct RollStart {
    var frame: Int64
    var reason: String
  }

  func place(_ cue: CardCue, faults: inout [Diagnostic]) -> PlacedCard? {
    guard let start = frame(of: cue.at, faults: &faults) else { return nil }
    let name = cue.card.name
    guard let count = cue.duration.frames(rate: timeline.rate) else {
      faults.append(
        fault(
          "titles.badLength", cue.duration.location, cue.duration.excerpt,
          "`\(cue.duration.text)` is not a length at \(timeline.rate)",
          "Give frames, or a timecode that counts from zero."))
      return nil
    }
    guard cue.fadeIn + cue.fadeOut <= count else {
      faults.append(
        fault(
          "titles.longFades", cue.duration.location, cue.duration.excerpt,
          "card `\(name)` lasts \(count) frames, and its fades need \(cue.fadeIn + cue.fadeOut)",
          "Shorten the fades, or let the card stand longer."))
      return nil
    }
    guard start >= 0, start + count <= frameCount else {
      faults.append(
        fault(
          "titles.outside", cue.at.location, cue.at.excerpt,
          "card `\(name)` would stand from \(timeline.timecode(at: start)) to \(timeline.timecode(at: start + count)), "
            + "and the programme runs from \(timeline.timecode(at: 0)) to \(timeline.timecode(at: frameCount))",
          "Start it elsewhere, or let it stand shorter."))
      return nil
    }
    return PlacedCard(cue: cue, range: FrameRange(start: start, count: count))
  }

  func rollStart(
    _ settings: RollSettings, stage: StageDeclaration, faults: inout [Diagnostic]
  ) -> RollStart? {
    if let cue = settings.at {
      return frame(of: cue, faults: &faults).map { RollStart(frame: $0, reason: "`\(cue.text)`") }
    }
    for name in ["CREDITS", "END TITLES"] {
      let markers = timeline.markers.filter { $0.isNamed(name) }
      if let marker = markers.first ?? timeline.markers.first(where: { $0.begins(name) }) {
        return RollStart(frame: marker.frame, reason: "locator `\(marker.label)`")
      }
    }
    faults.append(
      fault(
        "titles.noCreditsLocator", stage.location, nil,
        "nothing says where the credits start: the cut has no locator `CREDITS` or `END TITLES`",
        "Give `roll: {at: …}` a timecode or one of the locators\(listed)."))
    return nil
  }

  private var listed: String {
    let names = timeline.markers.map(\.label).filter { !$0.isEmpty }
    return names.isEmpty ? "; the cut has none" : ": " + names.joined(separator: ", ")
  }

  private func frame(of cue: Cue, faults: inout [Diagnostic]) -> Int64? {
    if let label = TimecodeLabel(parsing: cue.text) {
      do throws(MediaTimeError) {
        return try label.frame(rate: timeline.rate, isDropFrame: timeline.isDropFrame) - timeline.startFrame
          + cue.offset
      } catch {
        faults.append(fault("titles.badTimecode", cue.location, cue.excerpt, error.message, nil))
        return nil
      }
    }
    let markers = timeline.markers.filter { $0.isNamed(cue.text) }
    if Set(markers.map(\.frame)).count > 1 {
      let places = markers.map { "\(timeline.timecode(at: $0.frame))" }.joined(separator: ", ")
      var diagnostic = fault(
        "titles.severalLocators", cue.location, cue.excerpt, "locator `\(cue.text)` is there at \(places)",
        "Give the timecode instead.")
      diagnostic.family = .ambiguous
      faults.append(diagnostic)
      return nil
    }
    if let marker = markers.first { return marker.frame + cue.offset }
    let names = timeline.markers.map(\.label)
    let suggestion = nearest(cue.text, among: names).map { "Did you mean `\($0)`?" }
    faults.append(
      fault(
        "titles.unknownLocator", cue.location, cue.excerpt,
        "`\(cue.text)` is neither a timecode nor a locator of the cut",
        suggestion ?? "Its locators\(listed)."))
    return nil
  }

  private func fault(
    _ code: String, _ location: SourceLocation?, _ excerpt: String?, _ message: String, _ remedy: String?
  ) -> Diagnostic {
    Diagnostic(
      severity: .error, family: .usage, code: code, location: location, message: message, remedy: remedy,
      excerpt: excerpt)
  }
}

extension TitlesProgramme {
  /// The speed of a roll: as wished, or as the programme's end allows.
  ///
  /// - Throws: when whole pixels cannot meet what is asked, with the nearest that can.
  func roll(
    _ settings: RollSettings, from start: RollStart, typeset: TypesetTask.Typeset, raster: Raster,
    stage: StageDeclaration
  ) throws(DiagnosticList) -> (roll: RollPlacement, notes: [Diagnostic]) {
    let solver = RollSolver(contentHeight: typeset.height, rasterHeight: raster.height)
    let room = frameCount - start.frame
    let location = settings.location ?? stage.location
    func refuse(_ code: String, _ message: String, _ remedy: String, _ at: (SourceLocation, String?)? = nil)
      -> DiagnosticList
    {
      DiagnosticList([fault(code, at?.0 ?? location, at?.1 ?? settings.excerpt, message, remedy)])
    }
    guard start.frame >= 0, room > 0 else {
      throw refuse(
        "titles.outside",
        "the credits would start at \(timeline.timecode(at: start.frame)) (\(start.reason)), outside the programme",
        "Start them elsewhere.")
    }
    let speed: RollSolver.Speed
    if let step = settings.step {
      speed = solver.speed(step: step)
    } else if let duration = settings.duration {
      guard let wanted = duration.frames(rate: timeline.rate) else {
        throw refuse(
          "titles.badLength", "`\(duration.text)` is not a length at \(timeline.rate)", "Give frames.",
          (duration.location, duration.excerpt))
      }
      speed = try self.speed(
        nearestTo: wanted, duration, tolerance: settings.tolerance ?? 0, solver: solver, refuse: refuse)
    } else {
      guard let slowest = solver.slowest(within: room) else {
        throw refuse("titles.outside", "there is no frame left for the credits", "Start them earlier.")
      }
      if let tolerance = settings.tolerance, room - slowest.count > tolerance {
        let next =
          slowest.step > 1 ? "; \(describe(solver.speed(step: slowest.step - 1))) would be too long" : ""
        throw refuse(
          "titles.unreachable",
          "whole pixels cannot end the roll within \(tolerance) frames of the programme's end: \(describe(slowest)) "
            + "is the longest that fits into \(room)\(next)",
          "Allow a `tolerance` of \(room - slowest.count), or let the black behind the picture last "
            + "\(slowest.step > 1 ? solver.speed(step: slowest.step - 1).count : slowest.count) frames.")
      }
      speed = slowest
    }
    guard speed.count <= room else {
      let fitting = solver.slowest(within: room).map { "\(describe($0)) fits" } ?? "nothing fits"
      throw refuse(
        "titles.rollTooLong",
        "the roll takes \(describe(speed)), and from \(timeline.timecode(at: start.frame)) (\(start.reason)) to the "
          + "programme's end there are \(room) frames", "Of whole pixels a frame, \(fitting).")
    }
    guard settings.fadeIn + settings.fadeOut <= speed.count else {
      throw refuse(
        "titles.longFades",
        "the roll takes \(speed.count) frames, and its fades need "
          + "\(settings.fadeIn + settings.fadeOut)", "Shorten the fades.")
    }
    let roll = RollPlacement(
      typeset: typeset, raster: raster, speed: speed, fadeIn: settings.fadeIn, fadeOut: settings.fadeOut)
    return (roll, notes(solver, speed, start, room, raster, location))
  }

  private func speed(
    nearestTo wanted: Int64, _ duration: Length, tolerance: Int64, solver: RollSolver,
    refuse: (String, String, String, (SourceLocation, String?)?) -> DiagnosticList
  ) throws(DiagnosticList) -> RollSolver.Speed {
    let candidates = solver.nearest(to: wanted)
    let both = [candidates.notLonger, candidates.notShorter].compactMap { $0 }
    // Of two equally near ones the slower reads better.
    let best = both.min { (abs($0.count - wanted), $0.step) < (abs($1.count - wanted), $1.step) }
    if let best, abs(best.count - wanted) <= tolerance { return best }
    let names = both.map(describe).joined(separator: " and ")
    let least = both.map { abs($0.count - wanted) }.min() ?? 0
    throw refuse(
      "titles.unreachable",
      "a roll of \(solver.travel) pixels cannot take \(wanted) frames at whole pixels a frame: the nearest are "
        + names, "Take one of them, or allow a `tolerance` of \(least) frames.",
      (duration.location, duration.excerpt))
  }

  /// `597 frames (00:00:24:21) at 4 px a frame`
  private func describe(_ speed: RollSolver.Speed) -> String {
    let label = Timecode(frame: speed.count, rate: timeline.rate, isDropFrame: timeline.isDropFrame)
    return "\(speed.count) frames (\(label)) at \(speed.step) px a frame"
  }

  private func notes(
    _ solver: RollSolver, _ speed: RollSolver.Speed, _ start: RollStart, _ room: Int64, _ raster: Raster,
    _ location: SourceLocation
  ) -> [Diagnostic] {
    let rest = room - speed.count
    var notes = [
      Diagnostic(
        severity: .note, family: .usage, code: "titles.roll", location: location,
        message:
          "the credits roll from \(timeline.timecode(at: start.frame)) (\(start.reason)): \(solver.travel) "
          + "pixels in \(describe(speed)), "
          + (rest == 0 ? "to the programme's end" : "ending \(rest) frames before the programme's end"),
        remedy: nil)
    ]
    let onScreen = Int64(raster.height / speed.step)
    // Two seconds for a line is less than anybody reads in.
    if timeline.rate.seconds(onScreen) < Rational(2) {
      notes.append(
        Diagnostic(
          severity: .warning, family: .usage, code: "titles.fastRoll", location: location,
          message: "at \(speed.step) px a frame a name is in sight for \(onScreen) frames, too short to read",
          remedy: "Give the credits more time, or shorten them."))
    }
    return notes
  }
}

extension Marker {
  /// What a person calls it: lists write it as the name or as the comment.
  fileprivate var label: String { name.isEmpty ? comment : name }

  fileprivate func isNamed(_ text: String) -> Bool {
    [name, comment].contains { !$0.isEmpty && $0.lowercased() == text.lowercased() }
  }

  fileprivate func begins(_ text: String) -> Bool {
    [name, comment].contains { $0.lowercased().hasPrefix(text.lowercased()) }
  }
}
