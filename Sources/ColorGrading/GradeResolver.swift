package import Diagnostics
package import Editorial
package import MediaTime

/// A shot that wants a grade: what the cut says about it.
package struct GradeShot: Hashable, Sendable {
  /// The event number as printed, such as `004`.
  package var event: String
  package var shot: String
  /// From the list's ASC comments.
  package var listGrade: ColorDecision?
  /// From logs of the source; several when their rows contradict each other.
  package var loggedGrades: [SourceLogs.LoggedGrade] = []
  package var location: SourceLocation?
  /// Names of its source reel, and its source frames by their labels.
  package var reels: [String] = []
  package var sourceRange: FrameRange?

  package init(event: String, shot: String, listGrade: ColorDecision? = nil, location: SourceLocation? = nil)
  {
    self.event = event
    self.shot = shot
    self.listGrade = listGrade
    self.location = location
  }

  package init(_ clip: Clip, in timeline: Timeline, loggedGrades: [SourceLogs.LoggedGrade] = []) {
    self.init(event: clip.event, shot: clip.shot, listGrade: clip.grade, location: clip.location)
    reels = clip.reels
    sourceRange = clip.labelledRange(timeline)
    self.loggedGrades = loggedGrades
  }
}

/// The grade of one shot and where it comes from.
package struct GradeBinding: Hashable, Sendable {
  package enum Origin: Hashable, Sendable {
    /// An entry of the collection with the shot's name.
    case shotName(id: String)
    /// An entry of the collection with the event's number.
    case eventNumber(id: String)
    /// An event of a graded cut with the same source reel and timecode.
    case source(SourceLocation?)
    /// The ASC comments of the list.
    case list
    /// A row of a log about the source.
    case log(SourceLocation)
    /// Nobody gave a grade; the shot stays as it is.
    case none
  }

  package var event: String
  package var shot: String
  package var decision: ColorDecision?
  package var origin: Origin

  package init(event: String, shot: String, decision: ColorDecision?, origin: Origin) {
    self.event = event
    self.shot = shot
    self.decision = decision
    self.origin = origin
  }
}

/// Finds the grade of each shot.
///
/// Precedence, the first that exists wins:
///   1. the entry of the collection whose id is the shot's name, letter for letter;
///   2. the entry whose id is the event's number, as printed or else as a number (`4` is `004`); an id that is the
///      name of some shot of the cut is never an event number;
///   3. the event of a graded cut whose source reel and timecode it shares most of;
///   4. the ASC comments of the list: they are about this event;
///   5. the row of a log about its source: the set's grade holds until somebody gives another;
///   6. none.
package struct GradeResolver: Sendable {
  private let entries: [ColorDecisionCollection.Entry]
  private let sources: [SourceGrade]

  /// - Parameters:
  ///   - entries: the corrections of one or more collections.
  ///   - sources: the grades of a graded cut.
  package init(entries: [ColorDecisionCollection.Entry], sources: [SourceGrade] = []) {
    self.entries = entries
    self.sources = sources
  }

  /// One binding for each shot, in order, and what was found on the way.
  ///
  /// Findings: `grade.repeatedID` (error, ambiguous: several different entries of one id), `grade.sourceConflict` (error,
  /// ambiguous: events of a graded cut share as much of a shot and differ), `grade.logConflict` (error,
  /// ambiguous: rows of logs give an event that has no other grade several), `grade.conflict` (note:
  /// several sources give a shot different grades; says which one is used), `grade.unusedID` and `grade.noID`
  /// (warnings). Grades that differ by less than a printed list resolves (5e-5 in each value) are not in conflict.
  package func resolve(_ shots: [GradeShot]) -> (bindings: [GradeBinding], diagnostics: [Diagnostic]) {
    var resolution = Resolution(
      entries: entries, sources: sources, shotNames: Set(shots.map(\.shot)))
    let bindings = shots.map { resolution.bind($0) }
    resolution.reportUnused(among: shots)
    return (bindings, resolution.diagnostics)
  }
}

/// One pass over the shots of a cut.
private struct Resolution {
  private let shotNames: Set<String>
  private let sources: [SourceGrade]
  /// Entries of the first of each id.
  private var byID: [String: ColorDecisionCollection.Entry] = [:]
  /// Ids in the order of the file.
  private var ids: [String] = []
  private var idsByNumber: [Int: [String]] = [:]
  private var used: Set<String> = []
  private(set) var diagnostics: [Diagnostic] = []

  init(entries: [ColorDecisionCollection.Entry], sources: [SourceGrade], shotNames: Set<String>) {
    self.shotNames = shotNames
    self.sources = sources
    for entry in entries { add(entry) }
  }

  private mutating func add(_ entry: ColorDecisionCollection.Entry) {
    guard let id = entry.id, !id.isEmpty else {
      diagnostics.append(
        Diagnostic(
          severity: .warning, family: .usage, code: "grade.noID", location: entry.location,
          message: "a correction without an id matches no shot", remedy: "Give it the name of its shot as id."
        ))
      return
    }
    if let first = byID[id] {
      guard first.decision != entry.decision else { return }
      diagnostics.append(
        Diagnostic(
          family: .ambiguous, code: "grade.repeatedID", location: entry.location,
          message: "correction `\(id)` is given again with other values"
            + ", first at \(first.location)", remedy: "Keep the one that is meant."))
      return
    }
    byID[id] = entry
    ids.append(id)
    if let number = Self.number(id), !shotNames.contains(id) { idsByNumber[number, default: []].append(id) }
  }

  /// Digits only: `+4` and `4a` are names.
  private static func number(_ text: String) -> Int? {
    text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ? Int(text) : nil
  }

  mutating func bind(_ shot: GradeShot) -> GradeBinding {
    let named = byID[shot.shot].map { _ in shot.shot }
    let numbered = eventID(of: shot)
    var candidates: [(origin: GradeBinding.Origin, decision: ColorDecision, name: String)] = []
    if let named, let entry = byID[named] {
      used.insert(named)
      candidates.append((.shotName(id: named), entry.decision, "correction `\(named)`"))
    }
    if let numbered, let entry = byID[numbered] {
      used.insert(numbered)
      candidates.append(
        (.eventNumber(id: numbered), entry.decision, "correction `\(numbered)` (by event number)"))
    }
    let graded = SourceGrade.grades(sources, of: shot)
    if let first = graded.first {
      let place = first.location.map { "\($0)" } ?? "the graded cut"
      if candidates.isEmpty, let other = graded.first(where: { !Self.isSame($0.decision, first.decision) }) {
        diagnostics.append(
          Diagnostic(
            family: .ambiguous, code: "grade.sourceConflict", location: shot.location,
            message:
              "event \(shot.event), shot \(shot.shot): its source is graded in two ways, at \(place) and "
              + (other.location.map { "\($0)" } ?? "elsewhere"),
            remedy: "Keep the one that is meant, or give the shot a correction in a collection."))
      }
      candidates.append((.source(first.location), first.decision, "the graded cut at \(place)"))
    }
    if let grade = shot.listGrade { candidates.append((.list, grade, "the list's CDL")) }
    for grade in shot.loggedGrades {
      candidates.append((.log(grade.location), grade.decision, "the CDL of the log at \(grade.location)"))
    }
    if case .log? = candidates.first?.origin, shot.loggedGrades.count > 1 {
      diagnostics.append(
        Diagnostic(
          family: .ambiguous, code: "grade.logConflict", location: shot.location,
          message: "event \(shot.event), shot \(shot.shot): the logs give its source different grades at "
            + shot.loggedGrades.prefix(4).map { "\($0.location)" }.joined(separator: " and "),
          remedy: "Keep the row that is meant, or give the shot a correction in the collection."))
      return GradeBinding(
        event: shot.event, shot: shot.shot, decision: candidates[0].decision, origin: candidates[0].origin)
    }
    guard let chosen = candidates.first else {
      return GradeBinding(event: shot.event, shot: shot.shot, decision: nil, origin: .none)
    }
    for other in candidates.dropFirst() where !Self.isSame(chosen.decision, other.decision) {
      diagnostics.append(
        Diagnostic(
          severity: .note, family: .usage, code: "grade.conflict", location: shot.location,
          message: "event \(shot.event), shot \(shot.shot): \(chosen.name) is used, \(other.name) differs",
          remedy: "Remove the one that is out of date."))
    }
    return GradeBinding(event: shot.event, shot: shot.shot, decision: chosen.decision, origin: chosen.origin)
  }

  private mutating func eventID(of shot: GradeShot) -> String? {
    if byID[shot.event] != nil, !shotNames.contains(shot.event) { return shot.event }
    guard let number = Self.number(shot.event), let ids = idsByNumber[number] else { return nil }
    if ids.count > 1 {
      let spellings = ids.map { "`\($0)`" }.joined(separator: ", ")
      diagnostics.append(
        Diagnostic(
          family: .ambiguous, code: "grade.repeatedID", location: byID[ids[1]]?.location,
          message: "corrections \(spellings) all mean event \(shot.event)",
          remedy: "Keep the one that is meant."))
    }
    return ids.first
  }

  private static func isSame(_ a: ColorDecision, _ b: ColorDecision) -> Bool {
    func values(_ decision: ColorDecision) -> [Double] {
      decision.slope + decision.offset + decision.power + [decision.saturation]
    }
    return zip(values(a), values(b)).allSatisfy { abs($0 - $1) <= 5e-5 }
  }

  mutating func reportUnused(among shots: [GradeShot]) {
    let names = shotNames.sorted()
    for id in ids where !used.contains(id) {
      let guess = nearest(id, among: names)
      diagnostics.append(
        Diagnostic(
          severity: .warning, family: .usage, code: "grade.unusedID", location: byID[id]?.location,
          message: "no shot or event of the cut is called `\(id)`; this correction is not used",
          remedy: guess.map { "Did you mean shot `\($0)`?" }))
    }
  }
}
