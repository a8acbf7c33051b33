import Diagnostics

/// How many people of one function have to approve.
package struct GateRequirement: Codable, Hashable, Sendable {
  /// E.g. `colorist`; nil for anybody.
  package var role: String?
  package var count: Int

  package init(role: String?, count: Int) {
    self.role = role
    self.count = count
  }

  /// The keys of a gate that say who decides.
  static let keys: [KeySpec] = [
    KeySpec("role", .text, "who decides, e.g. colorist; anyone without it"),
    KeySpec(
      "quorum", .numberOrCounts(counts),
      "how many different people have to approve, or so many for each role, e.g. {colorist: 1, director: 1}; one "
        + "without it"),
  ]

  private static let counts = 1...20

  /// Reads who decides; reports what is wrong to the reader's findings.
  static func read(_ keys: KeyReader) -> [GateRequirement] {
    let role = keys.text("role").flatMap { name($0, keys["role"], keys) }
    guard let quorum = keys["quorum"] else { return [GateRequirement(role: role, count: 1)] }
    guard let entries = quorum.entries else {
      return [GateRequirement(role: role, count: count(quorum, "quorum", keys) ?? 1)]
    }
    if let value = keys["role"] {
      keys.findings.add(
        value.error(
          "approval.roleTwice", "`role` says who decides, and `quorum` does so for each role",
          remedy: "Keep `quorum` and remove `role`."))
    }
    if entries.isEmpty {
      keys.findings.add(
        quorum.error(
          "approval.emptyQuorum", "`quorum` names no role, so nobody could open the gate",
          remedy: "Write how many of each role, e.g. {colorist: 1, director: 1}, or a number."))
    }
    return entries.compactMap { entry in
      guard let role = name(entry.key, entry.value, keys), let count = count(entry.value, entry.key, keys)
      else { return nil }
      return GateRequirement(role: role, count: count)
    }
  }

  private static func count(_ value: PipelineValue, _ name: String, _ keys: KeyReader) -> Int? {
    if let number = value.scalar.flatMap({ Int($0) }), counts.contains(number) { return number }
    keys.findings.add(
      value.error(
        "approval.badCount",
        "`\(name)` must be a number of people from \(counts.lowerBound) to "
          + "\(counts.upperBound)" + (value.scalar.map { ", not `\($0)`" } ?? ""),
        remedy: "Write `quorum: 2`, or a number for each role: {colorist: 1, director: 1}."))
    return nil
  }

  private static func name(_ text: String, _ value: PipelineValue?, _ keys: KeyReader) -> String? {
    if !text.allSatisfy(\.isWhitespace), text.count <= 60 { return text }
    if let value {
      keys.findings.add(value.error("approval.badRole", "a role must be a name of 1 to 60 characters"))
    }
    return nil
  }
}
