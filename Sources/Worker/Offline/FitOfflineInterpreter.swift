import Colour
import ImageGraph
import ObjectStore
import TaskGraph
import TaskKinds

/// Finds how the conformed pictures lie in the offline's, and the blocks of the offline that are burn-ins.
enum FitOfflineInterpreter: TaskInterpreter {
  typealias Kind = FitOfflineTask

  static func run(_ input: FitOfflineTask.Input, in context: TaskContext) throws -> (
    FitOfflineTask.Output, [ObjectReference]
  ) {
    let reader = LumaReader(input.view, nodes: input.nodes, store: context.store)
    var pairs: [(offline: LumaPlane, conformed: LumaPlane)] = []
    for (index, pair) in input.pairs.enumerated() {
      try StopRequest.check()
      pairs.append((try reader.offline(pair.offline), try reader.conformed(pair.chain, pair.frame)))
      context.reporter.progress(frames: index + 1, of: input.pairs.count)
    }
    var fitting = OfflineFitting(pairs, view: input.view)
    return (FitOfflineTask.Output(fit: try fitting.fit()), [])
  }
}

/// Lays conformed pictures over the offline's.
struct OfflineFitting {
  private let pairs: [(offline: LumaPlane, conformed: LumaPlane)]
  /// Of the conformed pictures; nil for black.
  private let areas: [PictureArea?]
  private let view: OfflineView
  private let comparer: PlaneComparer
  private var mask: OfflineMask

  /// Side of the blocks that are masked, in pixels.
  private static let block = 6
  /// Pictures looked at while the fit is refined.
  private static let refining = 12

  init(_ pairs: [(offline: LumaPlane, conformed: LumaPlane)], view: OfflineView) {
    self.pairs = pairs
    areas = pairs.map { PictureArea([$0.conformed]) }
    self.view = view
    comparer = PlaneComparer(width: view.compared.width, height: view.compared.height)
    mask = OfflineMask(view)
  }

  mutating func fit() throws -> OfflineFit {
    let fit = try refined(best(candidates()))
    var burnIns: Set<Int> = []
    // A burn-in disturbs the blocks beside it: with it left out, they are looked at again.
    for _ in 0..<2 {
      try StopRequest.check()
      burnIns.formUnion(disagreeingBlocks(fit))
      mask = OfflineMask(view, burnIns: Array(burnIns), block: Self.block)
    }
    let columns = OfflineMask.columns(view.compared.width, Self.block)
    let count = columns * OfflineMask.columns(view.compared.height, Self.block)
    var grown = burnIns
    for index in burnIns {
      for (across, down) in [(-1, 0), (1, 0), (0, -1), (0, 1)]
      where (0..<columns).contains(index % columns + across) {
        let beside = index + across + down * columns
        if (0..<count).contains(beside) { grown.insert(beside) }
      }
    }
    // Where most of the picture disagrees there is nothing to mask: the pictures are others.
    if 2 * grown.count > count { grown = [] }
    mask = OfflineMask(view, burnIns: Array(grown), block: Self.block)
    let mismatches = pairs.indices.compactMap { mismatch($0, fit) }.sorted()
    let agreeing = mismatches.filter { $0 < 0.5 }
    return OfflineFit(
      scaleX: fit.scaleX, scaleY: fit.scaleY, moveX: fit.moveX / Double(view.compared.width),
      moveY: fit.moveY / Double(view.compared.height), block: Self.block, burnIns: grown.sorted(),
      floor: agreeing.isEmpty ? 0.02 : agreeing[agreeing.count / 2], agreeing: agreeing.count,
      looked: mismatches.count)
  }

  // MARK: Fit

  /// As they are, and area on area: the black around either picture may be of another size.
  private func candidates() -> [PlaneFit] {
    guard let offline = PictureArea(pairs.map(\.offline)), let conformed = PictureArea(pairs.map(\.conformed))
    else { return [.identity] }
    let (width, height) = (Double(view.compared.width), Double(view.compared.height))
    func middle(_ range: Range<Int>, of length: Double) -> Double {
      Double(range.lowerBound + range.upperBound) / 2 - length / 2
    }
    let scaleX = Double(offline.x.count) / Double(conformed.x.count)
    let scaleY = Double(offline.y.count) / Double(conformed.y.count)
    let scales = [(scaleX, scaleY), (scaleX, scaleX), (scaleY, scaleY)]
    return [.identity]
      + scales.map { x, y in
        PlaneFit(
          scaleX: x, scaleY: y, moveX: middle(offline.x, of: width) - x * middle(conformed.x, of: width),
          moveY: middle(offline.y, of: height) - y * middle(conformed.y, of: height))
      }
  }

  private func best(_ fits: [PlaneFit]) -> PlaneFit {
    var best = (fit: PlaneFit.identity, cost: Double.infinity)
    for fit in fits {
      let cost = cost(fit)
      // The plain fit wins unless another is clearly better.
      if cost < best.cost * 0.9 { best = (fit, cost) }
    }
    return best.fit
  }

  private func refined(_ start: PlaneFit) throws -> PlaneFit {
    var best = (fit: start, cost: cost(start))
    let plain = best
    var (zoom, move) = (0.02, 2.0)
    while move > 0.2 {
      try StopRequest.check()
      var isBetter = false
      for change in [
        (zoom, 0.0, 0.0, 0.0), (-zoom, 0, 0, 0), (0, zoom, 0, 0), (0, -zoom, 0, 0), (zoom, zoom, 0, 0),
        (-zoom, -zoom, 0, 0), (0, 0, move, 0), (0, 0, -move, 0), (0, 0, 0, move), (0, 0, 0, -move),
      ] {
        var fit = best.fit
        fit.scaleX += change.0
        fit.scaleY += change.1
        fit.moveX += change.2
        fit.moveY += change.3
        let cost = cost(fit)
        if cost < best.cost * 0.995 {
          best = (fit, cost)
          isBetter = true
        }
      }
      if !isBetter {
        zoom /= 2
        move /= 2
      }
    }
    return best.cost < 0.85 * plain.cost ? best.fit : plain.fit
  }

  /// The median mismatch of some pictures: a few wrong events do not count.
  private func cost(_ fit: PlaneFit) -> Double {
    let step = max(1, pairs.count / Self.refining)
    let chosen = stride(from: 0, to: pairs.count, by: step).compactMap { mismatch($0, fit) }.sorted()
    return chosen.isEmpty ? 1 : chosen[chosen.count / 2]
  }

  /// Nil for pictures without detail.
  private func mismatch(_ pair: Int, _ fit: PlaneFit) -> Double? {
    var rest: [Float] = []
    guard let found = comparison(pair, fit, rest: &rest)?.found else { return nil }
    guard found.variance > 4, found.other > 4 else { return nil }
    return found.residual / found.variance
  }

  private func comparison(_ pair: Int, _ fit: PlaneFit, rest: inout [Float]) -> (
    found: PlaneComparer.Comparison, use: [UInt8]
  )? {
    guard let area = areas[pair] else { return nil }
    let use = mask.within(area.laid(fit, width: view.compared.width, height: view.compared.height))
    let laid = PlaneComparer.laid(pairs[pair].conformed, fit)
    return (comparer.compare(pairs[pair].offline, with: laid, use: use, rest: &rest), use)
  }

  // MARK: Burn-ins

  /// Blocks that disagree in nearly all pictures that otherwise agree.
  private func disagreeingBlocks(_ fit: PlaneFit) -> [Int] {
    let (width, height) = (view.compared.width, view.compared.height)
    let columns = OfflineMask.columns(width, Self.block)
    let count = columns * OfflineMask.columns(height, Self.block)
    var seen = [Int](repeating: 0, count: count)
    var against = [Int](repeating: 0, count: count)
    var rest: [Float] = []
    for (index, pair) in pairs.enumerated() {
      guard let (found, use) = comparison(index, fit, rest: &rest) else { continue }
      guard found.variance > 4, found.other > 4, found.residual < 0.75 * found.variance else { continue }
      var squares = [Double](repeating: 0, count: count)
      var pixels = [Int](repeating: 0, count: count)
      var sums = [Double](repeating: 0, count: count)
      var powers = [Double](repeating: 0, count: count)
      for row in 0..<height {
        for column in 0..<width where use[row * width + column] != 0 {
          let index = row / Self.block * columns + column / Self.block
          let value = Double(rest[row * width + column])
          let own = Double(pair.offline.values[row * width + column])
          squares[index] += value * value
          sums[index] += own
          powers[index] += own * own
          pixels[index] += 1
        }
      }
      let levels = squares.indices.filter { pixels[$0] > 0 }.map { squares[$0] / Double(pixels[$0]) }.sorted()
      guard !levels.isEmpty else { continue }
      let usual = levels[levels.count / 2]
      for index in squares.indices where 2 * pixels[index] >= Self.block * Self.block {
        seen[index] += 1
        let level = squares[index] / Double(pixels[index])
        let mean = sums[index] / Double(pixels[index])
        let variance = powers[index] / Double(pixels[index]) - mean * mean
        // Well beyond what the rest of the picture shows, beyond compression, and most of what the block holds.
        if level > max(60, 6 * usual), level > 0.35 * variance { against[index] += 1 }
      }
    }
    return seen.indices.filter { seen[$0] >= 5 && 10 * against[$0] >= 7 * seen[$0] }
  }
}
