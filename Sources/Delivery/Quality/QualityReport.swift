package import Digests
package import MediaTime

/// What was measured on one finished file, and what of it is out of bounds; published as JSON by a `qc` stage.
///
/// Everything is an integer or text: the same bytes on every machine that decodes the same.
package struct QualityReport: Hashable, Codable, Sendable {
  /// What is looked for.
  package enum Check: String, Hashable, Codable, Sendable, CaseIterable {
    case decoding, black, freeze, levels, loudness
    case truePeak = "true-peak"
    case silence, clipping

    /// Whether it listens and does not look.
    package var isSound: Bool {
      switch self {
      case .decoding, .black, .freeze, .levels: false
      case .loudness, .truePeak, .silence, .clipping: true
      }
    }
  }

  package enum Verdict: String, Hashable, Codable, Sendable {
    case pass, warn, fail
    /// It could not be measured here, which is never a pass.
    case notRun = "not-run"
  }

  /// How one check ended.
  package struct Result: Hashable, Codable, Sendable {
    package var check: Check
    /// Number of the sound track, from 1; nil for the picture.
    package var track: Int?
    package var verdict: Verdict
    package var measured: String
    package var threshold: String

    package init(_ check: Check, track: Int? = nil, _ verdict: Verdict, measured: String, threshold: String) {
      (self.check, self.track, self.verdict) = (check, track, verdict)
      (self.measured, self.threshold) = (measured, threshold)
    }
  }

  /// A place where a check was not met.
  package struct Finding: Hashable, Codable, Sendable {
    package var check: Check
    package var track: Int?
    /// `warn` or `fail`.
    package var verdict: Verdict
    /// Frames of the file, from 0.
    package var frames: FrameRange
    package var measured: String
    package var threshold: String
    /// SHA-256 of the samples of these frames, and of one on each side, as 24-bit PCM, of a sound check: what a waiver
    /// of it binds to.
    package var sound: Digest?

    package init(
      _ check: Check, track: Int? = nil, _ verdict: Verdict, frames: FrameRange, measured: String,
      threshold: String, sound: Digest? = nil
    ) {
      (self.check, self.track, self.verdict, self.frames) = (check, track, verdict, frames)
      (self.measured, self.threshold, self.sound) = (measured, threshold, sound)
    }
  }

  /// Luma over time, a value for each column; thousandths of the legal range.
  package struct Picture: Hashable, Codable, Sendable {
    package var lowest: [Int] = []
    package var mean: [Int] = []
    package var highest: [Int] = []

    package init() {}
  }

  /// A sound track over time, a value for each column.
  package struct Track: Hashable, Codable, Sendable {
    package var title: String
    package var layout: String
    package var channels: Int
    /// Hundredths of LKFS, LU and dBTP; nil where everything lies below the gate, or nothing was measured.
    package var integrated: Int?
    package var range: Int?
    package var truePeak: Int?
    /// The highest of the column, hundredths of LKFS.
    package var momentary: [Int?] = []
    package var shortTerm: [Int?] = []
    /// The lowest and highest sample of the column, thousandths of full scale.
    package var low: [Int] = []
    package var high: [Int] = []

    package init(title: String, layout: String, channels: Int) {
      (self.title, self.layout, self.channels) = (title, layout, channels)
    }
  }

  /// What the loudness is judged by, thousandths of LKFS and dBTP.
  package struct Target: Hashable, Codable, Sendable {
    package var integrated: Int
    package var truePeak: Int

    package init(integrated: Int, truePeak: Int) { (self.integrated, self.truePeak) = (integrated, truePeak) }
  }

  package var schema: Int
  package var programme: String
  package var deliverable: String
  /// SHA-256 of the file that was measured.
  package var file: Digest
  package var rate: FrameRate
  package var isDropFrame: Bool
  /// Label count of the first frame.
  package var startFrame: Int64
  package var frameCount: Int64
  package var target: Target?
  package var results: [Result]
  /// In the order of checks, then of time.
  package var findings: [Finding]
  /// More of one kind than are listed, by check.
  package var unlisted: [String: Int]
  package var picture: Picture
  package var tracks: [Track]
  /// What measured it.
  package var tool: String

  package init(
    programme: String, deliverable: String, file: Digest, rate: FrameRate, isDropFrame: Bool,
    startFrame: Int64, frameCount: Int64, target: Target?, tool: String
  ) {
    schema = 1
    (self.programme, self.deliverable, self.file) = (programme, deliverable, file)
    (self.rate, self.isDropFrame, self.startFrame) = (rate, isDropFrame, startFrame)
    (self.frameCount, self.target, self.tool) = (frameCount, target, tool)
    (results, findings, unlisted, picture, tracks) = ([], [], [:], Picture(), [])
  }

  /// Findings of one check that are listed.
  package static let mostAlike = 100

  /// Puts findings on record, the first of many.
  package mutating func add(_ found: [Finding]) {
    for finding in found {
      if findings.count(where: { $0.check == finding.check && $0.track == finding.track }) < Self.mostAlike {
        findings.append(finding)
      } else {
        unlisted[finding.check.rawValue, default: 0] += 1
      }
    }
  }

  /// The findings with the names by which people speak of them: `black-2`, `silence-1`.
  package var named: [(name: String, finding: Finding)] {
    var counts: [Check: Int] = [:]
    return findings.map { finding in
      counts[finding.check, default: 0] += 1
      return ("\(finding.check.rawValue)-\(counts[finding.check, default: 0])", finding)
    }
  }

  /// The record timecode of a frame of the file.
  package func timecode(at frame: Int64) -> Timecode {
    Timecode(frame: startFrame + frame, rate: rate, isDropFrame: isDropFrame)
  }
}

/// Values over time, at most so many columns however long the file is.
package struct QualityColumns: Sendable {
  /// The most that a page has room for.
  package static let most: Int64 = 1200

  /// Frames or samples in all.
  package let total: Int64
  package let count: Int

  package init(total: Int64, most: Int64 = QualityColumns.most) {
    self.total = max(1, total)
    count = Int(min(most, self.total))
  }

  /// The column that a frame or sample falls into.
  package func column(of index: Int64) -> Int {
    Int(min(Int64(count) - 1, max(0, index) * Int64(count) / total))
  }
}
