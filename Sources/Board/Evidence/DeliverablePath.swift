package import ObjectStore

/// Where a deliverable is, in words.
package enum DeliverablePath {
  /// The path of a version's file as the user can paste it; a sequence is its folder.
  package static func display(_ version: some PublishedVersion, production: Production, typed: String)
    -> String
  {
    let folder = version.line.folder(in: production)
    let relative = folder.dropFirst(production.root.count + 1)
    let base = "\(typed)/\(relative)/\(VersionLine.folderName(version: version.version))"
    guard let file = version.mainFile else { return base }
    return "\(base)/\(file.name)"
  }
}
