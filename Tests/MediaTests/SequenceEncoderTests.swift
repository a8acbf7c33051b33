import Foundation
import Media
import MediaTime
import Testing

struct SequenceEncoderTests {
  static func settings(_ options: [String: String] = ["preset": "veryfast", "crf": "20"]) -> EncoderSettings {
    EncoderSettings(
      codec: "libx264", pixelFormat: "yuv420p", width: 96, height: 64, rate: FrameRate(24_000, 1001),
      options: options)
  }

  static func picture(_ number: Int) -> [UInt8] {
    noise(settings().format, bits: 8, seed: UInt64(number), samples: 96 * 64 * 3 / 2)
  }

  static func group(_ settings: EncoderSettings = settings(), of count: Int) throws -> [[UInt8]] {
    let encoder = try SequenceEncoder(settings)
    var packets: [[UInt8]] = []
    for number in 0..<count { packets += try encoder.encode { $0.fill(packed: picture(number)) } }
    return try packets + encoder.finish()
  }

  /// The types of the units of a packet whose lengths stand in front of them.
  private func unitTypes(_ packet: [UInt8]) -> [UInt8] {
    var types: [UInt8] = []
    var offset = 0
    while offset + 4 < packet.count {
      types.append(packet[offset + 4] & 0x1f)
      offset += 4 + packet[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    #expect(offset == packet.count)
    return types
  }

  @Test(arguments: [2, 9, 96]) func `a group is one IDR picture and pictures that follow it, nothing else`(
    count: Int
  ) throws {
    let packets = try Self.group(of: count)
    #expect(packets.map(unitTypes) == [[5]] + [[UInt8]](repeating: [1], count: count - 1))
  }

  @Test(arguments: ["ultrafast", "veryfast", "medium", "slow"])
  func `presets with B pictures, scene cuts and notes of their own make the same kind of group`(
    preset: String
  ) throws {
    let packets = try Self.group(Self.settings(["preset": preset, "crf": "24", "profile": "high"]), of: 30)
    #expect(packets.map(unitTypes) == [[5]] + [[UInt8]](repeating: [1], count: 29))
  }

  @Test func `two encoders make the same bytes, and each packet decodes to its picture in order`() throws {
    // Fine enough to keep the noise that tells the pictures apart.
    let settings = Self.settings(["preset": "veryfast", "crf": "2"])
    let packets = try Self.group(settings, of: 40)
    #expect(try Self.group(settings, of: 40) == packets)
    let decoder = try SequenceDecoder(of: SequenceEncoder(settings))
    for (number, packet) in packets.enumerated() {
      let decoded = try decoder.decode(packet, isFirst: number == 0) { $0.packedBytes() }
      func distance(_ other: Int) -> Int {
        zip(decoded, Self.picture(other)).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
      }
      // The noise of each picture is its own: only the right one comes close.
      #expect(distance(number) * 2 < distance(number == 0 ? 1 : number - 1), "picture \(number)")
    }
  }

  @Test func `a group too long for its key frame distance is refused`() throws {
    let encoder = try SequenceEncoder(Self.settings(["preset": "ultrafast", "crf": "40"]))
    let picture = Self.picture(0)
    for _ in 0..<SequenceEncoder.longestGroup { _ = try encoder.encode { $0.fill(packed: picture) } }
    #expect(throws: MediaError.self) { _ = try encoder.encode { $0.fill(packed: picture) } }
  }

  @Test func `an intra-frame encoder makes no groups, and an encoder of groups no single pictures`() {
    #expect(throws: MediaError.self) { _ = try SequenceEncoder(PictureEncoderTests.proRes()) }
    #expect(throws: MediaError.self) { _ = try PictureEncoder(Self.settings()) }
  }

  @Test func `the build of the library is told, and none of what it does not make`() {
    #expect(SequenceEncoder.identity(of: "libx264")?.hasPrefix("x264 - core ") == true)
    #expect(SequenceEncoder.identity(of: "prores_ks") == nil)
  }
}
