import Diagnostics
import MediaTime

/// What the reading of one file shares: resources, what is to be reported, compound clips already built.
final class FCPXMLContext {
  let path: String
  let resources: FCPXMLResources
  private(set) var faults = FaultList()
  private var causes: [Cause] = []
  private var causeIndex: [CauseKey: Int] = [:]
  /// Timelines of compound clips by resource; `nil` inside for one that cannot be read.
  private var compounds: [String: Timeline?] = [:]
  /// Compound clips being built, outermost first.
  private var open: [String] = []
  private var angles: [String: [String: FCPXMLAngle]] = [:]

  /// Deeper nesting of compound clips is refused; Final Cut itself becomes unusable long before.
  static let deepest = 32

  private struct CauseKey: Hashable {
    var kind: Finding.Kind
    var what: String
    var isFault: Bool
  }

  private struct Cause {
    var key: CauseKey
    var events: [String]
    var location: SourceLocation
  }

  init(path: String, resources: FCPXMLResources) {
    self.path = path
    self.resources = resources
  }

  // MARK: Reporting

  func fault(_ code: String, _ element: XMLElement, _ message: String, _ remedy: String? = nil) {
    faults.add(element.diagnostic(code, in: path, message, remedy))
  }

  /// Adds an event to the finding of its cause: one finding for each kind and sentence.
  func note(
    _ kind: Finding.Kind, _ what: String, _ element: XMLElement, event: String, isFault: Bool = false
  ) {
    let key = CauseKey(kind: kind, what: what, isFault: isFault)
    if let index = causeIndex[key] {
      if causes[index].events.last != event, !event.isEmpty { causes[index].events.append(event) }
    } else {
      causeIndex[key] = causes.count
      causes.append(
        Cause(key: key, events: event.isEmpty ? [] : [event], location: element.location(in: path)))
    }
  }

  /// A clip for which there is no track.
  func refuse(_ clip: Clip) {
    faults.add(
      Diagnostic(
        family: .usage, code: "cut.tooManyLayers", location: clip.location,
        message:
          "event \(clip.event) is one of more than \(FCPXMLTrackLayout.mostTracksOfLane) in one lane at a time",
        remedy: "It is not shown."))
  }

  var findings: [Finding] {
    causes.map { cause in
      let listing = cause.events.isEmpty ? "" : " (\(Finding.listing(cause.events)))"
      return Finding(
        kind: cause.key.kind, what: cause.key.what + listing, location: cause.location,
        event: cause.events.count == 1 ? cause.events[0] : nil, isFault: cause.key.isFault)
    }
  }

  /// A time attribute; one that is not a time is a fault and counts as missing.
  func time(_ element: XMLElement, _ attribute: String) -> Rational? {
    guard let text = element.attributes[attribute] else { return nil }
    if let value = FCPXMLTime.seconds(text) { return value }
    fault(
      "cut.badTime", element,
      "`\(attribute)` of <\(element.name)> is `\(text.prefix(80))`, not a time such as `1001/30000s`")
    return nil
  }

  // MARK: Media

  /// The timeline of a compound clip, built once.
  func compound(_ id: String, from element: XMLElement) -> Timeline? {
    if let built = compounds[id] { return built }
    guard let sequence = resources.media[id]?.children("sequence").first else { return nil }
    guard !open.contains(id) else {
      fault("cut.badNesting", element, "the compound clip `\(id)` contains itself")
      return nil
    }
    guard open.count < Self.deepest else {
      fault("cut.tooDeep", element, "compound clips nest deeper than \(Self.deepest) levels")
      return nil
    }
    open.append(id)
    let timeline = FCPXMLSequence.timeline(
      sequence, name: resources.media[id]?.attributes["name"] ?? "", rate: nil, context: self)
    open.removeLast()
    compounds[id] = .some(timeline)
    return timeline
  }

  /// The angles of a multicam clip by id, indexed once: a clip of a long angle must not walk all of it.
  func angles(_ id: String) -> [String: FCPXMLAngle]? {
    if let known = angles[id] { return known }
    guard let multicam = resources.media[id]?.children("multicam").first else { return nil }
    let start = time(multicam, "tcStart") ?? .zero
    var found: [String: FCPXMLAngle] = [:]
    for (number, angle) in multicam.children("mc-angle").enumerated() {
      let key = angle.attributes["angleID"] ?? "\(number)"
      found[key] = FCPXMLAngle(angle, number: number, start: start, context: self)
    }
    angles[id] = found
    return found
  }
}

extension XMLElement {
  /// Longer lines are given without a column or an excerpt: a whole file on one line must not be read for each.
  private static let longestLine = 1 << 16

  func location(in path: String) -> SourceLocation {
    let start = line.bytes.startIndex
    guard offset >= start, offset <= line.bytes.endIndex, offset - start <= 4096 else {
      return SourceLocation(file: path, line: line.number)
    }
    if line.bytes[start..<offset].allSatisfy({ $0 < 0x80 }) {
      return SourceLocation(file: path, line: line.number, column: offset - start + 1)
    }
    return line.location(in: path, at: offset)
  }

  func diagnostic(_ code: String, in path: String, _ message: String, _ remedy: String? = nil) -> Diagnostic {
    Diagnostic(
      family: .usage, code: code, location: location(in: path), message: message, remedy: remedy,
      excerpt: line.bytes.count <= Self.longestLine ? line.text : nil)
  }
}
