package import MediaTime

/// Judges pictures one after the other: black, frozen, out of legal range.
///
/// Source of the thresholds: `specs/qc.md`, 2.2: interior black over 2 s and flash frames fail (Netflix), freezes of 2 s
/// are told, EBU R 103 allows 1 % of the picture out of its preferred range.
package struct PictureJudge: Sendable {
  /// What was measured on one picture.
  package struct Sample: Hashable, Sendable {
    /// Luma in thousandths of the legal range.
    package var lowest: Int
    package var mean: Int
    package var highest: Int
    /// Whether at least 98 % of it are black.
    package var isBlack: Bool
    /// Mean difference of luma to the picture that the ones before it repeat, in millionths of all codes; nil for the
    /// first.
    package var difference: Int?
    /// Samples outside the preferred range of EBU R 103, in millionths; nil where that is not defined.
    package var outside: Int?

    package init(
      lowest: Int, mean: Int, highest: Int, isBlack: Bool, difference: Int?, outside: Int?
    ) {
      (self.lowest, self.mean, self.highest) = (lowest, mean, highest)
      (self.isBlack, self.difference, self.outside) = (isBlack, difference, outside)
    }
  }

  /// −60 dB, FFmpeg's default: what coding noise of a still picture stays under, in millionths of all codes.
  ///
  /// A picture is compared with the first of those that it repeats, as FFmpeg's `freezedetect` does: a slow fade changes
  /// less than this from one frame to the next and is no freeze.
  package static let frozen = 1000
  /// One per cent of the samples.
  private static let allowedOutside = 10_000
  /// Frames that are a flash and no fade.
  private static let flash: Int64 = 3

  private let rate: FrameRate
  private let columns: QualityColumns
  private var frames: Int64 = 0
  private var black = FrameRuns()
  private var still: FrameRuns
  private var outside = FrameRuns(atLeast: 2)
  /// Of the run of `outside` that goes on, and by the first frame of those that are kept.
  private var worst = 0
  private var worstOutside: [Int64: Int] = [:]
  private var isRangeKnown = true
  private var damaged = FrameRuns()
  package private(set) var picture = QualityReport.Picture()

  package init(rate: FrameRate, frameCount: Int64) {
    self.rate = rate
    columns = QualityColumns(total: frameCount)
    // The first of equal pictures differs from the one before it.
    still = FrameRuns(atLeast: rate.frames(lasting: 2000) - 1)
    picture.lowest = [Int](repeating: 0, count: columns.count)
    picture.mean = picture.lowest
    picture.highest = picture.lowest
    counts = picture.lowest
  }

  private var counts: [Int]

  /// A picture that decodes and is not measured.
  package mutating func addUnmeasured() {
    damaged.note(false, at: frames)
    frames += 1
  }

  /// - Parameter sample: nil for a picture that cannot be decoded.
  package mutating func add(_ sample: Sample?) {
    damaged.note(sample == nil, at: frames)
    black.note(sample?.isBlack == true, at: frames)
    still.note((sample?.difference).map { $0 < Self.frozen } == true, at: frames)
    noteOutside(sample?.outside ?? 0)
    if let sample {
      if sample.outside == nil { isRangeKnown = false }
      let column = columns.column(of: frames)
      let isFirst = counts[column] == 0
      picture.lowest[column] = isFirst ? sample.lowest : min(picture.lowest[column], sample.lowest)
      picture.highest[column] = isFirst ? sample.highest : max(picture.highest[column], sample.highest)
      picture.mean[column] += sample.mean
      counts[column] += 1
    }
    frames += 1
  }

  private mutating func noteOutside(_ share: Int) {
    let kept = outside.ranges.count
    outside.note(share > Self.allowedOutside, at: frames)
    if outside.ranges.count > kept, let run = outside.ranges.last { worstOutside[run.start] = worst }
    worst = outside.begun == nil ? 0 : max(worst, share)
  }

  /// What is told at the end.
  ///
  /// - Parameter unknown: why pictures could not be measured; nil where they were.
  package mutating func finish(unknown: String?, into report: inout QualityReport) {
    black.end(at: frames)
    still.end(at: frames)
    noteOutside(0)
    damaged.end(at: frames)
    for column in picture.mean.indices where counts[column] > 0 { picture.mean[column] /= counts[column] }
    report.picture = picture
    let broken = damaged.ranges.map {
      QualityReport.Finding(
        .decoding, .fail, frames: $0, measured: "cannot be decoded", threshold: "every frame decodes")
    }
    conclude(.decoding, broken, "every frame decodes", into: &report)
    guard unknown == nil else {
      for check in [QualityReport.Check.black, .freeze, .levels] {
        report.results.append(.init(check, .notRun, measured: unknown ?? "", threshold: ""))
      }
      return
    }
    conclude(.black, blackFindings(), "none inside over 2 s, no flash of 1 to 3 frames", into: &report)
    conclude(.freeze, freezeFindings(), "none of 2 s or more", into: &report)
    if isRangeKnown {
      conclude(.levels, levelFindings(), "EBU R 103: at most 1 % outside −5…105 %", into: &report)
    } else {
      report.results.append(
        .init(.levels, .notRun, measured: "EBU R 103 is of Rec.709 in legal range", threshold: ""))
    }
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
        check, verdict, measured: findings.isEmpty ? "none" : QualityWords.places(findings.count),
        threshold: threshold))
  }

  /// What begins or ends the file is a head or a tail, and may be as long as it likes; all of it may not.
  private func blackFindings() -> [QualityReport.Finding] {
    black.ranges.compactMap { range in
      if range.count == frames {
        return .init(
          .black, .fail, frames: range, measured: "all of it is black", threshold: "at most 2 s inside")
      }
      guard range.start > 0, range.end < frames else { return nil }
      let length = QualityWords.length(range.count, rate)
      if range.count <= Self.flash {
        return .init(
          .black, .fail, frames: range, measured: "black flash of \(length)",
          threshold: "no flash of 1 to 3 frames")
      }
      if rate.lasts(range.count, longerThan: 2000) {
        return .init(.black, .fail, frames: range, measured: "black for \(length)", threshold: "at most 2 s")
      }
      return rate.lasts(range.count, atLeast: 500)
        ? .init(.black, .warn, frames: range, measured: "black for \(length)", threshold: "under 0.5 s")
        : nil
    }
  }

  private func freezeFindings() -> [QualityReport.Finding] {
    still.ranges.compactMap { repeated in
      // The first of equal pictures differs from the one before it.
      let range = FrameRange(start: repeated.start - 1, count: repeated.count + 1)
      guard rate.lasts(range.count, atLeast: 2000),
        !black.ranges.contains(where: { $0.contains(range) })
      else { return nil }
      let isAll = range.count == frames
      return .init(
        .freeze, isAll ? .fail : .warn, frames: range,
        measured: isAll ? "all of it is one picture" : "frozen for \(QualityWords.length(range.count, rate))",
        threshold: "under 2 s")
    }
  }

  private func levelFindings() -> [QualityReport.Finding] {
    outside.ranges.compactMap { range in
      guard range.count >= 2 else { return nil }
      let worst = worstOutside[range.start] ?? 0
      return .init(
        .levels, .fail, frames: range, measured: "\(QualityWords.percent(worst)) outside −5…105 %",
        threshold: "at most 1 %")
    }
  }
}

/// Consecutive frames, or samples, of which something holds; those that are too short to matter are not kept, so that what
/// is kept does not grow with every sample that happens to be zero.
struct FrameRuns: Sendable {
  private(set) var ranges: [FrameRange] = []
  private(set) var begun: Int64?
  private let least: Int64

  init(atLeast least: Int64 = 1) { self.least = least }

  mutating func note(_ holds: Bool, at index: Int64) {
    if holds {
      if begun == nil { begun = index }
    } else if let start = begun {
      if index - start >= least { ranges.append(FrameRange(start: start, end: index)) }
      begun = nil
    }
  }

  mutating func end(at index: Int64) { note(false, at: index) }
}

extension FrameRate {
  /// Whether so many frames last that many milliseconds.
  func lasts(_ frames: Int64, atLeast milliseconds: Int64) -> Bool {
    frames * Int64(denominator) * 1000 >= milliseconds * Int64(numerator)
  }

  /// The fewest frames that last that many milliseconds.
  func frames(lasting milliseconds: Int64) -> Int64 {
    let (over, under) = (milliseconds * Int64(numerator), Int64(denominator) * 1000)
    return (over + under - 1) / under
  }

  func lasts(_ frames: Int64, longerThan milliseconds: Int64) -> Bool {
    frames * Int64(denominator) * 1000 > milliseconds * Int64(numerator)
  }
}

/// Measured values in words.
enum QualityWords {
  static func places(_ count: Int) -> String { count == 1 ? "1 place" : "\(count) places" }

  /// `12 frames (0.5 s)`; less than a tenth of a second is told by its frames alone.
  static func length(_ frames: Int64, _ rate: FrameRate) -> String {
    let tenths = frames * Int64(rate.denominator) * 10 / Int64(rate.numerator)
    let count = frames == 1 ? "1 frame" : "\(frames) frames"
    return tenths == 0 ? count : "\(count) (\(tenths / 10).\(tenths % 10) s)"
  }

  /// Of millionths.
  static func percent(_ millionths: Int) -> String {
    let tenths = (millionths + 500) / 1000
    return "\(tenths / 10).\(tenths % 10) %"
  }

  /// Of hundredths, with one decimal and a true minus.
  static func tenths(_ hundredths: Int) -> String {
    let size = (abs(hundredths) + 5) / 10
    return (hundredths < 0 && size > 0 ? "−" : "") + "\(size / 10).\(size % 10)"
  }

  /// Milliseconds as seconds.
  static func seconds(_ milliseconds: Int64) -> String {
    "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
  }
}
