import Delivery
import MediaTime
package import ObjectStore

/// What was found in one version, for programs: `interlock waive --show --json` prints it, and the interface answers with it.
/// Fields are added, never renamed.
package struct FindingList: Encodable, Sendable {
  /// How one check ended.
  private struct Check: Encodable {
    var check: String
    var track: Int?
    var verdict: String
    var measured: String
    var threshold: String
  }

  private struct Finding: Encodable {
    /// By which people speak of it, `black-2`.
    var finding: String
    var check: String
    var verdict: String
    /// Number of the sound track, from 1; nil for the picture.
    var track: Int?
    /// Record timecodes.
    var place: String
    var firstFrame: Int64
    var frames: Int64
    var measured: String
    var threshold: String
    var isWaived: Bool
    /// The last word on exactly this, of whatever version.
    var waiver: Waiver?
  }

  private var schema = 1
  private var asset: String
  private var report: String
  private var state: QualityState
  private var checks: [Check]
  private var findings: [Finding]
  /// More of a check than are listed.
  private var unlisted: [String: Int]

  package init(_ evidence: QualityEvidence, of version: some PublishedVersion) {
    asset = version.reference
    report = evidence.asset.reference
    state = evidence.state
    unlisted = evidence.report.unlisted
    checks = evidence.report.results.map { result in
      Check(
        check: result.check.rawValue, track: result.track, verdict: result.verdict.rawValue,
        measured: result.measured, threshold: result.threshold)
    }
    findings = evidence.items.map { item in
      Finding(
        finding: item.name, check: item.finding.check.rawValue, verdict: item.finding.verdict.rawValue,
        track: item.finding.track, place: item.place, firstFrame: item.finding.frames.start,
        frames: item.finding.frames.count, measured: item.finding.measured,
        threshold: item.finding.threshold, isWaived: item.isWaived, waiver: item.waiver)
    }
  }
}
