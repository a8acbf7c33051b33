import Foundation
import TestSupport
import Testing

/// Dissolves, wipes, retimes and freezes, measured on what was rendered.
@Suite struct `Transitions and retimes` {
  /// Two clips of one flat colour each, lossless, and a list with a transition of six frames between them.
  private func fixture(_ transition: String, lists: String? = nil) throws -> (Fixture, String) {
    let fixture = try Fixture()
    for (reel, colour) in [("A001", "0x404040"), ("B001", "0xC08020")] {
      let made = try Programs.run(
        "ffmpeg",
        [
          "-v", "error", "-f", "lavfi", "-i", "color=\(colour):size=64x32:rate=24000/1001,format=gbrp",
          "-frames:v",
          "40", "-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv444p10le", "-c:v", "ffv1", "-g",
          "1",
          "-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
          "-timecode",
          "01:00:00:00", "-metadata:s:v:0", "reel_name=\(reel)", "\(fixture.path)/rushes/\(reel).mov",
        ])
      #expect(made.status == 0, "\(made.errors)")
    }
    _ = try fixture.folder.write(
      """
      TITLE: TRANSITION
      FCM: NON-DROP FRAME

      001  A001     V     C        01:00:00:00 01:00:00:10 01:00:00:00 01:00:00:10
      002  A001     V     C        01:00:00:10 01:00:00:10 01:00:00:10 01:00:00:10
      002  B001     V     \(transition) 006 01:00:00:00 01:00:00:12 01:00:00:10 01:00:00:22

      """, to: "cut.edl")
    return (fixture, try fixture.pipeline("p.yaml", cut: "cut.edl", raster: "64x32", profile: "stills-16bit"))
  }

  /// 16-bit R'G'B' of every still, in order.
  private func stills(_ fixture: Fixture, _ report: RunReport) throws -> [[UInt16]] {
    let folder = fixture.path + "/" + report.master.path
    return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".png") }
      .sorted().map {
        let decoded = try Programs.run(
          "ffmpeg", ["-v", "error", "-i", "\(folder)/\($0)", "-f", "rawvideo", "-pix_fmt", "rgb48le", "-"])
        let bytes = [UInt8](decoded.output)
        return stride(from: 0, to: bytes.count, by: 2).map { UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 }
      }
  }

  @Test func `frame k of a dissolve of n frames holds (k+1)/(n+1) of the incoming picture`() throws {
    let (fixture, pipeline) = try fixture("D   ")
    let frames = try stills(fixture, try fixture.run(pipeline))
    #expect(frames.count == 22)
    let (from, to) = (frames[0], frames[21])
    #expect(frames[9] == from)
    #expect(frames[16] == to)
    for k in 0..<6 {
      let share = Double(k + 1) / 7
      for channel in 0..<3 {
        let expected = Double(from[channel]) + (Double(to[channel]) - Double(from[channel])) * share
        // One code value at 10 bits is 64 at 16.
        #expect(abs(Double(frames[10 + k][channel]) - expected) <= 64, "frame \(k) channel \(channel)")
      }
    }
    let trace = try fixture.interlock(
      ["trace", "out/Deliverables/test/master/v001", "--frame", "12"])
    #expect(
      trace.text.contains("  outgoing   A001.mov, frame 12, 01:00:00:12, reel A001\n"),
      "\(trace.text) \(trace.errors)")
    #expect(trace.text.contains("  incoming   B001.mov, frame 2, 01:00:00:02, reel B001\n"), "\(trace.text)")
  }

  @Test(arguments: [("W001", true), ("W002", false)])
  func `a wipe has a hard edge at (k+1)/(n+1) of the raster`(pattern: String, isHorizontal: Bool) throws {
    let (fixture, pipeline) = try fixture(pattern)
    let frames = try stills(fixture, try fixture.run(pipeline))
    let (from, to) = (frames[0], frames[21])
    for k in 0..<6 {
      let edge = Int((Double((isHorizontal ? 64 : 32) * (k + 1)) / 7).rounded())
      for (x, y) in [(0, 0), (20, 9), (40, 20), (63, 31), (31, 15), (9, 4)] {
        let isIncoming = (isHorizontal ? x : y) < edge
        let pixel = (y * 64 + x) * 3
        #expect(
          Array(frames[10 + k][pixel..<pixel + 3]) == Array((isIncoming ? to : from)[pixel..<pixel + 3]),
          "frame \(k) at \(x), \(y)")
      }
    }
  }

  @Test func `fades go through black on both sides of a shot`() throws {
    let (fixture, pipeline) = try fixture("D   ")
    _ = try fixture.folder.write(
      """
      TITLE: FADES
      FCM: NON-DROP FRAME

      001  BL       V     C        00:00:00:00 00:00:00:00 01:00:00:00 01:00:00:00
      001  B001     V     D    004 01:00:00:00 01:00:00:10 01:00:00:00 01:00:00:10
      002  B001     V     C        01:00:00:10 01:00:00:10 01:00:00:10 01:00:00:10
      002  BL       V     D    003 00:00:00:00 00:00:00:06 01:00:00:10 01:00:00:16

      """, to: "cut.edl")
    let frames = try stills(fixture, try fixture.run(pipeline))
    let shares =
      [1, 2, 3, 4].map { $0 / 5.0 } + [1, 1, 1, 1, 1, 1] + [3, 2, 1].map { $0 / 4.0 } + [0, 0, 0]
    #expect(frames.count == shares.count)
    for (frame, share) in zip(frames, shares) {
      for channel in 0..<3 {
        #expect(abs(Double(frame[channel]) - Double(frames[5][channel]) * share) <= 64)
      }
    }
  }

  @Test func `a pattern nobody draws becomes a dissolve, and that is said`() throws {
    let (fixture, pipeline) = try fixture("W042")
    let result = try fixture.interlock(["run", pipeline, "--production", "out"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains("is approximated by a dissolve of 6 frames"))
  }

  @Test func `a shorter dissolve makes only its own frames again`() throws {
    let (fixture, pipeline) = try fixture("D   ")
    #expect(try fixture.run(pipeline).framesMade == 22)
    let list = try String(contentsOfFile: fixture.path + "/cut.edl", encoding: .utf8)
      .replacingOccurrences(of: "D    006", with: "D    004")
    _ = try fixture.folder.write(list, to: "cut.edl")
    // Four new mixes, and the two frames of the incoming clip that were under the dissolve.
    #expect(try fixture.run(pipeline).framesMade == 6)
  }

  @Test func `retimes, reverse and freeze show the frames that the speeds say`() throws {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 120, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    _ = try fixture.folder.write(
      """
      TITLE: RETIME
      FCM: NON-DROP FRAME

      001  A001     V     C        01:00:00:00 01:00:00:20 01:00:00:00 01:00:00:10
      M2   A001     048.0                01:00:00:00
      002  A001     V     C        01:00:01:00 01:00:01:05 01:00:00:10 01:00:00:20
      M2   A001     012.0                01:00:01:00
      003  A001     V     C        01:00:02:00 01:00:02:10 01:00:00:20 01:00:01:06
      M2   A001     -024.0                01:00:02:00
      004  A001     V     C        01:00:03:00 01:00:03:01 01:00:01:06 01:00:01:11
      M2   A001     000.0                01:00:03:00

      """, to: "cut.edl")
    let report = try fixture.run(try fixture.pipeline("p.yaml", cut: "cut.edl"))
    let shown = try NumberedClip.read(fixture.path + "/" + report.master.path)
    let expected =
      (0..<10).map { $0 * 2 } + (0..<10).map { 24 + $0 / 2 } + (0..<10).map { 48 - $0 }
      + [Int](repeating: 72, count: 5)
    #expect(shown == expected)
    #expect(report.framesMade == Set(expected).count)
  }
}
