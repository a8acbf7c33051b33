package import Diagnostics
import Glibc

extension FileSystem {
  /// What to tell the user when a system call failed.
  ///
  /// Codes: `storage.noSpace`, `storage.accessDenied`, `storage.deviceFault`, `storage.missing`,
  /// `storage.failed`. None of them is the fault of the task: another try may succeed.
  ///
  /// - Parameters:
  ///   - operation: a verb phrase that completes "cannot …".
  ///   - code: the `errno` of the call.
  ///   - needed: bytes the operation still had to write, when known.
  package func fault(_ operation: String, _ path: String, _ code: Int32, needed: Int64? = nil) -> Diagnostic {
    let reason = unsafe String(cString: strerror(code))
    var message = "cannot \(operation): \(reason)"
    let kind: String
    let remedy: String?
    switch code {
    case ENOSPC, EDQUOT:
      kind = "storage.noSpace"
      if let needed { message += "; \(Self.amount(needed)) still to write" }
      let probe = exists(path) ? path : Self.parent(of: path)
      if let free = freeBytes(at: probe) { message += ", \(Self.amount(free)) free" }
      remedy = "Free space on the disk that holds the production, then run again; finished work is kept."
    case EACCES, EPERM, EROFS:
      kind = "storage.accessDenied"
      remedy = "Give this user write access to the production folder."
    case EIO:
      kind = "storage.deviceFault"
      remedy = "Check the disk or the connection to the file server, then run again."
    case ENOENT:
      kind = "storage.missing"
      remedy = nil
    default:
      kind = "storage.failed"
      remedy = nil
    }
    return Diagnostic(
      family: .failed, code: kind, location: SourceLocation(file: relative(path)), message: message,
      remedy: remedy)
  }

  /// A path as messages show it: relative to the production, or its last name when it lies outside.
  package func relative(_ path: String) -> String {
    if path == root { return "." }
    if path.hasPrefix(root + "/") { return String(path.dropFirst(root.utf8.count + 1)) }
    return Self.lastName(of: path)
  }

  /// A byte count for people, in decimal units, rounded up so that it is never too small to be enough.
  static func amount(_ byteCount: Int64) -> String {
    let units: [(Int64, String)] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")]
    for (size, unit) in units where byteCount >= size {
      let tenths = (byteCount / (size / 10)) + (byteCount % (size / 10) == 0 ? 0 : 1)
      return "\(tenths / 10).\(tenths % 10) \(unit)"
    }
    return "\(byteCount) bytes"
  }
}
