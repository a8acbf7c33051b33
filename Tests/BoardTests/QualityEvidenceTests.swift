import Board
import Delivery
import Diagnostics
import Digests
import Foundation
import MediaTime
import ObjectStore
import Planning
import TestSupport
import Testing

/// A production with versions of one deliverable, made of numbered chains.
struct MeasuredProduction {
  let folder: TemporaryFolder
  let production: Production
  let store: ObjectStore
  private let scratch: AttemptFolder
  private var publisher: VersionPublisher { VersionPublisher(store) }

  init() throws {
    folder = try TemporaryFolder()
    production = try Production.create(at: folder.path + "/out")
    store = ObjectStore(production)
    scratch = try AttemptFolder.create(in: production)
  }

  /// A stretch of one shot in a version.
  struct Part: Encodable {
    var firstFrame: Int64
    var count: Int64
    var shot: String
    var event = "001"
    var map: FrameMap
    var chain: Digest
    var operations: [Int] = []

    init(_ shot: String, at first: Int64, count: Int64, from source: Int64 = 0) {
      (firstFrame, self.count, self.shot) = (first, count, shot)
      map = FrameMap(first: source)
      chain = Digest.sha256(Array(shot.utf8))
    }
  }

  private typealias Facts = RecipeFacts<Part>

  func object(_ bytes: [UInt8]) throws -> Digest {
    try store.commitObject(bytes: bytes, name: "o", scratch: scratch.path).digest
  }

  /// A version, measured with these findings.
  ///
  /// - Parameter failing: the check that failed, where it is told how it ended.
  func publish(
    _ text: String, _ parts: [Part], _ findings: [QualityReport.Finding] = [],
    failing: QualityReport.Check? = nil
  ) throws -> VersionRecord {
    let file = try object(Array(text.utf8))
    let version = try publisher.publish(
      [PublishedFile(object: file, fileExtension: "mov")],
      as: VersionLine(.deliverable, programme: "film", name: "master"),
      provenance: VersionPublisher.Provenance(
        madeFrom: [], facts: try JSONValue(encoding: Facts(parts: parts)), verification: .null, tool: "test")
    ).record
    var report = QualityReport(
      programme: "film", deliverable: "master", file: file, rate: FrameRate(24), isDropFrame: false,
      startFrame: 86_400, frameCount: parts.reduce(0) { $0 + $1.count }, target: nil,
      tool: "<b>meter</b>")
    report.add(findings)
    if let failing {
      report.results.append(QualityReport.Result(failing, .fail, measured: "many", threshold: "none"))
    }
    let bytes = Array(try JSONEncoder().encode(report))
    _ = try publisher.publish(
      [PublishedFile(object: try object(bytes), fileExtension: "qc.json")],
      as: VersionLine(.asset, programme: "film", name: "check"),
      provenance: VersionPublisher.Provenance(madeFrom: [], facts: .null, verification: .null, tool: "test"))
    return version
  }

  func evidence(of version: VersionRecord, day: String = WallClock.now().day) throws -> QualityEvidence {
    var shelf = VersionShelf(store)
    let shelves = try shelf.rows()
    var reports = QualityReports(production)
    let own = try #require(shelves.first { $0.line == version.line })
    return try #require(try reports.evidence(of: version, in: own, among: shelves, store: store, day: day))
  }

  static func black(_ start: Int64, _ count: Int64) -> QualityReport.Finding {
    QualityReport.Finding(
      .black, .fail, frames: FrameRange(start: start, count: count), measured: "black flash",
      threshold: "none")
  }

  @discardableResult
  func waive(
    _ name: String, of version: VersionRecord, reason: String = "story", until: String = "2999-12-24",
    verdict: Waiver.Verdict = .waived
  ) throws -> Waiver {
    try FindingWaiver.record(
      verdict, name, in: try evidence(of: version), of: version, reason: reason, until: until, by: "mika",
      role: nil, store: store)
  }
}

@Suite struct QualityEvidenceTests {
  private typealias Part = MeasuredProduction.Part
  private let measured: MeasuredProduction

  init() throws { measured = try MeasuredProduction() }

  /// Twenty frames of A, two of black, and B.
  private func cut(_ lead: Int64 = 20, tail: Int64 = 16, from: Int64 = 0) -> [Part] {
    [
      Part("A", at: 0, count: lead, from: 20 - lead), Part("black", at: lead, count: 2),
      Part("B", at: lead + 2, count: tail, from: from),
    ]
  }

  @Test func `a waiver counts in the next version where the pictures are identical, wherever they are`()
    throws
  {
    let first = try measured.publish("one", cut(), [MeasuredProduction.black(20, 2)])
    #expect(try measured.evidence(of: first).state.text == "QC failed, 1 finding")
    try measured.waive("black-1", of: first)
    #expect(try measured.evidence(of: first).state.text == "QC waived, 1 finding until 2999-12-24")
    let moved = try measured.publish("two", cut(12, tail: 30), [MeasuredProduction.black(12, 2)])
    let evidence = try measured.evidence(of: moved)
    #expect(evidence.state.verdict == .waived)
    #expect(evidence.items.first?.waiver?.version == 1)
    #expect(try measured.evidence(of: first).state.verdict == .waived, "the older one keeps its own report")
  }

  @Test func `it does not count for other pictures around it, more of them, or another check`() throws {
    let first = try measured.publish("one", cut(), [MeasuredProduction.black(20, 2)])
    try measured.waive("black-1", of: first)
    let other = try measured.publish("two", cut(from: 1), [MeasuredProduction.black(20, 2)])
    #expect(try measured.evidence(of: other).state.verdict == .failed, "the frame after it is another")
    let longer = try measured.publish(
      "three", [Part("A", at: 0, count: 20), Part("black", at: 20, count: 3), Part("B", at: 23, count: 16)],
      [MeasuredProduction.black(20, 3)])
    #expect(try measured.evidence(of: longer).state.verdict == .failed)
    var levels = MeasuredProduction.black(20, 2)
    levels.check = .levels
    let check = try measured.publish("four", cut(), [levels])
    #expect(try measured.evidence(of: check).state.verdict == .failed)
  }

  @Test func `what does not decode is damage of one file, whatever it should show`() throws {
    var damage = MeasuredProduction.black(20, 2)
    damage.check = .decoding
    let first = try measured.publish("one", cut(), [damage])
    try measured.waive("decoding-1", of: first)
    #expect(try measured.evidence(of: first).state.verdict == .waived)
    let again = try measured.publish("two", cut(), [damage])
    #expect(try measured.evidence(of: again).state.verdict == .failed)
  }

  @Test func `findings that are not listed are open, whatever is waived`() throws {
    let many = (0..<102).map { MeasuredProduction.black(4 + $0 * 4, 2) }
    let version = try measured.publish(
      "one", [Part("A", at: 0, count: 500)], many, failing: .black)
    let state = try measured.evidence(of: version).state
    #expect(state.failed == 102)
    try measured.waive("black-1", of: version)
    #expect(try measured.evidence(of: version).state.text == "QC failed, 101 findings and 1 waived")
  }

  @Test func `only what was decoded in full counts as sent`() throws {
    let file = try measured.object(Array("unmeasured".utf8))
    let version = try VersionPublisher(measured.store).publish(
      [PublishedFile(object: file, fileExtension: "mov")],
      as: VersionLine(.deliverable, programme: "film", name: "trailer"),
      provenance: VersionPublisher.Provenance(
        madeFrom: [], facts: .null, verification: .null, tool: "test")
    ).record
    let error = #expect(throws: DiagnosticList.self) {
      try HandoverRecord.record(
        .sent, of: version, recipient: "Example TV", note: "", by: "mika", in: measured.store)
    }
    #expect(error?.diagnostics.map(\.code) == ["handover.notMeasured"])
    #expect(error?.exitCode == 4)
  }

  @Test func `how a cut was split into events leaves no trace`() throws {
    let first = try measured.publish("one", cut(), [MeasuredProduction.black(20, 2)])
    try measured.waive("black-1", of: first)
    let split = try measured.publish(
      "two",
      [
        Part("A", at: 0, count: 7), Part("A", at: 7, count: 13, from: 7), Part("black", at: 20, count: 1),
        Part("black", at: 21, count: 1, from: 1), Part("B", at: 22, count: 16),
      ], [MeasuredProduction.black(20, 2)])
    #expect(try measured.evidence(of: split).state.verdict == .waived)
  }

  @Test func `it ends after its day, and when it is taken back`() throws {
    let version = try measured.publish("one", cut(), [MeasuredProduction.black(20, 2)])
    let day = WallClock.now().day
    try measured.waive("black-1", of: version, until: day)
    #expect(try measured.evidence(of: version, day: day).state.verdict == .waived)
    #expect(try measured.evidence(of: version, day: "9999-01-01").state.verdict == .failed)
    try measured.waive("black-1", of: version)
    try measured.waive("black-1", of: version, reason: "it is seen after all", verdict: .unwaived)
    let evidence = try measured.evidence(of: version)
    #expect(
      evidence.state.verdict == .failed && evidence.items.first?.waiver?.reason == "it is seen after all")
  }

  @Test func `sound is waived by its samples`() throws {
    func silence(_ start: Int64, _ sound: String) -> QualityReport.Finding {
      QualityReport.Finding(
        .silence, track: 1, .fail, frames: FrameRange(start: start, count: 4), measured: "digital silence",
        threshold: "", sound: Digest.sha256(Array(sound.utf8)))
    }
    let first = try measured.publish("one", cut(), [silence(3, "x")])
    try measured.waive("silence-1", of: first)
    let same = try measured.publish("two", cut(10), [silence(1, "x")])
    #expect(try measured.evidence(of: same).state.verdict == .waived)
    let other = try measured.publish("three", cut(11), [silence(3, "y")])
    #expect(try measured.evidence(of: other).state.verdict == .failed)
  }

  @Test(arguments: [
    ("black-9", "story", "2999-12-24", "there is no finding `black-9`"),
    ("black-1", " \n", "2999-12-24", "a waiver needs a reason"),
    ("black-1", "story", "2020-01-01", "2020-01-01 has passed"),
    ("black-1", "story", "soon", "`soon` is not a day"),
  ])
  func `what is no waiver is refused with what to do`(
    name: String, reason: String, until: String, message: String
  ) throws {
    let version = try measured.publish("one", cut(), [MeasuredProduction.black(20, 2)])
    let text = #expect(throws: (any Error).self) {
      try measured.waive(name, of: version, reason: reason, until: until)
    }
    #expect("\(text.map { "\($0)" } ?? "")".contains(message))
    #expect(try measured.evidence(of: version).items.first?.waiver == nil)
  }

  @Test func `the page shows names and reasons of others and obeys none`() throws {
    let hostile = "<img src=x onerror=alert(1)>"
    let version = try measured.publish("one", cut(), [MeasuredProduction.black(20, 2)])
    try measured.waive("black-1", of: version, reason: "\(hostile)\n\" onclick=\"x")
    let frame = PageFrame(production: "out", person: "mika", token: "t", glance: nil)
    let facts = QualityFacts(
      version: version, evidence: try measured.evidence(of: version), versions: [1], movie: nil)
    let page = QualityPage(
      facts, frame: frame,
      refusal: QualityPage.Refusal(
        problem: hostile, finding: "black-1", reason: hostile, until: "\"><b>", role: hostile)
    ).body.text
    #expect(!page.contains("<img src=x") && page.contains("&lt;img src=x onerror=alert(1)&gt;"))
    #expect(page.contains("&lt;b&gt;meter&lt;/b&gt;"), "the tool is text too")
    #expect(page.contains("id=\"black-1\"") && page.contains("href=\"#black-1\""))
    #expect(page.contains("/deliverables/film/master/v001/frames/20"), "each finding leads to its frame")
    for forbidden in ["style=", "onclick=\"x", "<script", "javascript:", "https://"] {
      #expect(!page.contains(forbidden), "\(forbidden)")
    }
  }

  @Test func `a deliverable says what was found, approved and heard`() throws {
    let version = try measured.publish("one", cut(), [MeasuredProduction.black(20, 2)])
    let publisher = VersionPublisher(measured.store)
    let record = try #require(try publisher.recordDigest(of: version))
    try publisher.record(
      Decision(.approved, of: version, record: record, by: "mika", role: nil, note: ""), on: version)
    let second = try measured.publish("two", cut(tail: 18))
    func row(_ version: VersionRecord) throws -> DeliverableRow {
      var shelf = VersionShelf(measured.store)
      let shelves = try shelf.rows()
      let own = try #require(shelves.first { $0.line == version.line })
      var reports = QualityReports(measured.production)
      let decision = try publisher.decisions(on: version).decisions.last
      return DeliverableRow(version, decision: decision, path: "p").knowing(
        try VersionFacts(of: version, in: own, among: shelves, reports: &reports, store: measured.store))
    }
    #expect(try row(version).condition == .qcFailed)
    #expect(try row(version).nextPeople == ["QC"])
    try measured.waive("black-1", of: version)
    #expect(try row(version).condition == .approved)
    #expect(try row(second).condition == .unseen)
    #expect(try row(second).state == "approved, 2 frames unseen")
    let same = try measured.publish("three", cut(tail: 10))
    #expect(try row(same).condition == .approved && row(same).approvedAs == "v001")

    func hand(_ verdict: Handover.Verdict, _ version: VersionRecord, _ note: String = "") throws {
      _ = try HandoverRecord.record(
        verdict, of: version, recipient: verdict == .sent ? "Example  TV" : nil, note: note, by: "mika",
        in: measured.store)
    }
    #expect(throws: (any Error).self) { try hand(.received, version) }
    try hand(.sent, version)
    #expect(try row(version).condition == .sent && row(version).state == "sent to Example TV")
    #expect(try row(version).nextPeople == ["Example TV"])
    #expect(throws: (any Error).self) { try hand(.refused, version) }
    try hand(.refused, version, "hiss")
    #expect(try row(version).state == "rejected by Example TV: hiss; redelivery round 2")
    #expect(try row(version).condition == .refused)
    #expect(try row(second).delivery?.round == 2, "the next version is what they wait for")
    try hand(.sent, second)
    #expect(try row(second).state == "sent to Example TV, round 2")
    try hand(.received, second)
    #expect(try row(second).condition == .received)
    #expect(try row(version).condition != .refused, "the last that was heard is about the newer one")
  }

  @Test func `a day that has passed is late until the recipient has it`() throws {
    var row = try JSONDecoder().decode(
      DeliverableRow.self,
      from: Data(
        #"{"deliverable":"a","programme":"p","stage":"a","state":"","condition":"stale","due":"2026-12-24"}"#
          .utf8))
    #expect(!row.isLate(on: "2026-12-24") && row.isLate(on: "2026-12-25"))
    row.condition = .sent
    #expect(!row.isLate(on: "2026-12-25"))
  }
}
