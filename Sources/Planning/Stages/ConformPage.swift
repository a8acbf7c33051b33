import Digests
import Editorial
import ImageGraph
import MediaTime
import TaskGraph
import TaskKinds

/// Plans the page of a conform report: small pictures of the first and the last frame of every picture event, each
/// media file's together, and the page itself.
struct ConformPage {
  let stage: String
  let fit: Sizing.Fit

  /// - Parameters:
  ///   - report: the report as JSON.
  ///   - offline: the proof in it, with its stills.
  /// - Returns: the task that makes the page.
  func plan(_ report: [UInt8], offline: OfflineProof?, in workspace: inout PlanningWorkspace) throws
    -> TaskKey
  {
    let events = workspace.conform.events
    var wanted: [Int: Set<Int64>] = [:]
    let shown = events.map { event in frames(of: event, in: workspace) }
    for (event, frames) in zip(events, shown) {
      if let media = event.media { wanted[media, default: []].formUnion(frames) }
    }
    var made: [Int: [Int64: ConformPageTask.Picture]] = [:]
    for (media, frames) in wanted.sorted(by: { $0.key < $1.key }) where !frames.isEmpty {
      made[media] = try thumbnails(of: media, frames.sorted(), in: &workspace)
    }
    let pictures = zip(events, shown).map { event, frames in
      frames.compactMap { frame in event.media.flatMap { made[$0]?[frame] } }
    }
    let stills = offline?.events.map(\.still) ?? []
    let input = ConformPageTask.Input(
      report: workspace.object(report), pictures: pictures,
      stills: stills.contains { $0 != nil } ? workspace.object(try JSONBytes.encode(stills)) : nil)
    let key = ConformPageTask.key(input)
    try workspace.add(unlessMade: key) { workspace in
      let waits = Set(pictures.joined().map(\.thumbnails)).sorted()
      return TaskNode(
        key: key, kind: ConformPageTask.identifier, version: ConformPageTask.version, stage: stage,
        label: "page of the conform report", dependencies: workspace.plannedDependencies(waits),
        payload: try JSONBytes.encode(input), reason: "no page shows exactly this conform", subject: stage,
        ingredients: ConformPageTask.ingredients(input))
    }
    workspace.conformPage = key
    return key
  }

  /// The media frames of the event's first and last record frame; one where they are the same.
  private func frames(of event: ConformedEvent, in workspace: PlanningWorkspace) -> [Int64] {
    guard workspace.timeline.tracks[event.trackIndex].kind == .picture, let media = event.media,
      let video = workspace.files[media].facts.video, video.frameCount > 0, !event.clip.recordRange.isEmpty
    else { return [] }
    let ends = [0, event.clip.recordRange.count - 1].map { frame in
      min(max(0, event.mediaFrame(at: frame)), video.frameCount - 1)
    }
    return ends[0] == ends[1] ? [ends[0]] : ends
  }

  private func thumbnails(
    of media: Int, _ frames: [Int64], in workspace: inout PlanningWorkspace
  ) throws -> [Int64: ConformPageTask.Picture] {
    let file = workspace.files[media]
    guard let video = file.facts.video else { return [:] }
    let raster = Self.raster(of: video)
    let source = ImageNode.source(
      PictureSource(media: file.identity, stream: video.stream, interpretation: Interpretation(video)))
    let node = ImageNode.sizing(Sizing(raster: raster, fit: fit), of: source)
    var pictures: [Int64: ConformPageTask.Picture] = [:]
    for start in stride(from: 0, to: frames.count, by: ThumbnailsTask.mostFrames) {
      let part = Array(frames[start..<min(frames.count, start + ThumbnailsTask.mostFrames)])
      let input = ThumbnailsTask.Input(
        node: node, raster: raster, frames: part, media: [file.identity.hex: renderMedia(of: file, video)],
        builtBy: workspace.tools.builtBy("mjpeg"))
      let key = ThumbnailsTask.key(input)
      try workspace.add(unlessMade: key) { _ in
        TaskNode(
          key: key, kind: ThumbnailsTask.identifier, version: ThumbnailsTask.version, stage: stage,
          label: "thumbnails of \(file.facts.fileName)", payload: try JSONBytes.encode(input),
          reason: "no thumbnails show these frames", subject: file.facts.fileName,
          ingredients: ThumbnailsTask.ingredients(input))
      }
      for (index, frame) in part.enumerated() {
        pictures[frame] = ConformPageTask.Picture(thumbnails: key, index: index)
      }
    }
    return pictures
  }

  private func renderMedia(of file: ProbedFile, _ video: VideoFacts) -> RenderTask.Media {
    RenderTask.Media(location: file.location, sequence: file.sequence, sampleAspect: video.sampleAspect)
  }

  /// All of the picture, small, in its own shape; even numbers.
  static func raster(of video: VideoFacts) -> Raster {
    let width = Int64(ThumbnailsTask.width)
    let shape = Rational(Int64(max(1, video.height)), Int64(max(1, video.width)))
    let height =
      shape.checkedDivide(video.sampleAspect).flatMap { $0.checkedMultiply(Rational(width)) }?.rounded ?? 90
    return Raster(width: Int(width), height: Int(min(320, max(16, height / 2 * 2))))
  }
}
