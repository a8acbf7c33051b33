package import Delivery
package import Digests
import Editorial
package import ImageGraph
package import MediaTime
import TaskKinds

/// What a deliverable is made of, frame by frame, in words and numbers: what `trace` reads.
package struct Recipe: Codable, Sendable {
  package struct Part: Codable, Sendable {
    /// Frame of the deliverable at which the part starts.
    package var firstFrame: Int64
    package var count: Int64
    package var event: String?
    package var shot: String?
    /// File name of the source; nil for generated pictures.
    package var source: String?
    package var reel: String?
    /// Source frames in presentation order from 0, by frame of the part.
    package var map: FrameMap
    /// Source timecode of the source's frame 0; nil where the source has none.
    package var sourceStart: String?
    package var sourceTimecodeRate: FrameRate?
    /// Source frames for each label of its timecode; nil where every frame has a label of its own.
    package var framesPerLabel: Rational?
    package var chain: Digest
    package var operations: [OperationSummary]
    /// Of composites, the lowest first.
    package var layers: [Layer]?
    /// Where pictures lie on each other, each of them, the lowest first.
    package var stack: [Part]?
    /// At a transition the shot that ends, and the one that begins.
    package var sides: [Part]?
    /// The programs that made it.
    package var externals: [External]?

    /// The timecode of a frame of the source; nil where that has none.
    ///
    /// - Parameter rate: of its labels where it does not say.
    package func sourceTimecode(ofFrame frame: Int64, rate: FrameRate) -> Timecode? {
      guard let text = sourceStart,
        let start = try? Timecode(parsing: text, rate: sourceTimecodeRate ?? rate)
      else { return nil }
      let labels = framesPerLabel.flatMap { Rational(frame).checkedDivide($0)?.floor } ?? frame
      return Timecode(frame: start.frame + labels, rate: start.rate, isDropFrame: start.isDropFrame)
    }
  }

  /// A layer of a composite: which of its frames is where.
  package struct Layer: Codable, Sendable {
    /// `outgoing` or `incoming` at a transition.
    package var side: String?
    /// File name of its source.
    package var source: String
    /// Number of the first of numbered stills; nil for movies.
    package var firstNumber: Int64?
    /// The plate's frame at each frame of the part.
    package var plate: FrameMap
    package var layer: Composite.Layer

    /// The frame of the layer's file at a frame of the part, in the file's own numbers; nil where it shows nothing.
    package func frame(at frame: Int64) -> Int64? {
      layer.frame(at: plate.position(at: frame)).map { $0 + (firstNumber ?? 0) }
    }
  }

  package var schema: Int
  package var programme: String
  package var stage: String
  package var profile: String
  package var cut: [String]
  package var rate: FrameRate
  package var isDropFrame: Bool
  /// Label count of the deliverable's first frame.
  package var startFrame: Int64
  package var encoding: Encoding
  package var parts: [Part]
  /// The frames of every stage that it shows, by the stage's name: what an approval of it approves.
  package var pictures: [String: [FrameRun]]
  /// What it is graded with; nil where it is not.
  package var grades: [PlannedGrade]?

  init(
    stage: StageDeclaration, profile: String, encoding: Encoding, sequence: PictureSequence, start: Int64,
    workspace: PlanningWorkspace
  ) {
    schema = 1
    programme = workspace.pipeline.programme
    self.stage = stage.name
    self.profile = profile
    cut = workspace.pipeline.timeline.cuts.map { FilePaths.name(of: $0.path) }
    rate = sequence.rate
    isDropFrame = workspace.timeline.isDropFrame
    startFrame = workspace.timeline.startFrame + start
    self.encoding = encoding
    pictures = workspace.picturesBehind(stage).mapValues { $0.runs().runs }
    let grades = workspace.grades(behind: stage)
    self.grades = grades.isEmpty ? nil : grades
    let files = Dictionary(workspace.files.map { ($0.identity, $0) }, uniquingKeysWith: { first, _ in first })
    let events = Dictionary(
      workspace.conform.events.filter { workspace.timeline.tracks[$0.trackIndex].kind == .picture }
        .map { ($0.place, $0) }, uniquingKeysWith: { $1 })
    func part(_ span: PictureSpan, at frame: Int64) -> Part {
      // At a transition the source is the incoming one, of a composite the plate, of a stack the lowest; the
      // operations name all.
      let file = span.shot?.media.flatMap { files[$0] }
      let perLabel = span.shot.flatMap { events[$0.place]?.framesPerLabel }
      return Part(
        firstFrame: frame, count: span.count, event: span.shot?.event, shot: span.shot?.name,
        source: file.map { FilePaths.name(of: $0.location.path) }, reel: file?.facts.reel,
        map: span.shot?.source ?? span.map, sourceStart: file?.facts.timecodeStart,
        sourceTimecodeRate: file?.facts.timecodeRate,
        framesPerLabel: perLabel == .one ? nil : perLabel, chain: span.node.chain,
        operations: workspace.operations(of: span.node), layers: Self.layers(span, files),
        stack: span.layers.isEmpty ? nil : span.layers.map { part($0, at: frame) },
        sides: Self.sides(of: span).map { $0.map { part($0, at: frame) } },
        externals: Self.externals(of: span, in: workspace) { $0.placedSpans.map { part($1, at: $0) } })
    }
    parts = sequence.placedSpans.map { part($1, at: $0) }
  }

  /// Both shots of a transition as spans of their own; nil where there is none.
  private static func sides(of span: PictureSpan) -> [PictureSpan]? {
    guard span.layers.isEmpty, let outgoing = span.outgoingShot, let incoming = span.shot else { return nil }
    let mix = span.node.withoutGraphics.transition
    return [(mix?.outgoing, outgoing), (mix?.incoming, incoming)].map { node, shot in
      PictureSpan(node: node ?? span.node, map: shot.source, count: span.count, shot: shot)
    }
  }

  private static func layers(_ span: PictureSpan, _ files: [Digest: ProbedFile]) -> [Layer]? {
    func layers(_ node: ImageNode, _ shot: PictureSpan.Shot?, side: String?) -> [Layer] {
      guard case .composite(let composite, let pictures)? = node.sized, let shot else { return [] }
      return zip(composite.layers, pictures).map { layer, picture in
        let file = picture.sources.first.flatMap { files[$0.media] }
        var layer = layer
        // Its parameters are in the operations.
        layer.key = nil
        layer.colour = nil
        return Layer(
          side: side, source: file?.facts.fileName ?? "",
          firstNumber: file?.sequence?.members.first?.number, plate: shot.source, layer: layer)
      }
    }
    let picture = span.node.withoutGraphics
    let found =
      picture.transition.map { _, outgoing, incoming in
        layers(outgoing, span.outgoingShot, side: "outgoing") + layers(incoming, span.shot, side: "incoming")
      } ?? layers(picture, span.shot, side: nil)
    return found.isEmpty ? nil : found
  }
}
