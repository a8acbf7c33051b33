import MediaTime

/// How a clip counts its own time, before it is known where its file begins.
struct FCP7ClipTiming {
  /// Rate at which source positions, and the clip's own time, count.
  var base: FrameRate
  /// How the source's labels count; `nil` when the cut leaves it open.
  var isDropFrame: Bool?
  /// The frame shown first, since midnight.
  var first: Int64
  /// The first and the frame after the last that the clip needs, since midnight, transitions included.
  var needed: FrameRange

  init(_ clip: Clip, _ edges: FCP7Edges, _ rate: FrameRate) {
    switch clip.sourceIn {
    case .frames(let count, let own):
      // A count at a whole rate is one of labels in drop frame: otherwise it would be a label.
      let isCounted = !own.allowsDropFrame && own.counting.allowsDropFrame
      (base, isDropFrame, first) = (own, isCounted ? true : nil, count)
    case .label(let label):
      let rates =
        [clip.sourceRate, rate].compactMap { $0 } + FrameRate.allStandard.filter { $0.denominator == 1 }
      let fitting = rates.lazy.compactMap { own in
        let counts = label.isDropFrame && own.allowsDropFrame
        return (try? label.frame(rate: own, isDropFrame: counts)).map { (own, counts, $0) }
      }.first
      (base, isDropFrame, first) = fitting.map { ($0.0, $0.1, $0.2) } ?? (rate, nil, 0)
    }
    let ratio = FCP7ClipTiming.ratio(base, rate)
    let (before, after) = (edges.lead, clip.recordRange.count + edges.tail)
    func offset(_ record: Int64) -> Int64 {
      let own = (ratio.checkedMultiply(Rational(record)) ?? .zero)
      if let curve = clip.curve { return curve.position(at: record) ?? 0 }
      return own.checkedMultiply(clip.timeScale)?.floor ?? 0
    }
    var ends = [0, offset(-before), offset(after)]
    if let curve = clip.curve { ends += curve.knots.map(\.source.floor) }
    let low = (ends.min() ?? 0) - (clip.timeScale < .zero ? 1 : 0)
    needed = FrameRange(start: first + low, end: first + (ends.max() ?? 0) + 1)
  }

  /// Frames of one rate for each of another: 1 where both count alike.
  static func ratio(_ own: FrameRate, _ rate: FrameRate) -> Rational {
    own.nominalBase == rate.nominalBase ? .one : own.rational / rate.rational
  }
}

/// The source files of a cut, each written once and then referred to.
struct FCP7FileTable {
  struct Key: Hashable {
    var url: String?
    var name: String?
    var reel: String?
    /// The clip's name where nothing names the source, so that different sources stay apart.
    var clip: String?
    var identity: String?
    var base: FrameRate
    var isDropFrame: Bool?
    var rate: FrameRate?
    var available: FrameRange?
    var kept: Metadata.Value?
  }

  struct File {
    var id: String?
    /// Frames since midnight of the file's first frame.
    var start: Int64
    var hasPicture = false
    var hasSound = false
  }

  private(set) var files: [Key: File] = [:]
  /// Of the next file without an id of its own.
  private(set) var nextNumber = 1

  static func key(_ clip: Clip, _ timing: FCP7ClipTiming) -> Key {
    let isNamed = clip.targetURL != nil || clip.sourceFile != nil || clip.sourceReel != nil
    return Key(
      url: clip.targetURL, name: clip.sourceFile, reel: clip.sourceReel, clip: isNamed ? nil : clip.name,
      identity: clip.sourceIdentity, base: timing.base, isDropFrame: timing.isDropFrame,
      rate: clip.sourceRate,
      available: clip.availableRange, kept: clip.metadata.finalCut.kept("file"))
  }

  mutating func add(_ timing: FCP7ClipTiming, _ clip: Clip, _ kind: Track.Kind) {
    let key = Self.key(clip, timing)
    let kept = clip.metadata.finalCut.keptObject("file").keptObject("timecode").keptText("frame")
    let known = clip.availableRange?.start ?? kept.flatMap { Int64($0) }
    var file = files[key] ?? File(id: nil, start: known ?? timing.needed.start)
    file.start = min(file.start, timing.needed.start)
    if kind == .picture { file.hasPicture = true } else { file.hasSound = true }
    files[key] = file
  }

  /// - Returns: the file, and whether it has no id yet, so that it has to be written in full.
  func use(_ key: Key) -> (file: File, isNew: Bool) {
    let file = files[key] ?? File(id: nil, start: 0)
    return (file, file.id == nil)
  }

  mutating func name(_ key: Key, _ id: String?) {
    files[key]?.id = id
    nextNumber += 1
  }
}
