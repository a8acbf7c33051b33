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

  @Test func `one silent channel is no silence`() {
    let report = heard([tone(6), silence(6)], frames: 144)
    #expect(report.findings.isEmpty)
    #expect(report.tracks[0].high.max() == 100)
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
    let target = QualityReport.Target(integrated: -24_000, truePeak: -2000)
    let report = heard([tone(0.3)], frames: 7, loudness: loudness, target: target)
    #expect(report.findings.map(\.check) == [.loudness, .truePeak])
    #expect(report.findings[0].measured == "−22.9 LKFS" && report.findings[0].threshold == "−24.0 LKFS ± 0.5")
    #expect(report.findings[1].frames == FrameRange(start: 2, count: 3))
    #expect(report.findings[1].measured == "−1.2 dBTP")
    let met = heard(
      [tone(0.3)], frames: 7,
      loudness: SoundJudge.Loudness(
        integrated: -2355, range: nil, truePeak: -195, momentary: [], shortTerm: [], peaks: [-195]),
      target: target)
    #expect(met.findings.isEmpty, "half a decibel, and what meters differ by")
    #expect(heard([tone(1)], frames: 24).results.first?.verdict == .notRun)
  }

  @Test func `columns hold everything once, however long it is`() {
    for total: Int64 in [1, 7, 1199, 1200, 1201, 172_800] {
      let columns = QualityColumns(total: total)
      #expect(columns.count == Int(min(1200, total)))
      #expect(columns.column(of: 0) == 0 && columns.column(of: total - 1) == columns.count - 1)
    }
  }
}
