import Digests
import MediaTime
import ObjectStore
import Planning

extension ProductionReader {
  /// One shot with what became of it in every version.
  package func shot(_ key: String, of programme: String) throws -> ShotFacts? {
    guard let survey = surveyed?.survey.programmes.first(where: { $0.programme == programme }),
      let index = survey.shots.firstIndex(where: { $0.key == key })
    else { return nil }
    let row = survey.shots[index]
    var facts = ShotFacts(
      programme: programme, row: row, before: index > 0 ? survey.shots[index - 1] : nil,
      after: index + 1 < survey.shots.count ? survey.shots[index + 1] : nil)
    for shelf in try shelf.rows() where shelf.line.programme == programme {
      switch shelf.line.shelf {
      case .deliverable:
        for version in shelf.versions.prefix(ShotFacts.versionsRead) {
          if let known = appearance(of: row, in: version, shelf) { facts.appearances.append(known) }
        }
      case .asset:
        guard let picture = row.pictures.first(where: { $0.stage == shelf.line.name }),
          let suffix = picture.scopes, let newest = shelf.versions.first,
          let file = newest.files.first(where: { $0.name.hasSuffix(".\(suffix).png") })
        else { continue }
        facts.scopes.append(ShotFacts.Scopes(stage: shelf.line.name, version: newest, file: file))
      }
    }
    return facts
  }

  private func appearance(
    of row: ShotRow, in version: VersionHead, _ shelf: VersionShelf.Row
  ) -> ShotFacts.Appearance? {
    guard let (outline, parts) = outlines.parts(showing: row.shot, event: row.event, in: version),
      let first = parts.first
    else { return nil }
    return ShotFacts.Appearance(
      line: shelf.line, version: version.version, made: version.made, word: shelf.words[version.version],
      firstFrame: first.firstFrame, frames: parts.reduce(0) { $0 + $1.count },
      timecode: outline.timecode(at: first.firstFrame).description, cut: outline.cut, part: first)
  }

  /// A still that a worker made, as a picture that browsers show; nil where there is none.
  ///
  /// - Parameter isAfter: whether it is the one after the stage.
  package func still(_ key: String, isAfter: Bool) throws -> [UInt8]? {
    // Only what the plan names: a key of somebody's choosing reads nothing.
    guard stills.contains(key), let key = Digest(hex: key),
      let made = try store.result(key, as: StillPicture.Made.self)?.output,
      let (bytes, _) = try production.fileSystem.read(store.path(of: made.stills)),
      Digest.sha256(bytes) == made.stills
    else { return nil }
    return StillPicture(made, bytes)?.bitmap(isAfter: isAfter)
  }
}
