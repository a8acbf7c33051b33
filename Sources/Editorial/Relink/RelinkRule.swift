/// How a clip and a media file recognise each other; each rule also asks that the timecode is covered.
package enum RelinkRule: String, Sendable, Hashable, Codable, CaseIterable {
  /// Digest of the content, or an identifier of the material such as a UMID.
  case identity
  case reelAndTimecode = "reel+timecode"
  case fileNameAndTimecode = "file name+timecode"
  case clipNameAndTimecode = "clip name+timecode"
  /// The path stored in the cut, carried over by the path maps.
  case path

  /// What a file that the rule names is to the clip, for people.
  package static let help =
    "identity (digest or UMID), reel+timecode, file name+timecode (with extension before without), clip name+timecode, "
    + "path (as stored in the cut, through `paths`)"
}

/// The steps of trust: the rules in their order, a file name with its extension before one without.
struct TrustLevel: Sendable, Hashable {
  var rule: RelinkRule
  /// With its extension.
  var isTight = false

  static func levels(_ rules: [RelinkRule]) -> [TrustLevel] {
    rules.flatMap { rule in
      rule == .fileNameAndTimecode
        ? [TrustLevel(rule: rule, isTight: true), TrustLevel(rule: rule)] : [TrustLevel(rule: rule)]
    }
  }
}

/// How a match is rated: the bits of a score, so that a more trusted name always outweighs all less trusted ones.
struct Scoring: Sendable {
  let levels: [TrustLevel]

  /// Rate and timecode only decide between files that the same names speak for.
  static let rateWeight = 2
  static let timecodeWeight = 1

  func weight(_ level: Int) -> Int { 4 << (levels.count - 1 - level) }
}

/// What happens when several different files match an event equally well.
package enum AmbiguityPolicy: String, Sendable, Hashable, Codable, CaseIterable {
  case stop
  /// The first by score, then by path; a warning names the others.
  case first
}

/// What is shown where media is missing.
package enum MissingPolicy: String, Sendable, Hashable, Codable, CaseIterable {
  case fail
  case black
  /// The nearest frame there is.
  case hold
  /// A card with the event's name.
  case slug
}
