import Digests
import Editorial
import ImageGraph
import MediaTime

/// What a conformed clip shows at each of its record frames, and before and after them.
struct ClipPictures {
  /// Record frames of one picture chain whose source frames follow one map.
  struct Stretch {
    var node: ImageNode
    /// From the first frame of the stretch.
    var map: FrameMap
    var count: Int64
    /// Whether it hides whatever lies below.
    var covers: Bool
  }

  let event: ConformedEvent
  let source: PictureSource
  private let raster: Raster
  private let sampleAspect: (numerator: Int64, denominator: Int64)
  /// As the pipeline says.
  private let sizing: Sizing
  /// Whether what the picture leaves open shows what is below it rather than black.
  private let isAbove: Bool
  private let alpha: Composite.Alpha
  /// Floating point is scaled as such: whole numbers would end at white.
  private let isFloat: Bool

  init(event: ConformedEvent, media: LayerMedia, sizing: Sizing, isAbove: Bool) {
    self.event = event
    source = media.source
    raster = media.raster
    let aspect = media.video.sampleAspect
    sampleAspect = (aspect.numerator, aspect.denominator)
    self.isAbove = isAbove
    isFloat = media.isFloat
    // A picture with nothing below it shows its colours as they are.
    alpha = !isAbove || !media.hasAlpha ? .opaque : media.isFloat ? .premultiplied : .straight
    var sizing = sizing
    if let fit = event.clip.adjustments.first?.fit.flatMap({ Sizing.Fit(rawValue: $0.rawValue) }) {
      sizing.fit = fit
    }
    self.sizing = sizing
  }

  private var clip: Clip { event.clip }

  /// The source frame at each record frame of the clip; of a speed that changes only where it is constant.
  var map: FrameMap { event.frameMap }

  /// How its colours meet what is below: of a clip in nested timelines the outermost that says so.
  var blend: Layering.Blend {
    clip.adjustments.last { $0.blend != .normal }.flatMap { Layering.Blend(rawValue: $0.blend.rawValue) }
      ?? .normal
  }

  /// The record frames from `start`, counted from the clip's first, as few stretches as can be.
  ///
  /// - Complexity: O(1) for a clip that is placed and runs alike throughout, else O(frames).
  func stretches(from start: Int64, count: Int64) -> [Stretch] {
    let frames = FrameRange(start: start, count: count)
    let isStill = clip.adjustments.allSatisfy(\.isConstant)
    guard !isStill || event.curve != nil else { return [stretch(placed(at: start), map, frames)] }
    let constant = isStill ? placed(at: start) : nil
    var stretches: [Stretch] = []
    for run in runs(frames) {
      if isStill {
        stretches.append(stretch(constant, run.map, run.frames))
        continue
      }
      for frame in run.frames.start..<run.frames.end {
        let next = stretch(placed(at: frame), run.map, FrameRange(start: frame, count: 1))
        // Before the first key and after the last nothing changes.
        if let last = stretches.last, frame > run.frames.start, last.node == next.node {
          stretches[stretches.count - 1].count += 1
        } else {
          stretches.append(next)
        }
      }
    }
    return stretches
  }

  private func stretch(_ placed: (sizing: Sizing, covers: Bool)?, _ map: FrameMap, _ frames: FrameRange)
    -> Stretch
  {
    guard let placed else {
      return Stretch(
        node: .nothing, map: FrameMap(first: 0, speed: .zero), count: frames.count, covers: false)
    }
    return Stretch(
      node: .sizing(placed.sizing, of: .source(source)), map: map.advanced(by: frames.start),
      count: frames.count, covers: placed.covers)
  }

  // MARK: Time

  /// The record frames as runs of one map, whose frame 0 is the clip's first.
  private func runs(_ frames: FrameRange) -> [(map: FrameMap, frames: FrameRange)] {
    guard let curve = event.curve else { return [(map, frames)] }
    var runs: [(map: FrameMap, frames: FrameRange)] = []
    for frame in frames.start..<frames.end {
      // What lies beyond 64 bits was refused by the relink.
      let position = event.sourceOrigin + (curve.position(at: frame) ?? 0)
      if var last = runs.last {
        let step = position - last.map.position(at: frame - 1)
        if last.frames.count == 1 {
          last.map = Self.map(
            first: last.map.position(at: last.frames.start), step: step, at: last.frames.start)
        }
        if last.map.position(at: frame) == position {
          last.frames.count += 1
          runs[runs.count - 1] = last
          continue
        }
      }
      runs.append((Self.map(first: position, step: 0, at: frame), FrameRange(start: frame, count: 1)))
    }
    return runs
  }

  /// The map that shows `first` at a frame and goes on by whole steps.
  private static func map(first: Int64, step: Int64, at frame: Int64) -> FrameMap {
    var map = FrameMap(first: first, speed: Rational(step))
    map.origin = -frame
    return map
  }

  // MARK: Place

  /// Nil where nothing of it is seen.
  private func placed(at frame: Int64) -> (sizing: Sizing, covers: Bool)? {
    var placed = sizing
    let adjustment = Sizing.Adjustment(clip.adjustments, at: frame, raster: sizing.raster, alpha: alpha)
    if !adjustment.isNone { placed.adjustment = adjustment }
    guard let geometry = placed.geometry(of: raster, sampleAspect: sampleAspect) else { return nil }
    let covers = geometry.covers(sizing.raster) && adjustment.opacity == 1 && alpha == .opaque
    // Black bars of its own would hide what lies below.
    if isAbove, !covers { placed.adjustment = adjustment }
    if isFloat, !placed.placement(of: raster, sampleAspect: sampleAspect).isUnscaled {
      placed.adjustment = adjustment
    }
    // What no pixel is resampled of is the same in any light.
    if placed.adjustment == nil, placed.placement(of: raster, sampleAspect: sampleAspect).isUnscaled {
      placed.scaling = nil
    }
    return (placed, covers)
  }
}

extension PictureAdjustment {
  private var numbers: [Animated] {
    [
      scaleX, scaleY, positionX, positionY, anchorX, anchorY, rotation, crop.left, crop.right, crop.top,
      crop.bottom, opacity,
    ]
  }

  var isConstant: Bool { numbers.allSatisfy { $0.constant != nil } }

  /// Whether every picture it makes can be rendered: sizes and places within a thousand frames.
  var isWithinReach: Bool {
    let places = [scaleX, scaleY, positionX, positionY, anchorX, anchorY].flatMap(\.keys)
    return places.allSatisfy { $0.value.magnitude <= 1000 }
      && numbers.flatMap(\.keys).allSatisfy { $0.value.magnitude <= 1e9 }
  }
}

extension Sizing.Adjustment {
  /// All of a clip's adjustments at one of its frames as one, the innermost first.
  init(_ adjustments: [PictureAdjustment], at frame: Int64, raster: Raster, alpha: Composite.Alpha) {
    self.init(alpha: alpha)
    let (width, height) = (Double(raster.width), Double(raster.height))
    for (index, adjustment) in adjustments.enumerated() {
      func value(_ animated: Animated) -> Double { animated.value(at: frame) }
      func part(_ animated: Animated) -> Double { min(max(value(animated), 0), 1) }
      let edges = Edges(
        left: part(adjustment.crop.left), right: part(adjustment.crop.right), top: part(adjustment.crop.top),
        bottom: part(adjustment.crop.bottom))
      let anchor = Point(x: value(adjustment.anchorX) * width, y: value(adjustment.anchorY) * height)
      let mirror = Affine.scale(x: adjustment.isFlopped ? -1 : 1, y: adjustment.isFlipped ? -1 : 1)
      let place = Affine.move(x: -anchor.x, y: -anchor.y)
        .followed(by: .scale(x: value(adjustment.scaleX), y: value(adjustment.scaleY)))
        .followed(by: .rotation(degrees: value(adjustment.rotation)))
        .followed(by: .move(x: anchor.x, y: anchor.y))
        .followed(
          by: .move(x: value(adjustment.positionX) * width, y: value(adjustment.positionY) * height))
      let whole = mirror.followed(by: place)
      if index == 0 {
        crop = edges
      } else if edges != Edges() || whole != .identity {
        // The frame of a nested timeline cuts off what lies outside of it.
        let (left, top) = ((edges.left - 0.5) * width, (edges.top - 0.5) * height)
        let (right, bottom) = ((0.5 - edges.right) * width, (0.5 - edges.bottom) * height)
        windows.append([
          Point(x: left, y: top), Point(x: right, y: top), Point(x: right, y: bottom),
          Point(x: left, y: bottom),
        ])
      }
      windows = windows.map { $0.map(whole.applied) }
      transform = transform.followed(by: whole)
      opacity *= part(adjustment.opacity)
    }
    // A turn back may leave a minus zero, which is another bit pattern.
    transform = transform.withoutMinusZero
  }
}
