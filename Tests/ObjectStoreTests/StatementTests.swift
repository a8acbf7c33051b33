import Diagnostics
import Digests
import Foundation
import ObjectStore
import Testing

@Suite struct StatementTests {
  private let temporary: TemporaryProduction
  private let line = VersionLine(.deliverable, programme: "short-film", name: "master")
  private var publisher: VersionPublisher { VersionPublisher(temporary.store) }

  init() throws { temporary = try TemporaryProduction() }

  private func publish(_ text: String) throws -> VersionRecord {
    let object = try temporary.store.commitObject(
      bytes: Array(text.utf8), name: "o", scratch: temporary.scratch)
    return try publisher.publish(
      [PublishedFile(object: object.digest, fileExtension: "mov")], as: line,
      provenance: VersionPublisher.Provenance(madeFrom: [], facts: .null, verification: .null, tool: "test")
    ).record
  }

  private func waiver(_ version: VersionRecord, until: String = "2999-12-24") throws -> Waiver {
    Waiver(
      .waived, Waiver.Subject(check: "black", track: nil, content: Digest.sha256([7])),
      at: "01:00:00:00: black",
      of: version, record: try #require(try publisher.recordDigest(of: version)), reason: "story",
      until: until,
      by: "mika", role: "supervisor")
  }

  @Test func `waivers and deliveries stand among the decisions, and decisions stay what they are`() throws {
    let version = try publish("picture")
    let record = try #require(try publisher.recordDigest(of: version))
    try publisher.record(
      Decision(.approved, of: version, record: record, by: "mika", role: nil, note: ""), on: version)
    try publisher.record(try waiver(version), on: version)
    try publisher.record(
      Handover(.sent, version, record: record, recipient: "Example TV", note: "upload", by: "mika"),
      on: version)
    let (decisions, findings) = try publisher.decisions(on: version)
    #expect(decisions.map(\.verdict) == [.approved] && findings.isEmpty)
    let waivers = try publisher.statements(Waiver.self, on: version)
    #expect(waivers.statements.map(\.reason) == ["story"] && waivers.findings.isEmpty)
    let handovers = try publisher.statements(Handover.self, on: version)
    #expect(handovers.statements.map(\.recipient) == ["Example TV"] && handovers.findings.isEmpty)
    #expect(
      try temporary.files(under: "Deliverables/short-film/master/v001/decisions").count == 3)
  }

  @Test func `a waiver that was changed, or copied to another version, does not count`() throws {
    let (first, second) = (try publish("picture"), try publish("another"))
    try publisher.record(try waiver(first), on: first)
    let folder = "\(publisher.folder(of: first))/decisions"
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
    let text = try temporary.text("\(folder)/\(name)")
    let others = "\(publisher.folder(of: second))/decisions"
    try FileManager.default.createDirectory(atPath: others, withIntermediateDirectories: true)
    try temporary.write(text, to: "\(others)/\(name)")
    let copied = try publisher.statements(Waiver.self, on: second)
    #expect(copied.statements.isEmpty && copied.findings.count == 1)

    try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    try temporary.write(
      text.replacingOccurrences(of: "2999-12-24", with: "3999-12-24"), to: "\(folder)/\(name)")
    let changed = try publisher.statements(Waiver.self, on: first)
    #expect(changed.statements.isEmpty)
    #expect(changed.findings.first?.message.contains("changed after it was made") == true)
  }

  @Test func `a waiver counts up to its day`() throws {
    let waiver = try waiver(try publish("picture"), until: "2026-12-24")
    #expect(waiver.isValid(on: "2026-12-24") && !waiver.isValid(on: "2026-12-25"))
  }

  @Test(arguments: [
    ("2026-12-24", true), ("2028-02-29", true), ("2026-02-29", false), ("2026-13-01", false),
    ("2026-1-01", false), ("26-12-24", false), ("2026-12-00", false), ("tomorrow", false), ("", false),
    ("2026-12-24 ", false), ("２026-12-24", false),
  ])
  func `days are days`(text: String, isDay: Bool) { #expect(CalendarDay.isValid(text) == isDay) }
}
