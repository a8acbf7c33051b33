import Media
import MediaTime
import TestSupport
import Testing

/// ProRes at the size that its profile allows, band by band.
@Suite struct SizeControlTests {
  private static func settings(
    width: Int = 640, height: Int = 360, quantiser: Int? = nil, codec: String = "prores_ks", profile: Int? = 3
  ) -> EncoderSettings {
    EncoderSettings(
      codec: codec, profile: profile, pixelFormat: "yuv422p10le", width: width, height: height,
      rate: FrameRate(24), quantiser: quantiser, fillsBudget: quantiser == nil, options: ["vendor": "apl0"])
  }

  /// Of 640x360: 1,566 bits for each of 40 x 23 macroblocks, the headers of 5 slices a row and of the picture.
  private static let limit = 1566 * 40 * 23 / 8 + 5 * 23 * 8 + 164

  /// A picture whose rows have noise of the amplitude that `noise` says, in codes.
  private static func picture(seed: UInt64, noise: (Int) -> Int) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(640 * 360 * 4)
    for width in [640, 320, 320] {
      for row in 0..<360 {
        let amplitude = UInt64(max(1, noise(row)))
        for column in 0..<width {
          let value = 300 + column * 200 / width + Int(random.next() % amplitude)
          bytes.append(UInt8(value & 0xff))
          bytes.append(UInt8(value >> 8))
        }
      }
    }
    return bytes
  }

  private static let noises: [(name: String, noise: @Sendable (Int) -> Int, isFull: Bool)] = [
    ("a little everywhere", { _ in 24 }, true), ("much everywhere", { _ in 500 }, true),
    ("more and more", { $0 * 500 / 360 + 20 }, true), ("less and less", { 520 - $0 * 500 / 360 }, true),
    ("in turns", { $0 / 40 % 2 == 0 ? 12 : 500 }, true), ("below black", { $0 < 120 ? 1 : 300 }, false),
    ("in one place", { (170..<190).contains($0) ? 500 : 2 }, false),
  ]

  @Test(arguments: 0..<noises.count) func `a picture fills what its profile allows and never more`(index: Int)
    throws
  {
    let encoder = try PictureEncoder(Self.settings())
    let decoder = try PictureDecoder(Self.settings())
    for seed in UInt64(1)...2 {
      let picture = Self.picture(seed: seed, noise: Self.noises[index].noise)
      let packet = try encoder.encode { $0.fill(packed: picture) }
      #expect(packet.count <= Self.limit, "\(Self.noises[index].name), seed \(seed)")
      if Self.noises[index].isFull {
        #expect(Double(packet.count) > 0.95 * Double(Self.limit), "\(Self.noises[index].name), seed \(seed)")
      }
      let alone = try PictureEncoder(Self.settings()).encode { $0.fill(packed: picture) }
      #expect(alone == packet, "what was encoded before does not matter")
      try decoder.decode(packet) { view in
        #expect(view.width == 640 && view.height == 360)
      }
    }
  }

  @Test func `bands joined are what the encoder makes of the whole picture`() throws {
    // So little detail that every band has the finest quantiser.
    let picture = Self.picture(seed: 3) { _ in 2 }
    let joined = try PictureEncoder(Self.settings()).encode { $0.fill(packed: picture) }
    let whole = try PictureEncoder(Self.settings(quantiser: 1)).encode { $0.fill(packed: picture) }
    #expect(joined == whole)
    #expect(joined.count < Self.limit / 2)
  }

  @Test(arguments: [(16, 16), (18, 2), (1920, 80), (100, 66)])
  func `pictures of any size are made of whole and of partial bands`(width: Int, height: Int) throws {
    let settings = Self.settings(width: width, height: height)
    let picture = noise(settings.format, bits: 10, seed: 5, samples: width * height * 2)
    let packet = try PictureEncoder(settings).encode { $0.fill(packed: picture) }
    try PictureDecoder(settings).decode(packet) { view in
      #expect(view.width == width && view.height == height)
    }
  }

  @Test func `only ProRes with a profile has a size to fill`() {
    for (codec, profile) in [("ffv1", 3), ("prores_ks", nil), ("prores_ks", 7)] as [(String, Int?)] {
      let error = #expect(throws: MediaError.self) {
        try PictureEncoder(Self.settings(codec: codec, profile: profile))
      }
      #expect(error?.code == .settings)
    }
  }
}
