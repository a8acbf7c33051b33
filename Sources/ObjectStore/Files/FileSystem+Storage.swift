import Glibc

/// The kind of storage behind a path.
package struct StorageKind: Hashable, Sendable {
  /// As `mount` names it, e.g. `ext4` or `nfs4`; `unknown` where that cannot be found out.
  package var type: String
  /// Whether other machines may write there: SQLite's write-ahead log and `flock` alone are not enough then.
  package var isShared: Bool
}

extension FileSystem {
  /// The variable that says what cannot be seen: `shared` for storage that other machines write to under a local
  /// name, `local` for FUSE that is of this machine alone.
  package static let storageVariable = "INTERLOCK_STORAGE"

  /// What lies behind a path; what cannot be found out counts as local.
  package func storage(at path: String) -> StorageKind {
    var kind = StorageKind(type: mountType(at: path) ?? "unknown", isShared: false)
    kind.isShared = Self.isShared(type: kind.type)
    if let said = unsafe getenv(Self.storageVariable) {
      switch unsafe String(cString: said) {
      case "shared": kind.isShared = true
      case "local": kind.isShared = false
      default: break
      }
    }
    return kind
  }

  private func mountType(at path: String) -> String? {
    var raw = stat()
    guard unsafe stat(path, &raw) == 0, let mounts = try? read("/proc/self/mountinfo") else { return nil }
    // "36 35 98:0 / /mnt rw shared:1 - ext4 /dev/sda1 rw": device third, type after the lone dash (proc(5)).
    let device = "\((raw.st_dev >> 8) & 0xFFF):\((raw.st_dev & 0xFF) | ((raw.st_dev >> 12) & 0xFFF00))"
    for line in String(decoding: mounts.bytes, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count > 6, words[2] == device, let dash = words[6...].firstIndex(of: "-"),
        dash + 1 < words.count
      else { continue }
      return String(words[dash + 1])
    }
    return nil
  }

  package static func isShared(type: String) -> Bool {
    // FUSE may be anything: sshfs and GlusterFS are among it.
    let shared: Set<String> = [
      "nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "afs", "ceph", "9p", "beegfs", "glusterfs",
      "ocfs2", "gfs2", "virtiofs",
    ]
    return shared.contains(type) || type.hasPrefix("fuse")
  }

  /// What is left on the file system that holds a path; `nil` when that cannot be found out.
  ///
  /// Of a path that does not exist yet the nearest folder above it counts.
  func space(at path: String) -> Space? {
    var raw = statvfs()
    var path = path
    while unsafe statvfs(path, &raw) != 0 {
      guard errno == ENOENT || errno == ENOTDIR, path != "/", path != "." else { return nil }
      path = Self.parent(of: path)
    }
    return Space(
      freeBytes: Int64(clamping: UInt64(raw.f_bavail) &* UInt64(raw.f_frsize)),
      blockSize: Int64(raw.f_frsize),
      // File systems that make inodes as they go say 0 of 0.
      hasNames: raw.f_files == 0 || raw.f_favail > 0,
      isReadOnly: raw.f_flag & UInt(ST_RDONLY) != 0)
  }

  struct Space: Hashable, Sendable {
    /// For this user.
    var freeBytes: Int64
    var blockSize: Int64
    /// Whether another file can have a name, i.e. an inode.
    var hasNames: Bool
    var isReadOnly: Bool
  }

  /// Bytes free for this user on the file system that holds a path; `nil` when that cannot be found out.
  package func freeBytes(at path: String) -> Int64? { space(at: path)?.freeBytes }

  /// Why a file cannot be written that SQLite could not open: `EROFS`, `ENOSPC` or `EACCES`.
  package func refusal(at path: String) -> Int32 {
    let space = space(at: path)
    if space?.isReadOnly == true { return EROFS }
    return isFull(at: path) ? ENOSPC : EACCES
  }

  /// Whether the disk that holds a path has no room for a few blocks more.
  package func isFull(at path: String) -> Bool {
    guard let space = space(at: path) else { return false }
    return !space.hasNames || space.freeBytes < 16 * space.blockSize
  }
}
