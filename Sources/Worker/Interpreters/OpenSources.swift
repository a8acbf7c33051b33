import ImageGraph

/// The sources that a task has open: several chains that read one source at the same place share it, and the next
/// chain finds open what the one before has used.
final class OpenSources {
  /// The n-th use of a source in one chain: two sides of a transition read one source at two places.
  private struct Use: Hashable {
    var source: PictureSource
    var number: Int
  }

  private var supplies: [Use: any PictureSupply] = [:]
  private var clips: [Clip: Weak] = [:]
  /// What the chain of each lane reads.
  private var uses: [Int: Set<Use>] = [:]

  private struct Clip: Hashable {
    var node: ImageNode
    var number: Int
  }

  /// Pictures that nobody shows any more go.
  private struct Weak {
    weak var clip: SharedClip?
  }

  /// Closes what no lane reads any more, before a lane opens what its next chain reads.
  ///
  /// - Parameter lane: one of the encodings that the task makes frames in.
  func turn(lane: Int, to node: ImageNode) {
    var counts: [PictureSource: Int] = [:]
    uses[lane] = Set(
      node.sources.map { source in
        counts[source, default: 0] += 1
        return Use(source: source, number: counts[source] ?? 1)
      })
    let used = uses.values.reduce(into: Set<Use>()) { $0.formUnion($1) }
    supplies = supplies.filter { used.contains($0.key) }
    clips = clips.filter { $0.value.clip != nil }
  }

  fileprivate func supply(
    _ source: PictureSource, number: Int, _ open: () throws -> any PictureSupply
  ) rethrows -> any PictureSupply {
    let use = Use(source: source, number: number)
    if let opened = supplies[use] { return opened }
    let opened = try open()
    supplies[use] = opened
    return opened
  }

  fileprivate func clip(_ node: ImageNode, number: Int, _ make: () throws -> SharedClip) rethrows
    -> SharedClip
  {
    let key = Clip(node: node, number: number)
    if let made = clips[key]?.clip { return made }
    let made = try make()
    clips[key] = Weak(clip: made)
    return made
  }
}

/// What one chain reads of the open sources.
final class SourceUses {
  private let open: OpenSources
  private var sources: [PictureSource: Int] = [:]
  private var clips: [ImageNode: Int] = [:]

  init(_ open: OpenSources) { self.open = open }

  func supply(_ source: PictureSource, _ open: () throws -> any PictureSupply) rethrows -> any PictureSupply {
    sources[source, default: 0] += 1
    return try self.open.supply(source, number: sources[source] ?? 1, open)
  }

  func clip(_ node: ImageNode, _ make: () throws -> SharedClip) rethrows -> SharedClip {
    clips[node, default: 0] += 1
    let before = sources
    let clip = try open.clip(node, number: clips[node] ?? 1, make)
    // Counted alike whether another chain has made it or this one.
    sources = before
    for source in node.sources { sources[source, default: 0] += 1 }
    return clip
  }
}
