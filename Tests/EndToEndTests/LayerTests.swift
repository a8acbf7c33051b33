import Foundation
import TestSupport
import Testing

/// Several picture tracks, cut in lists of their own, run by the real program.
@Suite struct `Picture tracks` {
  private static let head = "TITLE: TEST\nFCM: NON-DROP FRAME\n\n"

  private func fixture() throws -> Fixture {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 40, firstNumber: 1000, timecode: "01:00:00:00", codec: Fixture.prores)
    try fixture.clip("B001", frames: 40, firstNumber: 5000, timecode: "01:00:00:00", codec: Fixture.prores)
    _ = try fixture.folder.write(
      Self.head + "001  A001     V     C        01:00:00:00 01:00:00:20 01:00:00:00 01:00:00:20\n",
      to: "v1.edl")
    return fixture
  }

  @Test func `the upper track is seen where it has a picture, and costs only the frames it changes`() throws {
    let fixture = try fixture()
    _ = try fixture.folder.write(
      Self.head + "001  B001     V     C        01:00:00:10 01:00:00:14 01:00:00:05 01:00:00:09\n"
        + "002  B001     V     C        01:00:01:06 01:00:01:08 01:00:00:12 01:00:00:14\n", to: "v2.edl")
    let one = try fixture.pipeline("one.yaml", cut: "v1.edl")
    #expect(try fixture.run(one).framesMade == 20)
    let report = try fixture.run(try fixture.pipeline("two.yaml", cut: "[v1.edl, v2.edl]"))
    #expect(report.framesMade == 6)
    let shown = try NumberedClip.read(fixture.path + "/" + report.master.path)
    #expect(
      shown == [1000, 1001, 1002, 1003, 1004, 5010, 5011, 5012, 5013, 1009, 1010, 1011, 5030, 5031]
        + Array(1014..<1020))
  }

  @Test func `an upper picture fades in over the one below it`() throws {
    let fixture = try fixture()
    _ = try fixture.folder.write(
      Self.head + "001  BL       V     C        00:00:00:00 00:00:00:00 01:00:00:04 01:00:00:04\n"
        + "001  B001     V     D    003 01:00:00:10 01:00:00:18 01:00:00:04 01:00:00:12\n", to: "v2.edl")
    let pipeline = try fixture.pipeline("p.yaml", cut: "[v1.edl, v2.edl]", profile: "stills-16bit")
    let report = try fixture.run(pipeline)
    #expect(report.framesMade == 20)
    let folder = fixture.path + "/" + report.master.path
    let stills = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".png") }
      .sorted()
    func levels(_ index: Int) throws -> [Double] {
      let decoded = try Programs.run(
        "ffmpeg",
        ["-v", "error", "-i", "\(folder)/\(stills[index])", "-f", "rawvideo", "-pix_fmt", "gray", "-"])
      let row = NumberedClip.height / 2 * NumberedClip.width
      return (0..<20).map { Double(decoded.output[row + $0 * 16 + 8]) }
    }
    func drawn(_ number: Int) -> [Double] { (0..<20).map { number >> (19 - $0) & 1 == 1 ? 235 : 20 } }
    for k in 0..<3 {
      let share = Double(k + 1) / 4
      let seen = try levels(4 + k)
      for (bit, (below, above)) in zip(drawn(1004 + k), drawn(5010 + k)).enumerated() {
        // ProRes of numbers is a few codes off.
        #expect(abs(seen[bit] - (below + (above - below) * share)) < 6, "frame \(k) bit \(bit)")
      }
    }
    let trace = try fixture.interlock(["trace", report.master.path, "--frame", "5"])
    #expect(trace.status == 0, "\(trace.errors)")
    #expect(trace.text.contains("layer 1    A001.mov, frame 5"), "\(trace.text)")
    #expect(trace.text.contains("layer 2    B001.mov, frame 11"), "\(trace.text)")
  }
}
