import Delivery
import Digests
import ImageGraph
import MediaTime
import TaskGraph
import TaskKinds

/// The frames of a finished deliverable as pictures: what `frames-of` shows.
///
/// A frame is named by its encoding, its chain and its place in it, so that a re-cut finds it again wherever the
/// deliverable has it.
struct StoredChain {
  /// The deliverable whose frames they are.
  var stage: String
  var encoding: Encoding
  var node: ImageNode
  /// Where they are or will be.
  var frames: [KnownFrames]

  var identity: Digest {
    var encoder = CanonicalEncoder(domain: "interlock.stored-frames", version: 1)
    encoder.append(encoding.digest)
    encoder.append(node.chain)
    return encoder.digest()
  }

  /// What a task needs to read them.
  var media: RenderTask.Media {
    var media = RenderTask.Media(
      location: MediaLocation(path: "frames of \(stage)", root: "", byteCount: 0, modified: 0),
      sampleAspect: .one)
    media.stored = RenderTask.StoredFrames(encoding: encoding, parts: frames)
    return media
  }

  /// The operations behind the frames, and how they were stored.
  var operations: [OperationSummary] {
    node.operations + [
      OperationSummary(
        operation: "stored", version: 1,
        parameters: "as frames of \(stage): \(encoding.codec) \(encoding.pixelFormat)")
    ]
  }
}

extension PlanningWorkspace {
  /// The frames of a deliverable that is planned already, as a sequence.
  mutating func storedFrames(of delivered: DeliveredPicture) throws -> PictureSequence {
    let encoding = delivered.encoding
    let interpretation = Interpretation(
      matrix: encoding.tags.matrix == "bt2020nc" ? .bt2020 : .bt709, isFullRange: encoding.tags.range == "pc",
      siting: encoding.chroma == "topleft" ? .topleft : nil)
    // As its frames were planned: numbered stills each by itself.
    var sequence = try frameByFrame(delivered.picture)
    let sizing = Sizing(raster: sequence.raster, fit: .native)
    for index in sequence.spans.indices {
      let node = sequence.spans[index].node
      let chain = StoredChain(
        stage: delivered.stage, encoding: encoding, node: node,
        frames: frames[encoding.digest]?[node.chain]?.known ?? [])
      stored[chain.identity] = chain
      sequence.spans[index].node = .sizing(
        sizing, of: .source(PictureSource(media: chain.identity, stream: 0, interpretation: interpretation)))
      sequence.spans[index].layers = []
    }
    return sequence
  }

  /// The tasks of this plan that make the stored frames behind nodes.
  func makersOfStoredFrames(behind nodes: [ImageNode]) -> [TaskKey] {
    guard !stored.isEmpty else { return [] }
    var seen: Set<TaskKey> = []
    return nodes.flatMap(\.sources).flatMap { stored[$0.media]?.frames ?? [] }
      .compactMap { makers[$0.segment] }.filter { plannedKeys.contains($0) && seen.insert($0).inserted }
  }

  /// Every operation behind a node, those of stored frames too.
  func operations(of node: ImageNode) -> [OperationSummary] {
    guard node.sources.count == 1, let source = node.sources.first, let chain = stored[source.media] else {
      return node.operations
    }
    // Source and sizing stand for what was stored.
    return chain.operations + node.operations.dropFirst(2)
  }
}
