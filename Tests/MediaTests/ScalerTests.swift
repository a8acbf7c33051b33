import Media
import MediaTime
import Testing

struct ScalerTests {
  /// A lossless way to a picture view: encode with FFV1 and decode again.
  static func withPicture<R>(
    _ bytes: [UInt8], _ format: PictureFormat, _ body: (borrowing PictureView) throws -> R
  ) throws -> R {
    let settings = EncoderSettings(
      codec: "ffv1", pixelFormat: format.pixelFormat, width: format.width, height: format.height,
      rate: FrameRate(25), options: ["level": "3"])
    let packet = try PictureEncoder(settings).encode { $0.fill(packed: bytes) }
    return try PictureDecoder(settings).decode(packet, body)
  }

  static func part(of plane: [UInt8], width: Int, columns: Range<Int>, rows: Range<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    for row in rows {
      let start = row * width
      bytes += plane[start + columns.lowerBound..<start + columns.upperBound]
    }
    return bytes
  }

  static func words(_ bytes: [UInt8]) -> [UInt16] {
    stride(from: 0, to: bytes.count, by: 2).map { UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 }
  }

  @Test func `more bits are the same codes shifted when nothing is resized`() throws {
    let source = PictureFormat(pixelFormat: "yuv422p10le", width: 128, height: 64)
    let target = PictureFormat(pixelFormat: "yuv444p16le", width: 128, height: 64)
    let bytes = noise(source, bits: 10, seed: 3, samples: 128 * 64 * 2)
    let scaler = try Scaler(from: source, to: target, matrix: "bt709", isFullRange: false)
    try Self.withPicture(bytes, source) { picture in
      let luma = Self.words(picture.bytes(ofPlane: 0))
      let chroma = Self.words(picture.bytes(ofPlane: 1))
      try scaler.scale(picture) { scaled in
        #expect(scaled.pixelFormat == "yuv444p16le")
        #expect(Self.words(scaled.bytes(ofPlane: 0)) == luma.map { $0 << 6 })
        // Left-sited: even columns keep their chroma sample but for the filter's rounding to 14-bit weights.
        let wide = Self.words(scaled.bytes(ofPlane: 1))
        for row in 0..<64 {
          for column in 4..<60 {
            let found = Int(wide[row * 128 + column * 2])
            #expect(abs(found - Int(chroma[row * 64 + column]) << 6) <= 64)
          }
        }
      }
    }
  }

  @Test func `a crop takes its own part of the picture`() throws {
    let source = PictureFormat(pixelFormat: "yuv420p", width: 96, height: 64)
    let target = PictureFormat(pixelFormat: "yuv420p", width: 32, height: 16)
    let bytes = noise(source, bits: 8, seed: 5, samples: 96 * 64 * 3 / 2)
    let scaler = try Scaler(
      from: source, crop: .init(x: 20, y: 30, width: 32, height: 16), to: target, matrix: "bt709",
      isFullRange: false)
    try Self.withPicture(bytes, source) { picture in
      let luma = Self.part(of: picture.bytes(ofPlane: 0), width: 96, columns: 20..<52, rows: 30..<46)
      let chroma = Self.part(of: picture.bytes(ofPlane: 2), width: 48, columns: 10..<26, rows: 15..<23)
      try scaler.scale(picture) { part in
        #expect(part.bytes(ofPlane: 0) == luma)
        #expect(part.bytes(ofPlane: 2) == chroma)
      }
    }
  }

  @Test func `flat colour stays flat at any size`() throws {
    let source = PictureFormat(pixelFormat: "yuv422p10le", width: 100, height: 60)
    let target = PictureFormat(pixelFormat: "yuv444p16le", width: 166, height: 90)
    var bytes: [UInt8] = []
    for (value, count) in [(502, 6000), (400, 3000), (600, 3000)] {
      for _ in 0..<count { bytes += [UInt8(value & 255), UInt8(value >> 8)] }
    }
    let scaler = try Scaler(
      from: source, to: target, matrix: "bt709", isFullRange: false, filter: .lanczos)
    try Self.withPicture(bytes, source) { picture in
      try scaler.scale(picture) { scaled in
        for (plane, value) in [(0, 502), (1, 400), (2, 600)] {
          #expect(Self.words(scaled.bytes(ofPlane: plane)).allSatisfy { abs(Int($0) - value << 6) <= 2 })
        }
      }
    }
  }

  @Test func `unusable requests are refused`() {
    let format = PictureFormat(pixelFormat: "yuv420p", width: 64, height: 64)
    func code(_ make: () throws -> Scaler) -> String? {
      #expect(throws: MediaError.self) { try make() }?.reason
    }
    #expect(
      code { try Scaler(from: format, to: format, matrix: "bt7090", isFullRange: false) }
        == "unknown matrix 'bt7090'")
    #expect(
      code {
        try Scaler(
          from: format, crop: .init(x: 1, y: 0, width: 8, height: 8), to: format, matrix: "bt709",
          isFullRange: false)
      } == "the crop starts between chroma samples")
    #expect(
      code {
        try Scaler(
          from: format, crop: .init(x: 60, y: 0, width: 8, height: 8), to: format, matrix: "bt709",
          isFullRange: false)
      }?.hasSuffix("leaves the picture") == true)
  }
}
