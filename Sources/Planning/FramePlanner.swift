import Delivery
import Digests
import Editorial
import ImageGraph
import MediaTime
import TaskGraph
import TaskKinds

/// Plans the frames of a deliverable that no segment holds yet.
struct FramePlanner {
  let stage: String
  let encoding: Encoding
  private let digest: Digest

  /// The frames of a deliverable, and where they are or will be.
  struct Frames {
    var runs: [FrameRun]
    var pieces: [AssembleTask.Piece]
    /// Different frames, and those of them that are still to be made.
    var distinct: Int64 = 0
    var new: Int64 = 0
  }

  init(stage: String, encoding: Encoding) {
    self.stage = stage
    self.encoding = encoding
    digest = encoding.digest
  }

  func plan(_ sequence: PictureSequence, in workspace: inout PlanningWorkspace) throws -> Frames {
    let shots = sequence
    let sequence = try workspace.frameByFrame(shots)
    workspace.names.note(sequence)
    let frames =
      switch encoding.unit {
      case .frame: try planFrames(sequence, in: &workspace)
      case .group: try planGroups(sequence, cutAs: shots, in: &workspace)
      }
    workspace.footprint += frames.pieces.map(\.segment)
    return frames
  }

  // MARK: Frame by frame

  private func planFrames(_ sequence: PictureSequence, in workspace: inout PlanningWorkspace) throws -> Frames
  {
    let (nodes, runs) = sequence.runs()
    var frames = Frames(runs: runs, pieces: [])
    var needed: [Digest: FrameSet] = [:]
    var order: [Digest] = []
    for run in runs {
      if needed[run.chain] == nil { order.append(run.chain) }
      for range in run.positions { needed[run.chain, default: FrameSet()].insert(range) }
    }
    var index = try index(of: order, in: workspace)
    let missingFrames = order.reduce(Int64(0)) { sum, chain in
      guard let set = needed[chain], let known = index[chain] else { return sum }
      return sum + set.ranges.flatMap { known.missing(in: $0) }.reduce(0) { $0 + $1.count }
    }
    let grain = Segmentation.grain(
      missing: missingFrames, pixels: Int64(encoding.width) * Int64(encoding.height))
    // Pictures that change with every frame: one task makes many of them, from one opened source.
    var singles: (segments: [RenderTask.Segment], nodes: [Digest: ImageNode]) = ([], [:])
    func planSingles() throws {
      guard !singles.segments.isEmpty else { return }
      try planRender(singles.segments, nodes: singles.nodes, in: &workspace)
      singles = ([], [:])
    }
    for chain in order {
      guard let node = nodes[chain], let set = needed[chain], var known = index[chain] else { continue }
      frames.distinct += set.count
      let missing = set.ranges.flatMap { known.missing(in: $0) }
      frames.new += missing.reduce(0) { $0 + $1.count }
      var segments: [RenderTask.Segment] = []
      for part in missing.flatMap({ Segmentation.split($0, frames: grain.frames) }) {
        let segment = RenderTask.Segment(
          encoding: digest, chain: chain, first: part.start, count: part.count)
        known.add(KnownFrames(first: part.start, count: part.count, segment: segment.key, offset: 0))
        segments.append(segment)
      }
      // What the ledger has forgotten may be there under its key, such as what `gc` has set aside.
      let made = try workspace.library.results(among: segments.map(\.key))
      frames.new -= segments.reduce(0) { $0 + (made.contains($1.key) ? $1.count : 0) }
      segments.removeAll { made.contains($0.key) }
      index[chain] = known
      if segments.map(\.count) == [1] {
        let isFull =
          singles.segments.count == Segmentation.segmentsPerTask * Int(Segmentation.framesPerSegment)
        if isFull
          || singles.nodes.values.first.map({ !workspace.isReadAlike($0, node) }) == true
        {
          try planSingles()
        }
        singles.segments += segments
        singles.nodes[chain] = node
        continue
      }
      try planSingles()
      for start in stride(from: 0, to: segments.count, by: grain.segments) {
        try planRender(
          Array(segments[start..<min(start + grain.segments, segments.count)]),
          nodes: [chain: node], in: &workspace)
      }
    }
    try planSingles()
    // Planning a render may have planned frames of other chains, for a program whose pictures it reads.
    workspace.frames[digest, default: [:]].merge(index) { $1 }
    frames.pieces = runs.flatMap { run in index[run.chain].map { $0.pieces(of: run) } ?? [] }
    return frames
  }

  /// What is known of these chains and of those asked for before.
  private func index(of chains: [Digest], in workspace: PlanningWorkspace) throws -> [Digest: FrameIndex] {
    var index = workspace.frames[digest] ?? [:]
    let unseen = chains.filter { index[$0] == nil }
    let known = try workspace.library.knownFrames(encoding: digest, chains: unseen)
    for chain in unseen {
      var frames = FrameIndex()
      for item in known[chain] ?? [] { frames.add(item) }
      index[chain] = frames
    }
    return index
  }

  // MARK: Group by group

  private func planGroups(
    _ sequence: PictureSequence, cutAs shots: PictureSequence, in workspace: inout PlanningWorkspace
  ) throws -> Frames {
    let (nodes, runs) = sequence.runs()
    var frames = Frames(runs: runs, pieces: [])
    var seen: Set<TaskKey> = []
    var waiting: [RenderTask.Segment] = []
    func flush() throws {
      guard !waiting.isEmpty else { return }
      let chains = Set(waiting.flatMap(\.runs).map(\.chain))
      // Of stills there is a chain for each frame: all of them are not searched for every group.
      let used = Dictionary(uniqueKeysWithValues: chains.compactMap { key in nodes[key].map { (key, $0) } })
      try planRender(waiting, nodes: used, in: &workspace)
      waiting = []
    }
    var missing: [RenderTask.Segment] = []
    let segments = GroupSegmentation.groups(of: sequence, cutAs: shots).map { group in
      RenderTask.Segment(encoding: digest, runs: group)
    }
    let made = try workspace.library.results(
      among: segments.map(\.key).filter { !workspace.groups.contains($0) })
    for segment in segments {
      frames.pieces.append(
        AssembleTask.Piece(segment: segment.key, offset: 0, count: Int(segment.count), step: 1))
      guard seen.insert(segment.key).inserted else { continue }
      frames.distinct += segment.count
      if workspace.groups.contains(segment.key) || made.contains(segment.key) { continue }
      workspace.groups.insert(segment.key)
      frames.new += segment.count
      missing.append(segment)
    }
    let grain = Segmentation.grain(
      missing: frames.new, pixels: Int64(encoding.width) * Int64(encoding.height))
    let longest = min(GroupSegmentation.framesPerGroup, grain.frames * Int64(grain.segments))
    for segment in missing {
      if waiting.reduce(0, { $0 + $1.count }) + segment.count > longest { try flush() }
      waiting.append(segment)
    }
    try flush()
    return frames
  }

  // MARK: Tasks

  private func planRender(
    _ segments: [RenderTask.Segment], nodes: [Digest: ImageNode], in workspace: inout PlanningWorkspace
  ) throws {
    let media = workspace.media(of: Array(nodes.values))
    let input = RenderTask.Input(encoding: encoding, nodes: nodes, media: media, segments: segments)
    let count = segments.reduce(0) { $0 + $1.count }
    let memory = MemoryEstimate(videos: workspace.videosByIdentity())
      .render(nodes.values, encoding: encoding)
    let names = workspace.names
    let label = label(segments, nodes: nodes, in: &workspace)
    workspace.renders[RenderTask.key(input)] = input
    try workspace.add(
      TaskNode(
        key: RenderTask.key(input), kind: RenderTask.identifier, version: RenderTask.version, stage: stage,
        label: label,
        dependencies: workspace.externals(behind: Array(nodes.values))
          + workspace.makersOfStoredFrames(behind: Array(nodes.values)), payload: try JSONBytes.encode(input),
        frames: Int(count), commits: segments.map(\.key),
        reason: "\(count) frames never made before with this source, grade and encoding",
        needs: TaskNeeds(memoryBytes: memory),
        ingredients: RenderTask.ingredients(input, names: names)))
  }

  /// The sources of the first shot with its frames, and how many shots more.
  private func label(
    _ segments: [RenderTask.Segment], nodes: [Digest: ImageNode], in workspace: inout PlanningWorkspace
  ) -> String {
    let runs = segments.flatMap(\.runs)
    guard let first = runs.first, let node = nodes[first.chain] else { return "no frames" }
    let files = workspace.mediaFiles()
    let names = node.sources.compactMap { source in
      files[source.media].map { FilePaths.name(of: $0.location.path) }
    }
    let positions = runs.filter { $0.chain == first.chain }.flatMap(\.positions)
    let start = positions.map(\.start).min() ?? first.first
    let end = positions.map(\.end).max() ?? first.first + 1
    let name = names.isEmpty ? "black" : names.joined(separator: " to ")
    let more = nodes.count > 1 ? " and \(nodes.count - 1) more" : ""
    return "\(name) frames \(start)–\(end - 1)\(more)"
  }
}
