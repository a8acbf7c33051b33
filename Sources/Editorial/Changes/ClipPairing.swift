import MediaTime

/// Which clip of an old track lives on as which clip of the new one.
enum ClipPairing {
  private struct Identity: Hashable {
    var source: String
    var shown: FrameRange?
    var speed: Rational
  }

  /// - Returns: for indices of new clips those of the old ones; each old clip stands once.
  static func pairs(_ old: [SourcedClip], _ new: [SourcedClip]) -> [Int: Int] {
    var pairs = anchors(old, new)
    pairNeighbours(old, new, &pairs)
    pairRest(old, new, &pairs)
    return pairs
  }

  /// Clips that show exactly the same, in the same order.
  private static func anchors(_ old: [SourcedClip], _ new: [SourcedClip]) -> [Int: Int] {
    let (before, after) = (old.map(identity), new.map(identity))
    let difference = after.difference(from: before)
    var removed = Set<Int>()
    var inserted = Set<Int>()
    for change in difference {
      switch change {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): inserted.insert(offset)
      }
    }
    let keptOld = before.indices.filter { !removed.contains($0) }
    let keptNew = after.indices.filter { !inserted.contains($0) }
    return Dictionary(uniqueKeysWithValues: zip(keptNew, keptOld))
  }

  private static func identity(_ clip: SourcedClip) -> Identity {
    Identity(source: clip.source, shown: clip.shown, speed: clip.clip.timeScale)
  }

  /// Between two anchors, clips of one source in order: trims, slips and new speeds.
  private static func pairNeighbours(_ old: [SourcedClip], _ new: [SourcedClip], _ pairs: inout [Int: Int]) {
    let anchors = pairs.sorted { $0.key < $1.key }.map { (new: $0.key, old: $0.value) }
    var from = (new: 0, old: 0)
    for anchor in anchors + [(new: new.count, old: old.count)] {
      var taken: Set<Int> = []
      for index in from.new..<max(from.new, anchor.new) {
        let candidates = (from.old..<max(from.old, anchor.old)).filter {
          !taken.contains($0) && old[$0].source == new[index].source
        }
        guard let best = best(candidates, old, for: new[index]) else { continue }
        taken.insert(best)
        pairs[index] = best
      }
      from = (anchor.new + 1, anchor.old + 1)
    }
  }

  /// Clips that were cut out at one place and put in at another.
  private static func pairRest(_ old: [SourcedClip], _ new: [SourcedClip], _ pairs: inout [Int: Int]) {
    var free: [String: [Int]] = [:]
    let taken = Set(pairs.values)
    for index in old.indices where !taken.contains(index) {
      free[old[index].source, default: []].append(index)
    }
    for index in new.indices where pairs[index] == nil {
      let candidates = (free[new[index].source] ?? []).filter { overlap(old[$0], new[index]) > 0 }
      guard let best = best(candidates, old, for: new[index]) else { continue }
      free[new[index].source]?.removeAll { $0 == best }
      pairs[index] = best
    }
  }

  private static func overlap(_ old: SourcedClip, _ new: SourcedClip) -> Int64 {
    guard let before = old.shown, let after = new.shown else { return 0 }
    return before.intersection(after)?.count ?? 0
  }

  /// The one that shares most frames; of equals the first.
  private static func best(_ candidates: [Int], _ old: [SourcedClip], for clip: SourcedClip) -> Int? {
    candidates.max { (overlap(old[$0], clip), -$0) < (overlap(old[$1], clip), -$1) }
  }
}
