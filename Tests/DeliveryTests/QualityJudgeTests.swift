import Delivery
import Digests
import MediaTime
import Testing

@Suite struct QualityJudgeTests {
  private static let rate = FrameRate(24)

  private func report(_ frames: Int64, target: QualityReport.Target? = nil) -> QualityReport {
    QualityReport(
      programme: "film", deliverable: "master", file: Digest.sha256([1]), rate: Self.rate, isDropFrame: false,
      startFrame: 86_400, frameCount: frames, target: target, tool: "test")
  }

  /// A picture that moves, unless something else is said of it.
  private func picture(
    isBlack: Bool = false, difference: Int? = 50_000, outside: Int? = 0
  ) -> PictureJudge.Sample {
    PictureJudge.Sample(
      lowest: 0, mean: isBlack ? 0 : 400, highest: isBlack ? 0 : 900, isBlack: isBlack,
      difference: difference, outside: outside)
  }

  private func judged(_ pictures: [PictureJudge.Sample?], unknown: String? = nil) -> QualityReport {
    var judge = PictureJudge(rate: Self.rate, frameCount: Int64(pictures.count))
    for picture in pictures { judge.add(picture) }
    var report = report(Int64(pictures.count))
    judge.finish(unknown: unknown, into: &report)
    return report
  }

  private func run(_ count: Int, _ picture: PictureJudge.Sample?) -> [PictureJudge.Sample?] {
    [PictureJudge.Sample?](repeating: picture, count: count)
  }

  @Test func `black inside is told by its length, head and tail are not`() {
    let black = picture(isBlack: true)
    let moving = picture()
    let report = judged(
      run(30, black) + run(48, moving) + run(3, black) + run(48, moving) + run(4, black) + run(48, moving)
        + run(12, black) + run(48, moving) + run(48, black) + run(48, moving) + run(49, black)
        + run(48, moving)
        + run(60, black))
    #expect(report.findings.filter { $0.check == .black }.map(\.verdict) == [.fail, .warn, .warn, .fail])
    #expect(report.findings[0].frames == FrameRange(start: 78, count: 3))
    #expect(report.findings[0].measured == "black flash of 3 frames (0.1 s)")
    #expect(report.named.map(\.name) == ["black-1", "black-2", "black-3", "black-4"])
    #expect(report.results.first { $0.check == .black }?.verdict == .fail)
  }

  @Test func `a freeze begins with the first of its pictures, and black is none`() {
    let still = picture(difference: 999)
    let moving = picture(difference: 1000)
    let black = picture(isBlack: true, difference: 0)
    let report = judged(
      [picture(difference: nil)] + run(10, moving) + run(47, still) + run(10, moving) + run(46, still)
        + run(10, moving) + run(1, picture(isBlack: true)) + run(60, black) + run(10, moving))
    let freezes = report.findings.filter { $0.check == .freeze }
    #expect(freezes.map(\.frames) == [FrameRange(start: 10, count: 48)])
    #expect(freezes.first?.verdict == .warn)
  }

  @Test func `one picture for all of it fails`() {
    let report = judged([picture(difference: nil)] + run(71, picture(difference: 0)))
    #expect(report.findings.map(\.measured) == ["all of it is one picture"])
    #expect(report.findings.map(\.verdict) == [.fail])
  }

  @Test func `black from end to end fails`() {
    let report = judged(
      [picture(isBlack: true, difference: nil)] + run(71, picture(isBlack: true, difference: 0)))
    #expect(report.findings.map(\.measured) == ["all of it is black"])
    #expect(report.findings.map(\.verdict) == [.fail])
  }

  @Test func `levels fail from two frames and one per cent on, and say the worst`() {
    let report = judged(
      run(10, picture()) + run(1, picture(outside: 500_000)) + run(5, picture())
        + [picture(outside: 10_001), picture(outside: 42_000)] + run(5, picture(outside: 10_000)))
    #expect(report.findings.map(\.check) == [.levels])
    #expect(report.findings[0].frames == FrameRange(start: 16, count: 2))
    #expect(report.findings[0].measured == "4.2 % outside −5…105 %")
  }

  @Test func `what was not measured is never met`() {
    let unknown = judged(run(3, picture()), unknown: "pictures in rgb48 are not measured")
    #expect(
      unknown.results.filter { $0.verdict == .notRun }.map(\.check) == [.black, .freeze, .levels])
    let other = judged(run(30, picture(outside: nil)))
    #expect(other.results.first { $0.check == .levels }?.verdict == .notRun)
    #expect(other.results.first { $0.check == .black }?.verdict == .pass)
  }

  @Test func `pictures of a format that is not measured decode all the same`() {
    var judge = PictureJudge(rate: Self.rate, frameCount: 6)
    for _ in 0..<3 { judge.addUnmeasured() }
    judge.add(nil)
    for _ in 0..<2 { judge.addUnmeasured() }
    var report = report(6)
    judge.finish(unknown: "pictures in gbrp10le are not measured", into: &report)
    #expect(report.findings.map(\.frames) == [FrameRange(start: 3, count: 1)])
    #expect(report.results.map(\.verdict) == [.fail, .notRun, .notRun, .notRun])
  }

  @Test func `pictures that do not decode are found, frame by frame`() {
    let report = judged(run(5, picture()) + [nil, nil] + run(5, picture()) + [nil])
    let broken = report.findings.filter { $0.check == .decoding }
    #expect(broken.map(\.frames) == [FrameRange(start: 5, count: 2), FrameRange(start: 12, count: 1)])
    #expect(broken.allSatisfy { $0.verdict == .fail })
  }

  @Test func `of many findings of a kind the first hundred are listed`() {
    var pictures: [PictureJudge.Sample?] = run(10, picture())
    for _ in 0..<130 { pictures += [picture(isBlack: true)] + run(3, picture()) }
    let report = judged(pictures)
    #expect(report.findings.count == QualityReport.mostAlike)
    #expect(report.unlisted == ["black": 30])
    #expect(report.picture.mean.count == min(1200, pictures.count))
  }

  // MARK: Sound

  private func heard(
    _ planes: [[Double]], frames: Int64, loudness: SoundJudge.Loudness? = nil,
    target: QualityReport.Target? = nil
  ) -> QualityReport {
    var judge = SoundJudge(
      QualityReport.Track(title: "Stereo", layout: "stereo", channels: planes.count), number: 1,
      rate: Self.rate, frameCount: frames, sampleRate: 48_000)
    judge.add(planes)
    var report = report(frames, target: target)
    judge.finish(loudness, target: target, into: &report)
    return report
  }

  private func tone(_ seconds: Double, _ level: Double = 0.1) -> [Double] {
    (0..<Int(seconds * 48_000)).map { $0 % 2 == 0 ? level : -level }
  }

  private func silence(_ seconds: Double) -> [Double] {
    [Double](repeating: 0, count: Int(seconds * 48_000))
  }

  @Test func `a hole is a drop-out, quiet is told, head and tail are free`() {
    let left = silence(1) + tone(1) + silence(0.1) + tone(1) + tone(3, 0.0009) + tone(1) + silence(0.9)
    let report = heard([left, left], frames: 192)
    let found = report.findings.filter { $0.check == .silence }
    #expect(found.map(\.verdict) == [.fail, .warn])
    #expect(found[0].frames == FrameRange(start: 48, count: 3))
    #expect(found[0].measured == "digital silence for 0.1 s")
    #expect(found[1].frames == FrameRange(start: 74, count: 73))
    #expect(found.allSatisfy { $0.track == 1 })
  }

  @Test func `a channel that is silent while others sound is told, between what all share`() {
    let throughout = heard([tone(6), silence(6)], frames: 144)
    #expect(throughout.findings.map(\.measured) == ["right under −60 dBFS throughout"])
    #expect(throughout.findings.map(\.verdict) == [.warn])
    #expect(throughout.tracks[0].high.max() == 100)
    let left = silence(4) + tone(8) + silence(4)
    let right = silence(4) + tone(2) + tone(3, 0.0001) + tone(3) + silence(4)
    let found = heard([left, right], frames: 384).findings
    #expect(found.map(\.measured) == ["right under −60 dBFS for 3.0 s"])
    #expect(found.first?.frames == FrameRange(start: 144, count: 72))
    #expect(heard([left, left], frames: 384).findings.isEmpty)
  }

  @Test func `LFE and surrounds may rest, but not from end to end`() {
    let rest = tone(1) + silence(5)
    let channels = [tone(6), tone(6), tone(6), rest, silence(6), rest]
    #expect(
      heard(channels, frames: 144).findings.map(\.measured) == ["left surround under −60 dBFS throughout"])
  }

  @Test func `nothing at all is a fault, digital or not`() {
    let nothing = heard([silence(1), silence(1)], frames: 24)
    #expect(nothing.findings.map(\.verdict) == [.fail])
    #expect(nothing.findings.first?.measured == "digital silence throughout")
    #expect(nothing.findings.first?.frames == FrameRange(start: 0, count: 24))
    #expect(heard([tone(1, 0.0001)], frames: 24).findings.map(\.verdict) == [.warn])
  }

  @Test func `a peak after the last whole step is found`() {
    let loudness = SoundJudge.Loudness(
      integrated: -2400, range: nil, truePeak: -100, momentary: [], shortTerm: [], peaks: [-600, -600])
    let target = QualityReport.Target(integrated: -24_000, truePeak: -2000)
    let report = heard([tone(0.25)], frames: 6, loudness: loudness, target: target)
    #expect(report.findings.map(\.measured) == ["−1.0 dBTP"])
    #expect(report.findings.first?.frames == FrameRange(start: 4, count: 2))
  }

  @Test func `three samples at full scale are clipped, two are a peak`() {
    var left = tone(4)
    left.replaceSubrange(48_000..<48_002, with: [1, 1])
    #expect(heard([left], frames: 96).findings.isEmpty)
    left.replaceSubrange(96_000..<96_003, with: [1, 1, 1])
    left.replaceSubrange(96_100..<96_104, with: [-1, -1, -1, -1])
    let report = heard([left], frames: 96)
    #expect(report.findings.map(\.measured) == ["2 clipped peaks"])
    #expect(report.findings.map(\.verdict) == [.warn])
    #expect(report.findings[0].frames == FrameRange(start: 48, count: 1))
  }

  @Test func `loudness is judged against its target, peaks where they are`() {
    let loudness = SoundJudge.Loudness(
      integrated: -2290, range: 500, truePeak: -120, momentary: [nil, -2300, -2200],
      shortTerm: [nil, nil, -2300],
      peaks: [-600, -120, -2000])
    let target = QualityReport.Target(integrated: -26_000, truePeak: -2000)
    let report = heard([tone(0.3)], frames: 7, loudness: loudness, target: target)
    #expect(report.findings.map(\.check) == [.loudness, .truePeak])
    #expect(report.findings[0].measured == "−22.9 LKFS" && report.findings[0].threshold == "−26.0 LKFS ± 0.5")
    #expect(report.findings[1].frames == FrameRange(start: 2, count: 3))
    #expect(report.findings[1].measured == "−1.2 dBTP")
    let met = heard(
      [tone(0.3)], frames: 7,
      loudness: SoundJudge.Loudness(
        integrated: -2545, range: nil, truePeak: -195, momentary: [], shortTerm: [], peaks: [-195]),
      target: target)
    #expect(met.findings.isEmpty, "half a unit, and what meters differ by")
    #expect(heard([tone(1)], frames: 24).results.first?.verdict == .notRun)
  }

  @Test(arguments: [
    (-23_000, -2325, -2326, "−23.0 LKFS ± 0.2"), (-24_000, -2605, -2606, "−24.0 LKFS ± 2.0"),
    (-27_000, -2495, -2494, "−27.0 LKFS ± 2.0"), (-16_000, -1655, -1656, "−16.0 LKFS ± 0.5"),
  ])
  func `targets have the tolerance of their specification`(
    target: Int, met: Int, missed: Int, threshold: String
  ) {
    func judged(_ integrated: Int) -> QualityReport.Result? {
      heard(
        [tone(0.3)], frames: 7,
        loudness: SoundJudge.Loudness(
          integrated: integrated, range: nil, truePeak: -900, momentary: [], shortTerm: [], peaks: []),
        target: QualityReport.Target(integrated: target, truePeak: -1000)
      ).results.first { $0.check == .loudness }
    }
    #expect(judged(met)?.verdict == .pass && judged(missed)?.verdict == .fail)
    #expect(judged(met)?.threshold == threshold)
  }

  @Test func `columns hold everything once, however long it is`() {
    for total: Int64 in [1, 7, 1199, 1200, 1201, 172_800] {
      let columns = QualityColumns(total: total)
      #expect(columns.count == Int(min(1200, total)))
      #expect(columns.column(of: 0) == 0 && columns.column(of: total - 1) == columns.count - 1)
    }
  }
}
