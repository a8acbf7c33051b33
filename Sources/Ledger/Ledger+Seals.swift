package import Digests
import FoundationEssentials
import GRDB
package import TaskGraph

/// Something that was found out by reading files, and holds while their seal is the same.
package struct SealedFinding: Hashable, Sendable {
  /// What it is about.
  package var subject: Digest
  /// Of the files, when they were read.
  package var seal: Digest
  package var value: Int64

  package init(subject: Digest, seal: Digest, value: Int64) {
    self.subject = subject
    self.seal = seal
    self.value = value
  }

  /// Over all of it: a flipped bit on record makes a finding that does not hold.
  package var check: Digest {
    var encoder = CanonicalEncoder(domain: "interlock.sealed-finding", version: 1)
    encoder.append(subject)
    encoder.append(seal)
    encoder.append(value)
    return encoder.digest()
  }
}

extension Ledger {
  /// What was found about a subject last, and the `check` it had; it holds if the seal of the files makes the same.
  package func sealedValue(of subject: Digest) throws -> (value: Int64, check: Digest)? {
    try translating {
      try database.read { db in
        let statement = try db.cachedStatement(sql: "SELECT seal, value FROM seals WHERE subject = ?")
        guard let row = try Row.fetchOne(statement, arguments: [subject.data]) else { return nil }
        return (row[1], try Self.digest(row, 0))
      }
    }
  }

  /// Keeps findings, in the place of what was kept about the same subjects before.
  package func keep(_ findings: [SealedFinding]) throws {
    guard !findings.isEmpty else { return }
    try translating {
      try database.write { db in
        for finding in findings {
          try db.cachedStatement(sql: "INSERT OR REPLACE INTO seals (subject, seal, value) VALUES (?, ?, ?)")
            .execute(arguments: [finding.subject.data, finding.check.data, finding.value])
        }
      }
    }
  }
}

/// A plan in which nothing was to be done, and what that rests on.
package struct FinishedPlanRecord: Sendable {
  /// Which plan it is.
  package var subject: Digest
  /// Of everything that was read for it.
  package var seal: Digest
  /// What is told of it.
  package var outline: [UInt8]
  /// The results it rests on.
  package var footprint: [TaskKey]

  package init(subject: Digest, seal: Digest, outline: [UInt8], footprint: [TaskKey]) {
    self.subject = subject
    self.seal = seal
    self.outline = outline
    self.footprint = footprint
  }

  /// Over all of it, so that a flipped bit on record makes one that does not hold.
  package var check: Digest {
    var encoder = CanonicalEncoder(domain: "interlock.finished-plan", version: 1)
    encoder.append(subject)
    encoder.append(seal)
    encoder.append(outline)
    encoder.append(footprint)
    return encoder.digest()
  }
}

extension Ledger {
  /// What was kept of a plan last, and the `check` it had; it holds if the seal of the files makes the same.
  package func finishedPlan(
    _ subject: Digest
  ) throws -> (outline: [UInt8], footprint: [TaskKey], check: Digest)? {
    try translating {
      try database.read { db in
        let statement = try db.cachedStatement(
          sql: "SELECT seal, outline, footprint FROM finishedPlans WHERE subject = ?")
        guard let row = try Row.fetchOne(statement, arguments: [subject.data]) else { return nil }
        let outline: Data = row[1]
        return (
          [UInt8](outline),
          try row.withUnsafeData(atIndex: 2) { data in
            data.map { unsafe $0.withUnsafeBytes { unsafe Self.keys(in: $0) } } ?? []
          }, try Self.digest(row, 0)
        )
      }
    }
  }

  private static func keys(in buffer: UnsafeRawBufferPointer) -> [TaskKey] {
    stride(from: 0, through: buffer.count - 32, by: 32).compactMap { start in
      unsafe Digest(buffer: UnsafeRawBufferPointer(rebasing: buffer[start..<start + 32]))
    }
  }

  /// Keeps plans, in the place of what was kept of the same before.
  package func keep(_ plans: [FinishedPlanRecord]) throws {
    guard !plans.isEmpty else { return }
    try translating {
      try database.write { db in
        for plan in plans {
          var keys = Data(capacity: plan.footprint.count * 32)
          for key in plan.footprint { keys.append(contentsOf: key.bytes) }
          try db.cachedStatement(
            sql:
              "INSERT OR REPLACE INTO finishedPlans (subject, seal, outline, footprint) VALUES (?, ?, ?, ?)"
          ).execute(arguments: [plan.subject.data, plan.check.data, Data(plan.outline), keys])
        }
        // One of a long programme has half a megabyte.
        try db.execute(
          sql: "DELETE FROM finishedPlans WHERE rowid <= (SELECT max(rowid) FROM finishedPlans) - ?",
          arguments: [Self.mostFinishedPlans])
      }
    }
  }

  /// Plans that are kept: those of other options and folders are forgotten, the oldest first.
  private static let mostFinishedPlans = 200
}
