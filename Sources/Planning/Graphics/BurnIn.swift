import Delivery
import Diagnostics
import Digests
import Editorial
import ImageGraph
import MediaTime
import TaskGraph
import TaskKinds
import Titling

/// What a copy carries over its pictures: shot name, source timecode and shot frame, record timecode, a recipient.
///
/// Shot and source are tied to the frame below, so that a re-cut finds the same frames again. The shot frame counts the
/// frames of the shot's media from 1, handles included, for the same reason. Record timecode has a clock of its own.
struct BurnIn: Sendable {
  static let keys: [KeySpec] = [
    KeySpec(
      "burn-in", .choice(BurnInContent.allCases.map(\.rawValue)),
      "shot (name, source timecode, shot frame), record (record timecode too) or none; the profile's own without it"
    ),
    KeySpec("recipient", .text, "whom the copy is for, e.g. \"Name, Company\": a visible watermark"),
    KeySpec(
      "watermark-opacity", .integer(watermarkOpacities), "opacity of the watermark in percent; 14 without it"),
  ]

  private static let watermarkOpacities = 4...60

  var content: BurnInContent
  var recipient: String?
  /// Percent.
  var watermarkOpacity: Int

  static let nothing = BurnIn()

  private init() {
    content = .none
    recipient = nil
    watermarkOpacity = 14
  }

  init(_ keys: KeyReader, profile: DeliveryProfile) {
    content = keys.choice("burn-in", of: BurnInContent.self) ?? profile.burnIn
    recipient = keys.text("recipient")
    watermarkOpacity = keys.integer("watermark-opacity", in: Self.watermarkOpacities) ?? 14
    if let value = keys["recipient"], let text = recipient,
      text.allSatisfy(\.isWhitespace) || text.count > 120
    {
      keys.findings.add(
        value.error("pipeline.badRecipient", "`recipient` must be a name of 1 to 120 characters"))
      recipient = nil
    }
    if let value = keys["watermark-opacity"], keys["recipient"] == nil {
      keys.findings.add(
        value.error(
          "pipeline.noRecipient",
          "`watermark-opacity` is given, but there is no watermark without `recipient`"))
    }
  }

  /// - Parameter start: programme frame of the first frame of the sequence.
  /// - Returns: the sequence with everything drawn; as it was until the text has been typeset.
  func laid(
    over sequence: PictureSequence, from start: Int64, stage: String, in workspace: inout PlanningWorkspace
  ) throws -> PictureSequence {
    guard content != .none || recipient != nil else { return sequence }
    let files = workspace.mediaFiles()
    let labels = content == .none ? [] : ShotLabel.all(in: sequence, files: files)
    guard let drawn = try typeset(labels, for: sequence, stage: stage, in: &workspace) else {
      return sequence
    }
    var result = sequence
    if let watermark = drawn.watermark {
      let layer = Graphics.Layer(
        .still(watermark.image), x: watermark.x, y: watermark.y, opacity: (watermarkOpacity * 255 + 50) / 100)
      result = result.laying(
        Graphics(purpose: .burnIn, layers: [layer]), over: FrameRange(start: 0, count: result.frameCount))
      workspace.diagnostics.append(
        Diagnostic(
          severity: .note, family: .usage, code: "delivery.watermark", location: nil,
          message: "`\(stage)` is marked for \(recipient ?? "") at \(watermarkOpacity) % opacity", remedy: nil
        ))
    }
    guard content != .none else { return result }
    result.spans = result.spans.map { burn($0, drawn, in: sequence.raster, files: files) }
    guard content == .record, let strip = drawn.record else { return result }
    let timeline = workspace.timeline
    let style = Graphics.Counter.Style.timecode(
      start: timeline.startFrame, rate: timeline.rate, isDropFrame: timeline.isDropFrame)
    let place = Place(
      strip, right: sequence.raster.width - Self.margin(sequence.raster), top: Self.edge(sequence.raster))
    let record = Graphics(
      purpose: .burnIn,
      layers: place.layers(drawn.glyphs, counters: [(style, FrameMap(first: 0))]))
    return result.laying(record, over: FrameRange(start: 0, count: result.frameCount), clock: start)
  }

  /// What record timecode costs, in the numbers of this plan.
  func tellCost(
    newFrames: Int64, of count: Int64, stage: StageDeclaration, in workspace: inout PlanningWorkspace
  ) {
    guard content == .record, workspace.questions.isEmpty else { return }
    workspace.diagnostics.append(
      Diagnostic(
        severity: .note, family: .usage, code: "delivery.recordBurnIn", location: stage.location,
        message:
          "`\(stage.name)`, burn-in: record ties every frame to its place in the programme: \(newFrames) "
          + "frames of \(count) are made now, and after a re-cut all behind its first change of length again",
        remedy: "`burn-in: shot` makes only frames again that change."))
  }

  private static func margin(_ raster: Raster) -> Int { raster.width * 2 / 100 }
  private static func edge(_ raster: Raster) -> Int { raster.height * 12 / 1000 }

  /// The shot at the lower edge; at a transition that is the one that begins, and the one that ends is at the upper edge.
  private func burn(
    _ span: PictureSpan, _ drawn: Drawn, in raster: Raster, files: MediaFiles
  ) -> PictureSpan {
    var shots: [(shot: PictureSpan.Shot, isAtTop: Bool)] = []
    if let shot = span.shot { shots.append((shot, false)) }
    if let outgoing = span.outgoingShot, outgoing != span.shot { shots.append((outgoing, true)) }
    // The numbers of the frames below say which source frame is shown, or a clock that follows the span has to.
    let maps = shots.map { span.map.reading($0.shot.source) }
    let isClocked = maps.contains(nil)
    var layers: [Graphics.Layer] = []
    for ((shot, isAtTop), map) in zip(shots, maps) {
      guard let label = ShotLabel(shot, files: files), let strip = drawn.strips[label.strip],
        let picture = strip.pictures.first
      else { continue }
      let height = picture.image.raster.height
      let top = isAtTop ? Self.edge(raster) : raster.height - Self.edge(raster) - height
      let counted = isClocked ? shot.source : map ?? shot.source
      layers += Place(strip, left: Self.margin(raster), top: top)
        .layers(drawn.glyphs, counters: label.styles.map { ($0, counted) })
    }
    guard !layers.isEmpty else { return span }
    var copy = span
    var graphics = Graphics(purpose: .burnIn, layers: layers)
    if isClocked {
      graphics.below = span.map
      copy.map = FrameMap(first: 0)
    }
    copy.node = .graphics(graphics, of: span.node)
    return copy
  }
}
