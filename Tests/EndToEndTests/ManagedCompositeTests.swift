import Foundation
import TestSupport
import Testing

/// Comps and programs where colour is managed, through the whole program, judged by formulas in double precision.
@Suite struct `Managed composites` {
  private static let size = 32
  private static let toAP1 = [
    0.6130974024, 0.3395231462, 0.0473794514, 0.0701937225, 0.9163538791, 0.0134523985, 0.0206155929,
    0.1095697729, 0.8698146342,
  ]
  /// Stops of an ACEScct code.
  private static let stops = 17.52

  // ACEScct, S-2016-001; ITU-R BT.709.
  private static func acescct(_ light: Double) -> Double {
    light <= 0.0078125 ? 10.5402377416545 * light + 0.0729055341958355 : (log2(light) + 9.72) / stops
  }

  private static func light(ofACEScct code: Double) -> Double {
    code <= 0.155251141552511
      ? (code - 0.0729055341958355) / 10.5402377416545 : exp2(code * stops - 9.72)
  }

  private static func camera(_ light: Double) -> Double {
    light < 0.018 ? 4.5 * light : 1.099 * pow(light, 0.45) - 0.099
  }

  private static func light(ofCamera code: Double) -> Double {
    code < 0.081 ? code / 4.5 : pow((code + 0.099) / 1.099, 1 / 0.45)
  }

  private static func product(_ matrix: [Double], _ colour: [Double]) -> [Double] {
    (0..<3).map { row in (0..<3).reduce(0) { $0 + matrix[3 * row + $1] * colour[$1] } }
  }

  /// A production of one frame: patches beside each other, cut from `A001`.
  private struct Production {
    let fixture: Fixture
    let count: Int
    /// R, G, B of the plate's patches as they are coded, after rounding.
    let codes: [[Double]]

    /// - Parameter codes: R, G, B of each patch, 0…1.
    init(_ codes: [[Double]], comments: [String] = []) throws {
      fixture = try Fixture()
      count = codes.count
      let rounded = codes.map { $0.map { UInt16(($0 * 65_535).rounded()) } }
      self.codes = rounded.map { $0.map { Double($0) / 65_535 } }
      var raw = Data()
      for channel in [1, 2, 0] {
        for _ in 0..<size {
          for patch in rounded {
            for _ in 0..<size {
              raw.append(contentsOf: [UInt8(patch[channel] & 255), UInt8(patch[channel] >> 8)])
            }
          }
        }
      }
      try make(
        raw, "gbrp16le",
        ["-c:v", "ffv1", "-g", "1", "-timecode", "01:00:00:00", "\(fixture.path)/rushes/A001.mov"])
      _ = try fixture.folder.write(
        ListWriter.edl(
          [.init(reel: "A001", source: 86_400, count: 1, comments: comments)], base: 24, recordStart: 86_400),
        to: "cut.edl")
      _ = try fixture.folder.write(
        """
        profile: exr-float
        container: sequence
        extension: exr
        picture: {codec: exr, pixel-format: gbrpf32le, options: {format: float, compression: zip16}, lowest-psnr: 60}
        colour: {primaries: unknown, transfer: linear, matrix: gbr, range: pc}
        """, to: "profiles/exr-float.yaml")
    }

    private func make(_ raw: Data, _ format: String, _ arguments: [String]) throws {
      let made = try Programs.run(
        "ffmpeg",
        [
          "-v", "error", "-f", "rawvideo", "-pix_fmt", format, "-s", "\(count * size)x\(size)", "-r",
          "24000/1001", "-i", "-",
        ] + arguments, input: raw)
      #expect(made.status == 0, "\(made.errors)")
    }

    /// An OpenEXR still of binary32: R, G, B of each patch, and alpha where there are four.
    func still(_ name: String, _ patches: [[Float]]) throws {
      let hasAlpha = patches[0].count == 4
      var raw = Data()
      for channel in hasAlpha ? [1, 2, 0, 3] : [1, 2, 0] {
        for _ in 0..<size {
          for patch in patches {
            let bits = patch[channel].bitPattern
            for _ in 0..<size { raw.append(contentsOf: (0..<4).map { UInt8(bits >> (8 * $0) & 255) }) }
          }
        }
      }
      try make(raw, hasAlpha ? "gbrapf32le" : "gbrpf32le", ["\(fixture.path)/\(name)"])
    }

    func pipeline(inputs: String, stages: [String], raster: String? = nil) throws -> String {
      try fixture.folder.write(
        """
        interlock: 1
        programme: test
        timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
        raster: \(raster ?? "\(count * size)x\(size)")
        colour: {config: aces, working: ACEScct, inputs: [\(inputs)]}
        stages:
          edit: {kind: editing}
        \(stages.map { "  \($0)" }.joined(separator: "\n"))

        """, to: "p.yaml")
    }

    /// R, G, B in the middle of each patch of the only frame of an OpenEXR deliverable.
    func light(_ report: RunReport, _ stage: String = "linear", scale: Int = 1) throws -> [[Double]] {
      let folder = fixture.path + "/" + (try #require(report.deliverable(stage)).folder)
      let file = try #require(
        try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(".exr") })
      let decoded = try Programs.run(
        "ffmpeg", ["-v", "error", "-i", "\(folder)/\(file)", "-f", "rawvideo", "-pix_fmt", "gbrpf32le", "-"])
      #expect(decoded.status == 0, "\(decoded.errors)")
      let bytes = [UInt8](decoded.output)
      let side = size / scale
      let width = count * side
      try #require(bytes.count == 12 * width * side)
      return (0..<count).map { patch in
        [2, 0, 1].map { plane in
          let at = 4 * (plane * width * side + side / 2 * width + patch * side + side / 2)
          let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
          return Double(Float(bitPattern: bits))
        }
      }
    }
  }

  private static let linear =
    "linear: {kind: delivery, picture: comp, profile: exr-float, output: {space: ACEScg}}"
  private static let comp = "comp: {kind: vfx-compositing, picture: edit, shots: comps.yaml}"

  /// Expects light within a share of it, and of what is added where it is near 0.
  private func expect(
    _ found: [Double], _ wanted: [Double], within share: Double, _ comment: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for (channel, value) in wanted.enumerated() {
      #expect(
        abs(found[channel] - value) <= share * max(abs(value), 0.05),
        "\(comment), channel \(channel): \(found[channel]), not \(value)", sourceLocation: sourceLocation)
    }
  }

  @Test func `an over of floats in scene-linear light is that of double precision, above 1 and below 0 too`()
    throws
  {
    let production = try Production([
      [0.4, 0.4, 0.4], [0.5, 0.5, 0.5], [0.3, 0.3, 0.3], [0.6, 0.5, 0.4], [0.2, 0.3, 0.4],
    ])
    // Opaque, half, shining without cover, beyond 0…1 both, nothing.
    let front: [[Float]] = [
      [0.8, 0.4, 0.2, 1], [2.5, 0.3, -0.05, 0.5], [5, 1.25, 0.125, 0], [17, -0.25, 3, 0.75], [0, 0, 0, 0],
    ]
    let back: [[Float]] = [
      [9, 9, 9], [0.18, 4.5, 0.02], [0.3, 0.6, 0.9], [-0.125, 33, 0.7], [1.5, -0.01, 250],
    ]
    try production.still("front.exr", front)
    try production.still("back.exr", back)
    _ = try production.fixture.folder.write(
      "comps:\n  A001: [{background: {file: back.exr}}, {element: {file: front.exr, space: ACEScg}}]\n",
      to: "comps.yaml")
    let name = try production.pipeline(
      inputs: "{file: \"back*\", space: ACEScg}, {reel: A*, space: ACEScct}",
      stages: [Self.comp, Self.linear])
    let found = try production.light(try production.fixture.run(name))
    for patch in front.indices {
      for channel in 0..<3 {
        let (above, below) = (Double(front[patch][channel]), Double(back[patch][channel]))
        let rest = below * (1 - Double(front[patch][3]))
        // A few roundings of binary32.
        #expect(
          abs(found[patch][channel] - (above + rest)) <= 1e-6 * (abs(above) + abs(rest)),
          "patch \(patch), channel \(channel): \(found[patch][channel]), not \(above + rest)")
      }
    }
  }

  @Test func `comps of another size than the raster keep light above 1`() throws {
    let production = try Production([[0.4, 0.4, 0.4], [0.5, 0.5, 0.5]])
    try production.still("back.exr", [[12, 3, 0.5], [0.25, -0.01, 40]])
    _ = try production.fixture.folder.write(
      "comps:\n  A001: [{background: {file: back.exr, space: ACEScg}}]\n", to: "comps.yaml")
    let name = try production.pipeline(
      inputs: "{reel: A*, space: ACEScct}", stages: [Self.comp, Self.linear],
      raster: "\(Self.size)x\(Self.size / 2)")
    let found = try production.light(try production.fixture.run(name), scale: 2)
    expect(found[0], [12, 3, 0.5], within: 1e-5, "left")
    expect(found[1], [0.25, -0.01, 40], within: 1e-5, "right")
  }

  @Test func `a green screen is keyed, and foreground light above 1 stays as it is`() throws {
    // Warm light, a highlight with some green in it, and the screen.
    let lights: [[Double]] = [[4, 3.2, 2], [10, 12, 3], [0.05, 0.45, 0.06]]
    let production = try Production(lights.map { $0.map(Self.acescct) })
    try production.still("back.exr", [[0.2, 0.3, 0.9], [0.2, 0.3, 0.9], [0.2, 7, 0.9]])
    _ = try production.fixture.folder.write(
      "comps:\n  A001: [{background: {file: back.exr, space: ACEScg}}, {plate: {key: sample}}]\n",
      to: "comps.yaml")
    let name = try production.pipeline(
      inputs: "{reel: A*, space: ACEScct}", stages: [Self.comp, Self.linear])
    let found = try production.light(try production.fixture.run(name))
    // The way from codes to light is proven to half a last place of half floats: 1 in 2,048.
    for patch in 0..<2 {
      expect(
        found[patch], production.codes[patch].map(Self.light(ofACEScct:)), within: 1e-3, "patch \(patch)")
    }
    expect(found[2], [0.2, 7, 0.9], within: 1e-6, "the background")
  }

  @Test func `a comp is graded, delivered to a display and as light, and trace names every transform`() throws
  {
    let offset = 0.05
    let production = try Production(
      [[0.35, 0.34, 0.33], [0.7, 0.68, 0.66], [0.5, 0.3, 0.55]],
      comments: ["ASC_SOP (1 1 1)(\(offset) \(offset) \(offset))(1 1 1)", "ASC_SAT 1"])
    let front: [[Float]] = [[0.5, 0.25, 0.125, 0.5], [3, 2, 1, 0.25], [2, 1, 0.5, 0]]
    try production.still("front.exr", front)
    func comps(_ space: String) throws {
      _ = try production.fixture.folder.write(
        "comps:\n  A001: [plate, {element: {file: front.exr, space: \(space)}}]\n", to: "comps.yaml")
    }
    try comps("Linear Rec.709")
    let name = try production.pipeline(
      inputs: "{reel: A*, space: ACEScct}",
      stages: [
        Self.comp, "grade: {kind: color-grade, picture: comp, stills: no}",
        Self.linear.replacingOccurrences(of: "picture: comp", with: "picture: grade"),
        "master: {kind: delivery, picture: grade, profile: stills-16bit, output: {display: Rec.1886 Rec.709 - Display}}",
      ])
    let report = try production.fixture.run(name)
    let found = try production.light(report)
    let gain = exp2(offset * Self.stops)
    for patch in front.indices {
      let above = Self.product(Self.toAP1, front[patch].prefix(3).map { Double($0) })
      let below = production.codes[patch].map { Self.light(ofACEScct: $0) * (1 - Double(front[patch][3])) }
      // Ways there and back, and the correction, each proven to half a last place of half floats.
      expect(found[patch], zip(above, below).map { ($0 + $1) * gain }, within: 3e-3, "patch \(patch)")
    }
    #expect(report.master.frames == 1)
    let trace = try production.fixture.interlock(["trace", report.master.path, "--frame", "0"])
    for words in [
      "layer 1: ACEScct → ACEScg", "layer 2: Linear Rec.709 → ACEScg", "scene-linear light of ACEScg",
      "front.exr, frame 0, over",
    ] {
      #expect(trace.text.contains(words), "\(words) is not in \(trace.text) \(trace.errors)")
    }
    #expect(try production.fixture.run(name).framesMade == 0)
    try comps("ACEScg")
    #expect(try production.fixture.run(name).framesMade > 0)
  }

  /// One stop down in ACEScct, which only means that where the numbers are ACEScct.
  private static let script = """
    #!/bin/sh
    set -e
    ffmpeg -v error -start_number "$3" -i "$1" -f rawvideo -pix_fmt rgb48le given.raw
    ffmpeg -v error -start_number "$3" -i "$1" -vf "lutrgb=r=val-3741:g=val-3741:b=val-3741" -pix_fmt rgb48be \
      -start_number "$3" "$2"

    """

  @Test func `a program gets pictures in its space, and what it makes is taken as being in it`() throws {
    let lights: [[Double]] = [[0.18, 0.18, 0.18], [0.9, 0.85, 0.8], [0.6, 0.1, 0.2], [0.08, 0.3, 0.5]]
    let production = try Production(lights.map { $0.map(Self.camera) })
    _ = try production.fixture.folder.write(Self.script, to: "tools/stop.sh")
    let name = try production.pipeline(
      inputs: "{reel: A*, space: Camera Rec.709}",
      stages: [
        "stop: {kind: external, picture: edit, space: ACEScct, "
          + "program: [sh, tools/stop.sh, \"{input-printf}\", \"{output-printf}\", \"{first}\"], "
          + "outputs: {picture: out/frame.####.png, given: given.raw}}",
        Self.linear.replacingOccurrences(of: "picture: comp", with: "picture: stop"),
      ])
    let report = try production.fixture.run(name)
    let given = [UInt8](
      try Data(
        contentsOf: URL(
          fileURLWithPath: production.fixture.path + "/out/Assets/test/stop/v001/test_stop_v001.given.raw")))
    let width = production.count * Self.size
    try #require(given.count == 6 * width * Self.size)
    let found = try production.light(report)
    for patch in lights.indices {
      let light = Self.product(Self.toAP1, production.codes[patch].map(Self.light(ofCamera:)))
      for channel in 0..<3 {
        let at = 6 * (Self.size / 2 * width + patch * Self.size + Self.size / 2) + 2 * channel
        let code = Double(Int(given[at]) | Int(given[at + 1]) << 8)
        // A code of 10 bits.
        #expect(
          abs(code - 65_535 * Self.acescct(light[channel])) <= 64,
          "patch \(patch), channel \(channel): \(code), not \(65_535 * Self.acescct(light[channel]))")
      }
      expect(
        found[patch], light.map { $0 * exp2(-3741 / 65_535 * Self.stops) }, within: 5e-3, "patch \(patch)")
    }
  }

  @Test func `light above 1 goes through a program as OpenEXR`() throws {
    let production = try Production([[0.9, 0.85, 0.8], [0.45, 0.4, 0.35]])
    _ = try production.fixture.folder.write(
      "for file in \"$1\"/*; do cat \"$file\" > \"$2/$(basename \"$file\")\"; done\n", to: "tools/copy.sh")
    let name = try production.pipeline(
      inputs: "{reel: A*, space: ACEScct}",
      stages: [
        "copy: {kind: external, picture: edit, space: Linear Rec.709, profile: exr-half, "
          + "program: [sh, tools/copy.sh, \"{input-folder}\", \"{output-folder}\"], "
          + "outputs: {picture: out/frame.####.exr}}",
        Self.linear.replacingOccurrences(of: "picture: comp", with: "picture: copy"),
      ])
    let found = try production.light(try production.fixture.run(name))
    for (patch, codes) in production.codes.enumerated() {
      // Two roundings to half floats, and two ways that are proven to half of its last place.
      expect(found[patch], codes.map(Self.light(ofACEScct:)), within: 3e-3, "patch \(patch)")
    }
  }
}
