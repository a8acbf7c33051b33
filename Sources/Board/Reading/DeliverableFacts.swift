package import Diagnostics
package import ObjectStore
package import Planning

/// Everything that the page of one version says.
package struct DeliverableFacts: Sendable {
  /// With the state, where this version is the one that the state is about.
  package var row: DeliverableRow?
  package var version: CheckedVersion
  /// All of the line, the newest first.
  package var versions: [VersionHead]
  package var words: [Int: DeliverableRow.Word]
  /// As much of it as the page says.
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
  /// Whether pipelines are still to be planned: which gate asks for whom is not known before.
  package var isUnplanned = false
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
    _ version: CheckedVersion, shelf: VersionShelf.Row, row: DeliverableRow?, gates: [GateState],
    quality: QualityState?, pictures: Pictures, in store: ObjectStore
  ) throws {
    handovers = shelf.handovers
    self.quality = quality
    let publisher = VersionPublisher(store)
    self.version = version
    self.row = row?.version == VersionLine.folderName(version: version.version) ? row : nil
    (versions, words) = (shelf.versions, shelf.words)
    (recipe, unseen) = (pictures.recipe, pictures.unseen)
    evidence = CheckedEvidence(version.verification)
    (decisions, findings) = try publisher.decisions(on: version)
    isIntact = publisher.isIntact(version)
    self.gates = gates.filter { $0.deliverable == version.line.name }
  }

  /// What whole recipes are read for: as long as its line does not change it stays as it is.
  struct Pictures: Sendable {
    var recipe: Recipe?
    var unseen: [UnseenFrames]

    init(_ version: CheckedVersion, shelf: VersionShelf.Row, recipes: inout RecipeOutlines) {
      recipe = recipes.recipe(of: version)
      var approved: [Recipe] = []
      for other in shelf.versions where recipe != nil && shelf.words[other.version]?.verdict == .approved {
        guard let other = recipes.recipe(of: other) else { continue }
        approved.append(other)
      }
      unseen = recipe.map { UnseenFrames.list($0, notIn: approved) } ?? []
      guard var kept = recipe else { return }
      // The page says where shots begin and which stages it shows; what made each frame has a page of its own.
      for index in kept.parts.indices {
        kept.parts[index].operations = []
        (kept.parts[index].layers, kept.parts[index].externals) = (nil, nil)
        (kept.parts[index].stack, kept.parts[index].sides) = (nil, nil)
      }
      (kept.pictures, kept.grades) = (kept.pictures.mapValues { _ in [] }, nil)
      recipe = kept
    }
  }
}
