/// Carries paths that were written on another machine over to this one.
package struct PathMap: Sendable, Hashable {
  /// The beginning of the path as the cut has it: POSIX, `D:\…` or `\\server\share`.
  package var from: String
  /// The folder here, absolute.
  package var to: String

  package init(from: String, to: String) {
    self.from = from
    self.to = to
  }

  /// The path with its beginning replaced, `nil` when it begins otherwise.
  func mapped(_ path: String) -> String? {
    let (path, from) = (StoredPath.normal(path), StoredPath.normal(self.from))
    guard let rest = StoredPath.rest(of: path, below: from) else { return nil }
    let target = StoredPath.normal(to)
    return rest.isEmpty ? target : target == "/" ? "/" + rest : target + "/" + rest
  }
}

/// Paths as cut lists store them.
enum StoredPath {
  /// One way of writing: `/` between parts, no `.`, `..` and empty parts; a drive's letter is small.
  static func normal(_ text: String) -> String {
    let isWindows = isWindows(text)
    let isShare = text.hasPrefix("\\\\") || (text.hasPrefix("//") && !text.hasPrefix("///"))
    var parts: [Substring] = []
    for part in text.split(whereSeparator: { $0 == "/" || (isWindows && $0 == "\\") }) where part != "." {
      if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else { parts.append(part) }
    }
    var names = parts.map(String.init)
    if let drive = names.first, isDrive(drive) { names[0] = drive.lowercased() }
    let joined = names.joined(separator: "/")
    if isShare { return "//" + joined }
    // `file:///D:/…` leaves a slash before the drive.
    return text.hasPrefix("/") && !(names.first.map(isDrive) ?? false) ? "/" + joined : joined
  }

  /// The path below a folder; Windows does not tell capitals from small letters.
  static func rest(of path: String, below folder: String) -> String? {
    let isFolded = isWindows(folder) || folder.hasPrefix("//")
    let (left, right) = isFolded ? (path.lowercased(), folder.lowercased()) : (path, folder)
    if left == right { return "" }
    let start = right.hasSuffix("/") || right.isEmpty ? right : right + "/"
    guard left.hasPrefix(start), left.count == path.count else { return nil }
    return String(path.dropFirst(start.count))
  }

  /// What paths are looked up by: of numbered stills, however they are written, one name.
  static func key(_ path: String) -> String {
    let normal = normal(path)
    let name = FileNames.lastComponent(normal)
    guard FileNames.isNumberedStill(name) else { return normal }
    return normal.dropLast(name.count) + FileNames.stem(name)
  }

  private static func isDrive(_ part: String) -> Bool {
    part.utf8.count == 2 && part.hasSuffix(":") && (part.first?.isLetter ?? false)
  }

  private static func isWindows(_ text: String) -> Bool {
    if text.hasPrefix("\\\\") { return true }
    let start = text.drop { $0 == "/" }.prefix(2)
    return isDrive(String(start)) || (text.contains("\\") && !text.contains("/"))
  }
}
