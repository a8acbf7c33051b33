package import Digests

/// That a finding of quality control is accepted as it is: by whom, why and until when.
///
/// It binds to the very pictures, or samples, of the finding: on another version it counts only where these are
/// identical.
package struct Waiver: SealedStatement {
  package enum Verdict: String, Codable, Hashable, Sendable, CaseIterable {
    case waived
    /// An earlier waiver does not count any more.
    case unwaived
  }

  /// What is waived.
  package struct Subject: Hashable, Codable, Sendable {
    /// What was looked for, e.g. `black`.
    package var check: String
    /// Number of the sound track; nil for the picture.
    package var track: Int?
    /// Of the signatures of its frames in their order, or of its samples.
    package var content: Digest

    package init(check: String, track: Int?, content: Digest) {
      (self.check, self.track, self.content) = (check, track, content)
    }
  }

  package var schema: Int
  package var verdict: Verdict
  package var version: Int
  package var shown: [Digest]
  package var record: Digest
  package var subject: Subject
  /// Where it was in that version, for people: record timecodes and what was measured.
  package var place: String
  package var reason: String
  /// The last day on which it counts, `2026-12-24`, in UTC.
  package var until: String
  package var by: String
  /// In which function, e.g. `post supervisor`.
  package var role: String?
  package var made: String
  package var seal: Digest?

  /// - Parameter record: SHA-256 of the version's `version.json`.
  package init(
    _ verdict: Verdict, _ subject: Subject, at place: String, of version: some PublishedVersion,
    record: Digest, reason: String, until: String, by: String, role: String?
  ) {
    schema = 1
    (self.verdict, self.subject, self.place) = (verdict, subject, place)
    self.version = version.version
    shown = version.files.map(\.digest).sorted()
    self.record = record
    (self.reason, self.until, self.by, self.role) = (reason, until, by, role)
    made = WallClock.now().iso8601
    seal = contents
  }

  /// Whether it counts on a day, `2026-12-24`.
  package func isValid(on day: String) -> Bool { verdict == .waived && day <= until }
}

/// What became of a version at its recipient.
package struct Handover: SealedStatement {
  package enum Verdict: String, Codable, Hashable, Sendable, CaseIterable {
    case sent, received
    /// The recipient rejected it.
    case refused
  }

  package var schema: Int
  package var verdict: Verdict
  package var version: Int
  package var shown: [Digest]
  package var record: Digest
  package var recipient: String
  /// Why it was refused, or how it was sent.
  package var note: String
  package var by: String
  package var made: String
  package var seal: Digest?

  /// - Parameter record: SHA-256 of the version's `version.json`.
  package init(
    _ verdict: Verdict, _ version: some PublishedVersion, record: Digest, recipient: String, note: String,
    by: String
  ) {
    schema = 1
    self.verdict = verdict
    self.version = version.version
    shown = version.files.map(\.digest).sorted()
    (self.record, self.recipient, self.note, self.by) = (record, recipient, note, by)
    made = WallClock.now().iso8601
    seal = contents
  }
}

extension WallClock {
  /// The day in UTC, `2026-12-24`.
  package var day: String { String(iso8601.prefix(10)) }
}
