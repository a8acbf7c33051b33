package import ObjectStore
package import Planning

/// One deliverable with its state from evidence: a line of `interlock status`, and of the board. Fields are added, never
/// renamed.
package struct DeliverableRow: Codable, Sendable {
  /// What a person looks for; `state` says it in full.
  package enum Condition: String, Codable, Sendable, CaseIterable {
    /// The version is exactly what the pipeline asks for now, and nobody has decided on it.
    case current
    case approved, rejected
    /// It is there; no pipeline at hand says what it should be.
    case published
    case rendering
    /// A person has to decide first.
    case waiting
    case failed
    case stale
    /// Not made yet.
    case missing
  }

  /// A person's last word on the version.
  package struct Word: Codable, Sendable, Hashable {
    package var verdict: Decision.Verdict
    package var by: String
    package var role: String?
    package var note: String
    /// ISO 8601, UTC.
    package var made: String

    package init(_ decision: Decision) {
      (verdict, by, role) = (decision.verdict, decision.by, decision.role)
      (note, made) = (decision.note, decision.made)
    }

    /// `approved by mika as colorist: lovely`
    package var text: String {
      "\(verdict.rawValue) by \(by)" + (role.map { " as \($0)" } ?? "") + (note.isEmpty ? "" : ": \(note)")
    }
  }

  /// Of one pipeline its stage, else `programme/stage`.
  package var deliverable: String
  package var profile: String?
  package var version: String?
  package var state: String
  package var frames: Int64?
  package var newFrames: Int64?
  package var path: String?
  package var made: String?
  /// Closed gates that it waits for.
  package var gates: [GateState]?
  package var programme: String
  package var stage: String
  package var condition: Condition
  package var decision: Word?
  /// Names of the files of the cut that it would be made from now.
  package var cut: [String]?
  /// Which versions of grades it would be made with now, in words.
  package var grades: [String]?
  /// Of a textless deliverable: what it shares with the texted one.
  package var textless: [TextlessPair]?
  /// The same in words.
  package var remarks: [String]?
  /// Of work under way: how much is done, 0…1, and when it may be over.
  package var progress: Double?
  package var secondsRemaining: Double?

  /// What a pipeline asks for, compared with what is published.
  ///
  /// - Parameters:
  ///   - exact: the version that is exactly this; nil when there is none.
  ///   - latest: the newest version, whatever it shows.
  ///   - decision: the last word on the version that is shown.
  package init(
    _ plan: DeliverablePlan, programme: String, isAlone: Bool, gates: [GateState], cut: [String],
    exact: VersionHead?, latest: VersionHead?, decision: Decision?, path: String?
  ) {
    let shown = exact ?? latest
    let closed = gates.first { plan.waitsFor.contains($0.gate) }
    if exact != nil {
      state = "current"
      condition =
        switch decision?.verdict {
        case .approved: .approved
        case .rejected: .rejected
        case nil: .current
        }
    } else if let closed {
      state = "waits for \(closed.gate): \(closed.text)"
      condition = .waiting
    } else if latest == nil {
      state = "not made yet"
      condition = .missing
    } else {
      state =
        plan.newFrames > 0
        ? "stale: \(plan.newFrames) frames have changed"
        : "stale: same frames, other order, sound or wrapping"
      condition = .stale
    }
    deliverable = isAlone ? plan.stage : "\(programme)/\(plan.stage)"
    (profile, frames, newFrames) = (plan.profile, plan.frames, plan.newFrames)
    version = shown.map { VersionLine.folderName(version: $0.version) }
    made = shown?.made
    self.path = path
    self.gates = exact == nil ? gates.filter { plan.waitsFor.contains($0.gate) } : []
    (self.programme, stage, self.cut) = (programme, plan.stage, cut)
    self.decision = decision.map(Word.init)
  }

  /// A version that is there, without a pipeline that says what it should be.
  package init(_ version: some PublishedVersion, decision: Decision?, path: String) {
    deliverable = "\(version.line.programme)/\(version.line.name)"
    self.version = VersionLine.folderName(version: version.version)
    state = "published"
    condition =
      switch decision?.verdict {
      case .approved: .approved
      case .rejected: .rejected
      case nil: .published
      }
    self.path = path
    made = version.made
    (programme, stage) = (version.line.programme, version.line.name)
    self.decision = decision.map(Word.init)
  }

  /// The row while a run is at work on it, or after one that failed on it.
  package func showing(_ work: WorkUnderWay?) -> DeliverableRow {
    guard let work, work.programme == programme, [.missing, .stale].contains(condition) else { return self }
    var row = self
    if let failure = work.failures[stage] {
      row.condition = .failed
      row.state = "failed in the last run: \(failure)"
    } else if work.isGoingOn, let stage = work.stages[stage], stage.done < stage.total {
      let part = Double(stage.done) / Double(stage.total)
      row.condition = .rendering
      row.state = "rendering \(Int(part * 100)) %"
      row.progress = part
      row.secondsRemaining = work.secondsRemaining
    }
    return row
  }

  /// Whose turn it is, where that is known: the functions whose approval is missing.
  package var nextPeople: [String] {
    var people: [String] = []
    for gate in gates ?? [] {
      for need in gate.waitsFor {
        let name = need.role ?? "anybody"
        if !people.contains(name) { people.append(name) }
      }
    }
    return people
  }
}

extension DeliverableRow {
  /// The row with the last word on its version as it is now: a decision shows before the pipeline is planned again.
  package func decided(_ word: Word?) -> DeliverableRow {
    var row = self
    row.decision = word
    switch (condition, word?.verdict) {
    case (.current, .approved?), (.published, .approved?), (.rejected, .approved?): row.condition = .approved
    case (.current, .rejected?), (.published, .rejected?), (.approved, .rejected?): row.condition = .rejected
    default: break
    }
    return row
  }
}
