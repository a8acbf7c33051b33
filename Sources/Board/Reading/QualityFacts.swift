import Digests
package import ObjectStore
package import Planning

/// A deliverable in the list of what was measured.
package struct QualityRow: Sendable {
  package var line: VersionLine
  package var version: String
  package var made: String
  /// Nil where it was not measured.
  package var state: QualityState?

  package init(line: VersionLine, version: String, made: String, state: QualityState?) {
    (self.line, self.version, self.made, self.state) = (line, version, made, state)
  }
}

/// Everything that the page of quality control of one version says.
package struct QualityFacts: Sendable {
  /// A copy that a browser plays, in which a finding can be looked at.
  package struct Movie: Sendable {
    package var line: VersionLine
    package var version: Int
    package var file: VersionRecord.File

    package init(line: VersionLine, version: Int, file: VersionRecord.File) {
      (self.line, self.version, self.file) = (line, version, file)
    }

    package var address: String {
      Address.path(
        "files", line.shelf.rawValue, line.programme, line.name, VersionLine.folderName(version: version),
        file.digest.hex, file.name)
    }
  }

  package var version: VersionRecord
  /// Nil where it was not measured.
  package var evidence: QualityEvidence?
  /// Of the line, the newest first.
  package var versions: [Int]
  package var movie: Movie?

  package init(version: VersionRecord, evidence: QualityEvidence?, versions: [Int], movie: Movie?) {
    (self.version, self.evidence, self.versions, self.movie) = (version, evidence, versions, movie)
  }
}

/// One frame of a version and what made it.
package struct FrameFacts: Sendable {
  package var version: VersionRecord
  package var recipe: Recipe
  package var trace: FrameTrace
  package var movie: QualityFacts.Movie?

  package init(version: VersionRecord, recipe: Recipe, trace: FrameTrace, movie: QualityFacts.Movie?) {
    (self.version, self.recipe, self.trace, self.movie) = (version, recipe, trace, movie)
  }
}

/// One shot, its neighbours in the cut, and what it was in every version.
package struct ShotFacts: Sendable {
  /// The shot in one version of a deliverable.
  package struct Appearance: Sendable {
    package var line: VersionLine
    package var version: Int
    package var made: String
    package var word: DeliverableRow.Word?
    /// In that version.
    package var firstFrame: Int64
    package var frames: Int64
    package var timecode: String
    package var cut: [String]
    package var part: Recipe.Part
  }

  /// A published page of scopes.
  package struct Scopes: Sendable {
    package var stage: String
    package var version: VersionHead
    package var file: VersionRecord.File
  }

  /// Versions of each deliverable that are looked into, the newest first.
  package static let versionsRead = 24

  package var programme: String
  package var row: ShotRow
  package var before: ShotRow?
  package var after: ShotRow?
  package var appearances: [Appearance] = []
  package var scopes: [Scopes] = []

  package init(programme: String, row: ShotRow, before: ShotRow?, after: ShotRow?) {
    (self.programme, self.row, self.before, self.after) = (programme, row, before, after)
  }
}
