import Digests
package import ImageGraph
import MediaTime

/// A version that people may have decided on, and the pictures it showed.
package struct ReviewedVersion: Sendable {
  package struct Verdict: Sendable {
    package var isApproved: Bool
    package var by: String
    package var role: String?
    package var note: String
    package var made: String

    package init(isApproved: Bool, by: String, role: String?, note: String, made: String) {
      self.isApproved = isApproved
      self.by = by
      self.role = role
      self.note = note
      self.made = made
    }
  }

  /// `v003`.
  package var version: String
  /// The frames of every stage that it showed.
  package var pictures: [FrameRun]
  /// What was decided, oldest first.
  package var verdicts: [Verdict]

  package init(version: String, pictures: [FrameRun], verdicts: [Verdict]) {
    self.version = version
    self.pictures = pictures
    self.verdicts = verdicts
  }
}

/// Whether a gate lets the stages behind it go on, and whose turn it is.
package struct GateState: Codable, Sendable {
  package enum Status: String, Codable, Sendable {
    case approved, waiting, rejected
  }

  /// What is asked of one function, and how far it is.
  package struct Need: Codable, Sendable {
    package var role: String?
    package var count: Int
    /// People who approved every frame.
    package var approvedBy: [String]
    /// Frames that fewer people have approved.
    package var unseenFrames: Int64

    package var isMet: Bool { unseenFrames == 0 }
  }

  package var gate: String
  /// The deliverable that is looked at, and the stage whose pictures are decided.
  package var deliverable: String
  package var picture: String
  /// The function, where only one is asked.
  package var role: String?
  package var status: Status
  /// Different frames of the picture, and those among them that not everybody needed has approved.
  package var frames: Int64
  package var unseenFrames: Int64
  package var needs: [Need]
  /// The unseen frames in programme order; empty while none is approved.
  package var unseen: [UnseenFrames]
  /// The last word: who, and the note.
  package var by: String?
  package var note: String?

  package var isOpen: Bool { status == .approved }

  /// The functions whose approval is missing; of a closed gate at least one.
  package var waitsFor: [Need] {
    let unmet = needs.filter { !$0.isMet }
    return unmet.isEmpty && !isOpen ? needs : unmet
  }

  /// In words, e.g. `approved, 12 frames unseen`.
  package var text: String {
    switch status {
    case .approved: "approved" + approvers
    case .rejected: "rejected" + (by.map { " by \($0)" } ?? "") + (note.map { ": \($0)" } ?? "")
    case .waiting:
      if unseenFrames < frames {
        "approved, \(unseenFrames) of \(frames) frames unseen"
          + (isSimple ? "" : ", waiting for approval\(people)")
      } else {
        "waiting for approval" + people
      }
    }
  }

  private var isSimple: Bool { needs.count == 1 && needs[0].count == 1 }

  private var approvers: String {
    let names = needs.flatMap { need in
      need.approvedBy.map { name in isSimple ? name : name + (need.role.map { " (\($0))" } ?? "") }
    }
    return names.isEmpty ? by.map { " by \($0)" } ?? "" : " by \(names.joined(separator: ", "))"
  }

  private var people: String {
    let words = waitsFor.compactMap { need -> String? in
      if need.count == 1 { return need.role }
      let who = need.role ?? "people"
      let names = need.approvedBy.isEmpty ? "" : ": \(need.approvedBy.joined(separator: ", "))"
      return "\(who) (\(need.approvedBy.count) of \(need.count)\(names))"
    }
    return words.isEmpty ? "" : " by \(words.joined(separator: ", "))"
  }
}

extension GateState {
  /// Decides by pictures: a gate is open when every frame was in a version that everybody needed has approved,
  /// whatever its name, and nobody needed has rejected what is shown now.
  ///
  /// - Parameter label: the timecode of a programme frame.
  init(
    _ stage: ApprovalStage, pictures: PictureSequence, reviews: [ReviewedVersion],
    label: (Int64) -> String
  ) {
    gate = stage.declaration.name
    deliverable = stage.deliverable
    picture = stage.picture
    role = stage.requirements.count == 1 ? stage.requirements[0].role : nil
    let wanted = FrameSets(pictures.runs().runs)
    let votes = stage.requirements.map { GateVotes($0, wanted: wanted, reviews: reviews) }
    let open = votes.dropFirst().reduce(votes.first?.approved ?? FrameSets()) { open, votes in
      open.covered(by: [votes.approved], atLeast: 1)
    }
    frames = wanted.count
    unseenFrames = wanted.count(outside: open)
    needs = votes.map {
      Need(
        role: $0.requirement.role, count: $0.requirement.count, approvedBy: $0.approvers,
        unseenFrames: wanted.count(outside: $0.approved))
    }
    let rejection = votes.compactMap(\.rejection).max { $0.made < $1.made }
    let last = votes.compactMap(\.last).max { $0.made < $1.made }
    status = rejection != nil ? .rejected : unseenFrames == 0 && frames > 0 ? .approved : .waiting
    unseen =
      unseenFrames > 0 && unseenFrames < frames
      ? UnseenFrames.list(pictures, label: label) { !open.contains($1, of: $0) } : []
    by = (rejection ?? last)?.by
    note = (rejection ?? last)?.note
  }
}
