package import ObjectStore
import Planning

extension ProductionReader {
  /// The newest version of every deliverable that was measured, with what was found.
  package func quality() throws -> [QualityRow] {
    let shelves = try shelf.rows()
    return try shelves.filter { $0.line.shelf == .deliverable }.compactMap { shelf in
      guard let newest = shelf.versions.first else { return nil }
      let measured = try facts(of: newest, shelf, among: shelves).quality
      return QualityRow(
        line: shelf.line, version: VersionLine.folderName(version: newest.version), made: newest.made,
        state: measured)
    }
  }

  /// One version and what was found in it; nil where it is not there.
  package func quality(of line: VersionLine, version: Int?) throws -> QualityFacts? {
    let shelves = try shelf.rows()
    guard let own = shelves.first(where: { $0.line == line }), let newest = own.versions.first,
      let record = try VersionPublisher(store).version(version ?? newest.version, of: line)
    else { return nil }
    let evidence = try reports.evidence(of: record, in: own, among: shelves, store: store)
    return QualityFacts(
      version: record, evidence: evidence, versions: own.versions.map(\.version),
      movie: movie(beside: record, among: shelves))
  }

  /// The file that a browser plays: of the version itself, else of a deliverable of the same programme and length.
  func movie(
    beside version: some PublishedVersion, among shelves: [VersionShelf.Row]
  ) -> QualityFacts.Movie? {
    func playable(_ version: some PublishedVersion) -> VersionRecord.File? {
      version.files.first {
        ["mp4", "webm"].contains($0.name.split(separator: ".").last.map(String.init) ?? "")
      }
    }
    if let file = playable(version) {
      return QualityFacts.Movie(line: version.line, version: version.version, file: file)
    }
    guard let own = outlines.outline(of: version) else { return nil }
    for shelf in shelves
    where shelf.line.shelf == .deliverable && shelf.line.programme == version.line.programme {
      guard let newest = shelf.versions.first, let file = playable(newest),
        let other = outlines.outline(of: newest), other.hasCut(of: own)
      else { continue }
      return QualityFacts.Movie(line: shelf.line, version: newest.version, file: file)
    }
    return nil
  }

  /// What made one frame of a version.
  package func frame(_ number: Int64, of line: VersionLine, version: Int) throws -> FrameFacts? {
    guard let record = try VersionPublisher(store).version(version, of: line),
      let recipe = try? record.facts.decoded(as: Recipe.self),
      let trace = FrameTrace(recipe, frame: number)
    else { return nil }
    let facts = try quality(of: line, version: version)
    return FrameFacts(version: record, recipe: recipe, trace: trace, movie: facts?.movie)
  }
}
