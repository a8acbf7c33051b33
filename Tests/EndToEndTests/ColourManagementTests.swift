import Foundation
import TestSupport
import Testing

/// One grade for an SDR, an HDR and a scene-linear deliverable, judged by formulas and ffprobe.
@Suite struct `Colour management` {
  /// Legal 10-bit codes: greys and colours inside R'G'B'.
  private static let patches: [(y: Int, cb: Int, cr: Int)] =
    stride(from: 64, through: 940, by: 73).map { ($0, 512, 512) } + [
      (300, 480, 560), (500, 600, 450), (420, 430, 540), (620, 500, 530), (700, 520, 500), (250, 540, 500),
    ]
  private static let size = 32

  /// A lossless clip of the patches, tagged Rec.709.
  private func production() throws -> Fixture {
    let fixture = try Fixture()
    let width = Self.patches.count * Self.size
    var raw = Data()
    for plane in [Self.patches.map(\.y), Self.patches.map(\.cb), Self.patches.map(\.cr)] {
      for _ in 0..<Self.size {
        for code in plane {
          for _ in 0..<Self.size { raw.append(contentsOf: [UInt8(code & 255), UInt8(code >> 8)]) }
        }
      }
    }
    let made = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv444p10le", "-s", "\(width)x\(Self.size)", "-r",
        "24000/1001", "-i", "-", "-c:v", "ffv1", "-g", "1", "-color_range", "tv", "-colorspace", "bt709",
        "-color_primaries", "bt709", "-color_trc", "bt709", "-timecode", "01:00:00:00",
        "\(fixture.path)/rushes/A001.mov",
      ], input: raw)
    #expect(made.status == 0, "\(made.errors)")
    _ = try fixture.folder.write(
      ListWriter.edl(
        [.init(reel: "A001", source: 86_400, count: 1)], base: 24, recordStart: 86_400), to: "cut.edl")
    for (name, colour) in [
      ("sdr", "{primaries: bt709, transfer: bt709, matrix: bt709, range: tv}"),
      ("hdr", "{primaries: smpte432, transfer: smpte2084, matrix: bt2020nc, range: tv}"),
    ] {
      _ = try fixture.folder.write(
        """
        profile: \(name)
        container: mov
        extension: mov
        picture: {codec: ffv1, pixel-format: yuv444p10le, lowest-psnr: 90}
        colour: \(colour)
        \(name == "hdr" ? "mastering: {primaries: p3-d65, maximum: 1000, minimum: 1}" : "")
        """, to: "profiles/\(name).yaml")
    }
    _ = try fixture.folder.write(
      """
      profile: hdr-master
      container: mov
      extension: mov
      picture: {codec: prores_ks, profile: 4, tag: ap4h, pixel-format: yuv444p10le, quantiser: 4, lowest-psnr: 30}
      colour: {primaries: smpte432, transfer: smpte2084, matrix: bt2020nc, range: tv}
      mastering: {primaries: p3-d65, maximum: 1000, minimum: 1, content-maximum: 800, content-average: 200}
      """, to: "profiles/hdr-master.yaml")
    return fixture
  }

  private func pipeline(
    _ fixture: Fixture, colour: String, grade: String = "", height: Int = Self.size, more: String = "",
    stages: [String]
  ) throws -> String {
    try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
      raster: \(Self.patches.count * Self.size)x\(height)
      colour: \(colour)\(more)
      stages:
        edit: {kind: editing}
        grade: {kind: color-grade, picture: edit, stills: no\(grade)}
      \(stages.map { "  \($0)" }.joined(separator: "\n"))

      """, to: "p.yaml")
  }

  /// Samples of the middle of each patch, plane by plane.
  private func samples(_ file: String, format: String, bytes: Int) throws -> [[UInt32]] {
    let decoded = try Programs.run(
      "ffmpeg", ["-v", "error", "-i", file, "-f", "rawvideo", "-pix_fmt", format, "-"])
    #expect(decoded.status == 0, "\(decoded.errors)")
    let data = [UInt8](decoded.output)
    let width = Self.patches.count * Self.size
    return (0..<3).map { plane in
      Self.patches.indices.map { patch in
        let pixel = plane * width * Self.size + Self.size / 2 * width + patch * Self.size + Self.size / 2
        return (0..<bytes).reduce(UInt32(0)) { $0 | UInt32(data[pixel * bytes + $1]) << UInt32(8 * $1) }
      }
    }
  }

  // The chain in double precision, from the documents: ITU-R BT.709, SMPTE ST 2084, RP 431-2; matrices of
  // specs/color.md.
  private func light(_ patch: (y: Int, cb: Int, cr: Int)) -> [Double] {
    let (y, cb, cr) = (
      (Double(patch.y) - 64) / 876, (Double(patch.cb) - 512) / 896, (Double(patch.cr) - 512) / 896
    )
    let red = y + 2 * (1 - 0.2126) * cr
    let blue = y + 2 * (1 - 0.0722) * cb
    let green = (y - 0.2126 * red - 0.0722 * blue) / 0.7152
    return [red, green, blue].map { $0 < 0.081 ? $0 / 4.5 : pow(($0 + 0.099) / 1.099, 1 / 0.45) }
  }

  private func product(_ matrix: [Double], _ colour: [Double]) -> [Double] {
    (0..<3).map { row in (0..<3).reduce(0) { $0 + matrix[3 * row + $1] * colour[$1] } }
  }

  private func perceptual(_ light: Double) -> Double {
    let power = pow(max(light, 0) / 100, 0.1593017578125)
    return pow((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power), 78.84375)
  }

  private static let toP3 = [
    0.8224619687, 0.1775380313, 0, 0.0331941989, 0.9668058011, 0, 0.0170826307, 0.0723974407, 0.9105199286,
  ]
  private static let toAP1 = [
    0.6130974024, 0.3395231462, 0.0473794514, 0.0701937225, 0.9163538791, 0.0134523985, 0.0206155929,
    0.1095697729, 0.8698146342,
  ]

  @Test func `one grade feeds SDR, PQ and scene-linear deliverables in one run`() throws {
    let fixture = try production()
    let name = try pipeline(
      fixture, colour: "{config: aces}",
      stages: [
        "sdr: {kind: delivery, picture: grade, profile: sdr, output: {display: Rec.1886 Rec.709 - Display}}",
        "hdr: {kind: delivery, picture: grade, profile: hdr, output: {display: ST2084-P3-D65 - Display, view: Un-tone-mapped}}",
        "master: {kind: delivery, picture: grade, profile: hdr-master, output: {display: ST2084-P3-D65 - Display, view: Un-tone-mapped}}",
        "linear: {kind: delivery, picture: grade, profile: exr-half, output: {space: ACEScg}}",
      ])
    let report = try fixture.run(name)
    func path(_ stage: String) throws -> String {
      fixture.path + "/" + (try #require(report.deliverable(stage)).path)
    }
    let codes = try samples(try path("hdr"), format: "yuv444p10le", bytes: 2)
    for (index, patch) in Self.patches.enumerated() {
      let rgb = product(Self.toP3, light(patch)).map(perceptual)
      let y = 0.2627 * rgb[0] + 0.678 * rgb[1] + 0.0593 * rgb[2]
      let expected = [
        64 + 876 * y, 512 + 896 * (rgb[2] - y) / 1.8814, 512 + 896 * (rgb[0] - y) / 1.4746,
      ]
      for plane in 0..<3 {
        #expect(
          abs(Double(codes[plane][index]) - expected[plane]) <= 1,
          "patch \(patch), plane \(plane): \(codes[plane][index]), not \(expected[plane])")
      }
    }
    let exr = fixture.path + "/" + (try #require(report.deliverable("linear")).folder)
    let file = try #require(
      try FileManager.default.contentsOfDirectory(atPath: exr).first { $0.hasSuffix(".exr") })
    // Planes G, B, R.
    let floats = try samples("\(exr)/\(file)", format: "gbrpf32le", bytes: 4)
    for (index, patch) in Self.patches.enumerated() {
      let expected = product(Self.toAP1, light(patch))
      for (plane, channel) in [(0, 1), (1, 2), (2, 0)] {
        let found = Double(Float(bitPattern: floats[plane][index]))
        #expect(
          abs(found - expected[channel]) <= 1e-3 * max(0.05, abs(expected[channel])),
          "patch \(patch), channel \(channel): \(found), not \(expected[channel])")
      }
    }
    let sdr = try samples(try path("sdr"), format: "yuv444p10le", bytes: 2)
    // Greys stay grey, rise, and a white of a camera is no white of a display.
    let greys = Self.patches.indices.filter { Self.patches[$0].cb == 512 && Self.patches[$0].cr == 512 }
    #expect(greys.allSatisfy { abs(Int(sdr[1][$0]) - 512) <= 1 && abs(Int(sdr[2][$0]) - 512) <= 1 })
    #expect(zip(greys, greys.dropFirst()).allSatisfy { sdr[0][$0] < sdr[0][$1] })
    #expect(sdr[0][greys[greys.count - 1]] < 850)
    try checkTags(of: try path("master"))
  }

  @Test func `gaps, mattes and what lies beside a picture are black of the deliverable's space`() throws {
    let fixture = try production()
    _ = try fixture.folder.write(
      """
      TITLE: TEST
      FCM: NON-DROP FRAME

      001  A001     V     C        01:00:00:00 01:00:00:01 01:00:00:00 01:00:00:01
      002  A001     V     C        01:00:00:00 01:00:00:01 01:00:00:02 01:00:00:03
      """, to: "cut.edl")
    let name = try pipeline(
      fixture, colour: "{config: aces, inputs: [{reel: A*, space: ARRI LogC3 (EI800)}]}",
      height: 2 * Self.size, more: "\nmatte: 4",
      stages: [
        "log: {kind: delivery, picture: grade, profile: sdr, output: {space: ACEScct}}",
        "video: {kind: delivery, picture: grade, profile: sdr, output: {display: Rec.1886 Rec.709 - Display}}",
        "linear: {kind: delivery, picture: grade, profile: exr-half, output: {space: ACEScg}}",
      ])
    let report = try fixture.run(name)
    let (width, height) = (Self.patches.count * Self.size, 2 * Self.size)
    /// A sample of the first plane in the matte, beside the picture, in the picture and in the gap.
    func places(_ file: [UInt8], _ second: [UInt8], bytes: Int) -> [UInt32] {
      [(2, height / 2), (width / 2, 2), (width / 2, height / 2)].map { sample(file, $0, bytes) } + [
        sample(second, (width / 2, height / 2), bytes)
      ]
    }
    func sample(_ data: [UInt8], _ place: (x: Int, y: Int), _ bytes: Int) -> UInt32 {
      let pixel = place.y * width + place.x
      return (0..<bytes).reduce(UInt32(0)) { $0 | UInt32(data[pixel * bytes + $1]) << UInt32(8 * $1) }
    }
    func decoded(_ file: String, _ format: String) throws -> [UInt8] {
      let finished = try Programs.run(
        "ffmpeg", ["-v", "error", "-i", file, "-f", "rawvideo", "-pix_fmt", format, "-"])
      #expect(finished.status == 0, "\(finished.errors)")
      return [UInt8](finished.output)
    }
    for (stage, black) in [("log", 128), ("video", 64)] as [(String, UInt32)] {
      let path = fixture.path + "/" + (try #require(report.deliverable(stage)).path)
      let data = try decoded(path, "yuv444p10le")
      let frame = data.count / 3
      let found = places(Array(data[..<frame]), Array(data[frame..<2 * frame]), bytes: 2)
      // ACEScct of no light is 0.0729; 64 + 876 of it are 127.9.
      #expect([found[0], found[1], found[3]] == [black, black, black], "\(stage) \(found)")
      #expect(found[2] > black, "\(stage) \(found)")
    }
    let folder = fixture.path + "/" + (try #require(report.deliverable("linear")).folder)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".exr") }
      .sorted().map { try decoded("\(folder)/\($0)", "gbrpf32le") }
    try #require(files.count == 3)
    let light = places(files[0], files[1], bytes: 4).map { Float(bitPattern: $0) }
    #expect([light[0], light[1], light[3]] == [0, 0, 0] && light[2] > 0, "\(light)")
  }

  @Test
  func `an HDR10 copy of two shots says what it is, in stream and container, and its codes are those of PQ`()
    throws
  {
    let fixture = try production()
    _ = try fixture.folder.write(
      """
      profile: hdr10
      container: mp4
      extension: mp4
      picture: {codec: libx265, tag: hvc1, pixel-format: yuv420p10le, chroma: topleft, options: {preset: ultrafast, crf: 4}, lowest-psnr: 30}
      colour: {primaries: smpte432, transfer: smpte2084, matrix: bt2020nc, range: tv}
      mastering: {primaries: p3-d65, maximum: 1000, minimum: 1, content-maximum: 800, content-average: 200}
      """, to: "profiles/hdr10.yaml")
    // Two groups of two frames each, cut at the shots.
    let events = (0..<4).map { _ in ListWriter.Event(reel: "A001", source: 86_400, count: 1) }
    _ = try fixture.folder.write(ListWriter.edl(events, base: 24, recordStart: 86_400), to: "cut.edl")
    let name = try pipeline(
      fixture, colour: "{config: aces}", height: 64,
      stages: [
        "hdr: {kind: delivery, picture: grade, profile: hdr10, output: {display: ST2084-P3-D65 - Display, view: Un-tone-mapped}}"
      ])
    let report = try fixture.run(name)
    let file = fixture.path + "/" + (try #require(report.deliverable("hdr")).path)
    try checkTags(of: file)
    let probed = try Programs.run(
      "ffprobe",
      [
        "-v", "error", "-select_streams", "v", "-show_entries",
        "stream=codec_name,profile,codec_tag_string,pix_fmt,chroma_location,nb_frames", "-of",
        "default=nw=1", file,
      ])
    for line in [
      "codec_name=hevc", "profile=Main 10", "codec_tag_string=hvc1", "pix_fmt=yuv420p10le",
      "chroma_location=topleft", "nb_frames=4",
    ] {
      #expect(probed.text.contains(line), "\(line) in \(probed.text)")
    }
    // Every frame decodes without a word, and the stream itself carries the metadata.
    let decoded = try Programs.run(
      "ffmpeg", ["-v", "warning", "-i", file, "-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-"])
    #expect(decoded.status == 0 && decoded.errors.isEmpty, "\(decoded.errors)")
    let width = Self.patches.count * Self.size
    let data = [UInt8](decoded.output)
    #expect(data.count == 4 * width * 64 * 3)
    let stream = try Programs.run(
      "ffmpeg", ["-v", "error", "-i", file, "-c", "copy", "-bsf:v", "hevc_mp4toannexb", "-f", "hevc", "-"])
    let raw = fixture.path + "/stream.hevc"
    try stream.output.write(to: URL(fileURLWithPath: raw))
    let said = try Programs.run(
      "ffprobe", ["-v", "error", "-show_frames", "-read_intervals", "%+#1", raw])
    #expect(said.text.contains("Mastering display") && said.text.contains("max_content=800"), "\(said.text)")
    for (index, patch) in Self.patches.enumerated() {
      let rgb = product(Self.toP3, light(patch)).map(perceptual)
      let luma = 64 + 876 * (0.2627 * rgb[0] + 0.678 * rgb[1] + 0.0593 * rgb[2])
      let pixel = 2 * (32 * width + index * Self.size + Self.size / 2)
      let found = Double(Int(data[pixel]) | Int(data[pixel + 1]) << 8)
      #expect(abs(found - luma) <= 4, "patch \(patch): \(found), not \(luma)")
    }
  }

  private func checkTags(of file: String) throws {
    struct Probe: Decodable {
      struct SideData: Decodable {
        var kind: String
        var maximum: String?
        var minimum: String?
        var red: String?
        var content: Int?
        var average: Int?

        enum CodingKeys: String, CodingKey {
          case kind = "side_data_type"
          case maximum = "max_luminance"
          case minimum = "min_luminance"
          case red = "red_x"
          case content = "max_content"
          case average = "max_average"
        }
      }
      struct Stream: Decodable {
        var primaries: String?
        var transfer: String?
        var matrix: String?
        var range: String?
        var sideData: [SideData]?

        enum CodingKeys: String, CodingKey {
          case primaries = "color_primaries"
          case transfer = "color_transfer"
          case matrix = "color_space"
          case range = "color_range"
          case sideData = "side_data_list"
        }
      }
      var streams: [Stream]
    }
    let probed = try Programs.run(
      "ffprobe", ["-v", "error", "-show_streams", "-select_streams", "v", "-of", "json", file])
    let stream = try #require(try JSONDecoder().decode(Probe.self, from: probed.output).streams.first)
    #expect(stream.primaries == "smpte432")
    #expect(stream.transfer == "smpte2084")
    #expect(stream.matrix == "bt2020nc")
    #expect(stream.range == "tv")
    // What the container says is read from its boxes: a decoder that is asked lets the stream overrule it.
    let bytes = try Data(contentsOf: URL(fileURLWithPath: file), options: .mappedIfSafe)
    let triple: [UInt8] = [0, 12, 0, 16, 0, 9]
    let isMovie = file.hasSuffix(".mov")
    #expect(
      bytes.range(of: Data("colr\(isMovie ? "nclc" : "nclx")".utf8) + triple + (isMovie ? [] : [0])) != nil)
    // Green, blue and red in steps of 0.00002, then white and the luminances in 0.0001 cd/m².
    let display = [13_250, 34_500, 7_500, 3_000, 34_000, 16_000, 15_635, 16_450].flatMap {
      [$0 >> 8, $0 & 255]
    }
    let luminance = [10_000_000, 1].flatMap { [$0 >> 24, $0 >> 16 & 255, $0 >> 8 & 255, $0 & 255] }
    #expect(bytes.range(of: Data("mdcv".utf8) + Data((display + luminance).map { UInt8($0) })) != nil)
    #expect(bytes.range(of: Data("clli".utf8) + Data([3, 32, 0, 200])) != nil)
    let data = stream.sideData ?? []
    let mastering = try #require(data.first { $0.kind.contains("Mastering display") }, "\(probed.text)")
    #expect(mastering.red == "34000/50000")
    #expect(mastering.maximum == "10000000/10000")
    #expect(mastering.minimum == "1/10000")
    let light = try #require(data.first { $0.kind.contains("Content light") }, "\(probed.text)")
    #expect(light.content == 800)
    #expect(light.average == 200)
  }

  /// As facilities have them from before OpenColorIO 2: spaces lead to a reference, displays name spaces.
  private func firstConfig(_ fixture: Fixture, role: String = "raw") throws {
    _ = try fixture.folder.write(
      """
      ocio_profile_version: 1

      search_path: luts
      strictparsing: true
      luma: [0.2126, 0.7152, 0.0722]

      description: A config of the first version

      roles:
        color_timing: lg10
        default: \(role)
        reference: lnf
        scene_linear: lnf

      displays:
        sRGB:
          - !<View> {name: Film, colorspace: srgb8, looks: +warm}
          - !<View> {name: Raw, colorspace: raw}

      active_displays: [sRGB]
      active_views: [Film, Raw]

      looks:
        - !<Look>
          name: warm
          process_space: lg10
          transform: !<CDLTransform> {slope: [1.1, 1, 0.9], offset: [0, 0, 0], power: [1, 1, 1], sat: 1}

      colorspaces:
        - !<ColorSpace>
          name: raw
          family: raw
          equalitygroup: ""
          bitdepth: 32f
          isdata: true
          allocation: uniform

        - !<ColorSpace>
          name: lnf
          family: ln
          bitdepth: 32f
          description: |
            linear light
          isdata: false
          allocation: lg2
          allocationvars: [-15, 6]

        - !<ColorSpace>
          name: lg10
          family: lg
          bitdepth: 10ui
          isdata: false
          to_reference: !<FileTransform> {src: log.spi1d, interpolation: linear}

        - !<ColorSpace>
          name: srgb8
          family: srgb
          from_reference: !<GroupTransform>
            children:
              - !<FileTransform> {src: log.spi1d, interpolation: linear, direction: inverse}
      """, to: "ocio/config.ocio")
    _ = try fixture.folder.write(
      "Version 1\nFrom 0.0 1.0\nLength 3\nComponents 1\n{\n0.0\n0.25\n1.0\n}\n", to: "ocio/luts/log.spi1d")
  }

  private static let firstOutput =
    "sdr: {kind: delivery, picture: grade, profile: sdr, output: {display: sRGB, view: Film}}"
  private static let firstColour = "{config: ocio/config.ocio, inputs: [{reel: A*, space: lg10}]}"

  @Test func `a config of OpenColorIO 1 with a look in its view gives what it says`() throws {
    let fixture = try production()
    try firstConfig(fixture)
    let name = try pipeline(
      fixture, colour: Self.firstColour,
      stages: [
        Self.firstOutput,
        // The same look by its name, in the space it works in.
        "looked: {kind: color-grade, picture: edit, stills: no, look: {name: warm}}",
        "log: {kind: delivery, picture: looked, profile: sdr, output: {space: lg10}}",
      ])
    let plan = try fixture.interlock(["plan", name, "--production", "out"])
    #expect(plan.text.contains("sdr  colours: 1 processor table, at most 0."), "\(plan.text)\(plan.errors)")
    let report = try fixture.run(name)
    let deliverables = try ["sdr", "log"].map { stage in
      try samples(
        fixture.path + "/" + (try #require(report.deliverable(stage)).path), format: "yuv444p10le", bytes: 2)
    }
    for (index, patch) in Self.patches.enumerated() {
      let (y, cb, cr) = (
        (Double(patch.y) - 64) / 876, (Double(patch.cb) - 512) / 896, (Double(patch.cr) - 512) / 896
      )
      let (red, blue) = (y + 1.5748 * cr, y + 1.8556 * cb)
      let green = (y - 0.2126 * red - 0.0722 * blue) / 0.7152
      // Into light and back again, and between them the look.
      let (r, g, b) = (min(1.1 * red, 1), min(green, 1), 0.9 * blue)
      let luma = 0.2126 * r + 0.7152 * g + 0.0722 * b
      let expected = [
        64 + 876 * luma, 512 + 896 * (b - luma) / 1.8556, 512 + 896 * (r - luma) / 1.5748,
      ]
      // Only tables stop at white.
      for codes in 1.1 * red <= 1 ? deliverables : Array(deliverables.prefix(1)) {
        for plane in 0..<3 {
          #expect(
            abs(Double(codes[plane][index]) - expected[plane]) <= 1,
            "patch \(patch), plane \(plane): \(codes[plane][index]), not \(expected[plane])")
        }
      }
    }
  }

  @Test func `a config that contradicts itself or lacks a file is told before anything is rendered`() throws {
    let fixture = try production()
    try firstConfig(fixture, role: "nothing")
    let name = try pipeline(fixture, colour: Self.firstColour, stages: [Self.firstOutput])
    func refusal() throws -> String {
      let finished = try fixture.interlock(["run", name, "--production", "out"])
      #expect(finished.status == 2, "\(finished.errors)")
      return finished.errors
    }
    let contradiction = try refusal()
    #expect(
      contradiction.contains("ocio/config.ocio: error: the config cannot be used: "), "\(contradiction)")
    #expect(contradiction.contains("'nothing', which is not defined"), "\(contradiction)")
    try firstConfig(fixture)
    try FileManager.default.removeItem(atPath: fixture.path + "/ocio/luts/log.spi1d")
    let missing = try refusal()
    #expect(missing.contains("p.yaml:9:"), "\(missing)")
    #expect(missing.contains("'log.spi1d' could not be located"), "\(missing)")
    #expect(missing.contains("'luts/log.spi1d'"), "\(missing)")
    #expect(!FileManager.default.fileExists(atPath: fixture.path + "/out/Deliverables/test/sdr"))
  }

  @Test func `the bytes of graded ACES pictures do not depend on workers or CPU`() throws {
    let fixture = try production()
    _ = try fixture.folder.write(
      "<ColorCorrection id=\"A001\"><SOPNode><Slope>1.1 0.95 1.02</Slope><Offset>-0.02 0.01 0</Offset>"
        + "<Power>0.9 1.1 1.05</Power></SOPNode><SatNode><Saturation>0.85</Saturation></SatNode></ColorCorrection>",
      to: "grade.cc")
    let name = try pipeline(
      fixture, colour: "{config: aces, inputs: [{reel: A*, space: ARRI LogC3 (EI800)}]}",
      grade: ", cdl: grade.cc",
      stages: [
        "sdr: {kind: delivery, picture: grade, profile: sdr, output: {display: Rec.1886 Rec.709 - Display}}",
        "linear: {kind: delivery, picture: grade, profile: exr-half, output: {space: ACEScg}}",
      ])
    var digests: Set<String> = []
    for (production, workers, environment) in [
      ("one", 1, [:]), ("two", 2, [:]), ("base", 1, ["INTERLOCK_CPU": "baseline"]),
    ] as [(String, Int, [String: String])] {
      let report = try fixture.run(name, production: production, workers: workers, environment: environment)
      let master = fixture.path + "/" + (try #require(report.deliverable("sdr")).path)
      digests.insert(try fixture.digest(of: master))
    }
    #expect(digests.count == 1)
    let plan = try fixture.interlock(["plan", name, "--production", "new"])
    #expect(plan.status == 0, "\(plan.errors)")
    #expect(plan.text.contains("sdr  colours: 1 processor steps, at most 0."), "\(plan.text)")
    #expect(plan.text.contains("linear  colours: 1 processor steps"), "\(plan.text)")
  }

  @Test func `a bad process list is told with file and line before anything is rendered`() throws {
    let fixture = try production()
    _ = try fixture.folder.write(
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <ProcessList compCLFversion="3" id="x">
        <Matrix inBitDepth="32f" outBitDepth="32f">
          <Array dim="3 3">
            1 0 0  0 one 0  0 0 1
          </Array>
        </Matrix>
      </ProcessList>
      """, to: "look.clf")
    let name = try pipeline(
      fixture, colour: "{config: aces}", grade: ", look: {file: look.clf, from: ACEScct}",
      stages: [
        "sdr: {kind: delivery, picture: grade, profile: sdr, output: {display: Rec.1886 Rec.709 - Display}}"
      ])
    let finished = try fixture.interlock(["run", name, "--production", "out"])
    #expect(finished.status == 2, "\(finished.errors)")
    #expect(finished.errors.contains("look.clf:4: error: the file cannot be used"), "\(finished.errors)")
    let results = fixture.path + "/out/.interlock/results"
    let segments = (FileManager.default.subpaths(atPath: results) ?? []).filter { path in
      (try? String(contentsOfFile: "\(results)/\(path)", encoding: .utf8))?.contains("\"segment\"") ?? false
    }
    #expect(segments.isEmpty)
  }

  @Test func `a ramp of every code and a saturated sweep come back within a code`() throws {
    let fixture = try Fixture()
    let width = 878
    // Every legal code once in luma, and hues at the edge of R'G'B' in the lower half.
    var planes = [Data(), Data(), Data()]
    func add(_ code: Int, to plane: Int) {
      planes[plane].append(contentsOf: [UInt8(code & 255), UInt8(code >> 8)])
    }
    var sent = [[Int]](repeating: [], count: 3)
    for row in 0..<16 {
      for column in 0..<width {
        var codes = [min(64 + column, 940), 512, 512]
        if row >= 8 { codes = Self.saturated(Double(column) / Double(width)) }
        for plane in 0..<3 {
          add(codes[plane], to: plane)
          sent[plane].append(codes[plane])
        }
      }
    }
    let made = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-f", "rawvideo", "-pix_fmt", "yuv444p10le", "-s", "\(width)x16", "-r", "24000/1001",
        "-i", "-", "-c:v", "ffv1", "-g", "1", "-color_range", "tv", "-colorspace", "bt709",
        "-color_primaries", "bt709", "-color_trc", "bt709", "-timecode", "01:00:00:00",
        "\(fixture.path)/rushes/A001.mov",
      ], input: planes[0] + planes[1] + planes[2])
    #expect(made.status == 0, "\(made.errors)")
    _ = try fixture.folder.write(
      ListWriter.edl(
        [
          .init(
            reel: "A001", source: 86_400, count: 1, comments: ["ASC_SOP (1 1 1)(0 0 0)(1 1 1)", "ASC_SAT 1"])
        ], base: 24, recordStart: 86_400), to: "cut.edl")
    _ = try fixture.folder.write(
      """
      profile: lossless
      container: mov
      extension: mov
      picture: {codec: ffv1, pixel-format: yuv444p10le, lowest-psnr: 90}
      colour: {primaries: bt709, transfer: bt709, matrix: bt709, range: tv}
      """, to: "profiles/lossless.yaml")
    let report = try fixture.run(
      try fixture.pipeline("p.yaml", cut: "cut.edl", raster: "\(width)x16", profile: "lossless"))
    let decoded = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-i", fixture.path + "/" + report.master.path, "-f", "rawvideo", "-pix_fmt",
        "yuv444p10le", "-",
      ])
    let data = [UInt8](decoded.output)
    let found = (0..<3).map { plane in
      (0..<width * 16).map { index in
        let at = 2 * (plane * width * 16 + index)
        return Int(data[at]) | Int(data[at + 1]) << 8
      }
    }
    for plane in 0..<3 {
      let worst = zip(found[plane], sent[plane]).map { abs($0 - $1) }.max() ?? .max
      #expect(worst <= 1, "plane \(plane): \(worst) codes")
    }
    #expect(Set(found[0][..<width]) == Set(64...940))
  }

  /// A hue at full saturation, as legal codes; rounded into R'G'B'.
  private static func saturated(_ turn: Double) -> [Int] {
    let sector = turn * 6
    let part = sector.truncatingRemainder(dividingBy: 1)
    let rgb: [Double] =
      switch Int(sector) {
      case 0: [1, part, 0]
      case 1: [1 - part, 1, 0]
      case 2: [0, 1, part]
      case 3: [0, 1 - part, 1]
      case 4: [part, 0, 1]
      default: [1, 0, 1 - part]
      }
    let y = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]
    return [
      Int((64 + 876 * y).rounded()), Int((512 + 896 * (rgb[2] - y) / 1.8556).rounded()),
      Int((512 + 896 * (rgb[0] - y) / 1.5748).rounded()),
    ]
  }
}
