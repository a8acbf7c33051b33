package import Diagnostics

/// What killed publishers left.
extension VersionPublisher {
  /// Removes what killed publishers left in every line.
  ///
  /// - Returns: folders that were cleaned, relative to the production.
  package func sweepUnfinished() throws(Diagnostic) -> [String] {
    var cleaned: [String] = []
    for line in try lines() where try !numbers(in: line.folder(in: production)).isEmpty {
      guard case .acquired(let lock) = try FileLock.tryLock(lockPath(of: line), in: fileSystem) else {
        continue
      }
      cleaned += try survey(line).cleaned.map(fileSystem.relative)
      withExtendedLifetime(lock) {}
    }
    return cleaned
  }

  struct Survey {
    var versions: [VersionRecord] = []
    /// Numbers that cannot be given to a new version.
    var occupied: [Int] = []
    /// Folders of killed publishers, emptied.
    var cleaned: [String] = []
  }

  /// Reads a line and empties what killed publishers left; only under the line's lock.
  func survey(_ line: VersionLine) throws(Diagnostic) -> Survey {
    var survey = Survey()
    for number in try numbers(in: line.folder(in: production)) {
      switch try record(number, of: line) {
      case .good(let record):
        survey.versions.append(record)
        survey.occupied.append(number)
        try sweepParts("\(line.folder(in: production))/\(VersionLine.folderName(version: number))")
      case .bad:
        survey.occupied.append(number)
      case .none:
        let folder = "\(line.folder(in: production))/\(VersionLine.folderName(version: number))"
        if try clean(folder, of: line, version: number) {
          survey.cleaned.append(folder)
        } else {
          survey.occupied.append(number)
        }
      }
    }
    return survey
  }

  /// Removes what is left when a publisher was killed after linking `version.json`, before removing its part.
  ///
  /// A decision that was being written is none, and its part is older than any that could be written now: those
  /// of people who decide at this moment are a minute old at most.
  private func sweepParts(_ folder: String) throws(Diagnostic) {
    for name in try fileSystem.names(in: folder) where name.hasSuffix(".part") {
      try fileSystem.remove("\(folder)/\(name)")
    }
    let decisions = "\(folder)/decisions"
    for name in try fileSystem.names(in: decisions) where name.hasSuffix(".part") {
      let made = ULID(name.dropLast(5))?.time.milliseconds ?? 0
      if WallClock.now().milliseconds - made > 60_000 { try fileSystem.remove("\(decisions)/\(name)") }
    }
  }

  /// Removes our own files from an unfinished version and, when nothing else is in it, the folder.
  ///
  /// - Returns: `false` when somebody else's files are in it: then it is left alone for good.
  private func clean(_ folder: String, of line: VersionLine, version: Int) throws(Diagnostic) -> Bool {
    let names = try fileSystem.names(in: folder)
    let ours = line.fileName(version: version, fileExtension: "")
    guard names.allSatisfy({ $0.hasPrefix(ours) || $0.hasSuffix(".part") }) else { return false }
    for name in names { try fileSystem.remove("\(folder)/\(name)") }
    try fileSystem.removeFolder(folder)
    return true
  }
}
