import Glibc
import ObjectStore

/// The copy that one program has read, kept to be overwritten for the next.
///
/// ext4 does not give the number of a deleted file to a new one for a minute, and looks at all of those whenever it makes
/// a file; and where blocks are discarded as they become free, whoever deletes waits for the device. Thousands of small
/// programs whose inputs are deleted would slow each other down.
struct SpareFile {
  let path: String
  let files: FileSystem

  /// - Returns: false when the file is not as we made it, or there is a spare one already.
  func keep(_ file: String) throws -> Bool {
    guard !files.exists(path), try isPlain(file) else { return false }
    return try files.move(file, to: path)
  }

  /// Moves the spare file to a place and writes it anew.
  ///
  /// - Returns: false when there is none.
  func become(_ place: String, _ bytes: [UInt8], mode: UInt32) throws -> Bool {
    guard files.exists(path) else { return false }
    // The program before could reach it.
    guard try isPlain(path), unsafe chmod(path, 0o600) == 0 else {
      try files.removeTree(path)
      return false
    }
    guard try files.move(path, to: place) else { return false }
    let file = try OpenFile(place, O_WRONLY | O_NOFOLLOW, in: files)
    let before = try file.facts().byteCount
    try file.write(bytes)
    // Blocks that stay in use are not given back first.
    if before > Int64(bytes.count) { try file.truncate(to: Int64(bytes.count)) }
    try file.setMode(mode)
    return true
  }

  /// Whether it is a file of one name that nothing sets apart from a new one.
  private func isPlain(_ file: String) throws -> Bool {
    guard let facts = try files.facts(file), facts.isRegularFile, facts.linkCount == 1,
      facts.mode & 0o7222 == 0
    else { return false }
    return unsafe Self.listAttributes.map { unsafe $0(file, nil, 0) == 0 } ?? false
  }

  /// `llistxattr(2)`: bytes that the names of extended attributes take. Swift's Glibc lacks its header.
  private static let listAttributes:
    (@convention(c) (UnsafePointer<CChar>, UnsafeMutablePointer<CChar>?, Int) -> Int)? = {
      guard let symbol = unsafe dlsym(nil, "llistxattr") else { return nil }
      return unsafe unsafeBitCast(
        symbol, to: (@convention(c) (UnsafePointer<CChar>, UnsafeMutablePointer<CChar>?, Int) -> Int).self)
    }()
}
