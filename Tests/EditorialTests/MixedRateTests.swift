import Diagnostics
import Editorial
import MediaTime
import TestSupport
import Testing

/// Media of another rate than the timeline's, in real time and frame by frame.
@Suite struct `Mixed rates` {
  private func picture(
    _ name: String = "F1.mov", rate: FrameRate, labels: FrameRate? = nil, start: String = "01:00:00:00",
    frames: Int64 = 480, reel: String? = "F1"
  ) -> MediaItem {
    MediaItem(
      path: "/media/" + name,
      facts: MediaFacts(
        identity: name, fileName: name, container: "mov", byteCount: 1,
        video: VideoFacts(
          stream: 0, codec: "prores", width: 1280, height: 720, pixelFormat: "yuv422p10le", bitDepth: 10,
          rate: rate, frameCount: frames), timecodeStart: start, timecodeRate: labels ?? rate, reel: reel))
  }

  /// An event of 48 record frames at 24 labels a second.
  private func event(_ from: String, _ to: String, motion: String? = nil) -> String {
    "001  F1       V     C        \(from) \(to) 01:00:00:00 01:00:02:00"
      + (motion.map { "\nM2   F1       \($0)                \(from)" } ?? "")
  }

  private func conform(_ text: String, _ media: [MediaItem], _ rates: [RateRule], handles: Int = 0) throws
    -> Conform
  {
    Relinker(media: media, rates: rates).relink(try edl(text, rate: film), handles: handles)
  }

  private let realtime = [RateRule(reel: "F1", as: .realtime)]
  private let everyFrame = [RateRule(reel: "F1", as: .everyFrame)]

  @Test func `a rate nobody declared is an error whose remedy is the declaration`() throws {
    let result = try conform(event("01:00:10:00", "01:00:12:00"), [picture(rate: FrameRate(25))], [])
    #expect(
      result.diagnostics.map(\.description) == [
        """
        cut.edl:1: error: event 001 on V1 is in F1.mov, but it runs at 25 fps and the timeline at 24000/1001 fps, and \
        nothing says how it is to be read
          Declare it under `timeline: rates:` (or with `--rates`), e.g. `{reel: F1, as: realtime}` where the motion keeps its speed, or \
        `as: every-frame` where each of its frames is one of the timeline.
        """
      ])
    let labels = try conform(
      event("01:00:10:00", "01:00:12:00"), [picture(rate: film, labels: FrameRate(30))], [])
    #expect(labels.diagnostics.map(\.code) == ["conform.timecodeBase"])
  }

  @Test func `real time counts labels in the media's base and keeps the speed of the motion`() throws {
    // 48 frames at 24000/1001 last 2.002 s: 50.05 frames at 25; the last shown is ⌊47·25025/24000⌋ = 49.
    let result = try conform(
      event("01:00:10:24", "01:00:12:24"), [picture(rate: FrameRate(25))], realtime, handles: 8)
    let event = result.events[0]
    #expect(result.diagnostics.isEmpty && result.timeline.concludedSpeeds == nil)
    #expect(event.reading == .realtime && event.speed == Rational(1001, 960) && event.clip.timeScale == .one)
    #expect(event.sourceRange == FrameRange(start: 274, count: 50))
    #expect(event.handlesBefore == 274 && event.handlesAfter == 480 - 324)
    let report = ConformReport(result, programme: "film", media: [picture(rate: FrameRate(25))])
    #expect(report.text.contains("01:00:10:24–01:00:12:24"))
    #expect(report.text.contains("reel+timecode realtime ×1001/960"))
    #expect(report.text.contains("its 25 fps are read as declared, realtime"))
  }

  @Test func `every frame counts labels with the base of the timecode track`() throws {
    let media = [picture(rate: FrameRate(60), labels: FrameRate(24), frames: 300)]
    let result = try conform(event("01:00:10:00", "01:00:12:00"), media, everyFrame)
    #expect(result.diagnostics.isEmpty)
    #expect(result.events[0].sourceRange == FrameRange(start: 240, count: 48))
    #expect(result.events[0].speed == .one && result.events[0].reading == .everyFrame)
  }

  @Test func `in real time a picture at twice its timecode base has two frames for a label`() throws {
    let media = [picture(rate: FrameRate(48_000, 1001), labels: FrameRate(24), frames: 960)]
    let result = try conform(event("01:00:10:00", "01:00:12:00"), media, realtime)
    #expect(result.diagnostics.isEmpty)
    #expect(result.events[0].sourceRange == FrameRange(start: 480, count: 95))
    #expect(result.events[0].speed == Rational(2) && result.events[0].framesPerLabel == Rational(2))
    let written = OTIOWriter.write(result, media: media)
    let timeline = try Cut.read(path: "x.otio", bytes: written).timeline(rate: film)
    let again = Relinker(media: media, rates: realtime).relink(timeline)
    #expect(again.events[0].sourceRange == result.events[0].sourceRange)
  }

  @Test func `speeds of the cut multiply with the rate, and handles are the media's own frames`() throws {
    let media = [picture(rate: FrameRate(48), frames: 600)]
    let result = try conform(
      event("01:00:10:00", "01:00:10:24", motion: "012.0"), media,
      [RateRule(rate: FrameRate(48), as: .realtime)],
      handles: 70)
    let event = result.events[0]
    // Half of 48·1001/24000, and 70 timeline frames are ⌈70.07⌉ of the media.
    #expect(event.speed == Rational(1001, 1000))
    #expect(event.sourceRange == FrameRange(start: 480, count: 48))
    #expect(event.handlesAfter == 72 && result.diagnostics.isEmpty)
    let short = try conform(
      self.event("01:00:10:00", "01:00:10:24", motion: "024.0"), media,
      [RateRule(rate: FrameRate(48), as: .realtime)], handles: 70)
    #expect(
      short.diagnostics.map(\.message) == [
        "event 001 on V1 has 25 of 141 handle frames after it in F1.mov"
      ])
  }

  @Test func `lengths that differ beyond the rate are a concluded speed`() throws {
    let result = try conform(
      event("01:00:10:00", "01:00:14:00"), [picture(rate: FrameRate(25))], realtime)
    #expect(result.events[0].speed == Rational(99, 47))
    #expect(result.timeline.concludedSpeeds?.event == "001")
  }

  @Test func `a rule speaks of reels, clips, files and rates, and the first that matches counts`() throws {
    let media = [picture("F1_A.mov", rate: FrameRate(25), reel: "F1")]
    func reading(_ rules: RateRule...) throws -> RateReading? {
      try conform(event("01:00:10:00", "01:00:12:00") + "\n* FROM CLIP NAME: TRAM_150", media, rules).events[
        0
      ]
      .reading
    }
    #expect(
      try reading(RateRule(reel: "f*", as: .realtime), RateRule(reel: "*", as: .everyFrame)) == .realtime)
    #expect(try reading(RateRule(clip: "*_1*0", as: .everyFrame)) == .everyFrame)
    #expect(try reading(RateRule(clip: "*_1*1", as: .everyFrame)) == nil)
    #expect(try reading(RateRule(file: "f1_a", as: .everyFrame)) == .everyFrame)
    #expect(try reading(RateRule(rate: FrameRate(25), as: .realtime)) == .realtime)
    #expect(
      try reading(
        RateRule(reel: "F1", rate: FrameRate(30), as: .realtime), RateRule(reel: "F1", as: .everyFrame))
        == .everyFrame)
  }

  @Test func `a rule that nothing uses is told`() throws {
    let result = try conform(
      event("01:00:10:00", "01:00:12:00"), [picture(rate: FrameRate(25))],
      realtime + [RateRule(reel: "G*", as: .everyFrame, location: SourceLocation(file: "p.yaml", line: 7))])
    #expect(result.diagnostics.map(\.severity) == [.warning])
    #expect(
      result.diagnostics[0].description.hasPrefix("p.yaml:7: warning: the rule {reel: G*, as: every-frame}"))
  }

  @Test func `sound of another timecode base plays for the time that the timeline gives it`() throws {
    let sound = MediaItem(
      path: "/media/S1.wav",
      facts: MediaFacts(
        identity: "s", fileName: "S1.wav", container: "wav", byteCount: 1,
        sound: SoundFacts(
          stream: 0, codec: "pcm_s24le", sampleRate: 48_000, channels: 1, sampleCount: 960_000, bitDepth: 24,
          timeReference: 172_800_000, tape: "S1"), timecodeRate: FrameRate(25)))
    let result = try conform(
      "001  S1       A     C        01:00:10:00 01:00:12:00 01:00:00:00 01:00:02:00", [sound], [])
    #expect(result.diagnostics.isEmpty)
    #expect(result.events[0].sourceSample == 480_000 && result.events[0].sampleCount == 48 * 2002)
  }

  // MARK: Against counting

  private static let rates = [
    FrameRate(24_000, 1001), FrameRate(24), FrameRate(25), FrameRate(30_000, 1001), FrameRate(48),
    FrameRate(60),
  ]

  /// A case drawn from a seed, and the media frames it shows: counted up one by one, with nothing but whole numbers.
  private struct Draw {
    var timeline: FrameRate
    var media: FrameRate
    var reading: RateReading
    /// In tenths of normal speed; nil without an M2 line.
    var speed: Int64?
    var first: Int64
    var count: Int64
    var frames: Int64

    init(seed: UInt64) {
      var random = SplitMix64(seed: seed)
      func pick<Value>(_ values: [Value]) -> Value { values[Int.random(in: values.indices, using: &random)] }
      let pairs = `Mixed rates`.rates.flatMap { one in `Mixed rates`.rates.map { (one, $0) } }
        .filter { $0.0 != $0.1 }
      (timeline, media) = pick(pairs)
      reading = pick(RateReading.allCases)
      speed = pick([nil, nil, 5, 20, 15, 2, -10, -5, -20, -15, 0])
      first = Int64.random(in: 0..<400, using: &random)
      count = Int64.random(in: 1..<150, using: &random)
      frames = Int64.random(in: 200..<700, using: &random)
    }

    var shown: [Int64] {
      let speed = self.speed ?? 10
      var steps: Int64 = 0
      return (0..<count).map { frame in
        // Frame `steps + 1` begins at or before frame `frame` of the timeline.
        func hasBegun(_ next: Int64) -> Bool {
          switch reading {
          case .everyFrame: next * 10 <= frame * abs(speed)
          case .realtime:
            next * Int64(media.denominator) * Int64(timeline.numerator) * 10
              <= frame * abs(speed) * Int64(timeline.denominator) * Int64(media.numerator)
          }
        }
        while speed != 0, hasBegun(steps + 1) { steps += 1 }
        return speed < 0 ? first - steps : first + steps
      }
    }

    var list: String {
      func label(_ count: Int64, _ rate: FrameRate) -> String { "\(Timecode(frame: count, rate: rate))" }
      let base = Int64(media.nominalBase)
      let source = 3600 * base + first
      let length = speed == nil ? (shown.last ?? 0) - first + 1 : count
      let record = 3600 * Int64(timeline.nominalBase)
      var text = "001  F1       V     C        \(label(source, media)) \(label(source + length, media)) "
      text += "\(label(record, timeline)) \(label(record + count, timeline))\n"
      if let speed {
        let tenths = abs(speed) * Int64(timeline.nominalBase)
        text +=
          "M2   F1       \(speed < 0 ? "-" : "")\(tenths / 10).\(tenths % 10)      \(label(source, media))\n"
      }
      return text
    }
  }

  private func shown(_ event: ConformedEvent) -> [Int64] {
    let first = event.speed < .zero ? event.sourceRange.end - 1 : event.sourceRange.start
    let map = FrameMap(first: first, speed: event.speed)
    return (0..<event.clip.recordRange.count).map { map.position(at: $0) }
  }

  @Test(arguments: 0..<400 as Range<UInt64>)
  func `frames, coverage and handles are what counting gives`(seed: UInt64) throws {
    let draw = Draw(seed: seed)
    let media = [picture(rate: draw.media, frames: draw.frames)]
    let rules = [RateRule(reel: "F1", as: draw.reading)]
    let relinker = Relinker(media: media, rates: rules)
    let result = relinker.relink(try edl(draw.list, rate: draw.timeline))
    let expected = draw.shown
    let low = expected.min() ?? 0
    let high = expected.max() ?? 0
    guard low >= 0, high < draw.frames else {
      #expect(result.diagnostics.map(\.code).first == "conform.missingMedia", "\(draw)")
      return
    }
    let event = result.events[0]
    #expect(shown(event) == expected, "\(draw)")
    #expect(event.handlesBefore == low && event.handlesAfter == draw.frames - 1 - high)

    // What is written as OpenTimelineIO shows the same frames.
    let bytes = OTIOWriter.write(result, media: media)
    let again = relinker.relink(try Cut.read(path: "x.otio", bytes: bytes).timeline(rate: draw.timeline))
    #expect(again.diagnostics.isEmpty, "\(again.diagnostics)")
    #expect(shown(again.events[0]) == expected, "\(draw)")
  }
}
