package import MediaTime

/// Judges one sound track while it passes: silence, drop-outs, clipping; and, with what a meter says, loudness and peaks.
///
/// Source of the thresholds: `specs/qc.md`, 2.4.
package struct SoundJudge: Sendable {
  /// What a meter says of the whole track; hundredths of LKFS, LU and dBTP.
  package struct Loudness: Sendable {
    package var integrated: Int?
    package var range: Int?
    package var truePeak: Int?
    /// Every 100 ms, the first at 100 ms.
    package var momentary: [Int?]
    package var shortTerm: [Int?]
    package var peaks: [Int?]

    package init(
      integrated: Int?, range: Int?, truePeak: Int?, momentary: [Int?], shortTerm: [Int?], peaks: [Int?]
    ) {
      (self.integrated, self.range, self.truePeak) = (integrated, range, truePeak)
      (self.momentary, self.shortTerm, self.peaks) = (momentary, shortTerm, peaks)
    }
  }

  /// −60 dBFS.
  private static let silent = 0.001
  private static let fullScale = 1 - 1.0 / 32_768
  /// Samples at full scale one after the other that are a clipped peak.
  private static let clipped = 3
  /// How far the loudness may be from its target, hundredths of LU, and what meters of other makes may differ by.
  private static let tolerance = 50 + 5

  private let number: Int
  private let rate: FrameRate
  private let sampleRate: Int
  private let frameCount: Int64
  private let columns: QualityColumns
  private var samples: Int64 = 0
  private var silence = FrameRuns()
  private var zero = FrameRuns()
  private var full: [Int]
  private var clips = FrameRuns()
  package private(set) var track: QualityReport.Track

  /// - Parameter number: of the track, from 1.
  package init(
    _ track: QualityReport.Track, number: Int, rate: FrameRate, frameCount: Int64, sampleRate: Int
  ) {
    (self.track, self.number, self.rate) = (track, number, rate)
    (self.frameCount, self.sampleRate) = (frameCount, sampleRate)
    columns = QualityColumns(total: rate.sampleEdge(ofFrame: frameCount, sampleRate: sampleRate))
    full = [Int](repeating: 0, count: track.channels)
    self.track.low = [Int](repeating: 0, count: columns.count)
    self.track.high = self.track.low
  }

  /// Adds samples of nominal −1…1, `[channel][sample]`.
  package mutating func add(_ planes: [[Double]]) {
    let count = planes.first?.count ?? 0
    for index in 0..<count {
      var (low, high) = (0.0, 0.0)
      var isClipped = false
      for channel in planes.indices {
        let value = planes[channel][index]
        low = min(low, value)
        high = max(high, value)
        full[channel] = abs(value) >= Self.fullScale ? full[channel] + 1 : 0
        if full[channel] >= Self.clipped { isClipped = true }
      }
      let peak = max(high, -low)
      silence.note(peak < Self.silent, at: samples)
      zero.note(peak == 0, at: samples)
      clips.note(isClipped, at: samples)
      let column = columns.column(of: samples)
      track.low[column] = min(track.low[column], Self.thousandths(low))
      track.high[column] = max(track.high[column], Self.thousandths(high))
      samples += 1
    }
  }

  private static func thousandths(_ value: Double) -> Int {
    value.isFinite ? Int((max(-1, min(1, value)) * 1000).rounded()) : 0
  }

  /// What is told at the end.
  ///
  /// - Parameter loudness: nil where no meter is defined for the layout.
  package mutating func finish(
    _ loudness: Loudness?, target: QualityReport.Target?, into report: inout QualityReport
  ) {
    silence.end(at: samples)
    zero.end(at: samples)
    clips.end(at: samples)
    if let loudness {
      (track.integrated, track.range, track.truePeak) = (
        loudness.integrated, loudness.range, loudness.truePeak
      )
      track.momentary = spread(loudness.momentary)
      track.shortTerm = spread(loudness.shortTerm)
    }
    judgeLoudness(loudness, target, into: &report)
    conclude(.silence, silenceFindings(), "none of 3 s, no drop-out of 0.1 s", into: &report)
    conclude(.clipping, clippingFindings(), "no 3 samples at full scale", into: &report)
    report.tracks.append(track)
  }

  /// The highest of each column.
  private func spread(_ series: [Int?]) -> [Int?] {
    var values = [Int?](repeating: nil, count: columns.count)
    let step = Int64(sampleRate / 10)
    for (index, value) in series.enumerated() {
      guard let value else { continue }
      let first = columns.column(of: Int64(index) * step)
      // Where columns are shorter than a step each of them shows it.
      let last = columns.column(of: min(columns.total, Int64(index + 1) * step) - 1)
      for column in first...max(first, last) { values[column] = max(values[column] ?? .min, value) }
    }
    return values
  }

  private func conclude(
    _ check: QualityReport.Check, _ findings: [QualityReport.Finding], _ threshold: String,
    into report: inout QualityReport
  ) {
    report.add(findings)
    let verdict: QualityReport.Verdict =
      findings.contains { $0.verdict == .fail } ? .fail : findings.isEmpty ? .pass : .warn
    report.results.append(
      .init(
        check, track: number, verdict,
        measured: findings.isEmpty ? "none" : QualityWords.places(findings.count), threshold: threshold))
  }

  private func judgeLoudness(
    _ loudness: Loudness?, _ target: QualityReport.Target?, into report: inout QualityReport
  ) {
    guard let loudness else {
      for check in [QualityReport.Check.loudness, .truePeak] {
        report.results.append(
          .init(
            check, track: number, .notRun, measured: "no weights are defined for \(track.channels) channels",
            threshold: ""))
      }
      return
    }
    let measured = loudness.integrated.map { "\(QualityWords.tenths($0)) LKFS" } ?? "silence"
    let peak = loudness.truePeak.map { "\(QualityWords.tenths($0)) dBTP" } ?? "silence"
    guard let target else {
      report.results.append(
        .init(.loudness, track: number, .pass, measured: measured, threshold: "no target"))
      report.results.append(.init(.truePeak, track: number, .pass, measured: peak, threshold: "no limit"))
      return
    }
    let wanted = "\(QualityWords.tenths(target.integrated / 10)) LKFS ± 0.5"
    let isMet = loudness.integrated.map { abs($0 * 10 - target.integrated) <= Self.tolerance * 10 } ?? false
    if !isMet {
      report.add([
        .init(
          .loudness, track: number, .fail, frames: FrameRange(start: 0, count: frameCount),
          measured: measured,
          threshold: wanted)
      ])
    }
    report.results.append(
      .init(.loudness, track: number, isMet ? .pass : .fail, measured: measured, threshold: wanted))
    let limit = "at most \(QualityWords.tenths(target.truePeak / 10)) dBTP"
    let peaks = peakFindings(loudness.peaks, target, limit)
    report.add(peaks)
    report.results.append(
      .init(.truePeak, track: number, peaks.isEmpty ? .pass : .fail, measured: peak, threshold: limit))
  }

  private func peakFindings(
    _ peaks: [Int?], _ target: QualityReport.Target, _ limit: String
  ) -> [QualityReport.Finding] {
    var runs = FrameRuns()
    // What meters of other makes differ by is no fault.
    func isOver(_ peak: Int?) -> Bool { peak.map { $0 * 10 > target.truePeak + 50 } ?? false }
    for (index, peak) in peaks.enumerated() { runs.note(isOver(peak), at: Int64(index)) }
    runs.end(at: Int64(peaks.count))
    let step = Int64(sampleRate / 10)
    return runs.ranges.map { range in
      let highest = peaks[Int(range.start)..<Int(range.end)].compactMap { $0 }.max() ?? 0
      return .init(
        .truePeak, track: number, .fail,
        frames: frames(FrameRange(start: range.start * step, end: range.end * step)),
        measured: "\(QualityWords.tenths(highest)) dBTP", threshold: limit)
    }
  }

  /// Silence at head and tail is none of a mix's faults.
  private func silenceFindings() -> [QualityReport.Finding] {
    func milliseconds(_ range: FrameRange) -> Int64 { range.count * 1000 / Int64(sampleRate) }
    func isInside(_ range: FrameRange) -> Bool { range.start > 0 && range.end < samples }
    let dropouts = zero.ranges.filter { isInside($0) && milliseconds($0) >= 100 }
    let quiet = silence.ranges.filter { range in
      isInside(range) && milliseconds(range) >= 3000
        && !dropouts.contains { range.intersection($0) != nil }
    }
    let found =
      dropouts.map { range in
        QualityReport.Finding(
          .silence, track: number, .fail, frames: frames(range),
          measured: "digital silence for \(QualityWords.seconds(milliseconds(range)))",
          threshold: "under 0.1 s")
      }
      + quiet.map { range in
        QualityReport.Finding(
          .silence, track: number, .warn, frames: frames(range),
          measured: "under −60 dBFS for \(QualityWords.seconds(milliseconds(range)))", threshold: "under 3 s")
      }
    return found.sorted { $0.frames.start < $1.frames.start }
  }

  /// Clipped peaks, those within a second of each other together; more than ten in a minute of the track fail.
  private func clippingFindings() -> [QualityReport.Finding] {
    var groups: [(range: FrameRange, count: Int)] = []
    for range in clips.ranges {
      if let last = groups.last, range.start - last.range.end < Int64(sampleRate) {
        groups[groups.count - 1] = (FrameRange(start: last.range.start, end: range.end), last.count + 1)
      } else {
        groups.append((range, 1))
      }
    }
    let isMany =
      Int64(clips.ranges.count) * Int64(sampleRate) * 60 > 10 * max(samples, Int64(sampleRate) * 60)
    return groups.map { group in
      .init(
        .clipping, track: number, isMany ? .fail : .warn, frames: frames(group.range),
        measured: group.count == 1 ? "1 clipped peak" : "\(group.count) clipped peaks",
        threshold: isMany ? "at most 10 in a minute" : "none")
    }
  }

  /// The frames in which samples lie.
  private func frames(_ range: FrameRange) -> FrameRange {
    func frame(_ sample: Int64) -> Int64 {
      min(frameCount - 1, sample * Int64(rate.numerator) / (Int64(sampleRate) * Int64(rate.denominator)))
    }
    let first = max(0, frame(range.start))
    return FrameRange(start: first, end: max(first, frame(max(range.start, range.end - 1))) + 1)
  }
}
