import Delivery
import Editorial
import ImageGraph
import MediaTime
import TaskGraph
import TaskKinds
import Titling

/// What is written about a shot: the text of its plate, and what its counters count.
struct ShotLabel {
  var strip: BurnInStrip
  /// In the order of the strip's counters.
  var styles: [Graphics.Counter.Style]

  /// Nil for a shot without media: there is nothing to say about it.
  init?(_ shot: PictureSpan.Shot, files: MediaFiles) {
    guard let file = shot.media.flatMap({ files[$0] }) else { return nil }
    var items: [BurnInStrip.Item] = [.text(shot.name)]
    styles = []
    if let start = Self.startFrame(file.facts) {
      items += [.caption("TC"), .counter(digits: 11)]
      styles.append(.timecode(start: start.frame, rate: start.rate, isDropFrame: start.isDropFrame))
    } else {
      items.append(.caption("NO SOURCE TIMECODE"))
    }
    items += [.caption("FR"), .counter(digits: 5)]
    // Frame 1 is the first frame of the shot's media, handles included.
    styles.append(.number(offset: 1, digits: 5))
    strip = BurnInStrip(items: items)
  }

  /// The label of the media's first frame, where its labels count its frames one by one.
  private static func startFrame(_ facts: MediaFacts) -> Timecode? {
    guard let text = facts.timecodeStart, let rate = facts.timecodeRate ?? facts.video?.rate,
      facts.video.map({ $0.rate.nominalBase == rate.nominalBase }) ?? true
    else { return nil }
    return try? Timecode(parsing: text, rate: rate)
  }

  /// Every different plate of a sequence, in the order of its shots.
  static func all(in sequence: PictureSequence, files: MediaFiles) -> [BurnInStrip] {
    var seen: Set<BurnInStrip> = []
    return sequence.spans.flatMap { [$0.shot, $0.outgoingShot] }.compactMap { shot in
      shot.flatMap { ShotLabel($0, files: files)?.strip }
    }.filter { seen.insert($0).inserted }
  }
}

extension BurnIn {
  /// The pictures of a burn-in, as the worker drew them.
  struct Drawn {
    var glyphs: Graphics.Image
    var strips: [BurnInStrip: TypesetTask.Typeset]
    var record: TypesetTask.Typeset?
    var watermark: TypesetTask.Picture?
  }

  private static let recordStrip = BurnInStrip(items: [.caption("REC"), .counter(digits: 11)])

  /// Nil until the task has run.
  func typeset(
    _ labels: [BurnInStrip], for sequence: PictureSequence, stage: String,
    in workspace: inout PlanningWorkspace
  ) throws -> Drawn? {
    var strips = labels
    if content == .record { strips.append(Self.recordStrip) }
    var requests: [TypesetTask.Request] = [.glyphs(BurnInStrip.alphabet)] + strips.map { .strip($0) }
    if let recipient {
      requests.append(
        .watermark(name: recipient, line: "\(recipient)  ·  \(workspace.pipeline.programme)  ·  review copy"))
    }
    let input = TypesetTask.Input(
      raster: sequence.raster, requests: requests, isPublished: false, builtBy: workspace.tools.drawing)
    let key = TypesetTask.key(input)
    let answer = try workspace.answer(of: key, as: TypesetTask.Output.self) {
      TaskNode(
        key: key, kind: TypesetTask.identifier, version: TypesetTask.version, stage: stage,
        label: "typeset the burn-in of \(labels.count) shots", payload: try JSONBytes.encode(input),
        reason: "text is drawn and measured before planning", subject: "burn-in of \(stage)",
        ingredients: TypesetTask.ingredients(input))
    }
    guard let output = answer, output.typeset.count == requests.count,
      let glyphs = output.typeset[0].pictures.first
    else { return nil }
    workspace.names.note(output.typeset, of: requests)
    let drawn = Dictionary(uniqueKeysWithValues: zip(strips, output.typeset.dropFirst()))
    return Drawn(
      glyphs: glyphs.image, strips: drawn, record: drawn[Self.recordStrip],
      watermark: recipient == nil ? nil : output.typeset.last?.pictures.first)
  }

  /// A plate somewhere in the raster.
  struct Place {
    private let strip: TypesetTask.Typeset
    private let x: Int
    private let y: Int

    init(_ strip: TypesetTask.Typeset, left: Int, top: Int) {
      self.strip = strip
      x = left
      y = top
    }

    init(_ strip: TypesetTask.Typeset, right: Int, top: Int) {
      self.init(strip, left: right - (strip.pictures.first?.image.raster.width ?? 0), top: top)
    }

    /// The plate and its numbers.
    func layers(
      _ glyphs: Graphics.Image, counters: [(style: Graphics.Counter.Style, map: FrameMap)]
    ) -> [Graphics.Layer] {
      let plates = strip.pictures.map { Graphics.Layer(.still($0.image), x: x + $0.x, y: y + $0.y) }
      return plates
        + zip(strip.counters, counters).map { place, counter in
          let content = Graphics.Counter(
            glyphs: glyphs, alphabet: BurnInStrip.alphabet, style: counter.style, map: counter.map)
          return Graphics.Layer(.counter(content), x: x + place.x, y: y + place.y)
        }
    }
  }
}

extension FrameMap {
  /// What another map of the same span shows, told from the frames that this map shows: `map(self(k)) = other(k)`.
  ///
  /// Nil where this map's frames do not tell it, e.g. a held picture under a running source.
  func reading(_ other: FrameMap) -> FrameMap? {
    if self == other { return FrameMap(first: 0) }
    if speed == .one { return other.advanced(by: -position(at: 0)) }
    if speed.isInteger, speed == other.speed {
      return FrameMap(first: other.position(at: 0) - position(at: 0))
    }
    return nil
  }
}
