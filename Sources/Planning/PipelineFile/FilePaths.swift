import Glibc

/// Paths as text: joined and normalised without touching the disk, and the few questions asked of it.
package enum FilePaths {
  /// `path` made absolute: relative to `folder`, with `.` and `..` taken out.
  package static func resolve(_ path: String, from folder: String) -> String {
    let joined = path.hasPrefix("/") ? path : folder + "/" + path
    var parts: [Substring] = []
    for part in joined.split(separator: "/") where part != "." {
      if part == ".." {
        if !parts.isEmpty { parts.removeLast() }
      } else {
        parts.append(part)
      }
    }
    return "/" + parts.joined(separator: "/")
  }

  package static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  package static func name(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// The extension in lower case, without the dot; empty when there is none.
  package static func fileExtension(of path: String) -> String {
    let name = name(of: path)
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }

  package static var current: String {
    guard let path = unsafe getcwd(nil, 0) else { return "/" }
    defer { unsafe free(path) }
    return unsafe String(cString: path)
  }

  /// The path with every symbolic link followed; nil when nothing is there.
  package static func real(_ path: String) -> String? {
    FileWitness.note(path)
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  /// The bytes of a file.
  ///
  /// - Throws: `FileReadError` with the system's reason.
  package static func read(_ path: String, limit: Int = 256 << 20) throws(FileReadError) -> [UInt8] {
    FileWitness.note(path)
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileReadError(reason: Self.reason(errno)) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw FileReadError(reason: Self.reason(errno)) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileReadError(reason: "not a regular file") }
    guard status.st_size <= limit else { throw FileReadError(reason: "larger than \(limit >> 20) MiB") }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw FileReadError(reason: Self.reason(errno))
      }
      if count == 0 { break }
      done += count
    }
    return Array(bytes.prefix(done))
  }

  private static func reason(_ code: Int32) -> String {
    unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
  }
}

extension FilePaths {
  /// Whether a file can be opened, for files that are too large to be read here.
  ///
  /// - Throws: `FileReadError` with the system's reason.
  package static func checkReadable(_ path: String) throws(FileReadError) {
    FileWitness.note(path)
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileReadError(reason: reason(errno)) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw FileReadError(reason: reason(errno)) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileReadError(reason: "not a regular file") }
  }
}

/// Why a file could not be read, in the system's words.
package struct FileReadError: Error {
  package var reason: String
}

extension FilePaths {
  package static func isFolder(_ path: String) -> Bool {
    FileWitness.note(path)
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether an absolute path lies below a folder.
  package static func lies(_ path: String, below folder: String) -> Bool {
    path.hasPrefix(folder == "/" ? "/" : folder + "/")
  }

  /// Names in a folder, sorted, without `.` and `..`; empty when it cannot be read.
  package static func entries(of folder: String) -> [String] {
    FileWitness.note(folder)
    guard let stream = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
