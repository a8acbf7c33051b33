package import Diagnostics
package import ObjectStore
package import Planning

/// Everything that the page of one version says.
package struct DeliverableFacts: Sendable {
  /// With the state, where this version is the one that the state is about.
  package var row: DeliverableRow?
  package var version: VersionRecord
  /// All of the line, the newest first.
  package var versions: [VersionHead]
  package var words: [Int: DeliverableRow.Word]
  package var recipe: Recipe?
  package var evidence: CheckedEvidence?
  /// Oldest first.
  package var decisions: [Decision]
  /// Decisions that do not count, and why.
  package var findings: [Diagnostic]
  /// Whether its files are what was published: nobody may decide on others.
  package var isIntact: Bool
  /// Frames that no approved version shows.
  package var unseen: [UnseenFrames]
  /// Gates that look at this deliverable.
  package var gates: [GateState]
  /// What was heard from recipients, of every version, oldest first.
  package var handovers: [Handover]
  /// What was found in this version; nil where it was not measured.
  package var quality: QualityState?

  /// When the gates were looked at; ISO 8601, UTC.
  package var surveyed: String?
  /// What a browser plays: one of its own files, or the copy for review that has its cut.
  package var copy: QualityFacts.Movie?

  package var isNewest: Bool { versions.first?.version == version.version }

  /// Functions in which somebody may decide here, as the gates name them.
  package var roles: [String] {
    var roles: [String] = []
    for role in gates.flatMap(\.needs).compactMap(\.role) where !roles.contains(role) { roles.append(role) }
    return roles
  }

  init(
    _ version: VersionRecord, shelf: VersionShelf.Row, row: DeliverableRow?, gates: [GateState],
    quality: QualityState?, recipes: inout RecipeOutlines, in store: ObjectStore
  ) throws {
    handovers = shelf.handovers
    self.quality = quality
    let publisher = VersionPublisher(store)
    self.version = version
    self.row = row?.version == VersionLine.folderName(version: version.version) ? row : nil
    (versions, words) = (shelf.versions, shelf.words)
    recipe = recipes.recipe(of: version)
    evidence = CheckedEvidence(version)
    (decisions, findings) = try publisher.decisions(on: version)
    isIntact = publisher.isIntact(version)
    let approved = shelf.versions.filter { shelf.words[$0.version]?.verdict == .approved }
      .compactMap { recipes.recipe(of: $0) }
    unseen = recipe.map { UnseenFrames.list($0, notIn: approved) } ?? []
    self.gates = gates.filter { $0.deliverable == version.line.name }
  }
}
