import Digests
import Foundation
import MediaTime
import SoundMixing
import Testing

@Suite struct MixDescriptionTests {
  private func event(
    _ mixSample: Int64, track: String = "A1", event: String = "001", media: UInt8 = 1, stream: Int = 0,
    source: Int64 = 0, count: Int64 = 2002
  ) -> MixEvent {
    MixEvent(
      media: Digest.sha256([media]), stream: stream, sourceSample: source, mixSample: mixSample,
      sampleCount: count,
      track: track, event: event)
  }

  private func digest(_ mix: MixDescription) -> Digest {
    var encoder = CanonicalEncoder(domain: "test", version: 1)
    encoder.append(mix)
    return encoder.digest()
  }

  private func mix(_ events: [MixEvent], count: Int64 = 48_000, reference: Int64 = 0) -> MixDescription {
    MixDescription(events: events, sampleCount: count, timeReference: reference)
  }

  @Test func `events are in the order in which they are heard, then by track`() {
    let mix = mix([
      event(4004), event(0, track: "A2", event: "002"), event(0, track: "A1", event: "003"), event(2002),
    ])
    #expect(mix.events.map { "\($0.mixSample) \($0.track)" } == ["0 A1", "0 A2", "2002 A1", "4004 A1"])
  }

  @Test func `the order of the list does not matter`() {
    let events = [event(0), event(2002, source: 10), event(2002, track: "A2", media: 2)]
    #expect(digest(mix(events)) == digest(mix(events.reversed())))
    #expect(mix(events) == mix(events.reversed()))
  }

  @Test func `names for people decide no sample, everything else does`() {
    let plain = digest(mix([event(0)]))
    #expect(digest(mix([event(0, track: "DX1", event: "099")])) == plain)
    let others = [
      mix([event(1)]), mix([event(0, media: 2)]), mix([event(0, stream: 1)]), mix([event(0, source: -1)]),
      mix([event(0, count: 2001)]), mix([event(0)], count: 48_001), mix([event(0)], reference: 1), mix([]),
      mix([event(0), event(0)]),
    ].map(digest)
    #expect(Set(others + [plain]).count == others.count + 1)
  }

  @Test func `tracks that are named anew sum in the order of the new names`() {
    // Sums of doubles depend on their order, so this must not be the same key with other samples.
    let first = mix([event(0, track: "A1", media: 1), event(0, track: "A2", media: 2)])
    let second = mix([event(0, track: "A2", media: 1), event(0, track: "A1", media: 2)])
    #expect(digest(first) != digest(second))
  }

  @Test func `buses, gains, pans and fades decide samples`() {
    let plain = digest(mix([event(0)]))
    let changes: [(inout MixEvent) -> Void] = [
      { $0.bus = .music }, { $0.gain = Level(thousandths: 1) }, { $0.pan = Pan(hundredths: -1) },
      { $0.fadeIn = 1 }, { $0.fadeOut = 1 },
    ]
    let others = changes.map { change in
      var changed = event(0)
      change(&changed)
      return digest(mix([changed]))
    }
    #expect(Set(others + [plain]).count == others.count + 1)
  }

  @Test func `layouts, stems, target and heading decide what is made`() {
    let heading = ReportHeading(
      programme: "p", rate: FrameRate(24_000, 1001), startFrame: 86_400, isDropFrame: false)
    let changes: [(inout MixDescription) -> Void] = [
      { $0.layouts = [.surround] }, { $0.layouts = [.stereo, .surround] }, { $0.hasStems = true },
      { $0.target = LoudnessTarget(integrated: Level(thousandths: -24_000), truePeak: .zero) },
      {
        $0.target = LoudnessTarget(
          integrated: Level(thousandths: -24_000), truePeak: Level(thousandths: -2000))
      }, { $0.heading = heading },
      {
        $0.heading = heading
        $0.heading?.programme = "q"
      },
      {
        $0.heading = heading
        $0.heading?.startFrame = 0
      },
    ]
    let all =
      [mix([event(0)])]
      + changes.map { change in
        var changed = mix([event(0)])
        change(&changed)
        return changed
      }
    #expect(Set(all.map(digest)).count == all.count)
  }

  @Test func `a mix comes back from JSON as it was`() throws {
    let plain = mix([event(0), event(2002, track: "A2", source: -7)], reference: 172_972_800)
    let copy = try JSONDecoder().decode(MixDescription.self, from: JSONEncoder().encode(plain))
    #expect(copy == plain)
    #expect(digest(copy) == digest(plain))
  }
}
