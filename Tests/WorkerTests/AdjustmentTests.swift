import Editorial
import Foundation
import ImageGraph
import MediaTime
import Planning
import TaskGraph
import TestSupport
import Testing

/// Sizing, opacity and blends of a cut, measured on what was rendered against their definitions in `Double`.
@Suite struct `Rendered adjustments` {
  private static let film = FrameRate(24_000, 1001)
  private static let width = 96
  private static let height = 54

  /// A smooth picture with an edge in it; R, G, B in 0…1.
  private static func colour(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> [Double] {
    let (u, v) = ((Double(x) + 0.5) / Double(width), (Double(y) + 0.5) / Double(height))
    let bar = x % 12 < 3 ? 0.3 : 0.0
    return [0.1 + 0.5 * u + bar, 0.2 + 0.6 * v, 0.15 + 0.35 * (u * v) + 0.2 * (1 - v)]
  }

  private static func picture(_ width: Int, _ height: Int, _ colour: (Int, Int) -> [Double]) -> [UInt16] {
    (0..<height).flatMap { y in
      (0..<width).flatMap { x in colour(x, y).map { UInt16(($0 * 65_535).rounded()) } }
    }
  }

  /// A production with a picture `A` of some size and flat colours by name.
  private func production(
    width: Int = Self.width, height: Int = Self.height, flats: [String: [Double]] = [:]
  ) throws -> RenderedTimeline {
    var made = try RenderedTimeline(width: Self.width, height: Self.height)
    try made.addPictures(
      "A", width: width, height: height,
      pictures: [Self.picture(width, height) { Self.colour($0, $1, width, height) }])
    for (name, colour) in flats.sorted(by: { $0.key < $1.key }) {
      try made.addPictures(
        name, width: Self.width, height: Self.height,
        pictures: [Self.picture(Self.width, Self.height) { _, _ in colour }])
    }
    return made
  }

  private func clip(_ reel: String, _ adjustments: [PictureAdjustment] = [], count: Int64 = 1) -> TrackItem {
    Cutting.clip(
      reel, record: 0, count: count, speed: .zero, adjustments: adjustments, rate: Self.film)
  }

  /// The frame of `A` under adjustments, over black or over a flat colour.
  private func render(
    _ production: RenderedTimeline, _ adjustments: [PictureAdjustment], over below: String? = nil,
    fit: String = "letterbox", environment: [String: String] = [:]
  ) throws -> [Double] {
    let above = Cutting.track("V2", [clip("A", adjustments)])
    let tracks = below.map { [Cutting.track("V1", [clip($0)]), above] } ?? [above]
    return try production.frames(tracks, fit: fit, environment: environment)[0]
  }

  // MARK: The definition

  /// Catmull-Rom.
  private static func weight(_ t: Double) -> Double {
    let x = abs(t)
    return x < 1 ? 1.5 * x * x * x - 2.5 * x * x + 1 : x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0
  }

  /// Where a place of the raster lies in the fitted picture, in parts of it from its top left corner, by the words of
  /// `PictureAdjustment`; nil outside of it.
  private static func unplaced(
    _ adjustment: PictureAdjustment, _ x: Double, _ y: Double, fitted: (width: Double, height: Double)
  ) -> (u: Double, v: Double) {
    let (w, h) = (Double(width), Double(height))
    func value(_ animated: Animated) -> Double { animated.value(at: 0) }
    var px = x - w / 2 - value(adjustment.positionX) * w - value(adjustment.anchorX) * w
    var py = y - h / 2 - value(adjustment.positionY) * h - value(adjustment.anchorY) * h
    let angle = value(adjustment.rotation) * .pi / 180
    (px, py) = (px * cos(angle) + py * sin(angle), -px * sin(angle) + py * cos(angle))
    px = px / value(adjustment.scaleX) + value(adjustment.anchorX) * w
    py = py / value(adjustment.scaleY) + value(adjustment.anchorY) * h
    if adjustment.isFlopped { px = -px }
    if adjustment.isFlipped { py = -py }
    return (px / fitted.width + 0.5, py / fitted.height + 0.5)
  }

  /// R, G, B and cover of each pixel, the cover from 32 × 32 points of it.
  private static func reference(
    _ adjustment: PictureAdjustment, size: (width: Int, height: Int), fitted: (width: Double, height: Double)
  ) -> (colours: [Double], cover: [Double]) {
    func value(_ animated: Animated) -> Double { animated.value(at: 0) }
    let crop = adjustment.crop
    // Wider where the picture shrinks.
    let wide = max(1, Double(size.width) / fitted.width / abs(value(adjustment.scaleX)))
    let high = max(1, Double(size.height) / fitted.height / abs(value(adjustment.scaleY)))
    var colours: [Double] = []
    var cover: [Double] = []
    for y in 0..<height {
      for x in 0..<width {
        // Areas are convex: where all corners are inside, all of it is.
        func isInside(_ i: Double, _ j: Double) -> Bool {
          let place = unplaced(adjustment, Double(x) + i, Double(y) + j, fitted: fitted)
          return place.u > value(crop.left) && place.u < 1 - value(crop.right) && place.v > value(crop.top)
            && place.v < 1 - value(crop.bottom)
        }
        let corners = [(0.0, 0.0), (1, 0), (0, 1), (1, 1), (0.5, 0.5)].count { isInside($0.0, $0.1) }
        var inside = corners == 5 ? 1024 : 0
        if corners > 0, corners < 5 {
          for j in 0..<32 {
            for i in 0..<32 where isInside((Double(i) + 0.5) / 32, (Double(j) + 0.5) / 32) { inside += 1 }
          }
          // A corner may be cut off between the points.
          inside = min(inside, 1023)
        }
        cover.append(Double(inside) / 1024)
        guard inside > 0 else {
          colours += [0, 0, 0]
          continue
        }
        let place = unplaced(adjustment, Double(x) + 0.5, Double(y) + 0.5, fitted: fitted)
        let (u, v) = (place.u * Double(size.width) - 0.5, place.v * Double(size.height) - 0.5)
        var sum = [0.0, 0.0, 0.0]
        var total = 0.0
        for row in Int((v - 2 * high).rounded(.down))...Int((v + 2 * high).rounded(.up)) {
          for column in Int((u - 2 * wide).rounded(.down))...Int((u + 2 * wide).rounded(.up)) {
            let weight = weight((Double(column) - u) / wide) * weight((Double(row) - v) / high)
            let source = colour(
              min(max(column, 0), size.width - 1), min(max(row, 0), size.height - 1), size.width, size.height)
            for channel in 0..<3 { sum[channel] += source[channel] * weight }
            total += weight
          }
        }
        colours += sum.map { $0 / total }
      }
    }
    return (colours, cover)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var adjustment: PictureAdjustment
    var size = (width: 96, height: 54)
    var fitted = (width: 96.0, height: 54.0)
    var fit = "letterbox"
  }

  static let cases: [Case] = [
    Case(testDescription: "110 %", adjustment: PictureAdjustment(scaleX: 1.1, scaleY: 1.1)),
    Case(
      testDescription: "picture in picture",
      adjustment: PictureAdjustment(scaleX: 0.4, scaleY: 0.4, positionX: 0.22, positionY: -0.2)),
    Case(
      testDescription: "moved by parts of a pixel",
      adjustment: PictureAdjustment(positionX: Animated(3.3 / 96), positionY: Animated(-2.6 / 54))),
    Case(testDescription: "rotated", adjustment: PictureAdjustment(scaleX: 0.7, scaleY: 0.7, rotation: 20)),
    Case(
      testDescription: "rotated about an anchor, unevenly scaled, flopped",
      adjustment: PictureAdjustment(
        scaleX: 0.8, scaleY: 0.5, positionX: 0.1, positionY: 0.05, anchorX: -0.25, anchorY: 0.125,
        rotation: -35,
        isFlopped: true)),
    Case(
      testDescription: "cropped and flipped",
      adjustment: PictureAdjustment(
        crop: PictureAdjustment.Edges(left: 0.13, right: 0.21, top: 0.3, bottom: 0.07), isFlipped: true)),
    Case(
      testDescription: "a larger picture of another shape, letterboxed and turned a quarter",
      adjustment: PictureAdjustment(rotation: 90), size: (128, 96), fitted: (72, 54)),
    Case(
      testDescription: "filled and made smaller",
      adjustment: PictureAdjustment(fit: .fill, scaleX: 0.5, scaleY: 0.5),
      size: (128, 96), fitted: (96, 72)),
    Case(
      testDescription: "pixel for pixel, a little turned",
      adjustment: PictureAdjustment(fit: .native, rotation: 3),
      size: (48, 40), fitted: (48, 40)),
  ]

  @Test(arguments: cases) func `a placed picture is where its adjustment says, over black and over another`(
    placed: Case
  ) throws {
    let under = [0.2, 0.6, 0.4]
    let made = try production(width: placed.size.width, height: placed.size.height, flats: ["B": under])
    let alone = try render(made, [placed.adjustment])
    let above = try render(made, [placed.adjustment], over: "B")
    let expected = Self.reference(placed.adjustment, size: placed.size, fitted: placed.fitted)
    // Points count an edge to within a line of them; inside, rounding to 16 bits and binary32 is all there is.
    var (worstInside, worstEdge) = (0.0, 0.0)
    for pixel in expected.cover.indices {
      let cover = expected.cover[pixel]
      for channel in 0..<3 {
        let colour = expected.colours[pixel * 3 + channel]
        let differences = [
          abs(alone[pixel * 3 + channel] - min(max(colour * cover, 0), 1)),
          abs(above[pixel * 3 + channel] - min(max(colour * cover + under[channel] * (1 - cover), 0), 1)),
        ]
        for difference in differences {
          if cover == 1 {
            worstInside = max(worstInside, difference)
          } else {
            worstEdge = max(worstEdge, difference)
          }
        }
      }
    }
    #expect(worstInside < 3e-5, "inside")
    #expect(worstEdge < 0.035, "at edges")
  }

  @Test func `the same bytes are made on every CPU`() throws {
    let made = try production()
    let adjustment = PictureAdjustment(scaleX: 0.6, scaleY: 0.7, positionX: 0.1, rotation: 33, opacity: 0.8)
    let straight = PictureAdjustment(scaleX: 1.3, scaleY: 0.7, positionX: 0.1)
    for one in [adjustment, straight] {
      let plain = try render(made, [one])
      let baseline = try production()
      #expect(try render(baseline, [one], environment: ["INTERLOCK_CPU": "baseline"]) == plain)
    }
  }

  @Test func `what changes nothing or is not seen leaves no trace`() throws {
    let made = try production()
    func renders(_ tracks: [Track]) throws -> [TaskKey] {
      try made.plan(made.conform(tracks)).plan.nodes.filter { $0.kind == "render" }.map(\.key)
    }
    let plain = try renders([Cutting.track("V1", [clip("A")])])
    for same in [
      [PictureAdjustment.none], [PictureAdjustment(isFlopped: true), PictureAdjustment(isFlopped: true)],
      [PictureAdjustment(rotation: 360)],
    ] {
      #expect(try renders([Cutting.track("V1", [clip("A", same.map { $0 })])]) == plain || same.count == 2)
    }
    // What fills the frame of an upper track is all that is seen.
    let hidden = Cutting.track("V1", [clip("A", [PictureAdjustment(rotation: 45)])])
    #expect(try renders([hidden, Cutting.track("V2", [clip("A")])]) == plain)
  }

  @Test func `whole pixels move exactly, and mirrors are exact`() throws {
    let made = try production()
    let plain = try render(made, [])
    let moved = try render(
      made, [PictureAdjustment(positionX: Animated(7.0 / 96), positionY: Animated(-5.0 / 54))])
    let flopped = try render(made, [PictureAdjustment(isFlopped: true)])
    let turned = try render(made, [PictureAdjustment(rotation: 180)])
    func pixel(_ frame: [Double], _ x: Int, _ y: Int) -> [Double] {
      Array(frame[(y * Self.width + x) * 3..<(y * Self.width + x) * 3 + 3])
    }
    for y in 0..<Self.height {
      for x in 0..<Self.width {
        let isInside = x >= 7 && y < Self.height - 5
        #expect(pixel(moved, x, y) == (isInside ? pixel(plain, x - 7, y + 5) : [0, 0, 0]), "\(x), \(y)")
        #expect(pixel(flopped, x, y) == pixel(plain, Self.width - 1 - x, y))
        #expect(pixel(turned, x, y) == pixel(plain, Self.width - 1 - x, Self.height - 1 - y))
      }
    }
  }

  @Test func `a nested timeline cuts off what leaves its frame`() throws {
    let made = try production(flats: ["B": [0, 0, 0]])
    // Moved half out of the nested frame, which then is made smaller: 24 columns of it are left of 48.
    let frame = try render(
      made, [PictureAdjustment(positionX: 0.5), PictureAdjustment(scaleX: 0.5, scaleY: 0.5)], over: "B")
    let row = Self.height / 2 * Self.width
    let seen = (0..<Self.width).filter { frame[(row + $0) * 3] > 0.01 }
    #expect(seen == Array(48..<72))
  }

  // MARK: Blends

  /// Source: W3C, Compositing and Blending Level 1, section 10; `add` as plus-lighter, `subtract` as b − s.
  private static func blend(_ mode: PictureAdjustment.Blend, _ b: Double, _ s: Double) -> Double {
    func hardLight(_ b: Double, _ s: Double) -> Double {
      s <= 0.5 ? b * 2 * s : b + (2 * s - 1) - b * (2 * s - 1)
    }
    switch mode {
    case .normal: return s
    case .add: return min(1, b + s)
    case .subtract: return max(0, b - s)
    case .difference: return abs(b - s)
    case .multiply: return b * s
    case .screen: return b + s - b * s
    case .overlay: return hardLight(s, b)
    case .darken: return min(b, s)
    case .lighten: return max(b, s)
    case .hardLight: return hardLight(b, s)
    case .softLight:
      if s <= 0.5 { return b - (1 - 2 * s) * b * (1 - b) }
      let d = b <= 0.25 ? ((16 * b - 12) * b + 4) * b : b.squareRoot()
      return b + (2 * s - 1) * (d - b)
    }
  }

  @Test(arguments: PictureAdjustment.Blend.allCases) func `colours blend by the formula, at any opacity`(
    mode: PictureAdjustment.Blend
  ) throws {
    let flats = ["B": [0.1, 0.2, 0.7], "C": [0.3, 0.8, 0.45], "D": [0.95, 0.55, 0.5]]
    let made = try production(flats: flats)
    for (below, above) in [("B", "C"), ("C", "B"), ("D", "C"), ("B", "D")] {
      for opacity in [1.0, 0.5, 0.13] {
        let adjustment = PictureAdjustment(opacity: Animated(opacity), blend: mode)
        let frame = try made.frames([
          Cutting.track("V1", [clip(below)]), Cutting.track("V2", [clip(above, [adjustment])]),
        ])[0]
        for channel in 0..<3 {
          let (b, s) = (flats[below]?[channel] ?? 0, flats[above]?[channel] ?? 0)
          let expected = (1 - opacity) * b + opacity * Self.blend(mode, b, s)
          for pixel in [0, 2000, Self.width * Self.height - 1] {
            // One code value at 10 bits is asked for; what is left is rounding to 16.
            #expect(
              abs(frame[pixel * 3 + channel] - expected) < 4e-5, "\(below) under \(above) at \(opacity)")
          }
        }
      }
    }
  }

  @Test func `a picture with nothing below it is not blended, and half of it is half as bright`() throws {
    let made = try production()
    let plain = try render(made, [])
    #expect(try render(made, [PictureAdjustment(blend: .multiply)]) == plain)
    let half = try render(made, [PictureAdjustment(opacity: 0.5)])
    for index in plain.indices { #expect(abs(half[index] - plain[index] / 2) < 2e-5) }
  }

  // MARK: Alpha

  @Test func `alpha of an upper track lets through what is below`() throws {
    var made = try production(flats: ["B": [0.2, 0.6, 0.4]])
    // Straight alpha, rising from left to right; codes of 12 bits.
    let pictures: [UInt16] = (0..<Self.height).flatMap { _ in
      (0..<Self.width).flatMap { x -> [UInt16] in [0x8000, 0x4000, 0xC000, UInt16(x * 43 * 16)] }
    }
    try made.addPictures("T", width: Self.width, height: Self.height, pictures: [pictures], hasAlpha: true)
    let frame = try made.frames([
      Cutting.track("V1", [clip("B")]), Cutting.track("V2", [clip("T")]),
    ])[0]
    for x in 0..<Self.width {
      let alpha = Double(x * 43) / 4095
      for (channel, (top, below)) in zip([0.5, 0.25, 0.75], [0.2, 0.6, 0.4]).enumerated() {
        let expected = top * alpha + below * (1 - alpha)
        // The source has 12 bits.
        #expect(abs(frame[(20 * Self.width + x) * 3 + channel] - expected) < 1.0 / 2048, "column \(x)")
      }
    }
  }

  // MARK: Animation

  @Test func `keys change a picture frame by frame, and nothing is made twice`() throws {
    let made = try production()
    let keys = Animated(keys: [
      .init(frame: Rational(2), value: 1), .init(frame: Rational(6), value: 0.2),
    ])
    let opacity = try #require(keys)
    let item = clip("A", [PictureAdjustment(opacity: opacity)], count: 10)
    let plan = try made.plan(made.conform([Cutting.track("V1", [item])]))
    // One picture for the frames before the keys, one for those after, three between.
    #expect(plan.deliverables.map(\.distinctFrames) == [5])
    let plain = try render(made, [])
    let frames = try made.frames(plan)
    let shares = [1, 1, 1, 0.8, 0.6, 0.4, 0.2, 0.2, 0.2, 0.2]
    #expect(frames.count == shares.count)
    for (frame, share) in zip(frames, shares) {
      for index in stride(from: 0, to: plain.count, by: 37) {
        #expect(abs(frame[index] - plain[index] * share) < 3e-5)
      }
    }
  }

  @Test func `what is switched off is not seen`() throws {
    let made = try production(flats: ["B": [0.2, 0.6, 0.4]])
    guard case .clip(var off) = clip("A") else { return }
    off.isEnabled = false
    let below = Cutting.track("V1", [clip("B")])
    let plain = try made.frames([below])[0]
    #expect(try made.frames([below, Cutting.track("V2", [.clip(off)])])[0] == plain)
    var dark = Cutting.track("V2", [clip("A")])
    dark.isEnabled = false
    #expect(try made.frames([below, dark])[0] == plain)
    #expect(try made.frames([Cutting.track("V1", [.clip(off)])])[0].allSatisfy { $0 == 0 })
  }
}
