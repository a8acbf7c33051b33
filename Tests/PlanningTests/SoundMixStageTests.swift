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
    #expect(
      plan.plan.nodes.map(\.kind).sorted() == ["assemble", "conform-page", "mix", "publish", "publish"])
    let assembly = try #require(plan.nodes("assemble").first)
    #expect(assembly.dependencies == plan.nodes("mix").map(\.key))
  }

  // MARK: Keys

  private static let mapped = """
    edit: {kind: editing}
    mix: {kind: sound-mix, sound: edit, layouts: [stereo, "5.1"], tracks: {A1: dialogue, A2: {bus: ambience, gain: -6 dB, pan: L30}}, loudness: {anchor: programme, integrated: -24 LKFS, truePeak: -2 dBTP}}
    """

  private func twoTracks() throws -> Programme {
    try programme(
      [
        ListEvent(reel: "SR001", track: "A", source: 20, record: hour, count: 24),
        ListEvent(reel: "SR001", track: "A2", source: 80, record: hour + 12, count: 24),
      ], [Facts.sound("1A.wav", tape: "SR001", reference: 0, samples: 480_000)])
  }

  @Test func `tracks, target and layouts reach the mix, and it is published`() throws {
    let plan = try twoTracks().plan(Self.mapped)
    let mix = try #require(try plan.mixes().first).mix
    #expect(mix.layouts == [.stereo, .surround] && mix.hasStems)
    #expect(mix.target?.integrated.thousandths == -24_000 && mix.target?.truePeak.thousandths == -2000)
    #expect(mix.heading?.programme == "test" && mix.heading?.startFrame == Int64(hour))
    #expect(mix.events.map(\.bus) == [.dialogue, .ambience])
    #expect(mix.events.map(\.gain.thousandths) == [0, -6000])
    #expect(mix.events.map(\.pan.hundredths) == [0, -30])
    let publish = try #require(plan.publishes.first { $0.name == "mix" })
    #expect(publish.shelf == .assets && publish.results == plan.nodes("mix").map(\.key))
    #expect(plan.nodes("publish").first { $0.stage == "mix" }?.dependencies == publish.results)
  }

  @Test func `a plain mix publishes nothing of its own`() throws {
    let plan = try twoTracks().plan(Self.stages)
    #expect(!plan.publishes.contains { $0.name == "mix" })
    let mix = try #require(try plan.mixes().first).mix
    #expect(mix.layouts == [.stereo] && !mix.hasStems && mix.heading == nil && mix.target == nil)
  }

  @Test func `every bad key is a finding with its place, all at once`() throws {
    let text = failure {
      _ = try twoTracks().pipeline(
        """
        edit: {kind: editing}
        mix:
          kind: sound-mix
          sound: edit
          mode: measure
          layouts: [stereo, "7.1"]
          crossfade: 2 parsecs
          tracks:
            A1: dialog
            A2: {gain: -6 dBFS}
            A3: {bus: musik, pan: M3}
          loudness: {integrated: 5 LKFS, truepeak: -2}
        """)
    }
    for line in [
      "`measure` is not a value of `mode`", "`7.1` is not a value of `layouts`", "Did you mean `5.1`?",
      "`2 parsecs` is not the length of a crossfade", "`dialog` is not a value of `bus`",
      "Did you mean `dialogue`?", "track `A2` needs the key `bus`", "`musik` is not a value of `bus`",
      "Did you mean `music`?", "`integrated` must be from −60 to −5 LKFS, not `5 LKFS`",
      "`loudness` has no key `truepeak`", "Did you mean `truePeak`?", "`loudness` needs the key `truePeak`",
    ] { #expect(text.contains(line), "\(line)") }
    #expect(
      text.contains("p.yaml:14:11: error: `dialog` is not a value of `bus`\n        A1: dialog\n"), "\(text)")
  }

  @Test func `a track without a bus is an error, a bus without a track is told`() throws {
    let stages = """
      edit: {kind: editing}
      mix: {kind: sound-mix, sound: edit, tracks: {A1: dialogue, A22: music}}
      """
    let text = failure { _ = try twoTracks().plan(stages) }
    #expect(text.contains("cut.edl:6: error: sound track A2 of the cut goes to no bus of `mix`"), "\(text)")
    #expect(text.contains("Add it under `tracks:`, as `A2: effects`."))
    #expect(text.contains("warning: the cut has no sound track `A22`") && text.contains("Did you mean `A2`?"))
  }

  @Test func `everything that decides bytes changes the key`() throws {
    let base = "mix: {kind: sound-mix, sound: edit"
    let keys = try [
      "", ", crossfade: 2", ", layouts: [5.1]", ", tracks: {A1: music, A2: music}",
      ", tracks: {A1: music, A2: effects}", ", tracks: {A1: music, A2: {bus: music, gain: -1}}",
      ", loudness: {integrated: -24, truePeak: -2}", ", loudness: {integrated: -24, truePeak: -1}",
    ].map { more in
      try #require(twoTracks().plan("edit: {kind: editing}\n\(base)\(more)}").nodes("mix").first).key
    }
    #expect(Set(keys).count == keys.count)
  }
}
