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
    /// An earlier version was approved, and this one has pictures that it had not.
    case unseen
    /// Quality control found what nobody has waived.
    case qcFailed = "qc-failed"
    /// It left for its recipient, who has it, or who rejected it.
    case sent, received, refused
    /// It is there; no pipeline at hand says what it should be.
    case published
    case rendering
    /// A person has to decide first.
    case waiting
    case failed
    case stale
    /// Not made yet.
    case missing
    /// Other programmes have it, and no pipeline of this one asks for it.
    case notOrdered = "not-ordered"
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

  /// What became of it at its recipient.
  package struct Delivery: Codable, Sendable, Hashable {
    package var verdict: Handover.Verdict
    /// The version that it is about.
    package var version: String
    package var recipient: String
    package var note: String
    package var by: String
    /// ISO 8601, UTC.
    package var made: String
    /// Which time it was, or will be, sent: 1 is the first.
    package var round: Int

    /// The last that is known of it.
    ///
    /// - Parameter handovers: of all versions of the line, in the order in which they were made.
    package init?(_ handovers: [Handover]) {
      guard let last = handovers.last else { return nil }
      let name = last.recipient.lowercased()
      let sent = handovers.count { $0.verdict == .sent && $0.recipient.lowercased() == name }
      (verdict, recipient, note, by, made) = (last.verdict, last.recipient, last.note, last.by, last.made)
      version = VersionLine.folderName(version: last.version)
      round = max(1, sent) + (last.verdict == .refused ? 1 : 0)
    }

    /// `rejected by Example TV: hiss at 01:00:12:00; redelivery round 2`.
    package var text: String {
      let again = round > 1 ? ", round \(round)" : ""
      let more = note.isEmpty ? "" : ": \(note)"
      switch verdict {
      case .sent: return "sent to \(recipient)\(again)\(more)"
      case .received: return "received by \(recipient)\(again)\(more)"
      case .refused: return "rejected by \(recipient)\(more); redelivery round \(round)"
      }
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
  /// What quality control found in the version; nil where it was not measured.
  package var quality: QualityState?
  /// Of a version that nobody approved while an earlier one was: its frames that no approved version shows.
  package var unseenFrames: Int64?
  /// The approved version that shows every frame of it, or most of them.
  package var approvedAs: String?
  package var delivery: Delivery?
  /// The functions that are asked to look at the version, of gates that wait for them.
  package var asks: [String]?
  /// Since when it waits for somebody; ISO 8601, UTC.
  package var since: String?
  /// The last day for it, by the pipeline: `2026-12-24`.
  package var due: String?
  /// Seconds that a run takes until it is made, by recorded timings, where no run is at it; behind a closed gate,
  /// from when that opens.
  package var secondsOfWork: Double?
  /// Why it is stale, in sentences.
  package var because: [String]?

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
    due = plan.due
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

  /// A deliverable of other programmes, which no pipeline of this one asks for.
  package init(notOrdered stage: String, of programme: String) {
    deliverable = "\(programme)/\(stage)"
    state = "not ordered"
    condition = .notOrdered
    (self.programme, self.stage) = (programme, stage)
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
    func add(_ name: String) { if !people.contains(name) { people.append(name) } }
    for gate in gates ?? [] {
      for need in gate.waitsFor { add(need.role ?? "anybody") }
    }
    for role in asks ?? [] { add(role) }
    if condition == .qcFailed { add("QC") }
    if condition == .sent, let delivery { add(delivery.recipient) }
    return people
  }

  /// Whether its day has come or passed while it is not with its recipient.
  ///
  /// - Parameter day: `2026-12-24`.
  package func isLate(on day: String) -> Bool {
    guard let due, ![.sent, .received, .notOrdered].contains(condition) else { return false }
    return day > due
  }
}

extension DeliverableRow {
  /// The row with the last word on its version as it is now: a decision shows before the pipeline is planned again.
  package func decided(_ word: Word?) -> DeliverableRow {
    var row = self
    row.decision = word
    switch (condition, word?.verdict) {
    case (.current, .approved?), (.published, .approved?), (.rejected, .approved?), (.unseen, .approved?):
      row.condition = .approved
    case (.current, .rejected?), (.published, .rejected?), (.approved, .rejected?), (.unseen, .rejected?):
      row.condition = .rejected
    default: break
    }
    return row
  }

  /// The row with words that are newer than the plan that it was made from: whoever has spoken is not waited for, and
  /// whether a gate is open now the next plan says.
  ///
  /// - Parameters:
  ///   - surveyed: when the pipelines were planned; ISO 8601, UTC.
  ///   - latest: the last word on any version of a deliverable of the same programme.
  package func heard(since surveyed: String, latest: (_ deliverable: String) -> Word?) -> DeliverableRow {
    var row = self
    if let asks, let word = decision, word.made > surveyed {
      row.asks = asks.filter { $0 != word.role && $0 != "anybody" }
      if row.asks?.isEmpty == true { (row.asks, row.since) = (nil, nil) }
    }
    guard condition == .waiting else { return row }
    for gate in gates ?? [] {
      guard let word = latest(gate.deliverable), word.made > surveyed else { continue }
      row.gates?.removeAll { $0.gate == gate.gate }
      row.since = nil
      row.state = "\(gate.gate) is looked at again: \(gate.deliverable) \(word.text)"
    }
    return row
  }

  /// The row with what was found in its version, approved of its pictures, and heard from its recipient.
  ///
  /// What was made from other pictures than are asked for now stays stale, whatever was said of it.
  package func knowing(_ facts: VersionFacts) -> DeliverableRow {
    var row = self
    row.quality = facts.quality
    row.delivery = facts.delivery
    row.unseenFrames = facts.unseenFrames
    row.approvedAs = facts.approvedAs
    switch condition {
    case .current, .published, .approved, .rejected: break
    case .unseen, .qcFailed, .sent, .received, .refused:
      // What these rest on may be over.
      row.state = profile == nil ? "published" : "current"
      row.condition = profile == nil ? .published : .current
      row = row.decided(row.decision)
    case .rendering, .waiting, .failed, .stale, .missing, .notOrdered: return row
    }
    if [.current, .published].contains(row.condition), let unseen = facts.unseenFrames {
      row.condition = unseen == 0 ? .approved : .unseen
      if unseen > 0 {
        row.state = unseen == 1 ? "approved, 1 frame unseen" : "approved, \(unseen) frames unseen"
      }
    }
    if let quality = facts.quality, quality.verdict == .failed {
      (row.condition, row.state) = (.qcFailed, quality.text)
    }
    if let delivery = facts.delivery, delivery.version == version {
      switch delivery.verdict {
      case .sent: row.condition = .sent
      case .received: row.condition = .received
      case .refused: row.condition = .refused
      }
      row.state = delivery.text
    }
    return row
  }
}

/// What is known of one version besides what it was made from.
package struct VersionFacts: Sendable {
  package var quality: QualityState?
  package var delivery: DeliverableRow.Delivery?
  /// Nil where the version has a word of its own, or none of its line was approved.
  package var unseenFrames: Int64?
  package var approvedAs: String?

  package init() {}

  /// - Parameters:
  ///   - version: the one that is shown.
  ///   - shelf: its line.
  ///   - shelves: every line of the production.
  package init(
    of version: some PublishedVersion, in shelf: VersionShelf.Row, among shelves: [VersionShelf.Row],
    reports: inout QualityReports, store: ObjectStore
  ) throws {
    quality = try reports.evidence(of: version, in: shelf, among: shelves, store: store)?.state
    delivery = DeliverableRow.Delivery(shelf.handovers)
    guard shelf.words[version.version] == nil else { return }
    let approved = shelf.versions.filter { shelf.words[$0.version]?.verdict == .approved }
    let publisher = VersionPublisher(store)
    // The whole of a version is read only where somebody approved another.
    guard !approved.isEmpty,
      let recipe = try publisher.facts(of: version, as: Recipe.self)
    else { return }
    let seen = try approved.compactMap { try publisher.facts(of: $0, as: Recipe.self) }
    unseenFrames = UnseenFrames.list(recipe, notIn: seen).reduce(0) { $0 + $1.count }
    approvedAs = approved.first.map { VersionLine.folderName(version: $0.version) }
  }
}
