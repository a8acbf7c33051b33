import Digests
import Foundation
import MediaTime
import Planning
import SoundMixing
import TaskGraph
import TaskKinds
import TestSupport
import Testing

@Suite struct SoundMixStageTests {
  private static let stages = "edit: {kind: editing}\nmix: {kind: sound-mix, sound: edit}"

  private func programme(_ sound: [ListEvent], _ files: [ProbedFile], frames: Int = 48) throws -> Programme {
    try Programme(
      [ListEvent(reel: "A001", source: 0, record: hour, count: frames)] + sound,
      files: [Facts.picture("A001", start: "00:00:00:00", frames: 300)] + files)
  }

  private func mix(_ programme: Programme) throws -> MixDescription {
    try #require(try programme.plan(Self.stages).mixes().first).mix
  }

  @Test func `every event is placed to the sample, at the edges of its frames`() throws {
    // At 24000/1001 and 48 kHz a frame is 2002 samples.
    let take = Facts.sound("1A.wav", tape: "SR001", reference: 10 * 2002 - 731, samples: 480_000)
    let mix = try mix(
      programme(
        [
          ListEvent(reel: "SR001", track: "A", source: 20, record: hour + 6, count: 30),
          ListEvent(reel: "SR001", track: "A2", source: 40, record: hour, count: 12),
        ], [take]))
    func samples(_ frames: Int64...) -> [Int64] { frames.map { $0 * 2002 } }
    #expect([mix.sampleCount, mix.timeReference] == samples(48, Int64(hour)))
    #expect(mix.events.map(\.track) == ["A2", "A1"])
    #expect(mix.events.map(\.mixSample) == samples(0, 6))
    #expect(mix.events.map(\.sampleCount) == samples(12, 30))
    #expect(mix.events.map { $0.sourceSample - 731 } == samples(30, 10))
    #expect(mix.events.allSatisfy { $0.media == take.identity && $0.stream == 0 })
  }

  @Test func `a take at another sample rate is placed at the rate of the mix`() throws {
    let take = Facts.sound("1A.wav", tape: "SR001", reference: 0, samples: 960_000, sampleRate: 96_000)
    let mix = try mix(
      programme([ListEvent(reel: "SR001", track: "A", source: 24, record: hour, count: 24)], [take]))
    #expect(mix.events.map(\.sourceSample) == [24 * 2002])
    #expect(mix.events.map(\.sampleCount) == [24 * 2002])
  }

  @Test func `the mix is as long as the picture, whatever the sound`() throws {
    let mix = try mix(programme([], [], frames: 25))
    #expect(mix.events.isEmpty && mix.sampleCount == 25 * 2002)
  }

  @Test func `a mix depends on the libraries and not on the kernels`() throws {
    let programme = try programme(
      [ListEvent(reel: "SR001", track: "A", source: 0, record: hour, count: 24)],
      [Facts.sound("1A.wav", tape: "SR001", reference: 0, samples: 480_000)])
    func key(_ tools: ToolIdentity) throws -> [String] {
      try programme.plan(Self.stages, tools: tools).nodes("mix").map(\.key.hex)
    }
    #expect(try key(tools) == key(ToolIdentity(libraries: tools.libraries, kernels: "other")))
    #expect(try key(tools) != key(ToolIdentity(libraries: "other", kernels: tools.kernels)))
  }

  @Test func `a new mix alone makes a new file of the same frames`() throws {
    let stages = """
      edit: {kind: editing}
      mix: {kind: sound-mix, sound: edit}
      master: {kind: delivery, picture: edit, sound: mix, profile: prores-422hq}
      """
    let take = Facts.sound("1A.wav", tape: "SR001", reference: 0, samples: 480_000)
    let before = try programme(
      [ListEvent(reel: "SR001", track: "A", source: 0, record: hour, count: 24)], [take])
    let after = try programme(
      [ListEvent(reel: "SR001", track: "A", source: 1, record: hour, count: 24)], [take])
    let library = try FakeLibrary.after(try before.plan(stages))
    let plan = try after.plan(stages, library: library)
    #expect(plan.plan.nodes.map(\.kind).sorted() == ["assemble", "mix", "publish", "publish"])
    let assembly = try #require(plan.nodes("assemble").first)
    #expect(assembly.dependencies == plan.nodes("mix").map(\.key))
  }
}
