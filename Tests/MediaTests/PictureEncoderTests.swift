import Media
import MediaTime
import Testing

struct PictureEncoderTests {
  static let encodings: [(settings: EncoderSettings, bits: Int, samples: Int)] = [
    (proRes(), 10, 320 * 180 * 2), (proRes(quantiser: 9), 10, 320 * 180 * 2),
    (proRes(fillsBudget: true), 10, 320 * 180 * 2),
    (
      EncoderSettings(
        codec: "prores_ks", profile: 4, pixelFormat: "yuv444p10le", width: 320, height: 180,
        rate: FrameRate(25), options: ["vendor": "apl0"]), 10, 320 * 180 * 3
    ),
    (
      EncoderSettings(
        codec: "png", pixelFormat: "rgb48be", width: 160, height: 90, rate: FrameRate(24),
        matrix: "gbr", range: "pc"), 16, 160 * 90 * 3
    ),
    (
      EncoderSettings(
        codec: "ffv1", pixelFormat: "yuv422p10le", width: 320, height: 180, rate: FrameRate(24),
        options: ["level": "3", "slices": "4", "slicecrc": "1"]), 10, 320 * 180 * 2
    ),
  ]

  static func proRes(quantiser: Int? = nil, fillsBudget: Bool = false) -> EncoderSettings {
    EncoderSettings(
      codec: "prores_ks", profile: 3, pixelFormat: "yuv422p10le", width: 320, height: 180,
      rate: FrameRate(24_000, 1001), quantiser: quantiser, fillsBudget: fillsBudget,
      options: ["vendor": "apl0"])
  }

  @Test(arguments: encodings)
  func `a picture encoded alone equals the same picture in a run`(
    encoding: (settings: EncoderSettings, bits: Int, samples: Int)
  ) throws {
    let pictures = (0..<5).map {
      noise(encoding.settings.format, bits: encoding.bits, seed: UInt64($0), samples: encoding.samples)
    }
    let encoder = try PictureEncoder(encoding.settings)
    let run = try pictures.map { picture in try encoder.encode { $0.fill(packed: picture) } }
    for (number, picture) in pictures.enumerated().reversed() {
      let alone = try PictureEncoder(encoding.settings).encode { $0.fill(packed: picture) }
      #expect(alone == run[number], "picture \(number)")
    }
    #expect(try encoder.encode { $0.fill(packed: pictures[2]) } == run[2])
    #expect(Set(run).count == run.count)
  }

  @Test(arguments: encodings)
  func `a decoded packet has the settings' size and comes close to what went in`(
    encoding: (settings: EncoderSettings, bits: Int, samples: Int)
  ) throws {
    let picture = noise(encoding.settings.format, bits: encoding.bits, seed: 7, samples: encoding.samples)
    let packet = try PictureEncoder(encoding.settings).encode { $0.fill(packed: picture) }
    let decoder = try PictureDecoder(encoding.settings)
    for _ in 0..<2 {
      try decoder.decode(packet) { view in
        #expect(view.width == encoding.settings.width)
        #expect(view.height == encoding.settings.height)
        if ["png", "ffv1"].contains(encoding.settings.codec) {
          let isLossless = view.packedBytes() == picture
          #expect(isLossless)
        }
      }
    }
  }

  @Test func `ProRes pictures carry their colours in the bitstream`() throws {
    let settings = Self.proRes()
    let picture = noise(settings.format, bits: 10, seed: 1, samples: 320 * 180 * 2)
    let packet = try PictureEncoder(settings).encode { $0.fill(packed: picture) }
    // Frame header at 8: size, version, vendor; then primaries, transfer and matrix at offset 14 of the header.
    #expect(String(decoding: packet[4..<8], as: UTF8.self) == "icpf")
    #expect(String(decoding: packet[12..<16], as: UTF8.self) == "apl0")
    #expect(Array(packet[22..<25]) == [1, 1, 1])
  }

  @Test func `damaged packets are errors`() throws {
    let settings = Self.proRes()
    let picture = noise(settings.format, bits: 10, seed: 1, samples: 320 * 180 * 2)
    let packet = try PictureEncoder(settings).encode { $0.fill(packed: picture) }
    let decoder = try PictureDecoder(settings)
    #expect(throws: MediaError.self) { try decoder.decode([]) { _ in } }
    #expect(throws: MediaError.self) { try decoder.decode(Array(packet.prefix(200))) { _ in } }
    #expect(throws: MediaError.self) { try decoder.decode([UInt8](repeating: 7, count: 5000)) { _ in } }
    try decoder.decode(packet) { #expect($0.height == 180) }
  }

  @Test func `settings an encoder refuses are named`() {
    func error(_ change: (inout EncoderSettings) -> Void) -> MediaError? {
      var settings = Self.proRes()
      change(&settings)
      return #expect(throws: MediaError.self) { try PictureEncoder(settings) }
    }
    #expect(error { $0.codec = "prores_xx" }?.code == .unsupported)
    #expect(error { $0.codec = "libx264" }?.reason == "its pictures do not stand alone")
    #expect(error { $0.pixelFormat = "yuv420p" }?.reason == "it does not take yuv420p")
    #expect(error { $0.options["vender"] = "apl0" }?.reason == "it has no option 'vender'")
    #expect(error { $0.primaries = "rec709" }?.reason == "unknown colour primaries 'rec709'")
    #expect(error { $0.profile = 17 }?.fault == .user)
    #expect(error { $0.width = 0 }?.code == .settings)
  }

  @Test func `the identity names library and encoder`() {
    let identity = PictureEncoder.identity(of: "prores_ks")
    #expect(identity.hasPrefix("FFmpeg "))
    #expect(identity.hasSuffix(", prores_ks"))
  }
}
