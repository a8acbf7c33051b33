package import Diagnostics
import Digests
import Glibc
package import TaskGraph
package import TaskKinds

/// A file below a media root, as the file system knows it.
package struct ScannedFile: Hashable, Sendable {
  package var location: MediaLocation
  /// Key of its probe: a file that has not changed has a result already.
  package var probeKey: TaskKey

  package init(location: MediaLocation, probeKey: TaskKey) {
    self.location = location
    self.probeKey = probeKey
  }

  /// The probe of this file as a task.
  package func probe() throws -> TaskNode {
    TaskNode(
      key: probeKey, kind: ProbeTask.identifier, version: ProbeTask.version, stage: "probe",
      label: FilePaths.name(of: location.path),
      payload: try JSONBytes.encode(ProbeTask.Input(media: location)),
      reason: "new or changed since it was last read", subject: FilePaths.name(of: location.path),
      ingredients: ProbeTask.ingredients(location, key: probeKey))
  }

  /// The probes of many files as few tasks: so many files or bytes in each.
  package static func probes(of files: [ScannedFile]) throws -> [TaskNode] {
    var batches: [[ScannedFile]] = []
    var bytes: Int64 = 0
    for file in files {
      let count = file.location.byteCount
      if let last = batches.last, last.count < ProbeFilesTask.mostFiles,
        bytes + count <= ProbeFilesTask.mostBytes
      {
        batches[batches.count - 1].append(file)
        bytes += count
      } else {
        batches.append([file])
        bytes = count
      }
    }
    return try batches.map { batch in
      let files = batch.map { ProbeFilesTask.File(media: $0.location, key: $0.probeKey) }
      let first = FilePaths.name(of: batch[0].location.path)
      return TaskNode(
        key: ProbeFilesTask.key(files), kind: ProbeFilesTask.identifier, version: ProbeFilesTask.version,
        stage: "probe", label: batch.count == 1 ? first : "\(first) and \(batch.count - 1) more",
        payload: try JSONBytes.encode(ProbeFilesTask.Input(files: files)), commits: files.map(\.key),
        reason: "new or changed since they were last read", subject: first,
        ingredients: ProbeFilesTask.ingredients(ProbeFilesTask.Input(files: files)))
    }
  }
}

/// Lists the media files below the declared roots. Nothing is opened; links that leave a root are refused.
package enum MediaScan {
  /// File name extensions that are taken for media.
  static let extensions: Set<String> = [
    "mov", "mp4", "m4v", "mxf", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "m2ts", "wav", "bwf", "rf64",
    "w64", "aif",
    "aiff", "flac",
  ]
  /// Folders inside folders are followed this far: deeper is a loop or a mistake.
  static let deepest = 16

  package static func scan(_ roots: [Pipeline.MediaRoot]) -> (files: [ScannedFile], diagnostics: [Diagnostic])
  {
    var files: [ScannedFile] = []
    var diagnostics: [Diagnostic] = []
    var seen: Set<FileID> = []
    for root in roots {
      var status = stat()
      // Links may lead back to the root itself.
      if unsafe stat(root.path, &status) == 0 {
        seen.insert(FileID(device: UInt64(status.st_dev), inode: UInt64(status.st_ino), path: nil))
      }
      walk(root.path, root: root, depth: 0, seen: &seen, files: &files, diagnostics: &diagnostics)
    }
    return (files.sorted { $0.location.path < $1.location.path }, diagnostics)
  }

  /// A folder or a name of a file that was visited: links may lead to one place many times.
  private struct FileID: Hashable {
    var device: UInt64
    var inode: UInt64
    var path: String?
  }

  private static func walk(
    _ folder: String, root: Pipeline.MediaRoot, depth: Int, seen: inout Set<FileID>,
    files: inout [ScannedFile],
    diagnostics: inout [Diagnostic]
  ) {
    guard depth <= deepest else { return }
    // Files come and go there, and are looked at each time.
    let names = FileWitness.$current.withValue(nil) { FilePaths.entries(of: folder) }
    for name in names where !name.hasPrefix(".") {
      let path = folder + "/" + name
      var status = stat()
      guard unsafe lstat(path, &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFLNK {
        let real = FilePaths.real(path)
        guard let real, real == root.path || FilePaths.lies(real, below: root.path) else {
          let fault = real == nil ? "leads nowhere" : "leads out of the media folder and is not followed"
          diagnostics.append(
            Diagnostic(
              severity: .warning, family: .inputMissing, code: "media.linkLeavesRoot", location: nil,
              message: "\(root.typed)\(path.dropFirst(root.path.count)) is a link that \(fault)",
              remedy: real == nil ? nil : "Name the folder it leads to under `media:`."))
          continue
        }
        guard unsafe stat(path, &status) == 0 else { continue }
      }
      let id = FileID(
        device: UInt64(status.st_dev), inode: UInt64(status.st_ino),
        path: status.st_mode & S_IFMT == S_IFDIR ? nil : path)
      if status.st_mode & S_IFMT == S_IFDIR {
        guard seen.insert(id).inserted else { continue }
        walk(path, root: root, depth: depth + 1, seen: &seen, files: &files, diagnostics: &diagnostics)
      } else if status.st_mode & S_IFMT == S_IFREG,
        extensions.contains(FilePaths.fileExtension(of: name)) || NumberedName(name) != nil,
        seen.insert(id).inserted
      {
        files.append(file(path, root: root, status: status))
      }
    }
  }

  static func file(_ path: String, root: Pipeline.MediaRoot, status: stat) -> ScannedFile {
    let modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    let changed = Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)
    return ScannedFile(
      location: MediaLocation(
        path: path, root: root.path, byteCount: Int64(status.st_size), modified: modified),
      probeKey: ProbeTask.key(
        device: UInt64(status.st_dev), inode: UInt64(status.st_ino), byteCount: Int64(status.st_size),
        modified: modified, changed: changed))
  }
}
