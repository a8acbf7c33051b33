import Foundation
import TestSupport
import Testing

/// `conform --reference` on the short film's rushes and its offline: 320x180, 8-bit H.264, timecode in the picture.
@Suite struct `Proof against the offline` {
  /// A straight cut of the film's list.
  struct Event: Sendable {
    var number: String
    var reel: String
    /// Source and record label as a count of frames at 24.
    var source: Int
    var record: Int
    var count: Int
    /// Of the source, frames a second of the cut; 24 without a line of its own.
    var speed = 24

    init(_ number: String, _ reel: String, _ source: String, _ record: String, _ count: Int) {
      self.number = number
      self.reel = reel
      self.source = Self.frame(source)
      self.record = Self.frame(record)
      self.count = count
    }

    static func frame(_ label: String) -> Int {
      let parts = label.split(separator: ":").compactMap { Int($0) }
      return ListWriter.frame(parts[0], parts[1], parts[2], parts[3], base: 24, isDropFrame: false)
    }
  }

  /// Events whose pictures move, from `short_v001.edl`.
  static let moving = [
    Event("005", "A001C002", "09:31:48:01", "01:00:05:12", 56),
    Event("006", "A001C003", "09:44:10:10", "01:00:07:20", 54),
    Event("012", "A002C001", "10:26:51:21", "01:00:11:06", 62),
    Event("017", "A002C001", "10:26:54:13", "01:00:15:06", 54),
    Event("019", "A001C001", "09:12:10:10", "01:00:17:12", 58),
    Event("030", "B001C003", "14:22:10:13", "01:00:23:09", 45),
    Event("032", "B001C005", "14:22:17:09", "01:00:25:06", 36),
    Event("037", "D001C001", "16:47:32:10", "01:00:28:04", 72),
    Event("048", "C001C002", "08:11:03:01", "01:00:36:12", 54),
    Event("049", "C001C004", "08:40:20:07", "01:00:38:18", 60),
    Event("050", "C001C005", "08:52:55:21", "01:00:41:06", 32),
  ]
  /// A man who hardly moves.
  static let still = Event("079", "D001C001", "16:47:42:14", "01:01:04:04", 42)

  private static let media = Repository.root + "/SampleMedia/rushes"
  private static let offline = Repository.root + "/SampleMedia/turnover/short_v001_offline.mp4"

  private struct Report: Decodable {
    struct Proof: Decodable {
      struct Event: Decodable {
        var event: String
        var verdict: String
        var frames: Int?
        var sizePercent: Double?
        var speedPercent: Double?
        var foundFile: String?
        var confidence: Int
        var what: String
      }

      var events: [Event]

      subscript(_ event: String) -> Event? { events.first { $0.event == event } }
    }

    var offline: Proof
  }

  private func list(_ events: [Event]) -> String {
    func label(_ frame: Int) -> String { ListWriter.label(frame, base: 24, isDropFrame: false) }
    var text = "TITLE: PROOF\nFCM: NON-DROP FRAME\n\n"
    for event in events.sorted(by: { $0.record < $1.record }) {
      let end = event.source + event.count * event.speed / 24
      text += "\(event.number)  \(event.reel) V     C        \(label(event.source)) \(label(end)) "
      text += "\(label(event.record)) \(label(event.record + event.count))\n"
      if event.speed != 24 {
        text += "M2   \(event.reel)       0\(event.speed).0                \(label(event.source))\n"
      }
    }
    return text
  }

  private func conform(
    _ events: [Event], _ folder: TemporaryFolder, offline: String, more: [String] = []
  ) throws -> (Finished, Report.Proof?) {
    let cut = try folder.write(list(events), to: "cut.edl")
    let finished = try Programs.run(
      Repository.product("interlock"),
      [
        "conform", cut, "--media", Self.media, "--rate", "24000/1001", "--start", "01:00:00:00",
        "--reference", offline, "--production", folder.path + "/out", "--report",
        folder.path + "/report.html",
        "--strict", "--json",
      ] + more)
    return (finished, try? JSONDecoder().decode(Report.self, from: finished.output).offline)
  }

  @Test func `a cut that is the offline's has no fault, and is not compared twice`() throws {
    let folder = try TemporaryFolder()
    let (first, proof) = try conform(Self.moving + [Self.still], folder, offline: Self.offline)
    #expect(first.status == 0, "\(first.errors)")
    let wrong = (proof?.events ?? []).filter { $0.verdict != "right" && $0.verdict != "not comparable" }
    #expect(wrong.map(\.what) == [])
    // The man may stand too still for his time to be told; everybody else moves.
    #expect(proof?.events.count { $0.verdict == "right" } ?? 0 >= Self.moving.count)
    let (second, _) = try conform(Self.moving + [Self.still], folder, offline: Self.offline)
    #expect(second.status == 0)
    #expect(second.output == first.output, "the same input gives the same report")
    #expect(!second.errors.contains("tasks"), "nothing was compared again: \(second.errors)")
  }

  /// Burn-ins, another grade and another generation of compression, with an event flopped and one at 110 %.
  private func alter(_ folder: TemporaryFolder, flopped: Event, resized: Event, isGraded: Bool) throws
    -> String
  {
    let start = Event.frame("01:00:00:00")
    func range(_ event: Event) -> String {
      "enable='between(n,\(event.record - start),\(event.record - start + event.count - 1))'"
    }
    let grade =
      isGraded ? "eq=contrast=1.2:brightness=0.04:saturation=0.7,curves=preset=increase_contrast," : ""
    let filter =
      "[0:v]split=3[a][b][c];[b]hflip[h];[c]scale=352:198:flags=bicubic,crop=320:180[z];"
      + "[a][h]overlay=\(range(flopped))[x];[x][z]overlay=\(range(resized)),\(grade)"
      // A window with something that changes, and a watermark that does not.
      + "drawbox=x=4:y=4:w=90:h=14:color=black:t=fill,"
      + "drawbox=x=10:y=7:w=30:h=8:color=white:t=fill:enable='mod(n,2)',"
      + "drawbox=x=120:y=80:w=80:h=12:color=white@0.35:t=fill[o]"
    let path = folder.path + "/offline.mp4"
    let made = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-y", "-i", Self.offline, "-filter_complex", filter, "-map", "[o]", "-c:v", "libx264",
        "-preset", "veryfast", "-crf", "27", "-g", "48", "-pix_fmt", "yuv420p", "-threads", "1", "-timecode",
        "01:00:00:00", path,
      ])
    guard made.status == 0 else { throw FixtureError(text: made.errors) }
    return path
  }

  @Test(arguments: UInt64(0)..<3) func `every seeded fault is found and named, and nothing else`(seed: UInt64)
    throws
  {
    let folder = try TemporaryFolder()
    var random = SplitMix64(seed: seed)
    let chosen = Array(Self.moving.indices.shuffled(using: &random).prefix(6))
    let (late, early, take, speed, flop, size) = (
      chosen[0], chosen[1], chosen[2], chosen[3], chosen[4], chosen[5]
    )
    var events = Self.moving
    let names = events.map(\.number)
    // The conform shows what came a frame before: it reaches the offline's picture a frame late.
    events[late].source -= 1
    events[early].source += 1
    let own = events[take].reel
    (events[take].reel, events[take].source) =
      own == "D001C001"
      ? ("C001C004", Event.frame("08:40:20:07")) : ("D001C001", Event.frame("16:47:31:00"))
    events[speed].speed = 18
    let offline = try alter(
      folder, flopped: events[flop], resized: events[size], isGraded: seed % 2 == 1)
    let (finished, proof) = try conform(events + [Self.still], folder, offline: offline)
    #expect(finished.status == 4, "\(finished.errors)")
    let found = try #require(proof)
    #expect(found[names[late]]?.verdict == "late" && found[names[late]]?.frames == 1)
    #expect(found[names[early]]?.verdict == "early" && found[names[early]]?.frames == 1)
    #expect(found[names[take]]?.verdict == "wrong take")
    #expect(found[names[take]]?.foundFile?.hasPrefix(own) == true)
    #expect(found[names[speed]]?.verdict == "wrong speed")
    // The offline plays normally; 9 samples of a second or two measure it to some percent.
    #expect(((found[names[speed]]?.speedPercent ?? 0) - 100).magnitude <= 12)
    #expect(found[names[flop]]?.verdict == "flopped")
    #expect(found[names[size]]?.verdict == "wrong size")
    #expect(((found[names[size]]?.sizePercent ?? 0) - 110).magnitude <= 1)
    let faulty = Set(chosen.map { names[$0] })
    let alarms = found.events.filter { event in
      !faulty.contains(event.event) && event.verdict != "right" && event.verdict != "not comparable"
    }
    #expect(alarms.map { "\($0.event) \($0.what)" } == [])
    let page = try String(contentsOfFile: folder.path + "/report.html", encoding: .utf8)
    #expect(page.components(separatedBy: "data:image/png;base64,").count == 7, "a still for each fault")
  }

  @Test func `an offline of another rate is refused with what to do`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/offline25.mp4"
    let made = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2", "-pix_fmt",
        "yuv420p",
        path,
      ])
    #expect(made.status == 0, "\(made.errors)")
    let (finished, _) = try conform(Array(Self.moving.prefix(2)), folder, offline: path)
    #expect(finished.status == 2)
    #expect(
      finished.errors.contains(
        "runs at 25 and the cut at 24000/1001\n  Export the offline at the rate of the cut, frame for frame."),
      "\(finished.errors)")
  }
}
