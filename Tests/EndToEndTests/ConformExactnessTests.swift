import Foundation
import TestSupport
import Testing

/// Every frame of the master shows the number of the source frame that the cut asks for.
@Suite struct `Conform exactness` {
  struct Rate: Sendable, CustomTestStringConvertible {
    var text: String
    var base: Int
    var isDropFrame: Bool

    var testDescription: String { text + (isDropFrame ? " drop-frame" : "") }
  }

  /// Source: `specs/timecode.md`, section 1.
  static let rates = [
    Rate(text: "24/1", base: 24, isDropFrame: false), Rate(text: "24000/1001", base: 24, isDropFrame: false),
    Rate(text: "25/1", base: 25, isDropFrame: false), Rate(text: "30000/1001", base: 30, isDropFrame: true),
    Rate(text: "30000/1001", base: 30, isDropFrame: false), Rate(text: "30/1", base: 30, isDropFrame: false),
    Rate(text: "48000/1001", base: 48, isDropFrame: false), Rate(text: "48/1", base: 48, isDropFrame: false),
    Rate(text: "50/1", base: 50, isDropFrame: false), Rate(text: "60000/1001", base: 60, isDropFrame: true),
    Rate(text: "60000/1001", base: 60, isDropFrame: false), Rate(text: "60/1", base: 60, isDropFrame: false),
    Rate(text: "120000/1001", base: 120, isDropFrame: true),
    Rate(text: "120/1", base: 120, isDropFrame: false),
  ]

  @Test(arguments: rates) func `every master frame is the frame the list asks for`(rate: Rate) throws {
    let fixture = try Fixture()
    func count(_ hours: Int, _ minutes: Int, _ seconds: Int, _ frames: Int) -> Int {
      ListWriter.frame(hours, minutes, seconds, frames, base: rate.base, isDropFrame: rate.isDropFrame)
    }
    // Reel A crosses a minute, where drop-frame skips two labels; reel B is long-GOP with B-frames.
    let a = count(1, 0, 58, 0)
    let b = count(14, 3, 21, 10)
    func label(_ frame: Int) -> String {
      ListWriter.label(frame, base: rate.base, isDropFrame: rate.isDropFrame)
    }
    try fixture.clip(
      "A001", frames: 150, firstNumber: 1000, rate: rate.text, timecode: label(a), codec: Fixture.prores)
    try fixture.clip(
      "B001", frames: 150, firstNumber: 5000, rate: rate.text, timecode: label(b), codec: Fixture.h264)
    let events = [
      ListWriter.Event(reel: "A001", source: a + 40, count: 37),
      ListWriter.Event(reel: "B001", source: b, count: 20),
      ListWriter.Event(reel: "A001", source: a + 3, count: 1),
      ListWriter.Event(reel: "B001", source: b + 91, count: 59),
      ListWriter.Event(reel: "A001", source: a + 50, count: 10),
      ListWriter.Event(reel: "B001", source: b + 17, count: 31),
    ]
    let start = count(1, 0, 0, 0)
    _ = try fixture.folder.write(
      ListWriter.edl(events, base: rate.base, isDropFrame: rate.isDropFrame, recordStart: start),
      to: "cut.edl")
    let pipeline = try fixture.pipeline("p.yaml", cut: "cut.edl", rate: rate.text, start: label(start))
    let report = try fixture.run(pipeline)
    let expected = events.flatMap { event in
      (0..<event.count).map {
        event.reel == "A001" ? 1000 + event.source - a + $0 : 5000 + event.source - b + $0
      }
    }
    let master = fixture.path + "/" + report.master.path
    #expect(try NumberedClip.read(master) == expected)
    #expect(report.framesMade == Set(expected).count)
    let facts = try Programs.run(
      "ffprobe",
      [
        "-v", "error", "-select_streams", "v", "-show_entries",
        "stream=r_frame_rate,nb_frames:stream_tags=timecode", "-of", "csv=p=0", master,
      ]
    ).text
    #expect(facts.contains(rate.text))
    #expect(facts.contains("\(expected.count)"))
    #expect(facts.contains(label(start)))
  }

  @Test func `a gap in the record times is black`() throws {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 60, firstNumber: 100, timecode: "01:00:00:00", codec: Fixture.prores)
    _ = try fixture.folder.write(
      """
      TITLE: GAP
      FCM: NON-DROP FRAME

      001  A001     V     C        01:00:00:10 01:00:00:15 01:00:00:00 01:00:00:05
      002  A001     V     C        01:00:01:00 01:00:01:05 01:00:00:08 01:00:00:13

      """, to: "cut.edl")
    let report = try fixture.run(try fixture.pipeline("p.yaml", cut: "cut.edl"))
    let numbers = try NumberedClip.read(fixture.path + "/" + report.master.path)
    #expect(numbers == [110, 111, 112, 113, 114, nil, nil, nil, 124, 125, 126, 127, 128])
  }
}
