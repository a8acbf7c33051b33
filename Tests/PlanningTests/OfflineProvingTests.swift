import Diagnostics
import Digests
import Editorial
import Foundation
import MediaTime
import Planning
import TaskGraph
import TaskKinds
import TestSupport
import Testing

@Suite struct OfflineProvingTests {
  private let reels = ["A001", "A002"].map { Facts.picture($0, start: "10:00:00:00", frames: 500) }

  private func programme() throws -> Programme {
    let programme = try Programme(
      [
        ListEvent(reel: "A001", source: 10 * hour + 100, record: hour, count: 40),
        ListEvent(reel: "A002", source: 10 * hour + 50, record: hour + 40, count: 20),
      ], files: reels)
    _ = try programme.folder.write("a movie", to: "offline.mp4")
    return programme
  }

  private func plan(
    _ programme: Programme, _ library: FakeLibrary, keys: String = "file: offline.mp4"
  ) throws -> ProgrammePlan {
    try ProgrammePlanner.plan(
      try programme.pipeline("edit: {kind: editing}", timeline: ", reference: {\(keys)}"),
      files: programme.files, tools: tools, library: library)
  }

  private func answer(_ plan: ProgrammePlan, _ library: inout FakeLibrary, _ output: some Encodable) throws {
    for question in plan.questions { library.outputs[question.key] = try JSONEncoder().encode(output) }
  }

  private let offline = Facts.picture("OFFLINE", start: "00:59:58:00", frames: 200, width: 320, height: 180)

  private func input<Input: Decodable>(_ node: TaskNode?, _ type: Input.Type) throws -> Input {
    try JSONDecoder().decode(type, from: Data(try #require(node).payload))
  }

  @Test func `the offline is probed, laid over the cut, and compared, in that order`() throws {
    let programme = try programme()
    var library = FakeLibrary()
    let first = try plan(programme, library)
    #expect(first.questions.map(\.kind) == ["probe"] && first.offline == nil)
    try answer(first, &library, ProbeTask.Output(facts: offline.facts))
    let second = try plan(programme, library)
    #expect(second.questions.map(\.kind) == ["fit-offline"])
    let fit = OfflineFit(
      scaleX: 1, scaleY: 1, moveX: 0, moveY: 0, block: 6, burnIns: [3], floor: 0.02, agreeing: 12, looked: 12)
    try answer(second, &library, FitOfflineTask.Output(fit: fit))
    let third = try plan(programme, library)
    #expect(third.questions.map(\.kind) == ["compare-offline"])
    let comparison = try input(third.questions.first, CompareOfflineTask.Input.self)
    #expect(comparison.events.map(\.samples.count) == [9, 9])
    // Two seconds of leader: the cut starts at frame 48 of the movie, whose frames are compared to the last.
    #expect(comparison.events[0].samples.first?.offline == 48)
    #expect(comparison.events[0].samples.last?.offline == 87)
    #expect(comparison.events[1].samples.first?.offline == 88)
    #expect(comparison.events[0].samples.first?.map.position(at: 0) == 100)
    #expect(comparison.events[1].samples.last?.map.position(at: -1) == 68)
    var late = OfflineMatch(kind: .shifted)
    late.shift = 1
    late.confidence = 90
    try answer(
      third, &library,
      CompareOfflineTask.Output(findings: [
        .init(match: OfflineMatch(kind: .right), sample: 0, still: nil),
        .init(match: late, sample: 0, still: "AAAA"),
      ]))
    let last = try plan(programme, library)
    #expect(last.questions.isEmpty)
    let proof = try #require(last.offline)
    #expect(proof.summary == "1 right, 1 late")
    #expect(proof.events.map(\.event) == ["002", "001"], "the worst comes first")
    #expect(
      proof.events[0].what
        == "1 frame late: at 01:00:01:16 the offline shows 10:00:02:03, the conform 10:00:02:02")
    #expect(
      last.diagnostics.contains {
        $0.message.hasPrefix("event 002 (A002) is not the offline's: 1 frame late")
      })
  }

  @Test func `a picture that is another is looked for in the media`() throws {
    let programme = try programme()
    var library = FakeLibrary()
    try answer(try plan(programme, library), &library, ProbeTask.Output(facts: offline.facts))
    let fit = OfflineFit(
      scaleX: 1, scaleY: 1, moveX: 0, moveY: 0, block: 6, burnIns: [], floor: 0.02, agreeing: 12, looked: 12)
    try answer(try plan(programme, library), &library, FitOfflineTask.Output(fit: fit))
    var other = OfflineMatch(kind: .other)
    (other.mismatch, other.asConformed, other.confidence) = (0.95, 0.95, 97)
    try answer(
      try plan(programme, library), &library,
      CompareOfflineTask.Output(findings: [
        .init(match: other, sample: 0, still: nil),
        .init(match: OfflineMatch(kind: .right), sample: 0, still: nil),
      ]))
    let asking = try plan(programme, library)
    #expect(asking.questions.map(\.kind) == ["find-offline", "find-offline"])
    for question in asking.questions {
      let file = question.label.contains("A002") ? 7 : 300
      library.outputs[question.key] = try JSONEncoder().encode(
        FindOfflineTask.Output(places: [.init(frame: Int64(file), mismatch: file == 7 ? 0.03 : 0.9)]))
    }
    let proof = try #require(try plan(programme, library).offline)
    #expect(proof.events[0].verdict == .wrongTake)
    #expect(proof.events[0].foundFile == "A002.mov" && proof.events[0].foundTimecode == "10:00:00:07")
    #expect(
      proof.events[0].what
        == "the offline shows A002.mov at 10:00:00:07, the conform A001.mov at 10:00:04:04")
  }

  @Test func `another rate, another count and no timecode are told`() throws {
    let programme = try programme()
    func plan(_ change: (inout MediaFacts) -> Void) throws -> ProgrammePlan {
      var library = FakeLibrary()
      var facts = offline.facts
      change(&facts)
      try answer(try self.plan(programme, library), &library, ProbeTask.Output(facts: facts))
      return try self.plan(programme, library)
    }
    let otherRate = failure { _ = try plan { $0.video?.rate = FrameRate(25) } }
    #expect(otherRate.contains("offline.mp4 runs at 25 and the cut at 24000/1001"))
    // 24 and 23.976 count alike, frame for frame.
    #expect(try plan { $0.video?.rate = FrameRate(24) }.questions.map(\.kind) == ["fit-offline"])
    let sound = failure { _ = try plan { $0.video = nil } }
    #expect(sound.contains("offline.mp4 has no picture"))
    let bare = try plan { $0.timecodeStart = nil }
    #expect(bare.diagnostics.contains { $0.code == "offline.noTimecode" })
    let pairs = try input(bare.questions.first, FitOfflineTask.Input.self).pairs
    #expect((pairs.map(\.offline).max() ?? 0) < 60)
  }

  @Test func `faults of the keys are told where they stand`() throws {
    let programme = try programme()
    let text = failure {
      _ = try plan(
        programme, FakeLibrary(), keys: "file: lost.mp4, start: \"1:00\", masks: [\"1,2,3\"], mask: x")
    }
    #expect(text.contains("there is no offline movie `lost.mp4`"))
    #expect(text.contains("`1:00` is not a timecode"))
    #expect(text.contains("`1,2,3` is not a part of a picture"))
    #expect(text.contains("Did you mean `masks`?"))
  }
}
