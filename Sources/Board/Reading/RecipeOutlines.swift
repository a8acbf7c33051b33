import Foundation
package import ObjectStore
package import Planning

/// Outlines of versions: each is made once, when somebody asks for it or ahead of that. Versions never change.
package struct RecipeOutlines: Sendable {
  private struct Kept {
    /// Of its `version.json`: what a person put back from a backup is read again.
    var stamp: FileSystem.Facts
    var outline: RecipeOutline?
  }

  private struct Name: Hashable {
    var line: VersionLine
    var version: Int

    init(_ version: some PublishedVersion) { (line, self.version) = (version.line, version.version) }
  }

  private let publisher: VersionPublisher
  private let files: FileSystem
  private var kept: [Name: Kept] = [:]
  private var byteCount = 0
  /// Versions that nobody has read yet, those first that are read last.
  private var pending: [VersionHead] = []
  /// The change of the shelf up to which versions were read, or will be.
  private var change: Int?

  /// Bytes that outlines may take: what is more is made whenever it is asked for. Two million parts take half.
  private static let mostBytes = 24 << 20

  package init(_ store: ObjectStore) {
    publisher = VersionPublisher(store)
    files = store.production.fileSystem
  }

  // MARK: Asking

  /// Nil for a version without a recipe, or that cannot be read.
  package mutating func outline(of version: some PublishedVersion) -> RecipeOutline? {
    guard let stamp = try? files.facts(path(of: version)) else { return nil }
    let name = Name(version)
    if let known = kept[name] {
      if known.stamp == stamp { return known.outline }
      forget(name)
    }
    guard let (bytes, facts) = try? files.read(path(of: version)) else { return nil }
    let outline = RecipeOutline(bytes)
    let size = outline?.byteCount ?? 0
    if byteCount + size <= Self.mostBytes {
      kept[name] = Kept(stamp: facts, outline: outline)
      byteCount += size
    }
    return outline
  }

  /// The parts of a version that show an event, in their order; nil where it cannot be read.
  package mutating func parts(
    showing shot: String, event: String, in version: VersionHead
  ) -> (outline: RecipeOutline, parts: [Recipe.Part])? {
    guard let outline = outline(of: version) else { return nil }
    let places = outline.parts(mayShow: shot, event: event)
    guard !places.isEmpty else { return (outline, []) }
    guard let handle = FileHandle(forReadingAtPath: path(of: version)) else { return nil }
    defer { try? handle.close() }
    var parts: [Recipe.Part] = []
    for place in places {
      guard (try? handle.seek(toOffset: UInt64(place.lowerBound))) != nil,
        let bytes = try? handle.read(upToCount: place.count),
        let part = try? JSONDecoder().decode(Recipe.Part.self, from: bytes),
        (0...outline.frameCount).contains(part.firstFrame)
      else { return nil }
      if part.shows(shot, event: event) { parts.append(part) }
    }
    return (outline, parts)
  }

  /// The whole recipe of a version, without its other facts; nil where it has none that can be read.
  package mutating func recipe(of version: some PublishedVersion) -> Recipe? {
    guard let outline = outline(of: version), let (bytes, facts) = try? files.read(path(of: version)),
      // Of a file that was put back meanwhile the places are others.
      kept[Name(version)].map({ $0.stamp == facts }) ?? true, bytes.count >= outline.facts.upperBound
    else { return nil }
    return try? JSONDecoder().decode(Recipe.self, from: Data(bytes[outline.facts]))
  }

  // MARK: Reading ahead

  /// Reads the next version that somebody may ask for: some thousandths of a second for each of its megabytes.
  ///
  /// - Parameters:
  ///   - shelves: every line as it was read last.
  ///   - change: the number of its last change.
  /// - Returns: whether there is more.
  package mutating func readAhead(of shelves: [VersionShelf.Row], change: Int) -> Bool {
    if self.change != change {
      self.change = change
      let wanted = shelves.filter { $0.line.shelf == .deliverable }
        .flatMap { $0.versions.prefix(ShotFacts.versionsRead) }
      let names = Set(wanted.map(Name.init))
      for name in kept.keys where !names.contains(name) { forget(name) }
      pending = wanted.filter { kept[Name($0)] == nil }.sorted { $0.made < $1.made }
    }
    guard byteCount < Self.mostBytes, let next = pending.popLast() else {
      pending = []
      return false
    }
    _ = outline(of: next)
    return !pending.isEmpty
  }

  private mutating func forget(_ name: Name) {
    byteCount -= kept.removeValue(forKey: name)?.outline?.byteCount ?? 0
  }

  private func path(of version: some PublishedVersion) -> String {
    "\(publisher.folder(of: version))/version.json"
  }
}
