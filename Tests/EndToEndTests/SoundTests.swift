import Foundation
import TestSupport
import Testing

/// Sound lies where the cut puts it, to the sample.
@Suite struct `Sound placement` {
  /// A mono 48 kHz 24-bit broadcast wave of silence with single-sample clicks.
  private func wave(clicks: [Int], samples: Int, timeReference: Int) -> Data {
    func little(_ value: Int, _ bytes: Int) -> [UInt8] {
      (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var sound = [UInt8](repeating: 0, count: samples * 3)
    for click in clicks { sound.replaceSubrange(click * 3..<click * 3 + 3, with: little(4_000_000, 3)) }
    let extent = [UInt8](repeating: 0, count: 338) + little(timeReference, 8) + little(1, 2)
    let bext = extent + [UInt8](repeating: 0, count: 602 - extent.count)
    let xml = Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?><BWFXML><TAPE>SR001</TAPE></BWFXML> ".utf8)
    let ixml = xml.count % 2 == 0 ? xml : xml + [32]
    let format =
      little(1, 2) + little(1, 2) + little(48_000, 4) + little(144_000, 4) + little(3, 2) + little(24, 2)
    var body = Array("WAVE".utf8)
    for (name, content) in [("bext", bext), ("iXML", ixml), ("fmt ", format), ("data", sound)] {
      body += Array(name.utf8) + little(content.count, 4) + content
      if content.count % 2 == 1 { body.append(0) }
    }
    return Data(Array("RIFF".utf8) + little(body.count, 4) + body)
  }

  @Test func `the first and the last event are in sync to the sample, on and off the frame grid`() throws {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 120, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    // At 24000/1001 a frame is 2002 samples; the recording starts 777 samples before source frame −3.
    let sourceStart = 86_400 * 2002
    let reference = sourceStart - 3 * 2002 - 777
    func inFile(_ frame: Int) -> Int { frame * 2002 + sourceStart - reference }
    // Clicks exactly at the first sample of the source frames that the two events start with.
    try wave(clicks: [inFile(10), inFile(90)], samples: inFile(118), timeReference: reference)
      .write(to: URL(fileURLWithPath: fixture.path + "/rushes/SR001-T01.wav"))
    _ = try fixture.folder.write(
      """
      TITLE: SYNC
      FCM: NON-DROP FRAME

      001  A001     V     C        01:00:00:10 01:00:01:00 01:00:00:00 01:00:00:14
      002  SR001    A     C        01:00:00:10 01:00:01:00 01:00:00:00 01:00:00:14
      003  A001     V     C        01:00:03:18 01:00:04:18 01:00:00:14 01:00:01:14
      004  SR001    A2    C        01:00:03:18 01:00:04:18 01:00:00:14 01:00:01:14

      """, to: "cut.edl")
    let text = try String(
      contentsOfFile: try fixture.pipeline(
        "p.yaml", cut: "cut.edl", profile: "prores-422hq", extra: ", sound: mix"),
      encoding: .utf8
    ).replacingOccurrences(of: "  master:", with: "  mix: {kind: sound-mix, sound: edit}\n  master:")
    let report = try fixture.run(try fixture.folder.write(text, to: "p.yaml"))
    let decoded = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-i", fixture.path + "/" + report.master.path, "-map", "0:a:0", "-f", "s32le", "-c:a",
        "pcm_s32le", "-",
      ])
    let samples = unsafe decoded.output.withUnsafeBytes { buffer in
      (0..<buffer.count / 4).map { unsafe buffer.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self) }
    }
    let left = stride(from: 0, to: samples.count, by: 2).map { samples[$0] }
    #expect(left.count == 38 * 2002)
    #expect(left.indices.filter { left[$0] != 0 } == [0, 14 * 2002])
    // Mono to both sides at −3.01 dB: 4,000,000 · 0.70711 of 24 bits.
    #expect(left[0] >> 8 == 2_828_427)
    #expect(samples[1] == samples[0])
  }
}
