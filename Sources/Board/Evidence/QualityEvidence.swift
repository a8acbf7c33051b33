package import Delivery
import Diagnostics
import Digests
import FoundationEssentials
import ImageGraph
import MediaTime
package import ObjectStore
import Planning

/// What quality control says of a version in few words.
package struct QualityState: Codable, Hashable, Sendable {
  package enum Verdict: String, Codable, Hashable, Sendable {
    case passed, failed
    /// What failed is accepted as it is, for now.
    case waived
  }

  package var verdict: Verdict
  /// Failures that nobody has waived, those that are, and warnings.
  package var failed: Int
  package var waived: Int
  package var warned: Int
  /// The first day on which a waiver that counts ends.
  package var until: String?
  /// The asset with the report, `short-film/check@v001`.
  package var report: String

  /// `QC failed, 2 findings`.
  package var text: String {
    func findings(_ count: Int) -> String { count == 1 ? "1 finding" : "\(count) findings" }
    switch verdict {
    case .passed:
      return warned == 0 ? "QC passed" : "QC passed, \(warned == 1 ? "1 warning" : "\(warned) warnings")"
    case .failed: return "QC failed, \(findings(failed))" + (waived > 0 ? " and \(waived) waived" : "")
    case .waived: return "QC waived, \(findings(waived))" + (until.map { " until \($0)" } ?? "")
    }
  }
}

/// What was found in one version of a deliverable, and what of it people have waived.
package struct QualityEvidence: Sendable {
  package struct Item: Sendable {
    /// By which people speak of it, `black-2`.
    package var name: String
    package var finding: QualityReport.Finding
    package var subject: Waiver.Subject
    /// The last word on exactly this, of whatever version; it need not count any more.
    package var waiver: Waiver?
    package var isWaived: Bool
    /// Record timecodes of the first and the last frame.
    package var place: String
  }

  package var report: QualityReport
  /// The version that holds the report.
  package var asset: VersionHead
  package var items: [Item]

  /// - Parameters:
  ///   - recipe: of the version of the deliverable; nil where it has none.
  ///   - waivers: on any version of it, in the order in which they were made.
  ///   - day: on which it is asked, `2026-12-24`.
  init(
    _ report: QualityReport, in asset: VersionHead, recipe: Recipe?, waivers: [Waiver], day: String
  ) {
    self.report = report
    self.asset = asset
    var last: [Waiver.Subject: Waiver] = [:]
    for waiver in waivers { last[waiver.subject] = waiver }
    items = report.named.map { name, finding in
      let subject = Waiver.Subject(
        check: finding.check.rawValue, track: finding.track,
        content: finding.sound ?? Self.pictures(finding, recipe: recipe, file: report.file))
      let waiver = last[subject]
      let end = report.timecode(at: finding.frames.end - 1)
      return Item(
        name: name, finding: finding, subject: subject, waiver: waiver,
        isWaived: waiver?.isValid(on: day) == true,
        place: finding.frames.count == 1
          ? "\(report.timecode(at: finding.frames.start))"
          : "\(report.timecode(at: finding.frames.start))–\(end)")
    }
  }

  /// The digest of the signatures of frames in their order: the same wherever the same pictures follow each other.
  ///
  /// With the frame on each side of them: one black is like another, and what stands around it tells them apart. Levels
  /// are those of an encoding too, and what does not decode is damage of one file, whatever it should show.
  private static func pictures(
    _ finding: QualityReport.Finding, recipe: Recipe?, file: Digest
  ) -> Digest {
    let frames = FrameRange(start: max(0, finding.frames.start - 1), end: finding.frames.end + 1)
    var encoder = CanonicalEncoder(domain: "interlock.finding.pictures", version: 1)
    guard let recipe, finding.check != .decoding else {
      encoder.append(file)
      encoder.append(frames.start)
      encoder.append(frames.count)
      return encoder.digest()
    }
    if finding.check == .levels { encoder.append(recipe.encoding) }
    encoder.append(finding.frames.count)
    var runs: [FrameRun] = []
    for part in recipe.parts {
      let whole = FrameRange(start: part.firstFrame, count: part.count)
      guard let inside = whole.intersection(frames), !inside.isEmpty else { continue }
      runs += FrameRun.runs(
        chain: part.chain, map: part.map.advanced(by: inside.start - part.firstFrame), count: inside.count)
    }
    let canonical = FrameRun.canonical(runs)
    encoder.append(canonical)
    return encoder.digest()
  }

  package var state: QualityState {
    let failures = items.filter { $0.finding.verdict == .fail }
    let waived = failures.filter(\.isWaived)
    // What is not listed nobody can have waived.
    let failing = Set(report.results.filter { $0.verdict == .fail }.map(\.check.rawValue))
    let unlisted = report.unlisted.filter { failing.contains($0.key) }.values.reduce(0, +)
    let open = failures.count - waived.count + unlisted
    return QualityState(
      verdict: open > 0 ? .failed : waived.isEmpty ? .passed : .waived, failed: open, waived: waived.count,
      warned: items.count { $0.finding.verdict == .warn && !$0.isWaived }
        + report.unlisted.values.reduce(0, +) - unlisted,
      until: waived.compactMap(\.waiver?.until).min(), report: asset.reference)
  }

  /// A finding by its name, or why there is none.
  package func item(_ name: String) throws -> Item {
    if let item = items.first(where: { $0.name == name }) { return item }
    let names = items.map(\.name)
    throw DiagnosticList([
      Diagnostic(
        family: .usage, code: "waive.unknownFinding", message: "there is no finding `\(name)`",
        remedy: nearest(name, among: names).map { "Did you mean `\($0)`?" }
          ?? (names.isEmpty ? "Nothing was found." : "There are \(names.joined(separator: ", "))."))
    ])
  }
}

/// Reports of quality control: what each is about is kept, the report itself is read when it is asked for.
package struct QualityReports: Sendable {
  private struct Subject: Sendable {
    var deliverable: String
    var file: Digest
  }

  private let production: Production
  /// By the digest of the report.
  private var subjects: [Digest: Subject] = [:]

  package init(_ production: Production) { self.production = production }

  /// Reports that are read at the most, by bytes: one has some tens of kilobytes.
  private static let longest: Int64 = 32 << 20

  private static func file(of version: VersionHead) -> VersionRecord.File? {
    version.files.first { $0.name.hasSuffix(".qc.json") && $0.byteCount <= longest }
  }

  /// The report on one version of a deliverable, and where it is; nil where it was not measured.
  ///
  /// - Parameter shelves: every line of versions of the production.
  package mutating func report(
    on version: some PublishedVersion, among shelves: [VersionShelf.Row]
  ) throws -> (report: QualityReport, asset: VersionHead)? {
    let files = Set(version.files.map(\.digest))
    for shelf in shelves where shelf.line.shelf == .asset && shelf.line.programme == version.line.programme {
      for asset in shelf.versions {
        guard let file = Self.file(of: asset) else { break }
        guard let subject = try subject(of: file, of: asset), subject.deliverable == version.line.name,
          files.contains(subject.file), let report = try read(file, of: asset)
        else { continue }
        return (report, asset)
      }
    }
    return nil
  }

  private mutating func subject(of file: VersionRecord.File, of asset: VersionHead) throws -> Subject? {
    if let known = subjects[file.digest] { return known }
    guard let report = try read(file, of: asset) else { return nil }
    let subject = Subject(deliverable: report.deliverable, file: report.file)
    subjects[file.digest] = subject
    return subject
  }

  private func read(_ file: VersionRecord.File, of asset: VersionHead) throws -> QualityReport? {
    guard PortableName.isValid(file.name),
      let (bytes, _) = try production.fileSystem.read(asset.path(of: file, in: production)),
      Digest.sha256(bytes) == file.digest,
      let report = try? JSONDecoder().decode(QualityReport.self, from: Data(bytes)), report.schema == 1
    else { return nil }
    return report
  }

  /// What is known of one version.
  package mutating func evidence(
    of version: some PublishedVersion, in shelf: VersionShelf.Row, among shelves: [VersionShelf.Row],
    store: ObjectStore, day: String = WallClock.now().day
  ) throws -> QualityEvidence? {
    guard let (report, asset) = try report(on: version, among: shelves) else { return nil }
    // What is found in sound says itself what it is.
    let recipe =
      report.named.allSatisfy { $0.finding.sound != nil }
      ? nil : try VersionPublisher(store).facts(of: version, as: Recipe.self)
    return QualityEvidence(report, in: asset, recipe: recipe, waivers: shelf.waivers, day: day)
  }
}

/// A waiver as the command line and the board record it, with the same words.
package enum FindingWaiver {
  package static let longestReason = 4000

  /// - Throws: `usage` for a finding that is none, an empty reason, or a day that has passed.
  package static func record(
    _ verdict: Waiver.Verdict, _ name: String, in evidence: QualityEvidence, of version: VersionRecord,
    reason: String, until: String, by: String, role: String?, store: ObjectStore
  ) throws -> Waiver {
    let item = try evidence.item(name)
    var faults: [Diagnostic] = []
    func fault(_ code: String, _ message: String, _ remedy: String) {
      faults.append(Diagnostic(family: .usage, code: code, message: message, remedy: remedy))
    }
    if !reason.contains(where: { !$0.isWhitespace }) {
      fault("waive.noReason", "a waiver needs a reason", "Say why it is accepted as it is.")
    }
    if reason.unicodeScalars.count > longestReason {
      fault("waive.longReason", "a reason has at most \(longestReason) characters", "Say it shorter.")
    }
    if verdict == .waived {
      if !CalendarDay.isValid(until) {
        fault(
          "waive.noDay", "`\(until)` is not a day", "Write the last day on which it counts, as 2026-12-24.")
      } else if until < WallClock.now().day {
        fault("waive.past", "\(until) has passed", "Give a day from today on.")
      }
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    let record = try VersionDecision.intactRecord(of: version, in: store)
    let waiver = Waiver(
      verdict, item.subject, at: "\(item.place): \(item.finding.measured)", of: version, record: record,
      reason: reason, until: verdict == .waived ? until : WallClock.now().day, by: by, role: role)
    try VersionPublisher(store).record(waiver, on: version)
    return waiver
  }
}
