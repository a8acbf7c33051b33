import Diagnostics
import MediaTime

/// What reading a timeline has to say, one finding for each cause.
struct OTIONotes {
  /// Something that several objects share.
  enum Cause: Hashable {
    case convertedTime(FrameRate)
    case roundedTime(FrameRate)
    case partialFrame
    case sampleRange
    case inactiveReference
    case unknownActiveKey
    case effect(String, isPicture: Bool)
    case hiddenTrack(Track.Kind)
    case otherTrack(String)
    case emptyClip
    case imageStep
    case transitionParameters
    case roundedNumber
    case strayRange
  }

  private struct Use {
    var cause: Cause
    var count = 0
    var events: [String] = []
    var location: SourceLocation?
  }

  private var uses: [Use] = []
  private var index: [Cause: Int] = [:]
  private var single: [Finding] = []

  mutating func note(_ cause: Cause, _ location: SourceLocation?, event: String? = nil) {
    let at = index[cause] ?? uses.count
    if at == uses.count {
      index[cause] = at
      uses.append(Use(cause: cause, location: location))
    }
    uses[at].count += 1
    if let event, uses[at].events.last != event { uses[at].events.append(event) }
  }

  mutating func add(_ finding: Finding) { single.append(finding) }

  /// Says that the timeline is read at another rate than it declares; times at the declared one are then no news.
  mutating func noteRates(read rate: FrameRate, declared: FrameRate?, _ location: SourceLocation) {
    guard let declared, declared != rate else { return }
    add(
      Finding(
        kind: .inferred, what: "the file's rate is \(declared); it is read at \(rate) as asked",
        location: location))
    if let at = index[.convertedTime(declared)] { uses[at].count = 0 }
  }

  var findings: [Finding] {
    single
      + uses.filter { $0.count > 0 }.map { use in
        var finding = Self.finding(use.cause, use.count)
        if !use.events.isEmpty { finding.what += " (\(Finding.listing(use.events)))" }
        finding.location = use.location
        finding.event = use.events.count == 1 ? use.events[0] : nil
        return finding
      }
  }

  private static func finding(_ cause: Cause, _ count: Int) -> Finding {
    func counted(_ one: String, _ many: String) -> String { count == 1 ? "1 \(one)" : "\(count) \(many)" }
    switch cause {
    case .convertedTime(let rate):
      return Finding(
        kind: .inferred,
        what: counted("time is", "times are") + " written at \(rate) and read at the rate of the timeline")
    case .roundedTime(let rate):
      return Finding(
        kind: .approximated,
        what: counted("edit", "edits") + " at \(rate) fall between frames and are rounded to the nearest")
    case .partialFrame:
      return Finding(
        kind: .approximated,
        what: counted("time is", "times are") + " not a whole frame and rounded to the nearest")
    case .sampleRange:
      return Finding(
        kind: .approximated,
        what: counted("available range counts", "available ranges count")
          + " samples; the sound files themselves say their extent")
    case .inactiveReference:
      return Finding(
        kind: .approximated, what: "media references other than the active one are kept and not matched")
    case .unknownActiveKey:
      return Finding(
        kind: .inferred, what: "the active media reference does not exist, so the media is missing")
    case .effect(let name, let isPicture):
      return Finding(
        kind: .dropped, what: "the effect `\(name)` is kept in the file and not rendered",
        isFault: isPicture && OTIOEffects.mayPlace(name))
    case .hiddenTrack(let kind):
      return Finding(
        kind: .dropped,
        what: kind == .sound
          ? "sound tracks nested in a picture track are not heard"
          : "picture tracks nested in a sound track are not seen")
    case .otherTrack(let kind):
      return Finding(kind: .dropped, what: "tracks of kind `\(kind)` are kept in the file and not played")
    case .emptyClip:
      return Finding(kind: .dropped, what: "clips without length are not carried")
    case .imageStep:
      return Finding(
        kind: .approximated,
        what: "image sequences with a frame step other than 1 are read as they lie on disk")
    case .roundedNumber:
      return Finding(
        kind: .approximated,
        what: counted("integer is", "integers are")
          + " too large to be carried exactly and rounded to 53 bits")
    case .strayRange:
      return Finding(
        kind: .inferred,
        what: counted("track has a source range", "tracks have source ranges")
          + " outside everything on them; it is read from the first frame")
    case .transitionParameters:
      return Finding(kind: .dropped, what: "parameters of transitions are kept in the file and not rendered")
    }
  }
}
