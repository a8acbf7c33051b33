import Foundation
import TestSupport
import Testing

/// Locks, stand-ins and the page with thumbnails, through the real program on real media.
@Suite struct `Relink` {
  /// A001 has 72 frames from 01:00:00:00; event 2 wants 10 frames more than there are.
  private func fixture() throws -> Fixture {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 72, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    let list = ListWriter.edl(
      [.init(reel: "A001", source: 86_405, count: 10), .init(reel: "A001", source: 86_462, count: 20)],
      base: 24, recordStart: 86_400)
    _ = try fixture.folder.write(list, to: "cut.edl")
    return fixture
  }

  private func conform(_ fixture: Fixture, _ arguments: String...) throws -> Finished {
    try fixture.interlock(["conform", "cut.edl", "--media", "rushes", "--rate", "24000/1001"] + arguments)
  }

  @Test(arguments: [
    ("hold", Array(repeating: Int?(71), count: 10)), ("black", Array(repeating: nil, count: 10)),
  ])
  func `frames that the media lacks are rendered as the policy says`(policy: String, rest: [Int?]) throws {
    let fixture = try fixture()
    let refused = try conform(fixture)
    #expect(refused.status == 3 && refused.errors.contains("10 frames are missing after its last"))
    let result = try conform(fixture, "--partial", policy, "--output", "out.mov")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains("10 of the 20 frames of event 002"))
    #expect(try NumberedClip.read(fixture.path + "/out.mov") == Array(5..<15) + Array(62..<72) + rest)
  }

  @Test func `a slug shows a card where media is missing`() throws {
    let fixture = try fixture()
    let result = try conform(
      fixture, "--partial", "slug", "--output", "out.mov", "--raster", "640x360", "--json")
    #expect(result.status == 0, "\(result.errors)")
    func brightest(_ frame: Int) throws -> UInt8 {
      let picture = try Programs.run(
        "ffmpeg",
        [
          "-v", "error", "-i", fixture.path + "/out.mov", "-vf", "select=eq(n\\,\(frame))", "-frames:v", "1",
          "-f", "rawvideo", "-pix_fmt", "gray", "-",
        ])
      return picture.output.max() ?? 0
    }
    // White letters on black, and nothing but black would have 16 at the most.
    #expect(try brightest(25) > 150)
  }

  @Test func `a lock is written, honoured, and told when its file has gone`() throws {
    let fixture = try fixture()
    let manager = FileManager.default
    try manager.createDirectory(atPath: fixture.path + "/rushes/copy", withIntermediateDirectories: true)
    try NumberedClip.make(
      fixture.path + "/rushes/copy/A001.mov", frames: 90, firstNumber: 1000, rate: "24000/1001",
      timecode: "01:00:00:00", reel: "A001", codec: Fixture.prores)
    let strict = try conform(fixture, "--strict", "--partial", "fail")
    // Event 002 fits in one of the two, event 001 in both.
    #expect(strict.status == 5, "\(strict.errors)")
    let first = try conform(fixture, "--lock", "cut.lock", "--report", "one.json")
    #expect(first.status == 0 && first.errors.contains("the first is taken"), "\(first.errors)")
    let lock = try String(contentsOfFile: fixture.path + "/cut.lock", encoding: .utf8)
    #expect(lock.contains("\"file\": \"rushes/A001.mov\""))
    let again = try conform(fixture, "--strict", "--lock", "cut.lock", "--output", "out.mov")
    #expect(again.status == 0, "\(again.errors)")
    #expect(try String(contentsOfFile: fixture.path + "/cut.lock", encoding: .utf8) == lock)
    #expect(
      try NumberedClip.read(fixture.path + "/out.mov") == Array(5..<15) + Array(1062..<1082))
    try manager.removeItem(atPath: fixture.path + "/rushes/A001.mov")
    let gone = try conform(fixture, "--lock", "cut.lock")
    #expect(gone.status == 3 && gone.errors.contains("the lock chooses rushes/A001.mov for event 001"))
    #expect(
      try String(contentsOfFile: fixture.path + "/cut.lock", encoding: .utf8) == lock,
      "a conform that fails unpins nothing")
  }

  @Test func `several reports are written, and options of the offline need one`() throws {
    let fixture = try fixture()
    let result = try conform(fixture, "--partial", "hold", "--report", "a.json", "--report", "a.txt")
    #expect(result.status == 0 && result.text.isEmpty, "\(result.errors)")
    let json = try Data(contentsOf: URL(fileURLWithPath: fixture.path + "/a.json"))
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: json) }
    #expect(try String(contentsOfFile: fixture.path + "/a.txt", encoding: .utf8).contains("A001"))
    let lonely = try conform(fixture, "--mask", "0,0,64,16")
    #expect(lonely.status == 2 && lonely.errors.contains("name it with --reference"), "\(lonely.errors)")
  }

  @Test func `the page shows the first and last frame of every event, and a second run makes nothing`() throws
  {
    let fixture = try fixture()
    func page(_ name: String) throws -> String {
      let result = try conform(
        fixture, "--partial", "hold", "--report", name, "--production", "made")
      #expect(result.status == 0, "\(result.errors)")
      return try String(contentsOfFile: fixture.path + "/" + name, encoding: .utf8)
    }
    let first = try page("one.html")
    let images = first.components(separatedBy: "<img src=\"data:image/jpeg;base64,").dropFirst().map {
      String($0.prefix { $0 != "\"" })
    }
    // Two of each event, and one of the frame that is held.
    #expect(images.count == 5)
    let sizes = try images.map { image in
      let data = try #require(Data(base64Encoded: image))
      return try Programs.run(
        "ffprobe",
        ["-v", "error", "-f", "mjpeg", "-show_entries", "stream=width,height", "-of", "csv=p=0", "-"],
        input: data
      ).text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    #expect(sizes == Array(repeating: "160,24", count: 5))
    // The last frame of event 2 that there is, and the one held, are one picture.
    #expect(images[3] == images[4] && images[0] != images[1])
    #expect(try page("two.html") == first)
  }
}
