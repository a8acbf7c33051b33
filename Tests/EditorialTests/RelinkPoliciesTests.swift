import Diagnostics
import Editorial
import MediaTime
import TestSupport
import Testing

/// Ambiguity, lock files, and what stands for missing media.
@Suite struct RelinkPoliciesTests {
  private let one = "001  A001C003 V     C        01:00:10:00 01:00:12:00 01:00:00:00 01:00:02:00"

  private func conform(_ text: String, _ media: [MediaItem], _ settings: RelinkSettings) throws -> Conform {
    Relinker(media: media, settings: settings).relink(try edl(text, rate: film))
  }

  // MARK: Ambiguity and locks

  private let twins = [pictureFile("/m/b/A001C003.mov"), pictureFile("/m/a/A001C003.mov")]

  @Test func `what is ambiguous stops, or gives the first path with a warning that names all`() throws {
    let stopped = try conform(one, twins, RelinkSettings())
    #expect(stopped.diagnostics.map(\.family) == [.ambiguous] && stopped.events[0].media == nil)
    #expect(DiagnosticList(stopped.diagnostics).exitCode == 5)
    let first = try conform(one, twins, RelinkSettings(ambiguity: .first))
    #expect(first.events[0].media == 1)
    #expect(first.diagnostics.map(\.severity) == [.warning])
    #expect(first.diagnostics[0].message.hasSuffix("a/A001C003.mov, b/A001C003.mov; the first is taken"))
    #expect(
      first.events[0].candidates[1].verdict.hasSuffix("as good as the chosen one, whose path comes first"))
    let turned = try conform(one, twins.reversed(), RelinkSettings(ambiguity: .first))
    #expect(turned.events[0].media == 0)
  }

  @Test func `a lock holds what was chosen, reads back as written, and may be edited`() throws {
    let first = try conform(one, twins, RelinkSettings(ambiguity: .first))
    let lock = RelinkLock(first, media: twins)
    #expect(lock.choices.map(\.file) == ["a/A001C003.mov"])
    let again = try RelinkLock.read(path: "x.lock", bytes: lock.bytes)
    #expect(again.bytes == lock.bytes)
    let held = try conform(one, twins, RelinkSettings(lock: again))
    #expect(held.diagnostics.isEmpty && held.events[0].media == 1 && held.events[0].rule == "lock")
    #expect(RelinkLock(held, media: twins).bytes == lock.bytes)
    let text = String(decoding: lock.bytes, as: UTF8.self).replacing("a/A001C003", with: "b/A001C003")
      .replacing("\"identity\": \"/m/a/A001C003.mov\",\n", with: "")
    let edited = try RelinkLock.read(path: "x.lock", bytes: Array(text.utf8))
    let other = try conform(one, twins, RelinkSettings(lock: edited))
    #expect(other.diagnostics.isEmpty && other.events[0].media == 0)
    #expect(other.events[0].candidates[1].verdict.hasSuffix("the lock chooses another"))
  }

  @Test func `a lock may choose a file that no rule names, and a file may move`() throws {
    let first = try conform(one, [twins[0]], RelinkSettings())
    let lock = RelinkLock(first, media: [twins[0]])
    let moved = pictureFile("/elsewhere/renamed.mov", identity: "/m/b/A001C003.mov")
    let held = try conform(one, [moved], RelinkSettings(lock: lock))
    #expect(held.events[0].media == 0 && held.diagnostics.isEmpty)
    // A file of the chosen name with other content: somebody edited the choice, or put another file in its place.
    let edited = try conform(one, [twins[1], moved], RelinkSettings(lock: lock))
    #expect(edited.diagnostics.map(\.code) == ["conform.lockedMissing"])
    #expect(edited.diagnostics[0].message.hasSuffix("its content is another than when it was chosen"))
  }

  @Test func `a locked choice that is gone, changed or too short is an error that names it`() throws {
    let lock = RelinkLock(try conform(one, [twins[0]], RelinkSettings()), media: [twins[0]])
    let gone = try conform(
      one, [twins[1]],
      RelinkSettings(
        lock: RelinkLock(
          choices: lock.choices.map { choice in
            var choice = choice
            choice.file = "b/A001C003.mov"
            return choice
          })))
    #expect(gone.diagnostics.map(\.code) == ["conform.lockedMissing"])
    #expect(gone.diagnostics[0].message.contains("the lock chooses b/A001C003.mov for event 001 on V1"))
    let changed = try conform(
      one, [pictureFile("/m/b/A001C003.mov", identity: "new")], RelinkSettings(lock: lock))
    #expect(changed.diagnostics[0].message.hasSuffix("its content is another than when it was chosen"))
    let short = try conform(
      one, [pictureFile("/m/b/A001C003.mov", frames: 250)], RelinkSettings(lock: lock))
    #expect(short.diagnostics.map(\.code) == ["conform.lockedMisfit"])
    #expect(
      short.diagnostics[0].message
        == "the lock chooses A001C003.mov for event 001 on V1, which has only 01:00:00:00–01:00:10:10: 38 frames are "
        + "missing after its last")
    let slipped = try conform(
      one.replacing("01:00:10:00", with: "01:00:10:01"), [twins[0]], RelinkSettings(lock: lock))
    #expect(slipped.diagnostics.map(\.code) == ["conform.unusedChoice"])
  }

  @Test(arguments: [
    "", "{}", "[]", "{\"interlock_lock\": 2, \"choices\": []}", "{\"interlock_lock\": 1, \"choices\": [{}]}",
  ])
  func `what is no lock file is refused`(text: String) {
    #expect(throws: DiagnosticList.self) { try RelinkLock.read(path: "x", bytes: Array(text.utf8)) }
  }

  // MARK: Partial coverage

  /// 30 of the 48 frames are there.
  private let short = [pictureFile("/m/A001C003.mov", frames: 270)]

  @Test func `partial coverage fails unless a policy says what is shown`() throws {
    #expect(try conform(one, short, RelinkSettings()).diagnostics.map(\.code) == ["conform.missingMedia"])
    for (policy, content) in [
      (MissingPolicy.black, Clip.Content.black), (.slug, .generator("slug")), (.hold, .media),
    ] {
      let result = try conform(one, short, RelinkSettings(partial: policy))
      #expect(result.diagnostics.map(\.severity) == [.warning])
      #expect(
        result.events.map(\.clip.recordRange) == [
          FrameRange(start: 0, count: 30), FrameRange(start: 30, count: 18),
        ])
      #expect(result.events[0].sourceRange == FrameRange(start: 240, count: 30))
      #expect(result.events[1].clip.content == content && result.events[1].fill == policy)
      #expect(result.events[1].media == (policy == .hold ? 0 : nil))
      #expect(result.timeline.tracks[0].clips.map(\.recordRange) == result.events.map(\.clip.recordRange))
      #expect(
        result.events[0].findings.last?.what.hasPrefix("18 of the 48 frames of event 001 on V1 are not in")
          == true)
      let report = ConformReport(result, programme: "p", media: short)
      #expect(report.totals.events == 1 && report.totals.matched == 1 && report.totals.filledFrames == 18)
    }
    let held = try conform(one, short, RelinkSettings(partial: .hold)).events[1]
    #expect(held.sourceRange == FrameRange(start: 269, count: 1) && held.speed == .zero)
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func `parts of a retimed event show the frames that the whole would, and hold the nearest of the rest`(
    seed: UInt64
  )
    throws
  {
    var random = SplitMix64(seed: seed)
    let speeds = [
      Rational(1), Rational(-1), Rational(2), Rational(-3, 2), Rational(5, 4), Rational(-7, 3),
      Rational(1, 3),
    ]
    let speed = speeds[Int.random(in: 0..<speeds.count, using: &random)]
    let count = Int64.random(in: 2...60, using: &random)
    let frames = Int64.random(in: 1...60, using: &random)
    let origin = Int64.random(in: -40...80, using: &random)
    var clip = Clip(
      name: "", event: "001", sourceReel: "R", sourceIn: .frames(86_400 + origin, film),
      recordRange: FrameRange(start: 0, count: count), timeScale: speed)
    if random.chance(0.3) {
      let knots = [(0, 0), (count / 2 + 1, 20), (count + 2, -10)].map {
        RetimeCurve.Knot(record: Rational($0.0), source: Rational(Int64($0.1)))
      }
      clip.curve = RetimeCurve(knots)
    }
    var timeline = Timeline(name: "t", rate: film)
    timeline.tracks = [Track(kind: .picture, name: "V1", items: [.clip(clip)])]
    let media = [pictureFile("/m/R.mov", frames: frames)]
    let result = Relinker(media: media, settings: RelinkSettings(partial: .hold)).relink(timeline)
    let wanted = (0..<count).map { origin + (clip.sourceOffset(at: $0) ?? 0) }
    guard wanted.contains(where: { (0..<frames).contains($0) }) else {
      #expect(result.diagnostics.map(\.code) == ["conform.missingMedia"])
      return
    }
    let shown = result.events.flatMap { event in
      (0..<event.clip.recordRange.count).map { frame -> Int64 in
        if let curve = event.curve { return event.sourceOrigin + (curve.position(at: frame) ?? .max) }
        return event.frameMap.position(at: frame)
      }
    }
    // A stretch that is missing holds the frame nearest to its first.
    #expect(shown.count == wanted.count)
    for (frame, pair) in zip(shown, wanted).enumerated() where (0..<frames).contains(pair.1) {
      #expect(pair.0 == pair.1, "record frame \(frame)")
    }
    #expect(shown.allSatisfy { (0..<frames).contains($0) })
    let lows = result.events.filter { $0.fill == nil }
    for event in lows {
      let start = event.clip.recordRange.start
      let part = wanted[Int(start)..<Int(event.clip.recordRange.end)]
      #expect(event.sourceRange == FrameRange(start: part.min() ?? 0, end: (part.max() ?? 0) + 1))
    }
  }

  @Test func `frames that only a dissolve shows are held`() throws {
    let text = """
      001  A001C003 V     C        01:00:10:00 01:00:12:00 01:00:00:00 01:00:02:00
      002  A001C003 V     C        01:00:12:00 01:00:12:00 01:00:02:00 01:00:02:00
      002  B001     V     D    012 01:00:00:00 01:00:02:00 01:00:02:00 01:00:04:00
      """
    let media = [pictureFile("/m/A001C003.mov", frames: 293), pictureFile("/m/B001.mov")]
    #expect(try conform(text, media, RelinkSettings()).diagnostics.map(\.code) == ["conform.missingMedia"])
    let result = try conform(text, media, RelinkSettings(partial: .black))
    let event = result.events[0]
    #expect(result.events.count == 2 && event.sourceRange == FrameRange(start: 240, count: 48))
    let curve = try #require(event.curve)
    #expect(
      (0..<60).map { event.sourceOrigin + (curve.position(at: $0) ?? -1) } == (240..<293)
        + Array(repeating: 292, count: 7))
    #expect(
      result.diagnostics.map(\.message) == [
        "7 frames of event 001 on V1 that only a transition shows are not in A001C003.mov and hold its nearest frame"
      ])
  }

  @Test func `an event without any media is black or a card`() throws {
    let black = try conform(one, [], RelinkSettings(missing: .black))
    #expect(black.diagnostics.map(\.severity) == [.warning] && black.events[0].clip.isBlack)
    let slug = try conform(one, [], RelinkSettings(missing: .slug))
    #expect(slug.events[0].clip.content == .generator(Clip.slug) && slug.events[0].fill == .slug)
    #expect(slug.events[0].findings.map(\.kind) == [.approximated])
    let totals = ConformReport(slug, programme: "p", media: []).totals
    #expect(totals.events == 1 && totals.unmatched == 1 && totals.filledFrames == 48)
  }

  // MARK: Variable rates, curves, handles

  @Test func `media whose rate varies says what to do, and counts frames when that is declared`() throws {
    let media = [pictureFile("/m/A001C003.mov", isVariable: true)]
    let refused = try conform(one, media, RelinkSettings())
    #expect(refused.diagnostics.map(\.code) == ["conform.variableRate"])
    #expect(
      refused.diagnostics[0].remedy
        == "Convert the file to a constant frame rate (`ffmpeg -i IN -fps_mode cfr -r 24000/1001 OUT`), or declare "
        + "`{file: A001C003.mov, as: every-frame}` under `timeline: rates:` (or with `--rates`) where each of its frames is one of the "
        + "timeline.")
    let counted = try conform(one, media, RelinkSettings(rates: [RateRule(reel: "A*", as: .everyFrame)]))
    #expect(counted.diagnostics.isEmpty && counted.events[0].sourceRange == FrameRange(start: 240, count: 48))
    #expect(counted.events[0].findings.map(\.kind) == [.inferred])
  }

  @Test func `media without timecode counts from zero, and that is said`() throws {
    let text = one.replacing("01:00:10:00 01:00:12:00 01", with: "00:00:10:00 00:00:12:00 01")
    let result = try conform(text, [pictureFile("/m/A001C003.mov", start: nil)], RelinkSettings())
    #expect(result.events[0].sourceRange == FrameRange(start: 240, count: 48))
    #expect(
      result.events[0].findings.map(\.what) == [
        "the media of event 001 has no timecode; it is counted from 00:00:00:00"
      ])
  }

  @Test(arguments: 100..<160 as Range<UInt64>)
  func `handles and needed source of any retiming are what counting gives`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let count = Int64.random(in: 1...40, using: &random)
    let origin = Int64.random(in: 100...200, using: &random)
    var clip = Clip(
      name: "", event: "001", sourceReel: "R", sourceIn: .frames(86_400 + origin, film),
      recordRange: FrameRange(start: 0, count: count),
      timeScale: Rational(Int64.random(in: -5...5, using: &random), Int64.random(in: 1...4, using: &random)))
    if random.chance(0.5) {
      let records = Set((0..<4).map { _ in Int64.random(in: 0...count, using: &random) }).sorted()
      clip.curve = RetimeCurve(
        records.map {
          RetimeCurve.Knot(record: Rational($0), source: Rational(Int64.random(in: -60...60, using: &random)))
        })
    }
    var timeline = Timeline(name: "t", rate: film)
    timeline.tracks = [Track(kind: .picture, name: "V1", items: [.clip(clip)])]
    let event = Relinker(media: [pictureFile("/m/R.mov", frames: 300)]).relink(timeline).events[0]
    func position(_ frame: Int64) -> Int64 { origin + (clip.sourceOffset(at: frame) ?? .min) }
    let shown = (0..<count).map(position)
    let (low, high) = (shown.min() ?? 0, shown.max() ?? 0)
    guard low >= 0, high < 300 else {
      #expect(event.media == nil)
      return
    }
    #expect(event.sourceRange == FrameRange(start: low, end: high + 1))
    func handle(_ frames: some Sequence<Int64>) -> Int64? {
      var have: Int64 = 0
      for frame in frames {
        guard (0..<300).contains(position(frame)) else { return have }
        have += 1
      }
      return nil
    }
    #expect(event.headHandle == handle((1...2000).map { -$0 }))
    #expect(event.tailHandle == handle(count...count + 2000))
  }

  @Test func `the report has equal bytes for media in any order of finding`() throws {
    let first = ConformReport(
      try conform(one, twins, RelinkSettings(ambiguity: .first)), programme: "p", media: twins)
    let again = ConformReport(
      try conform(one, twins, RelinkSettings(ambiguity: .first)), programme: "p", media: twins)
    #expect(first.text == again.text && first.html() == again.html())
    #expect(first.text.contains("- b/A001C003.mov, score 67, 48 of 48 frames, handles 240/192: "))
  }
}
