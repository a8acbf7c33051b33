import Colour
import Editorial
import ImageGraph
import MediaTime
import TaskKinds

/// One event against the offline.
final class OfflineComparison {
  private let event: CompareOfflineTask.Event
  private let reader: LumaReader
  private let comparer: PlaneComparer
  private let fit: PlaneFit
  private let mask: OfflineMask
  private let judge: OfflineJudge
  private let offlines: [LumaPlane]
  /// Of the conformed pictures, in the offline's place.
  private var area: PictureArea
  /// Pixels that count in the picture as it is.
  private var use: [UInt8]
  /// Conformed pictures in the offline's place, by chain and frame.
  private var planes: [Key: LumaPlane] = [:]

  private struct Key: Hashable {
    var chain: String
    var frame: Int64
  }

  /// How a conformed picture is changed before it is compared.
  private struct Shape: Hashable {
    var isMirrored = false
    var fit = PlaneFit.identity
  }

  /// Shifts looked at by every event, then by those that seem to stand still, then by those that do not match.
  private static let near: [Int64] = [-2, -1, 0, 1, 2]
  private static let wide: [Int64] = [-8, -4, 4, 8]
  private static let furthest: Int64 = 24
  private static let furthestDrift: Int64 = 120

  init(_ event: CompareOfflineTask.Event, _ input: CompareOfflineTask.Input, reader: LumaReader) throws {
    self.event = event
    self.reader = reader
    let raster = input.view.compared
    comparer = PlaneComparer(width: raster.width, height: raster.height)
    fit = PlaneFit(
      scaleX: input.fit.scaleX, scaleY: input.fit.scaleY, moveX: input.fit.moveX * Double(raster.width),
      moveY: input.fit.moveY * Double(raster.height))
    mask = OfflineMask(input.view, burnIns: input.fit.burnIns, block: input.fit.block)
    judge = OfflineJudge(floor: input.fit.floor)
    offlines = try event.samples.map { try reader.offline($0.offline) }
    area = PictureArea(x: 0..<raster.width, y: 0..<raster.height)
    use = mask.use
  }

  /// The verdict, and the sample that shows it best.
  func match() throws -> (OfflineMatch, sample: Int) {
    guard !event.samples.isEmpty else { return (OfflineMatch(kind: .absent), 0) }
    try load(Self.near)
    let conformed = event.samples.compactMap { plane($0, shift: 0) }
    guard conformed.count == event.samples.count else { return (OfflineMatch(kind: .absent), 0) }
    area = PictureArea(conformed) ?? area
    use = mask.within(area)
    if let flat = flatMatch(conformed) { return (flat, 0) }
    var curve = try curve(Self.near)
    if judge.isSettled(curve), curve.tolerance == nil || (curve.tolerance ?? 0) > 0 {
      try load(Self.wide)
      curve = try self.curve(Self.near + Self.wide)
    }
    if judge.isSettled(curve) { return (judge.match(curve), worst(of: curve)) }
    let reach = max(Self.furthest, min(event.frameCount, Self.furthestDrift))
    try load(Array(-reach...reach))
    curve = try self.curve(Array(-reach...reach))
    let reshaped = try [mirrored(), resized(at: 0)].compactMap { $0 }
    try load(Array(-reach...reach), bySource: true)
    let drifting = try self.curve(Array(-reach...reach), bySource: true)
    return (judge.match(curve, drifting: drifting, reshaped: reshaped), worst(of: curve))
  }

  /// Pictures without detail say nothing; but one side without is another picture.
  private func flatMatch(_ conformed: [LumaPlane]) -> OfflineMatch? {
    var rest: [Float] = []
    var (own, their) = (0.0, 0.0)
    for (offline, plane) in zip(offlines, conformed) {
      let found = comparer.compare(offline, with: plane, use: use, rest: &rest)
      own += found.variance
      their += found.other
    }
    let least = OfflineJudge.leastDetail * Double(offlines.count)
    if own >= least, their >= least { return nil }
    var match = OfflineMatch(kind: max(own, their) < 8 * least ? .flat : .other)
    if match.kind == .other {
      match.mismatch = 1
      match.asConformed = 1
      match.confidence = 90
    }
    return match
  }

  // MARK: Planes

  /// Reads in the order of the media, so that no picture is decoded twice.
  private func load(_ shifts: [Int64], bySource: Bool = false) throws {
    var needed: Set<Key> = []
    for sample in event.samples {
      for shift in shifts { if let key = key(sample, shift, bySource: bySource) { needed.insert(key) } }
    }
    for key in needed.sorted(by: { ($0.chain, $0.frame) < ($1.chain, $1.frame) }) where planes[key] == nil {
      try StopRequest.check()
      planes[key] = PlaneComparer.laid(try reader.conformed(key.chain, key.frame), fit)
    }
  }

  /// - Parameter bySource: the shift counts frames of the media, not of the record.
  private func key(_ sample: CompareOfflineTask.Sample, _ shift: Int64, bySource: Bool) -> Key? {
    let frame = event.isHeld || bySource ? sample.map.position(at: 0) + shift : sample.map.position(at: shift)
    guard frame >= 0, frame < sample.limit ?? .max else { return nil }
    // Without a limit only frames that the cut itself shows are known to be there.
    if sample.limit == nil, !(0..<event.frameCount).contains(sample.frame + shift) { return nil }
    return Key(chain: sample.chain, frame: frame)
  }

  private func plane(_ sample: CompareOfflineTask.Sample, shift: Int64, bySource: Bool = false) -> LumaPlane?
  {
    key(sample, shift, bySource: bySource).flatMap { planes[$0] }
  }

  // MARK: Curves

  private func curve(_ shifts: [Int64], _ shape: Shape = Shape(), bySource: Bool = false) throws -> ShiftCurve
  {
    var samples: [ShiftCurve.Sample] = []
    var (base, rest): ([Float], [Float]) = ([], [])
    let use = use(shape)
    for (sample, offline) in zip(event.samples, offlines) {
      try StopRequest.check()
      guard let plain = plane(sample, shift: 0) else { continue }
      let unshifted = compare(offline, plain, shape, use, &base)
      var points: [Int64: ShiftCurve.Point] = [
        0: ShiftCurve.Point(residual: unshifted.residual, change: 0)
      ]
      for shift in shifts where shift != 0 {
        guard let plane = plane(sample, shift: shift, bySource: bySource) else { continue }
        let found = compare(offline, plane, shape, use, &rest)
        points[shift] = ShiftCurve.Point(
          residual: found.residual, change: PlaneComparer.meanSquare(base, rest, use: use))
      }
      samples.append(
        ShiftCurve.Sample(frame: sample.frame, variance: unshifted.variance, points: points))
    }
    return ShiftCurve(samples: samples)
  }

  private func compare(
    _ offline: LumaPlane, _ plane: LumaPlane, _ shape: Shape, _ use: [UInt8], _ rest: inout [Float]
  ) -> PlaneComparer.Comparison {
    let laid = PlaneComparer.laid(shape.isMirrored ? plane.mirrored : plane, shape.fit)
    return comparer.compare(offline, with: laid, use: use, rest: &rest)
  }

  /// Pixels that count after the picture was changed: bars move with it.
  private func use(_ shape: Shape) -> [UInt8] {
    if shape == Shape() { return use }
    let turned = shape.isMirrored ? area.mirrored(width: comparer.width) : area
    return mask.within(turned.laid(shape.fit, width: comparer.width, height: comparer.height))
  }

  /// The sample that the conform matches least as it is.
  private func worst(of curve: ShiftCurve) -> Int {
    var worst = (index: 0, mismatch: -1.0)
    for (index, sample) in curve.samples.enumerated() where index < event.samples.count {
      guard let point = sample.points[0], sample.variance > 0 else { continue }
      if point.residual / sample.variance > worst.mismatch {
        worst = (index, point.residual / sample.variance)
      }
    }
    return worst.index
  }

  // MARK: Shapes

  private func mirrored() throws -> OfflineJudge.Reshaped? {
    let shape = Shape(isMirrored: true)
    let curve = try curve(Self.near + Self.wide, shape)
    return OfflineJudge.Reshaped(kind: .flopped, curve: curve)
  }

  /// The size and place that match best, from small pictures to large.
  private func resized(at shift: Int64) throws -> OfflineJudge.Reshaped? {
    let step = 4
    let chosen = [0, event.samples.count / 2, event.samples.count - 1]
    let pairs = Set(chosen).sorted().compactMap { index -> (LumaPlane, LumaPlane)? in
      plane(event.samples[index], shift: shift).map { (offlines[index], $0) }
    }
    guard !pairs.isEmpty, comparer.width >= 16 * step, comparer.height >= 8 * step else { return nil }
    let small = pairs.map { ($0.0.reduced(by: step), $0.1.reduced(by: step)) }
    let comparer = PlaneComparer(width: small[0].0.width, height: small[0].0.height)
    let smallMask = mask.reduced(by: step)
    let smallArea = PictureArea(
      x: area.x.lowerBound / step..<area.x.upperBound / step,
      y: area.y.lowerBound / step..<area.y.upperBound / step)
    var rest: [Float] = []
    var found: [(fit: PlaneFit, cost: Double)] = []
    for size in Self.sizes {
      try StopRequest.check()
      for down in -5...5 {
        for across in -7...7 {
          let fit = PlaneFit(scaleX: size, scaleY: size, moveX: Double(across), moveY: Double(down))
          var (residual, variance) = (0.0, 0.0)
          let use = smallMask.within(
            smallArea.laid(fit, width: comparer.width, height: comparer.height))
          for (offline, plane) in small {
            let match = comparer.compare(
              offline, with: PlaneComparer.laid(plane, fit), use: use, rest: &rest)
            residual += match.residual
            variance += match.variance
          }
          found.append((fit, variance > 0 ? residual / variance : 1))
        }
      }
    }
    // Several starts: the best of the small pictures need not be the best of the large.
    let starts = found.enumerated().sorted { ($0.element.cost, $0.offset) < ($1.element.cost, $1.offset) }
      .prefix(3).map { start -> PlaneFit in
        var fit = start.element.fit
        fit.moveX *= Double(step)
        fit.moveY *= Double(step)
        return fit
      }
    let refinedFits = starts.map { refined($0, pairs) }
    guard let best = refinedFits.min(by: { $0.cost < $1.cost })?.fit else { return nil }
    let isChanged =
      (best.scaleX - 1).magnitude >= 0.015 || best.moveX.magnitude >= 0.01 * Double(self.comparer.width)
      || best.moveY.magnitude >= 0.01 * Double(self.comparer.width)
    guard isChanged else { return nil }
    return OfflineJudge.Reshaped(
      kind: .resized, scale: best.scaleX, moveX: best.moveX / Double(self.comparer.width),
      moveY: best.moveY / Double(self.comparer.height), curve: try curve(Self.near, Shape(fit: best)))
  }

  /// A half to twice the size, in steps of 5 %.
  private static let sizes: [Double] = {
    var sizes = [1.0]
    while sizes[sizes.count - 1] < 2 { sizes.append(sizes[sizes.count - 1] * 1.05) }
    return sizes.dropFirst().reversed().map { 1 / $0 } + sizes
  }()

  private func refined(_ start: PlaneFit, _ pairs: [(LumaPlane, LumaPlane)]) -> (fit: PlaneFit, cost: Double)
  {
    var rest: [Float] = []
    func cost(_ fit: PlaneFit) -> Double {
      var (residual, variance) = (0.0, 0.0)
      let shape = Shape(fit: fit)
      let use = use(shape)
      for (offline, plane) in pairs {
        let found = compare(offline, plane, shape, use, &rest)
        residual += found.residual
        variance += found.variance
      }
      return variance > 0 ? residual / variance : 1
    }
    var best = (fit: start, cost: cost(start))
    var (zoom, move) = (0.02, 2.0)
    while move > 0.1 {
      var isBetter = false
      for change in [
        (zoom, 0.0, 0.0), (-zoom, 0, 0), (0, move, 0), (0, -move, 0), (0, 0, move), (0, 0, -move),
      ] {
        var fit = best.fit
        fit.scaleX += change.0
        fit.scaleY += change.0
        fit.moveX += change.1
        fit.moveY += change.2
        guard fit.scaleX > 0.2 else { continue }
        let cost = cost(fit)
        if cost < best.cost * 0.999 {
          best = (fit, cost)
          isBetter = true
        }
      }
      if !isBetter {
        zoom /= 2
        move /= 2
      }
    }
    return best
  }
}
