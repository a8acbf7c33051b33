import Media
import MediaTime
import TestSupport
import Testing

@Suite struct StillHeaderTests {
  private func little(_ word: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
  }

  private func attribute(_ name: String, _ type: String, _ value: [UInt8]) -> [UInt8] {
    Array(name.utf8) + [0] + Array(type.utf8) + [0] + little(UInt32(value.count)) + value
  }

  /// 01:02:03:04 in drop frame, 30000/1001, AP1 and reel A001.
  private var exr: [UInt8] {
    let ap1: [Float] = [0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767]
    return [0x76, 0x2F, 0x31, 0x01, 2, 0, 0, 0]
      + attribute("chromaticities", "chromaticities", ap1.flatMap { little($0.bitPattern) })
      + attribute("framesPerSecond", "rational", little(30_000) + little(1001))
      + attribute("reelName", "string", Array("A001".utf8))
      + attribute("timeCode", "timecode", little(0x0102_0344) + little(0)) + [0]
  }

  private func dpx(isBig: Bool) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 2048)
    func write(_ word: UInt32, at offset: Int) {
      let order = isBig ? Array(little(word).reversed()) : little(word)
      bytes.replaceSubrange(offset..<offset + 4, with: order)
    }
    write(0x5344_5058, at: 0)
    write(2048, at: 4)
    bytes[801] = 3
    write(0x1011_1213, at: 1920)
    write(Float(24_000.0 / 1001).bitPattern, at: 1940)
    return bytes
  }

  @Test func `OpenEXR says rate, timecode, reel and primaries`() throws {
    let header = try #require(StillHeader(exr))
    #expect(header.kind == .exr)
    #expect(header.rate == FrameRate(30_000, 1001))
    #expect(header.timecode == "01:02:03;04")
    #expect(header.reel == "A001")
    #expect(header.primaries == "ap1" && header.transfer == "linear")
  }

  @Test(arguments: [true, false])
  func `DPX says rate, timecode and transfer in both byte orders`(isBig: Bool) throws {
    let header = try #require(StillHeader(dpx(isBig: isBig)))
    #expect(header.rate == FrameRate(24_000, 1001))
    #expect(header.timecode == "10:11:12:13")
    #expect(header.transfer == "dpx-3")
  }

  @Test func `zeros and ones in a DPX header say nothing`() throws {
    var bytes = dpx(isBig: true)
    for fill in [UInt8(0), 0xFF] {
      for offset in Array(1724..<1728) + Array(1920..<1924) + Array(1940..<1944) { bytes[offset] = fill }
      let header = try #require(StillHeader(bytes))
      #expect(header.timecode == nil && header.rate == nil)
    }
  }

  @Test func `pictures of a DPX that begin where headers could be are not taken for them`() throws {
    var bytes = dpx(isBig: false)
    bytes.replaceSubrange(4..<8, with: little(1664))
    let header = try #require(StillHeader(bytes))
    #expect(header.timecode == nil && header.rate == nil && header.transfer == "dpx-3")
  }

  @Test(arguments: [UInt64(7)])
  func `a thousand damaged headers are read without a crash`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for round in 0..<1000 {
      var bytes = round % 2 == 0 ? exr : dpx(isBig: round % 4 == 1)
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        bytes[Int.random(in: 4..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      if random.chance(0.3) { bytes.removeLast(Int.random(in: 0...bytes.count - 4, using: &random)) }
      let header = StillHeader(bytes)
      #expect(header != nil, "the first four bytes are whole")
      if let label = header?.timecode { #expect(TimecodeLabel(parsing: label) != nil) }
    }
  }
}
