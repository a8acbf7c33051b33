package import Diagnostics
import Digests
import Editorial
import ImageGraph
import MediaTime
import TaskGraph
import TaskKinds

/// Turns the conformed cut into frames of sources in the raster of the programme, and into a sound edit.
package struct EditingStage: ReadableStage {
  package static let kind = "editing"
  package static let summary = "the cut, conformed: which source frame is where, and which sound"
  package static let outputs: [PortType] = [.picture, .soundEdit]
  package static let keys: [KeySpec] = [
    KeySpec(
      "fit", .choice(Sizing.Fit.allCases.map(\.rawValue)),
      "what to do with pictures of another shape: letterbox (all of the picture) or fill (all of the raster)")
  ]

  package let declaration: StageDeclaration
  let fit: Sizing.Fit

  init?(_ declaration: StageDeclaration, keys: KeyReader, context: LoadingContext) {
    self.declaration = declaration
    fit = keys.choice("fit", of: Sizing.Fit.self) ?? .letterbox
  }

  package func plan(in workspace: inout PlanningWorkspace) throws(DiagnosticList) {
    let timeline = workspace.timeline
    let sizing = Sizing(raster: workspace.pipeline.raster, fit: fit)
    var faults: [Diagnostic] = []
    let pictureTracks = timeline.tracks.indices.filter { index in
      timeline.tracks[index].kind == .picture && timeline.tracks[index].clips.isEmpty == false
    }
    if pictureTracks.count > 1 {
      let names = pictureTracks.map { timeline.tracks[$0].name }.joined(separator: ", ")
      faults.append(
        Diagnostic(
          severity: .error, family: .usage, code: "editing.severalPictureTracks",
          location: timeline.tracks[pictureTracks[1]].clips.first?.location,
          message: "the cut has several picture tracks (\(names)), and nothing says how they are composited",
          remedy: "Flatten the picture to one track before the turnover."))
    }
    for track in timeline.tracks { faults += unrendered(track) }
    guard faults.isEmpty, let track = pictureTracks.first else {
      if faults.isEmpty {
        faults.append(
          Diagnostic(
            severity: .error, family: .usage, code: "editing.noPicture",
            location: workspace.pipeline.timeline.cuts.first.map { SourceLocation(file: $0.typed) },
            message: "the cut has no picture events",
            remedy: "Give the picture's list under `timeline: cut:`."))
      }
      throw DiagnosticList(faults)
    }
    let picture = spans(track, sizing: sizing, in: &workspace)
    do {
      workspace.pictures[declaration.name] = try SlugCards(stage: declaration.name).lay(
        over: picture, in: &workspace)
    } catch {
      throw DiagnosticList(infrastructure: "planning of `\(declaration.name)`", error)
    }
    workspace.soundEdits[declaration.name] = SoundEdit(
      events: workspace.conform.events.filter { timeline.tracks[$0.trackIndex].kind == .sound },
      frameCount: picture.frameCount)
    workspace.offline = try OfflineProving.proof(of: self, in: &workspace)
    workspace.diagnostics += workspace.offline?.diagnostics ?? []
    do {
      if workspace.publishesConform { try publishConform(in: &workspace) }
    } catch {
      throw DiagnosticList(infrastructure: "planning of `\(declaration.name)`", error)
    }
  }

  /// What the cut asks for and this version does not render: an error, never a silent change of the picture.
  private func unrendered(_ track: Track) -> [Diagnostic] {
    var faults: [Diagnostic] = []
    for item in track.items {
      switch item {
      case .transition(let transition):
        if case .key = transition.kind, track.kind == .picture {
          faults.append(
            Diagnostic(
              severity: .error, family: .usage, code: "editing.key", location: transition.location,
              message:
                "event \(transition.event) on \(track.name) is a key, which an edit alone cannot render",
              remedy: "Make it a composite, and cut the finished composite in."))
        }
      case .clip(let clip) where track.kind == .sound && clip.timeScale != .one:
        faults.append(
          Diagnostic(
            severity: .error, family: .usage, code: "editing.soundRetime", location: clip.location,
            message:
              "event \(clip.event) on \(track.name) plays sound at \(clip.timeScale) times speed, which is "
              + "not mixed yet", remedy: "Bake the speed change into a new source."))
      case .clip, .gap, .nest:
        break
      }
    }
    return faults
  }

  /// The picture track as spans, black where nothing is.
  private func spans(_ track: Int, sizing: Sizing, in workspace: inout PlanningWorkspace) -> PictureSequence {
    let layout = TrackLayout(track: track, sizing: sizing, workspace: workspace)
    workspace.diagnostics += layout.diagnostics
    return PictureSequence(
      raster: workspace.pipeline.raster, rate: workspace.timeline.rate, spans: layout.spans)
  }

  /// The conformed cut and its report are an asset of their own.
  private func publishConform(in workspace: inout PlanningWorkspace) throws {
    var report = ConformReport(
      workspace.conform, programme: workspace.pipeline.programme,
      media: workspace.files.map { MediaItem(path: $0.location.path, facts: $0.facts) },
      handles: workspace.pipeline.timeline.handles)
    report.offline = workspace.offline
    let otio = OTIOWriter.write(
      workspace.conform, media: workspace.files.map { MediaItem(path: $0.location.path, facts: $0.facts) })
    let json = try JSONBytes.encode(report, isPretty: true)
    let documents: [(bytes: [UInt8], suffix: String, fileExtension: String)] = [
      (otio, "", "otio"),
      (json, "report", "json"), (Array(report.text.utf8), "report", "txt"),
    ]
    let page = try ConformPage(stage: declaration.name, fit: fit).plan(json, in: &workspace)
    let input = PublishTask.Input(
      shelf: .assets, programme: workspace.pipeline.programme, name: declaration.name,
      stage: declaration.name,
      assembly: nil, results: [page], fileExtension: "otio",
      documents: documents.map { document in
        MadeFile(
          object: workspace.object(document.bytes), byteCount: Int64(document.bytes.count),
          suffix: document.suffix,
          fileExtension: document.fileExtension)
      }, recipe: nil, profile: nil)
    _ = try workspace.publish(input, reason: "no version of it is exactly this conform")
  }
}

extension Interpretation {
  /// Tags first; where they are silent, Rec.709 from 720 lines up and Rec.601 below, legal range.
  init(_ video: VideoFacts) {
    let matrix: Matrix =
      switch video.matrix {
      case "bt709": .bt709
      case "smpte170m", "bt470bg": .bt601
      case "bt2020nc": .bt2020
      default: video.height >= 720 ? .bt709 : .bt601
      }
    // R'G'B', palettes and grey of files are full range unless they say otherwise; Y'CbCr is legal.
    let isRGB = ["rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal", "gray", "x2rgb", "x2bgr", "ya"]
      .contains { video.pixelFormat.hasPrefix($0) }
    let isFullRange =
      video.range == "pc" || video.pixelFormat.hasPrefix("yuvj") || (isRGB && video.range != "tv")
    self.init(matrix: matrix, isFullRange: isFullRange)
  }
}
