package import ObjectStore

/// What was checked on the finished files of a version, as `version.json` has it.
package struct CheckedEvidence: Decodable, Sendable {
  package struct Check: Decodable, Sendable {
    package var name: String
    package var expected: String
    package var found: String

    package var isMet: Bool { expected == found }
  }

  package var proof: String
  package var checks: [Check]
  package var framesDecoded: [Int64]

  /// Nil for a version that has none, such as the documents of a stage.
  package init?(_ verification: JSONValue) {
    guard let evidence = try? verification.decoded(as: CheckedEvidence.self) else { return nil }
    self = evidence
  }
}
