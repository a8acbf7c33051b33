import Diagnostics
import Digests
import Editorial
import MediaTime
import Planning
import TaskKinds
import Testing

@Suite struct NumberedStillsTests {
  private func still(_ path: String, width: Int = 64, timecode: String? = nil, rate: String? = nil)
    -> ProbedFile
  {
    let identity = Digest.sha256(Array(path.utf8))
    return ProbedFile(
      location: MediaLocation(path: path, root: "/m", byteCount: 10, modified: 1),
      facts: MediaFacts(
        identity: identity.hex, fileName: String(path.split(separator: "/").last ?? ""),
        container: MediaFacts.still, byteCount: 10,
        video: VideoFacts(
          stream: 0, codec: "dpx", width: width, height: 36, pixelFormat: "gbrp10le", bitDepth: 10,
          rate: FrameRate(24), frameCount: 1),
        timecodeStart: timecode, tags: rate.map { [MediaFacts.stillRate: $0] } ?? [:]), identity: identity)
  }

  @Test func `a run counts from the number of its first frame, at the timeline's rate`() throws {
    let files = NumberedStills.joined(
      (1001...1020).map { still("/m/plate.\($0).dpx") }, rate: FrameRate(25))
    let run = try #require(files.first)
    #expect(files.count == 1 && run.run?.notes.isEmpty == true)
    #expect(run.facts.fileName == "plate.[1001-1020].dpx")
    #expect(run.facts.video?.frameCount == 20 && run.facts.video?.rate == FrameRate(25))
    // 1001 = 40 × 25 + 1.
    #expect(run.facts.timecodeStart == "00:00:40:01")
    #expect(run.sequence?.location(ofFrame: 4).path == "/m/plate.1005.dpx")
  }

  @Test func `what a header says counts before numbers and the timeline`() {
    let files = NumberedStills.joined(
      [still("/m/a.0001.dpx", timecode: "10:00:00:00", rate: "30000/1001"), still("/m/a.0002.dpx")],
      rate: nil)
    #expect(files.first?.run?.notes.isEmpty == true)
    #expect(files.first?.facts.timecodeStart == "10:00:00:00")
    #expect(files.first?.facts.video?.rate == FrameRate(30_000, 1001))
  }

  @Test func `every missing number is named, and frames stay at their numbers`() throws {
    let numbers = [1, 2, 3, 5, 9, 10]
    let files = NumberedStills.joined(numbers.map { still("/m/a_\($0).dpx") }, rate: FrameRate(24))
    let run = try #require(files.first?.run)
    #expect(run.notes.map(\.message) == ["a_[1-10].dpx lacks 4, 6–8"])
    #expect(run.frames.count == 10 && run.frames[3] == nil)
    #expect(run.frames[8]?.location.path == "/m/a_9.dpx")
  }

  @Test func `paddings, names, far numbers and stills alone`() {
    let files = NumberedStills.joined(
      [
        still("/m/a.01.dpx"), still("/m/a.02.dpx"), still("/m/a.001.dpx"), still("/m/b.1.dpx"),
        still("/m/c.1.dpx"), still("/m/c.500.dpx"), still("/m/logo.dpx"), still("/m/d.12345678901.dpx"),
      ], rate: FrameRate(24))
    #expect(
      files.map(\.facts.fileName).sorted() == [
        "a.[1-1].dpx", "a.[1-2].dpx", "b.[1-1].dpx", "c.[1-1].dpx", "c.[500-500].dpx",
      ])
  }

  @Test func `a frame of another size is told and left out`() {
    let files = NumberedStills.joined(
      [still("/m/a.1.dpx"), still("/m/a.2.dpx", width: 32), still("/m/a.3.dpx")], rate: FrameRate(24))
    #expect(files.first?.run?.notes.map(\.code) == ["media.unlikeStills", "media.missingFrames"])
    #expect(files.first?.run?.frames[1] == nil)
  }

  @Test func `only runs that a cut asks for are told`() {
    let files = NumberedStills.joined(
      ["a", "b", "c"].flatMap { name in [1, 3].map { still("/m/\(name).\($0).dpx") } }, rate: FrameRate(24))
    func event(media: Int?) -> ConformedEvent {
      ConformedEvent(
        trackIndex: 0, itemIndex: 0,
        clip: Clip(
          name: "x", event: "001", sourceIn: .frames(0, FrameRate(24)),
          recordRange: FrameRange(start: 0, count: 1)), media: media,
        rule: "reel", explanation: "", sourceRange: FrameRange(start: 0, count: 1))
    }
    func told(_ events: [ConformedEvent]) -> [String] {
      NumberedStills.notes(on: events, of: files).map(\.message)
    }
    #expect(told([]).isEmpty && told([event(media: nil)]).isEmpty)
    #expect(told([event(media: 1), event(media: 1)]) == ["b.[1-3].dpx lacks 2"])
    #expect(told([event(media: 2), event(media: 0)]) == ["a.[1-3].dpx lacks 2", "c.[1-3].dpx lacks 2"])
  }

  @Test func `another file of one frame gives the run another identity and no other frame`() {
    func run(_ third: String) -> ProbedFile? {
      var stills = (1...4).map { still("/m/a.\($0).dpx") }
      stills[2].identity = Digest.sha256(Array(third.utf8))
      return NumberedStills.joined(stills, rate: FrameRate(24)).first
    }
    let (before, after) = (run("one"), run("two"))
    #expect(before?.identity != after?.identity)
    let pairs = zip(before?.run?.frames ?? [], after?.run?.frames ?? [])
    #expect(pairs.map { $0?.identity == $1?.identity } == [true, true, false, true])
  }
}
