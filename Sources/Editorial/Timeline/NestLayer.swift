import MediaTime

/// One track of a nested timeline as it is seen through its nest: items that fill the nest's record range.
struct NestLayer {
  /// What cannot be shown as the nested timeline has it.
  enum Loss: Hashable {
    /// A transition that the edge of the nest cuts through.
    case transitionCut
    /// A transition that is played at another speed, or backwards.
    case transitionRetimed
    /// A wipe played backwards, or a transition in a speed that changes.
    case transitionTurned
    /// Numbers beyond 64 bits, or a motion of more frames than are told one by one.
    case motion
  }

  private(set) var items: [TrackItem] = []
  private(set) var losses: [Loss] = []
  /// Record frames at which a clip is seen, transitions into the nest included.
  private(set) var seen: [FrameRange] = []
  /// Whether transitions into and out of the nest may stand at the items of its edges.
  private(set) var isReachable = true

  private let nest: Nest
  private let map: NestMap
  private let track: Track
  /// Indices of the items that take time, and their ranges.
  private let blocks: [Int]
  private let before: Transition?
  private let after: Transition?

  /// - Parameters:
  ///   - track: without nests.
  ///   - before: the transition that leads to the nest.
  ///   - room: for frames that are told one by one.
  ///   - limit: the most items.
  /// - Returns: `nil` beyond the limit or 64 bits.
  init?(
    _ track: Track, of nest: Nest, through map: NestMap, before: Transition?, after: Transition?,
    room: inout Int, limit: Int
  ) {
    self.nest = nest
    self.map = map
    self.track = track
    self.before = before
    self.after = after
    blocks = track.items.indices.filter { track.items[$0].recordRange.map { !$0.isEmpty } ?? false }
    let intervals = FrameIntervals(ranges: blocks.compactMap { track.items[$0].recordRange })
    let (end, isOver) = nest.recordRange.count.addingReportingOverflow(after?.outOffset ?? 0)
    guard !isOver else { return nil }
    let window = FrameRange(start: -(before?.inOffset ?? 0), end: end)
    guard let runs = map.lines.runs(over: window, in: intervals, limit: limit) else { return nil }
    fill(runs, &room)
    checkEdges(runs)
  }

  private mutating func fill(_ runs: [FrameRun], _ room: inout Int) {
    let whole = FrameRange(start: 0, count: nest.recordRange.count)
    var previous: FrameRun?
    for run in runs {
      guard let visible = run.frames.intersection(whole) else { continue }
      if let previous {
        cross(from: previous, to: run, at: visible.start, whole)
      } else {
        edge(run, at: whole.start, isStart: true)
      }
      items.append(item(run, visible: visible, &room))
      previous = run
    }
    if let previous { edge(previous, at: whole.end, isStart: false) }
  }

  /// The item at a run of frames.
  private mutating func item(_ run: FrameRun, visible: FrameRange, _ room: inout Int) -> TrackItem {
    let record = visible.offset(by: nest.recordRange.start)
    guard blocks.indices.contains(run.interval) else { return .gap(Gap(recordRange: record)) }
    switch track.items[blocks[run.interval]] {
    case .clip(let clip):
      guard var copy = map.clip(clip, visible: visible, covered: run.frames, room: &room) else {
        losses.append(.motion)
        return .gap(Gap(recordRange: record))
      }
      copy.recordRange = record
      copy.isEnabled = clip.isEnabled && nest.isEnabled && track.isEnabled
      if !nest.event.isEmpty { copy.event = nest.event + "." + clip.event }
      if track.kind == .picture, nest.adjustment != .none {
        // The first placement is the clip's own, in the frame of its timeline.
        if copy.adjustments.isEmpty { copy.adjustments.append(.none) }
        copy.adjustments.append(nest.adjustment.advanced(by: visible.start))
      }
      if copy.isEnabled { seen.append(run.frames.offset(by: nest.recordRange.start)) }
      return .clip(copy)
    case .gap(var gap):
      gap.recordRange = record
      return .gap(gap)
    case .nest, .transition: return .gap(Gap(recordRange: record))
    }
  }

  // MARK: Transitions inside

  /// The transition between two of the items that take time, and the index of the one after it.
  private func transition(before block: Int) -> Transition? {
    let first = block > 0 ? blocks[block - 1] + 1 : 0
    let end = block < blocks.count ? blocks[block] : track.items.count
    for index in first..<max(first, end) {
      if case .transition(let transition) = track.items[index] { return transition }
    }
    return nil
  }

  private func isGap(_ block: Int) -> Bool {
    guard blocks.indices.contains(block) else { return true }
    if case .gap = track.items[blocks[block]] { return true }
    return false
  }

  /// Frames of the nest that a transition takes before and after a cut at `frame`, by the speed there.
  private func reach(_ transition: Transition, at cut: Int64, frame: Int64, isReversed: Bool)
    -> (before: Int64, after: Int64)?
  {
    if map.isPlain { return (transition.inOffset, transition.outOffset) }
    guard let line = map.lines.only, line.slope != .zero else { return nil }
    // Where the position passes an edge of the transition, rising or falling.
    func frameReaching(_ position: Int64) -> Int64? {
      line.leaves(FrameRange(start: position, count: 0))
    }
    let (first, last) =
      isReversed
      ? (cut + transition.outOffset, cut - transition.inOffset)
      : (cut - transition.inOffset, cut + transition.outOffset)
    guard let from = frameReaching(first), let to = frameReaching(last) else { return nil }
    return (max(0, frame - from), max(0, to - frame))
  }

  /// Between two runs that are both seen.
  private mutating func cross(from: FrameRun, to: FrameRun, at frame: Int64, _ whole: FrameRange) {
    guard abs(from.interval - to.interval) == 1 else { return }
    let isReversed = to.interval < from.interval
    let later = max(from.interval, to.interval)
    guard var transition = transition(before: later) else { return }
    let cut = blocks.indices.contains(later) ? range(later).start : range(later - 1).end
    guard let reach = reach(transition, at: cut, frame: frame, isReversed: isReversed) else {
      losses.append(.transitionTurned)
      return
    }
    guard frame - reach.before >= whole.start, frame + reach.after <= whole.end else {
      losses.append(.transitionCut)
      return
    }
    if isReversed, transition.kind != .dissolve {
      losses.append(.transitionTurned)
      return
    }
    if !map.isPlain {
      losses.append(.transitionRetimed)
      (transition.inOffset, transition.outOffset) = reach
    }
    append(transition)
  }

  private func range(_ block: Int) -> FrameRange {
    track.items[blocks[block]].recordRange ?? FrameRange(start: 0, count: 0)
  }

  private mutating func append(_ transition: Transition) {
    var transition = transition
    if !nest.event.isEmpty { transition.event = nest.event + "." + transition.event }
    items.append(.transition(transition))
  }

  /// The transition at the first or last item seen: a fade whose gap has no length, or one that is cut.
  private mutating func edge(_ run: FrameRun, at frame: Int64, isStart: Bool) {
    guard blocks.indices.contains(run.interval) else { return }
    let slope = map.lines.line(at: frame).slope
    guard slope != .zero, map.lines.only != nil else {
      if [run.interval, run.interval + 1].contains(where: { transition(before: $0) != nil }) {
        losses.append(.transitionTurned)
      }
      return
    }
    // The item's own edge that lies on this side of the window.
    let isLower = isStart == (slope > .zero)
    let later = isLower ? run.interval : run.interval + 1
    guard let transition = transition(before: later) else { return }
    let cut = isLower ? range(run.interval).start : range(run.interval).end
    guard let line = map.lines.only, let at = line.leaves(FrameRange(start: cut, count: 0)),
      let reach = reach(transition, at: cut, frame: at, isReversed: slope < .zero)
    else {
      losses.append(.transitionTurned)
      return
    }
    let isSeen = isStart ? at + reach.after > frame : at - reach.before < frame
    guard isSeen else { return }
    let isFade =
      at == frame && isGap(isLower ? run.interval - 1 : run.interval + 1) && map.isPlain
      && (isStart ? reach.before : reach.after) == 0
    guard isFade else {
      losses.append(.transitionCut)
      return
    }
    // Its gap stays with it, so that it is not mistaken for one from what stands before the nest.
    let gap = TrackItem.gap(
      Gap(recordRange: FrameRange(start: nest.recordRange.start + frame, count: 0)))
    if isStart { items.append(gap) }
    append(transition)
    if !isStart { items.append(gap) }
  }

  // MARK: Transitions outside

  /// A transition beside the nest wants one item over all its frames.
  private mutating func checkEdges(_ runs: [FrameRun]) {
    if let before {
      let whole = FrameRange(start: -before.inOffset, end: before.outOffset)
      isReachable = isReachable && holds(runs.first, whole) && isFirstItem(items.first)
    }
    if let after {
      let count = nest.recordRange.count
      let whole = FrameRange(start: count - after.inOffset, end: count + after.outOffset)
      isReachable = isReachable && holds(runs.last, whole) && isFirstItem(items.last)
    }
  }

  private func holds(_ run: FrameRun?, _ frames: FrameRange) -> Bool {
    run.map { $0.frames.contains(frames) } ?? false
  }

  /// Not the gap of a fade inside.
  private func isFirstItem(_ item: TrackItem?) -> Bool { item?.recordRange.map { !$0.isEmpty } ?? false }

  /// Whether a clip is seen at any of the record frames.
  func isSeen(at frames: FrameRange) -> Bool { seen.contains { $0.intersection(frames) != nil } }
}
