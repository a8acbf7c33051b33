import Digests
import ImageGraph
import MediaTime

/// What people have said about pictures, counted for one requirement of a gate.
///
/// Of each version the last word of a person counts. A frame is approved when so many different people approved a
/// version that shows it. A rejection takes back what the same person approved of that version; it closes the gate
/// while everything shown now was in that version, until the same person approves it or a later version that shows
/// everything.
struct GateVotes {
  /// The last word of one person on one version.
  private struct Ballot {
    var person: String
    var verdict: ReviewedVersion.Verdict
    var shown: FrameSets
  }

  let requirement: GateRequirement
  /// Of the frames shown now those that enough people have approved.
  let approved: FrameSets
  /// People who have approved every frame shown now, in the order of their first word.
  let approvers: [String]
  /// The rejection that closes the gate; the latest of several.
  let rejection: ReviewedVersion.Verdict?
  /// The last word of all.
  let last: ReviewedVersion.Verdict?

  init(_ requirement: GateRequirement, wanted: FrameSets, reviews: [ReviewedVersion]) {
    self.requirement = requirement
    let ballots = Self.ballots(requirement, reviews)
    var people: [String] = []
    var sets: [String: FrameSets] = [:]
    var words: [String: ReviewedVersion.Verdict] = [:]
    for ballot in ballots {
      if sets[ballot.person] == nil { people.append(ballot.person) }
      sets[ballot.person, default: FrameSets()].insert(ballot.verdict.isApproved ? ballot.shown : FrameSets())
      if wanted.count(outside: ballot.shown) == 0 { words[ballot.person] = ballot.verdict }
    }
    approved = wanted.covered(by: people.compactMap { sets[$0] }, atLeast: requirement.count)
    approvers = people.filter { wanted.count > 0 && wanted.count(outside: sets[$0] ?? FrameSets()) == 0 }
      .compactMap { person in ballots.last { $0.person == person && $0.verdict.isApproved }?.verdict.by }
    rejection = words.values.filter { !$0.isApproved }.max { ($0.made, $0.by) < ($1.made, $1.by) }
    last = ballots.last?.verdict
  }

  /// One ballot for each person and version, by the time of their words.
  private static func ballots(_ requirement: GateRequirement, _ reviews: [ReviewedVersion]) -> [Ballot] {
    var ballots: [Ballot] = []
    for review in reviews {
      var last: [String: ReviewedVersion.Verdict] = [:]
      for verdict in review.verdicts where requirement.role == nil || verdict.role == requirement.role {
        last[name(of: verdict.by)] = verdict
      }
      guard !last.isEmpty else { continue }
      let shown = FrameSets(review.pictures)
      ballots += last.sorted { $0.key < $1.key }
        .map { Ballot(person: $0.key, verdict: $0.value, shown: shown) }
    }
    // Sorting is stable: words of one moment stay in the order of the versions.
    return ballots.enumerated().sorted {
      ($0.element.verdict.made, $0.offset) < ($1.element.verdict.made, $1.offset)
    }.map(\.element)
  }

  /// Who somebody is, however the name is spelled today.
  private static func name(of person: String) -> String {
    person.split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased()
  }
}

/// Frames by chain.
struct FrameSets {
  private(set) var sets: [Digest: FrameSet] = [:]

  init() {}

  init(_ runs: [FrameRun]) {
    for run in runs { for range in run.positions { sets[run.chain, default: FrameSet()].insert(range) } }
  }

  mutating func insert(_ other: FrameSets) {
    for (chain, set) in other.sets {
      for range in set.ranges { sets[chain, default: FrameSet()].insert(range) }
    }
  }

  var count: Int64 { sets.values.reduce(0) { $0 + $1.count } }

  func count(outside other: FrameSets) -> Int64 {
    sets.reduce(0) { $0 + $1.value.count(outside: other.sets[$1.key] ?? FrameSet()) }
  }

  func contains(_ frame: Int64, of chain: Digest) -> Bool { sets[chain]?.contains(frame) ?? false }

  /// Those of its frames that lie in at least so many of the others.
  func covered(by others: [FrameSets], atLeast count: Int) -> FrameSets {
    var covered = FrameSets()
    for (chain, set) in sets {
      let common = others.compactMap { $0.sets[chain] }.flatMap { other in
        set.ranges.flatMap { range in other.ranges.compactMap { range.intersection($0) } }
      }
      // Where each overlap begins one more covers, where it ends one less.
      var changes: [Int64: Int] = [:]
      for range in common where range.count > 0 {
        changes[range.start, default: 0] += 1
        changes[range.end, default: 0] -= 1
      }
      var depth = 0
      var start: Int64?
      for (frame, change) in changes.sorted(by: { $0.key < $1.key }) {
        depth += change
        if depth >= count, start == nil {
          start = frame
        } else if depth < count, let begun = start {
          covered.sets[chain, default: FrameSet()].insert(FrameRange(start: begun, count: frame - begun))
          start = nil
        }
      }
    }
    return covered
  }
}

extension FrameSet {
  func contains(_ frame: Int64) -> Bool {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].end <= frame { low = middle + 1 } else { high = middle }
    }
    return low < ranges.count && ranges[low].start <= frame
  }
}
