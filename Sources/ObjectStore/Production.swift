package import Diagnostics
import Glibc

/// The folder that holds everything Interlock made for one production.
package struct Production: Hashable, Sendable {
  /// Absolute, free of symbolic links, without a slash at the end.
  package let root: String

  package var interlockFolder: String { root + "/.interlock" }
  package var objectsFolder: String { interlockFolder + "/objects" }
  package var resultsFolder: String { interlockFolder + "/results" }
  package var attemptsFolder: String { interlockFolder + "/attempts" }
  package var runsFolder: String { interlockFolder + "/runs" }
  /// Damaged files are moved here, for people to look at, and, in folders of their own, what nothing needs.
  package var quarantineFolder: String { interlockFolder + "/quarantine" }
  /// What each plan rests on, for whoever frees space.
  package var footprintsFolder: String { interlockFolder + "/footprints" }
  /// Lock files of work that several processes must do one after the other.
  package var locksFolder: String { interlockFolder + "/locks" }
  /// Held by the one coordinator of this production.
  package var coordinatorLockPath: String { interlockFolder + "/lock" }
  /// Says on shared storage who the one coordinator is; see `ProductionLease`.
  package var leasePath: String { interlockFolder + "/lease" }
  package var ledgerPath: String { interlockFolder + "/ledger.sqlite" }
  package var assetsFolder: String { root + "/Assets" }
  package var deliverablesFolder: String { root + "/Deliverables" }

  /// File operations whose messages are relative to this production.
  package var fileSystem: FileSystem { FileSystem(root: root) }

  private init(root: String) {
    self.root = root
    shareWithGroup()
  }

  /// Whether the production is for a group: its folder belongs to it with write access and hands the group on
  /// (`chmod g+ws`). What others of the group need to write is made so.
  package var isForGroup: Bool {
    var raw = stat()
    let wanted = S_IWGRP | S_ISGID
    return unsafe stat(root, &raw) == 0 && raw.st_mode & wanted == wanted
  }

  /// Lets this process and its workers make files that the group may write, if the production is for one.
  ///
  /// The mask of the process serves all that make files: the store, SQLite, encoders and muxers. Objects and results
  /// are read-only for everybody, whatever the mask is.
  private func shareWithGroup() {
    guard isForGroup else { return }
    let mask = umask(0o077)
    _ = umask(mask & ~0o070)
  }

  /// Opens the production at a folder, making what is missing of it.
  package static func create(at path: String) throws(Diagnostic) -> Production {
    let typed = FileSystem(root: Self.absolute(path))
    try typed.createFolder(typed.root)
    let production = Production(root: try resolved(path))
    let files = production.fileSystem
    for folder in [
      production.interlockFolder, production.objectsFolder, production.resultsFolder,
      production.attemptsFolder, production.runsFolder, production.quarantineFolder, production.locksFolder,
    ] {
      // One look is cheaper than the failing mkdir and its checks: this is on the path of every command.
      if !files.exists(folder) { try files.createFolder(folder) }
    }
    return production
  }

  /// The production of a folder, or of the nearest one above that holds `.interlock/`; `nil` without any.
  package static func nearest(from path: String) -> Production? {
    guard var folder = try? resolved(path) else { return nil }
    while true {
      var raw = stat()
      if unsafe stat(folder + "/.interlock", &raw) == 0, raw.st_mode & S_IFMT == S_IFDIR {
        return Production(root: folder)
      }
      if folder == "/" || folder.isEmpty { return nil }
      folder = FileSystem.parent(of: folder)
    }
  }

  /// The production of a task file, `<production>/.interlock/attempts/<id>/task.json`.
  ///
  /// - Throws: `usage`, code `task.outsideProduction`, when the file lies anywhere else.
  package static func containing(taskFile: String) throws(Diagnostic) -> Production {
    let folder = try resolved(FileSystem.parent(of: taskFile))
    let attempts = FileSystem.parent(of: folder)
    let interlock = FileSystem.parent(of: attempts)
    guard FileSystem.lastName(of: attempts) == "attempts", FileSystem.lastName(of: interlock) == ".interlock"
    else {
      throw Diagnostic(
        family: .usage, code: "task.outsideProduction", location: SourceLocation(file: taskFile),
        message: "a task file must lie in the '.interlock/attempts/<id>' folder of its production",
        remedy:
          "For a task of a job that 'interlock farm export' has written, say where results go: --production DIR."
      )
    }
    return Production(root: FileSystem.parent(of: interlock))
  }

  /// The absolute path with symbolic links followed.
  private static func resolved(_ path: String) throws(Diagnostic) -> String {
    guard let real = unsafe realpath(path, nil) else {
      let code = errno
      let reason = unsafe String(cString: strerror(code))
      throw Diagnostic(
        family: .usage, code: "production.notFound", location: SourceLocation(file: path),
        message: "cannot open the folder: \(reason)")
    }
    defer { unsafe free(real) }
    return unsafe String(cString: real)
  }

  private static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return trimmed(path) }
    guard let current = unsafe getcwd(nil, 0) else { return trimmed(path) }
    defer { unsafe free(current) }
    return trimmed(unsafe String(cString: current) + "/" + path)
  }

  private static func trimmed(_ path: String) -> String {
    var path = path
    while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }
}
