import Digests
package import ImageGraph

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

  package var gate: String
  /// The deliverable that is looked at, and the stage whose pictures are decided.
  package var deliverable: String
  package var picture: String
  package var role: String?
  package var status: Status
  /// Frames of the picture, and those among them that nobody with the role has approved.
  package var frames: Int64
  package var unseenFrames: Int64
  /// The last word: who, and the note.
  package var by: String?
  package var note: String?

  package var isOpen: Bool { status == .approved }

  /// In words, e.g. `approved, 12 frames unseen`.
  package var text: String {
    switch status {
    case .approved: "approved" + (by.map { " by \($0)" } ?? "")
    case .rejected: "rejected" + (by.map { " by \($0)" } ?? "") + (note.map { ": \($0)" } ?? "")
    case .waiting:
      unseenFrames < frames
        ? "approved, \(unseenFrames) of \(frames) frames unseen"
        : "waiting for approval" + (role.map { " by \($0)" } ?? "")
    }
  }
}

extension GateState {
  /// Decides by pictures: a gate is open when every frame was in an approved version, whatever its name.
  ///
  /// Of each version the last word of the role counts. A rejection of a version that shows all the present frames
  /// closes the gate, until such a version is approved later.
  init(_ stage: ApprovalStage, pictures: [FrameRun], reviews: [ReviewedVersion]) {
    gate = stage.declaration.name
    deliverable = stage.deliverable
    picture = stage.picture
    role = stage.role
    let wanted = FrameSets(pictures)
    frames = wanted.count
    var approved = FrameSets([])
    var last: ReviewedVersion.Verdict?
    var isRejected = false
    let decided = reviews.compactMap { review in
      review.verdicts.last { stage.role == nil || $0.role == stage.role }.map { (review, $0) }
    }
    for (review, verdict) in decided.sorted(by: { $0.1.made < $1.1.made }) {
      last = verdict
      let shown = FrameSets(review.pictures)
      if wanted.count(outside: shown) == 0 { isRejected = !verdict.isApproved }
      if verdict.isApproved { approved.insert(review.pictures) }
    }
    unseenFrames = wanted.count(outside: approved)
    status = isRejected ? .rejected : unseenFrames == 0 && frames > 0 ? .approved : .waiting
    by = last?.by
    note = last?.note
  }
}

/// Frames by chain.
private struct FrameSets {
  private var sets: [Digest: FrameSet] = [:]

  init(_ runs: [FrameRun]) { insert(runs) }

  mutating func insert(_ runs: [FrameRun]) {
    for run in runs { for range in run.positions { sets[run.chain, default: FrameSet()].insert(range) } }
  }

  var count: Int64 { sets.values.reduce(0) { $0 + $1.count } }

  func count(outside other: FrameSets) -> Int64 {
    sets.reduce(0) { $0 + $1.value.count(outside: other.sets[$1.key] ?? FrameSet()) }
  }
}
