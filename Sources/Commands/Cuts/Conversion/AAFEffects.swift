import Diagnostics
import Editorial
import MediaTime

/// The effects of an AAF file as `walk_aaf.py` lists them, and which of them the converted cut has.
struct AAFEffects: Decodable, Sendable {
  struct Clock: Decodable, Sendable {
    var start: Int64
    var base: Int
    var isDropFrame: Bool
    var rate: Rational
  }

  struct Operation: Decodable, Sendable {
    var name: String
    /// Avid's own name, such as `EFF2_BLEND_DISSOLVE`; empty for others.
    var identifier: String
    /// `V1`, `A3`.
    var track: String
    /// Seconds from the beginning of the sequence.
    var second: Rational
    var isTransition: Bool
    /// Whether it changes the speed along the way.
    var speedChanges: Bool
    /// The OpenTimelineIO schema that stands for it; `Effect` has no meaning of its own.
    var carriedAs: String?

    var isPicture: Bool { track.hasPrefix("V") }
    var isDissolve: Bool { has("dissolve") || has("fade") }

    /// Whether it moves, sizes or mixes the picture: without it the picture is another one.
    var isSizing: Bool {
      [
        "resize", "scale", "pip", "picture-in-picture", "pictureinpicture", "pict", "3d", "warp", "flop",
        "flip",
        "crop", "repos", "pan", "zoom", "position", "rotate", "mask", "opacity", "superimpose", "blend",
        "key",
        "matte", "title", "reformat", "stabiliz", "motion", "speed",
      ].contains(where: has)
    }

    private func has(_ word: String) -> Bool {
      name.lowercased().contains(word)
        || identifier.lowercased().replacing("eff2_blend_", with: "").contains(word)
    }
  }

  /// The sequence's own timecode; `nil` when it has none.
  var timecode: Clock?
  var operations: [Operation]
  var problems: [String]

  /// Every operation: track and timecode, name, and what it became.
  var listing: [String] {
    operations.map { operation in
      let fate = operation.carriedAs.flatMap { $0 == "Effect" ? nil : "carried as \($0)" } ?? "not carried"
      return "\(place(operation)): \(operation.name), \(fate)"
    }
  }

  /// What the converted cut does not carry, one finding for each effect and what became of it.
  func findings(path: String) -> [Finding] {
    let location = SourceLocation(file: path)
    var findings: [Finding] = []
    var groups: [(what: String, kind: Finding.Kind, isFault: Bool, places: [String])] = []
    for operation in operations {
      guard let loss = loss(operation) else { continue }
      if let index = groups.firstIndex(where: { $0.what == loss.what && $0.isFault == loss.isFault }) {
        groups[index].places.append(place(operation))
      } else {
        groups.append((loss.what, loss.kind, loss.isFault, [place(operation)]))
      }
    }
    for group in groups {
      let shown = group.places.prefix(12).joined(separator: ", ")
      let rest = group.places.count > 12 ? " and \(group.places.count - 12) more" : ""
      findings.append(
        Finding(
          kind: group.kind, what: "\(group.what) (\(shown)\(rest))", location: location,
          isFault: group.isFault))
    }
    findings += problems.map { Finding(kind: .dropped, what: $0, location: location, isFault: true) }
    return findings
  }

  private func loss(_ operation: Operation) -> (what: String, kind: Finding.Kind, isFault: Bool)? {
    let name = operation.name
    switch operation.carriedAs {
    case "LinearTimeWarp", "FreezeFrame", "TimeEffect":
      guard operation.speedChanges else { return nil }
      return (
        "the speed curve of `\(name)` is carried as one speed only", .dropped, operation.isPicture
      )
    case "Stack": return nil
    case "Transition":
      guard operation.isPicture, !operation.isDissolve else { return nil }
      return ("the transition `\(name)` is carried as a dissolve", .approximated, false)
    default:
      let what = operation.isTransition ? "transition" : "effect"
      return (
        "the \(what) `\(name)` is not carried", .dropped, operation.isPicture && operation.isSizing
      )
    }
  }

  /// Track and record timecode, or seconds where the sequence has no timecode.
  private func place(_ operation: Operation) -> String {
    guard let timecode, let rate = rate(of: timecode),
      let frames = operation.second.checkedMultiply(rate.rational)?.rounded,
      case (let frame, false) = timecode.start.addingReportingOverflow(frames)
    else { return "\(operation.track) at \(operation.second) s" }
    let label = Timecode(
      frame: frame, rate: rate, isDropFrame: timecode.isDropFrame && rate.allowsDropFrame)
    return "\(operation.track) at \(label)"
  }

  private func rate(of clock: Clock) -> FrameRate? {
    guard let numerator = Int(exactly: clock.rate.numerator),
      let denominator = Int(exactly: clock.rate.denominator)
    else { return nil }
    return FrameRate(checked: numerator, denominator)
  }
}
