package import MediaTime

/// Judges one sound track while it passes: silence, holes, clipping; and, with what a meter says, loudness and peaks.
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
  /// What meters of other makes may differ by, hundredths of LU.
  private static let meters = 5

  /// How far the loudness may be from its target, hundredths of LU.
  ///
  /// Source: `specs/sound.md`, 2: −23 is EBU R 128's, with ±0.2 in quality control; −24 and −27 are those of ATSC A/85
  /// and Netflix, with ±2. Other targets have no tolerance of their own there: half a unit.
  private static func tolerance(_ target: QualityReport.Target) -> Int {
    switch target.integrated {
    case -23_000: 20
    case -24_000, -27_000: 200
    default: 50
    }
  }

  private let number: Int
  private let rate: FrameRate
  private let sampleRate: Int
  private let frameCount: Int64
  private let columns: QualityColumns
  private var samples: Int64 = 0
  /// Of all channels together.
  private var silence: FrameRuns
  private var zero: FrameRuns
  /// Of each channel.
  private var quiet: [FrameRuns]
  /// The first sample that is heard, and the one after the last.
  private var heard: FrameRange?
  private var isZero = true
  private var full: [Int]
  private var clips = ClippedPeaks()
  package private(set) var track: QualityReport.Track

  /// - Parameter number: of the track, from 1.
  package init(
    _ track: QualityReport.Track, number: Int, rate: FrameRate, frameCount: Int64, sampleRate: Int
  ) {
    (self.track, self.number, self.rate) = (track, number, rate)
    (self.frameCount, self.sampleRate) = (frameCount, sampleRate)
    columns = QualityColumns(total: rate.sampleEdge(ofFrame: frameCount, sampleRate: sampleRate))
    full = [Int](repeating: 0, count: track.channels)
    silence = FrameRuns(atLeast: Int64(sampleRate * 3))
    zero = FrameRuns(atLeast: Int64(sampleRate / 10))
    quiet = [FrameRuns](repeating: silence, count: track.channels)
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
        quiet[channel].note(abs(value) < Self.silent, at: samples)
      }
      let peak = max(high, -low)
      if peak >= Self.silent {
        heard = FrameRange(start: heard?.start ?? samples, end: samples + 1)
      }
      if peak > 0 { isZero = false }
      silence.note(peak < Self.silent, at: samples)
      zero.note(peak == 0, at: samples)
      clips.note(isClipped, at: samples, within: Int64(sampleRate))
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
    for channel in quiet.indices { quiet[channel].end(at: samples) }
    clips.note(false, at: samples, within: Int64(sampleRate))
    if let loudness {
      (track.integrated, track.range, track.truePeak) = (
        loudness.integrated, loudness.range, loudness.truePeak
      )
      track.momentary = spread(loudness.momentary)
      track.shortTerm = spread(loudness.shortTerm)
    }
    judgeLoudness(loudness, target, into: &report)
    conclude(.silence, silenceFindings(), "no channel silent for 3 s, no hole of 0.1 s", into: &report)
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
    let tolerance = Self.tolerance(target)
    let wanted =
      "\(QualityWords.tenths(target.integrated / 10)) LKFS ± \(QualityWords.tenths(tolerance))"
    let isMet =
      loudness.integrated.map { abs($0 * 10 - target.integrated) <= (tolerance + Self.meters) * 10 } ?? false
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
    // What follows the last whole step is in the peak of all alone.
    var steps = loudness.peaks
    if let whole = loudness.truePeak, steps.allSatisfy({ ($0 ?? .min) < whole }) { steps.append(whole) }
    let peaks = peakFindings(steps, target, limit)
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

  /// Silence at head and tail is none of a mix's faults; nothing at all is.
  private func silenceFindings() -> [QualityReport.Finding] {
    func finding(
      _ verdict: QualityReport.Verdict, _ range: FrameRange, _ measured: String, _ threshold: String
    )
      -> QualityReport.Finding
    {
      .init(
        .silence, track: number, verdict, frames: frames(range), measured: measured, threshold: threshold)
    }
    func seconds(_ count: Int64) -> String { QualityWords.seconds(count * 1000 / Int64(sampleRate)) }
    guard samples > 0 else { return [] }
    guard let heard else {
      let what = isZero ? "digital silence throughout" : "under −60 dBFS throughout"
      return [
        finding(isZero ? .fail : .warn, FrameRange(start: 0, count: samples), what, "something is heard")
      ]
    }
    let dropouts = zero.ranges.filter { heard.contains($0) }
    let pauses = silence.ranges.filter { range in
      heard.contains(range) && !dropouts.contains { range.intersection($0) != nil }
    }
    var found = dropouts.map {
      finding(.fail, $0, "digital silence for \(seconds($0.count))", "under 0.1 s")
    }
    found += pauses.map { finding(.warn, $0, "under −60 dBFS for \(seconds($0.count))", "under 3 s") }
    for channel in quiet.indices {
      for range in quiet[channel].ranges {
        guard let inside = range.intersection(heard) else { continue }
        let isAll = inside == heard
        // What all channels share is told above.
        let shared = silence.ranges.compactMap { $0.intersection(inside) }.reduce(0) { $0 + $1.count }
        guard inside.count - shared >= Int64(sampleRate * 3) || isAll, isAll || channel < Self.mains else {
          continue
        }
        let what = isAll ? "throughout" : "for \(seconds(inside.count))"
        found.append(finding(.warn, inside, "\(name(channel)) under −60 dBFS \(what)", "under 3 s"))
      }
    }
    return found.sorted { $0.frames.start < $1.frames.start }
  }

  /// Channels from the first that are to be heard all the time: LFE and surrounds may rest, as long as they do not rest
  /// from end to end.
  private static let mains = 3

  private func name(_ channel: Int) -> String {
    let names: [String] =
      switch track.channels {
      case 2: ["left", "right"]
      case 6: ["left", "right", "centre", "LFE", "left surround", "right surround"]
      default: []
      }
    return names.indices.contains(channel) ? names[channel] : "channel \(channel + 1)"
  }

  /// More clipped peaks than ten in a minute of the track fail.
  private func clippingFindings() -> [QualityReport.Finding] {
    let isMany = clips.count * Int64(sampleRate) * 60 > 10 * max(samples, Int64(sampleRate) * 60)
    return clips.groups.map { group in
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

/// Clipped peaks, those within a second of each other together: what is kept grows with the seconds that clip, and not with
/// the peaks.
private struct ClippedPeaks: Sendable {
  struct Group: Sendable {
    var range: FrameRange
    var count: Int
  }

  private(set) var groups: [Group] = []
  private(set) var count: Int64 = 0
  private var begun: Int64?

  mutating func note(_ isClipped: Bool, at sample: Int64, within distance: Int64) {
    if isClipped {
      if begun == nil { begun = sample }
      return
    }
    guard let start = begun else { return }
    begun = nil
    count += 1
    if let last = groups.last, start - last.range.end < distance {
      groups[groups.count - 1] = Group(
        range: FrameRange(start: last.range.start, end: sample), count: last.count + 1)
    } else {
      groups.append(Group(range: FrameRange(start: start, end: sample), count: 1))
    }
  }
}
