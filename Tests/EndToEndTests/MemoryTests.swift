import Foundation
import TestSupport
import Testing

/// Memory is bounded by the raster and the worker count, never by the length of the programme.
@Suite struct `Bounded memory` {
  @Test func `ten times as many distinct frames need no more than ten per cent more`() throws {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 2000, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.h264)
    func peak(frames: Int) throws -> Int {
      let events = stride(from: 0, to: frames, by: 50).map {
        ListWriter.Event(reel: "A001", source: 86_400 + $0, count: 50)
      }
      _ = try fixture.folder.write(
        ListWriter.edl(events, base: 24, recordStart: 86_400), to: "cut\(frames).edl")
      let pipeline = try fixture.pipeline("p\(frames).yaml", cut: "cut\(frames).edl")
      // The largest process of the run, workers included, as the kernel counts it.
      let finished = try Programs.run(
        "/usr/bin/time",
        [
          "-f", "%M", Repository.product("interlock"), "run", pipeline, "--production", "out\(frames)",
          "--workers", "2",
        ],
        folder: fixture.path)
      #expect(finished.status == 0, "\(finished.errors)")
      let last = finished.errors.split(separator: "\n").last.map(String.init) ?? ""
      return try #require(Int(last))
    }
    let short = try peak(frames: 200)
    let long = try peak(frames: 2000)
    print("memory: \(short) KiB for 200 frames, \(long) KiB for 2000")
    #expect(Double(long) <= Double(short) * 1.1)
  }
}
