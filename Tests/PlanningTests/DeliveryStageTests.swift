import Delivery
import Diagnostics
import Digests
import Editorial
import Foundation
import ImageGraph
import MediaTime
import Planning
import TaskGraph
import TaskKinds
import TestSupport
import Testing

@Suite struct DeliveryStageTests {
  private func programme() throws -> Programme {
    try Programme(
      [
        ListEvent(reel: "A001", source: 0, record: hour, count: 48),
        ListEvent(reel: "B001", source: 100, record: hour + 60, count: 60),
      ],
      files: [
        Facts.picture("A001", start: "00:00:00:00", frames: 100),
        Facts.picture("B001", start: "00:00:00:00", frames: 200),
      ])
  }

  @Test func `two deliverables of one encoding share their frames and each gets its file`() throws {
    let plan = try programme().plan(
      """
      edit: {kind: editing}
      first: {kind: delivery, picture: edit, profile: stills-16bit}
      second: {kind: delivery, picture: edit, profile: stills-16bit, frames: "01:00:01:00-01:00:03:00"}
      """)
    #expect(Set(plan.nodes("render").map(\.stage)) == ["first"])
    #expect(plan.nodes("assemble").map(\.stage) == ["first", "second"])
    #expect(plan.deliverables.map(\.newFrames) == [109, 0])
    #expect(plan.deliverables.map(\.distinctFrames) == [109, 37])
    #expect(plan.deliverables.map(\.frames) == [120, 48])
    let order = plan.plan.nodes.map(\.kind)
    let lastRender = try #require(order.lastIndex(of: "render"))
    let firstAssembly = try #require(order.firstIndex(of: "assemble"))
    #expect(lastRender < firstAssembly)
  }

  @Test func `the same deliverable under two names is one file published twice`() throws {
    let plan = try programme().plan(
      """
      edit: {kind: editing}
      first: {kind: delivery, picture: edit, profile: stills-16bit}
      second: {kind: delivery, picture: edit, profile: stills-16bit}
      """)
    #expect(plan.nodes("assemble").count == 1)
    #expect(plan.nodes("publish").map(\.label) == ["publish edit", "publish first", "publish second"])
    let assembly = try #require(plan.nodes("assemble").first)
    #expect(plan.nodes("publish").dropFirst().allSatisfy { $0.dependencies == [assembly.key] })
  }

  @Test func `another encoding shares nothing`() throws {
    let plan = try programme().plan(
      """
      edit: {kind: editing}
      first: {kind: delivery, picture: edit, profile: stills-16bit}
      mix: {kind: sound-mix, sound: edit}
      second: {kind: delivery, picture: edit, sound: mix, profile: prores-422hq}
      """)
    #expect(plan.deliverables.map(\.newFrames) == [109, 109])
    #expect(Set(try plan.renders().map(\.encodingDigest)).count == 2)
  }

  @Test func `a range delivers its frames from its own timecode`() throws {
    let whole = try #require(try programme().plan().assemblies().first)
    let plan = try programme().plan(
      """
      edit: {kind: editing}
      part: {kind: delivery, picture: edit, profile: stills-16bit, frames: "01:00:01:12-01:00:03:00"}
      """)
    let part = try #require(try plan.assemblies().first)
    #expect(whole.startTimecode == "01:00:00:00" && whole.startFrame == Int64(hour))
    #expect(part.startTimecode == "01:00:01:12" && part.startFrame == Int64(hour) + 36)
    #expect(part.name == "test_part")
    func each(_ runs: [FrameRun]) -> [String] {
      runs.flatMap { run in (0..<run.count).map { "\(run.chain) \(run.position(at: $0))" } }
    }
    #expect(each(part.runs) == Array(each(whole.runs)[36..<72]))
    // 12 frames of the first shot, 12 of black, 12 of the second shot.
    #expect(
      try plan.renders().flatMap(\.segments).flatMap(\.runs).map { [$0.first, $0.count] } == [
        [36, 12], [0, 1], [100, 12],
      ])
    #expect(plan.deliverables.first?.frames == 36)
  }

  @Test(arguments: [
    "01:00:00:00-01:00:05:01", "00:59:59:23-01:00:01:00", "01:00:02:00-01:00:02:00",
    "01:00:02:00-01:00:01:00",
    "01:00:01:00-01:00:01:24",
  ]) func `a range that does not lie in the programme is refused where it stands`(range: String) throws {
    let stages = """
      edit: {kind: editing}
      part: {kind: delivery, picture: edit, profile: stills-16bit, frames: "\(range)"}
      """
    let programme = try programme()
    #expect(
      failure { _ = try programme.plan(stages) } == """
        p.yaml:7:72: error: the range does not lie in the programme, 01:00:00:00-01:00:05:00
            part: {kind: delivery, picture: edit, profile: stills-16bit, frames: "\(range)"}
                                                                                 ^
          Give a range inside it.
        """)
  }

  @Test func `a render knows its media, its aspect and its frames by name`() throws {
    var programme = try programme()
    programme.files[0] = Facts.picture("A001", start: "00:00:00:00", frames: 100) {
      $0.sampleAspect = Rational(64, 45)
    }
    let plan = try programme.plan()
    let render = try #require(try plan.renders().first)
    let media = RenderTask.Media(location: programme.files[0].location, sampleAspect: Rational(64, 45))
    #expect(render.media == [programme.files[0].identity.hex: media])
    #expect(
      plan.nodes("render").map(\.label)
        == ["A001.mov frames 0–47", "black frames 0–0", "B001.mov frames 100–159"])
    let black = try #require(try plan.renders().first { $0.nodes.values.allSatisfy { !$0.hasPicture } })
    #expect(black.media.isEmpty)
    #expect(Array(black.nodes.values) == [.black(Black())])
  }

  @Test func `publishing is planned only for what is not published as it is`() throws {
    let programme = try programme()
    let first = try programme.plan()
    var library = try FakeLibrary.after(first)
    #expect(try programme.plan(library: library).plan.isEmpty)
    // The file is there, but the version is not: only publishing is left.
    library.versions = [:]
    let again = try programme.plan(library: library)
    #expect(again.plan.nodes.map(\.label) == ["publish edit", "publish master"])
    #expect(again.plan.nodes.allSatisfy { $0.dependencies.isEmpty })
    #expect(again.deliverables.map(\.version) == [nil])
  }

  @Test func `a lost assembly is made again from the frames that are there`() throws {
    let programme = try programme()
    let first = try programme.plan()
    var library = try FakeLibrary.after(first)
    let assembly = try #require(first.nodes("assemble").first)
    library.results.remove(assembly.key)
    library.versions = [:]
    let again = try programme.plan(library: library)
    #expect(again.plan.nodes.map(\.kind) == ["publish", "assemble", "publish"])
    #expect(again.plan.nodes.last?.dependencies == [assembly.key])
    let input = try #require(try again.assemblies().first)
    #expect(input.pieces.reduce(0) { $0 + $1.count } == 120)
  }

  @Test func `programme and stage name what is published, the profile gives the type`() throws {
    let publish = try #require(try programme().plan().publishes.last)
    #expect(publish.shelf == .deliverables && publish.programme == "test" && publish.name == "master")
    #expect(publish.fileExtension == "png" && publish.profile == "stills-16bit" && publish.documents.isEmpty)
  }

  @Test func `a profile whose container shows another tag is another file`() throws {
    let programme = try programme()
    func key(_ tag: String) throws -> [Digest] {
      _ = try programme.folder.write(
        """
        profile: tagged
        container: mov
        extension: mov
        picture: {codec: prores_ks, profile: 3, tag: \(tag), pixel-format: yuv422p10le, lowest-psnr: 34}
        colour: {primaries: bt709, transfer: bt709, matrix: bt709, range: tv}
        """, to: "profiles/tagged.yaml")
      return try programme.plan(
        "edit: {kind: editing}\nmaster: {kind: delivery, picture: edit, profile: tagged}"
      ).nodes("assemble").map(\.key)
    }
    let keys = (try key("apch"), try key("apcn"))
    #expect(keys.0 != keys.1)
  }

  @Test func `chapters are the locators of one colour, or all of them`() throws {
    let programme = try Programme(
      [
        ListEvent(
          reel: "A001", source: 0, record: hour, count: 48,
          comments: ["LOC: 01:00:00:00 WHITE   OPENING", "LOC: 01:00:01:00 RED     LOSE LOGO"])
      ], files: [Facts.picture("A001", start: "00:00:00:00", frames: 100)])
    func plan(_ key: String) throws -> (vtt: String, notes: [String]) {
      let plan = try programme.plan(
        """
        edit: {kind: editing}
        mix: {kind: sound-mix, sound: edit}
        review: {kind: delivery, picture: edit, sound: mix, profile: review-h264\(key)}
        """)
      let documents = plan.objects.values.map { String(decoding: $0, as: UTF8.self) }
      return (
        try #require(documents.first { $0.hasPrefix("WEBVTT") }),
        plan.diagnostics.filter { $0.code == "delivery.noChapters" }.map(\.message)
      )
    }
    let all = try plan("")
    #expect(all.vtt.contains("OPENING") && all.vtt.contains("LOSE LOGO") && all.notes.isEmpty)
    let white = try plan(", chapters: white")
    #expect(white.vtt.contains("OPENING") && !white.vtt.contains("LOSE LOGO"))
    let none = try plan(", chapters: BLUE")
    #expect(none.notes.count == 1 && none.notes[0].contains("no BLUE locators"))
  }
}
