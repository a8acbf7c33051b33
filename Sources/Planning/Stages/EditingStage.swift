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
      "what to do with pictures of another shape: letterbox (all of the picture), fill (all of the raster) or native "
        + "(pixel for pixel)"),
    KeySpec(
      "scaling", .choice(Scaling.allCases.map(\.rawValue)),
      "coded (values are scaled as they are; without the key) or linear-light (as light: by the curve of the media's "
        + "colour space where colour is managed, else of a Rec.709 display; slower)"),
  ]

  enum Scaling: String, CaseIterable {
    case coded
    case linearLight = "linear-light"
  }

  package let declaration: StageDeclaration
  let fit: Sizing.Fit
  let scaling: Scaling

  init?(_ declaration: StageDeclaration, keys: KeyReader, context: LoadingContext) {
    self.declaration = declaration
    fit = keys.choice("fit", of: Sizing.Fit.self) ?? .letterbox
    scaling = keys.choice("scaling", of: Scaling.self) ?? .coded
  }

  package func plan(in workspace: inout PlanningWorkspace) throws(DiagnosticList) {
    let timeline = workspace.timeline
    let sizing = Sizing(
      raster: workspace.pipeline.raster, fit: fit, scaling: scaling == .linearLight ? .displayLight : nil)
    var faults = timeline.findings.filter(\.isFault).map(Self.lost)
    for track in timeline.tracks where track.isEnabled { faults += unrendered(track) }
    faults += RunFaults.faults(in: workspace)
    let pictureTracks = timeline.tracks.indices.filter { index in
      let track = timeline.tracks[index]
      return track.kind == .picture && track.isEnabled && !track.clips.isEmpty
    }
    let hasSound = timeline.tracks.contains { $0.kind == .sound && !$0.clips.isEmpty }
    if pictureTracks.isEmpty, !(workspace.pipeline.timeline.isLenient && hasSound) {
      faults.append(
        Diagnostic(
          severity: .error, family: .usage, code: "editing.noPicture",
          location: workspace.pipeline.timeline.cuts.first.map { SourceLocation(file: $0.typed) },
          message: "the cut has no picture events",
          remedy: "Give the picture's list under `timeline: cut:`."))
    }
    guard faults.isEmpty || workspace.pipeline.timeline.isLenient else { throw DiagnosticList(faults) }
    workspace.diagnostics += faults
    let picture = try workspace.broughtToWorkingSpace(
      picture(pictureTracks, sizing: sizing, in: &workspace))
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

  /// What the reader of the cut could not carry and would be seen: nothing is rendered from such a cut.
  private static func lost(_ finding: Finding) -> Diagnostic {
    let what = finding.event.map { "event \($0): \(finding.what)" } ?? finding.what
    return Diagnostic(
      severity: .error, family: .usage, code: "editing.lostPicture", location: finding.location,
      message: "\(what) (\(finding.kind.rawValue)), and would be seen in the picture",
      remedy: "Bake it into a new source, or remove it from the cut.")
  }

  /// What the cut asks for and this version does not render: an error, never a silent change of the picture.
  private func unrendered(_ track: Track) -> [Diagnostic] {
    var faults: [Diagnostic] = []
    func fault(_ code: String, _ location: SourceLocation?, _ message: String, _ remedy: String) {
      faults.append(
        Diagnostic(
          severity: .error, family: .usage, code: code, location: location, message: message, remedy: remedy))
    }
    for item in track.items {
      switch item {
      case .transition(let transition):
        guard case .key = transition.kind, track.kind == .picture else { continue }
        fault(
          "editing.key", transition.location,
          "event \(transition.event) on \(track.name) is a key, which an edit alone cannot render",
          "Make it a composite, and cut the finished composite in.")
      case .clip(let clip) where clip.isEnabled && track.kind == .sound:
        guard clip.timeScale != .one || clip.curve != nil else { continue }
        let speed = clip.curve == nil ? "at \(clip.timeScale) times speed" : "at a changing speed"
        fault(
          "editing.soundRetime", clip.location,
          "event \(clip.event) on \(track.name) plays sound \(speed), which is not mixed yet",
          "Bake the speed change into a new source.")
      case .clip(let clip) where clip.isEnabled:
        guard !clip.adjustments.allSatisfy(\.isWithinReach) else { continue }
        fault(
          "editing.sizingOutOfRange", clip.location,
          "event \(clip.event) on \(track.name) is scaled or moved by more than a thousand times the frame",
          "Correct its size or position in the cut.")
      case .clip, .gap, .nest:
        break
      }
    }
    return faults
  }

  /// The picture tracks as spans, black where nothing is.
  private func picture(
    _ tracks: [Int], sizing: Sizing, in workspace: inout PlanningWorkspace
  ) -> PictureSequence {
    var laid: [[PictureStack.Laid]] = []
    for track in tracks {
      let layout = TrackLayout(
        track: track, sizing: sizing, isAbove: track != tracks.first, workspace: workspace)
      workspace.diagnostics += layout.diagnostics
      laid.append(layout.laid)
    }
    return PictureSequence(
      raster: workspace.pipeline.raster, rate: workspace.timeline.rate, spans: PictureStack.spans(laid))
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
    let page = try ConformPage(stage: declaration.name, fit: fit).plan(
      json, offline: report.offline, in: &workspace)
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
    let isSubsampled = ["420", "422", "411", "410", "nv12", "p010"].contains {
      video.pixelFormat.contains($0)
    }
    // JPEG has chroma in the middle, and files of it rarely say so.
    let location = video.chromaLocation ?? (video.codec == "mjpeg" ? "center" : "left")
    self.init(
      matrix: matrix, isFullRange: isFullRange, siting: isSubsampled ? Siting(rawValue: location) : nil)
  }
}
