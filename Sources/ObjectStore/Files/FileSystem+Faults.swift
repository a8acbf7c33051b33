package import Diagnostics
import Glibc

extension FileSystem {
  /// What to tell the user when a system call failed.
  ///
  /// Codes: `storage.noSpace`, `storage.deviceFault` (these go away, and another try may succeed),
  /// `storage.readOnly`, `storage.accessDenied`, `storage.missing`, `storage.failed`. None of them is the fault of
  /// the task.
  ///
  /// - Parameters:
  ///   - operation: a verb phrase that completes "cannot …".
  ///   - code: the `errno` of the call.
  ///   - needed: bytes the operation still had to write; where nobody knows, it is at least a block.
  package func fault(_ operation: String, _ path: String, _ code: Int32, needed: Int64? = nil) -> Diagnostic {
    let reason = unsafe String(cString: strerror(code))
    var message = "cannot \(operation): \(reason)"
    var family = Diagnostic.Family.failed
    let kind: String
    let remedy: String?
    switch code {
    case ENOSPC, EDQUOT:
      (family, kind) = (.transient, "storage.noSpace")
      message += shortage(at: path, needed: needed)
      remedy = "Free space on the disk that holds the production, then run again; finished work is kept."
    case EIO, ESTALE, ETIMEDOUT:
      (family, kind) = (.transient, "storage.deviceFault")
      remedy = "Check the disk or the connection to the file server, then run again; finished work is kept."
    case EROFS:
      kind = "storage.readOnly"
      remedy = "Mount the disk for writing, or work in a production on another one."
    case EACCES, EPERM:
      kind = "storage.accessDenied"
      remedy = "Give this user write access to the production folder."
    case ENOENT:
      kind = "storage.missing"
      remedy = nil
    default:
      kind = "storage.failed"
      remedy = nil
    }
    return Diagnostic(
      family: family, code: kind, location: SourceLocation(file: relative(path)), message: message,
      remedy: remedy)
  }

  /// "; 1.3 MB still to write, 20.5 kB free", as far as it is known.
  private func shortage(at path: String, needed: Int64?) -> String {
    guard let space = space(at: path) else {
      return needed.map { "; \(Self.amount($0)) still to write" } ?? ""
    }
    let wanted = needed.map(Self.amount) ?? "at least \(Self.amount(space.blockSize))"
    let names = space.hasNames ? "" : ", and no room for the name of another file (inodes)"
    return "; \(wanted) still to write, \(Self.amount(space.freeBytes)) free\(names)"
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
