import Digests
package import ImageGraph

/// A version that people may have decided on, and the pictures it showed for each gate.
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
  /// The frames of the gate's stage that it showed.
  package var pictures: [FrameRun]
  /// What was decided for the gate, oldest first.
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
  /// Of each version the last word of the role counts. A rejection of the version that shows the present frames
  /// closes the gate.
  init(_ stage: ApprovalStage, pictures: [FrameRun], reviews: [ReviewedVersion]) {
    gate = stage.declaration.name
    deliverable = stage.deliverable
    picture = stage.picture
    role = stage.role
    var wanted: [Digest: FrameSet] = [:]
    for run in pictures {
      for range in run.positions { wanted[run.chain, default: FrameSet()].insert(range) }
    }
    frames = wanted.values.reduce(0) { $0 + $1.count }
    var approved: [Digest: FrameSet] = [:]
    var last: ReviewedVersion.Verdict?
    var isRejected = false
    for review in reviews {
      let verdict = review.verdicts.last { stage.role == nil || $0.role == stage.role }
      guard let verdict else { continue }
      last = verdict
      if review.pictures == pictures { isRejected = !verdict.isApproved }
      guard verdict.isApproved else { continue }
      for run in review.pictures {
        for range in run.positions { approved[run.chain, default: FrameSet()].insert(range) }
      }
    }
    unseenFrames = wanted.reduce(0) { sum, entry in
      sum + entry.value.count(outside: approved[entry.key] ?? FrameSet())
    }
    status = isRejected ? .rejected : unseenFrames == 0 && frames > 0 ? .approved : .waiting
    by = last?.by
    note = last?.note
  }
}
