import Diagnostics
import Glibc
import TaskGraph
import TaskKinds

/// Makes sure that a media file is the one that was probed, inside the folder it was declared in.
enum MediaGuard {
  static func check(_ media: MediaLocation) throws {
    let name = media.path.split(separator: "/").last.map(String.init) ?? media.path
    func refused(_ message: String, _ remedy: String) -> WorkerFailure {
      WorkerFailure(
        exit: 3, failure: .media,
        diagnostics: [
          Diagnostic(
            severity: .error, family: .inputMissing, code: "media.changed",
            location: SourceLocation(file: name),
            message: message, remedy: remedy)
        ])
    }
    guard let resolved = unsafe realpath(media.path, nil) else {
      throw refused("the file is no longer there", "Put it back, or run again without it.")
    }
    defer { unsafe free(resolved) }
    guard unsafe String(cString: resolved).hasPrefix(media.root == "/" ? "/" : media.root + "/") else {
      throw refused("the file lies outside its media folder", "Name its folder under `media:`.")
    }
    var status = stat()
    guard unsafe stat(resolved, &status) == 0 else {
      throw refused("the file cannot be read", "Check its permissions.")
    }
    let modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    // Farms that copy media keep its times to the microsecond.
    let isSame =
      media.isMapped ? abs(modified - media.modified) <= 2_000 : modified == media.modified
    guard status.st_size == media.byteCount, isSame else {
      throw refused("the file has changed since it was probed", "Run again: it is probed anew.")
    }
  }
}
