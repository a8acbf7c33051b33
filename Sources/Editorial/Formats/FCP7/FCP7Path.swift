/// The `pathurl` of a file.
///
/// Final Cut and Premiere write `file://localhost/…` with escapes, Premiere the colon of a drive as `%3a`;
/// others write `file:///…` or a plain path.
enum FCP7Path {
  /// The path that a `file:` URL names; any other text as it is.
  static func path(ofURL url: String) -> String {
    guard url.lowercased().hasPrefix("file://") else { return url }
    let host = url.dropFirst(7).prefix { $0 != "/" }
    let path = FileNames.path(ofURL: url)
    // A share of another machine.
    if !host.isEmpty, host.lowercased() != "localhost" { return "//" + host + path }
    return isDrive(path.dropFirst()) ? String(path.dropFirst()) : path
  }

  /// A URL that Final Cut, Premiere and Resolve read; a path that is not absolute as it is.
  static func url(ofPath path: String) -> String {
    if path.hasPrefix("//") {
      let share = path.dropFirst(2)
      guard let slash = share.firstIndex(of: "/") else { return path }
      return "file://" + share[..<slash] + escaped(share[slash...])
    }
    if isDrive(path[...]) {
      return "file://localhost/" + escaped(String(path.map { $0 == "\\" ? "/" : $0 })[...])
    }
    return path.hasPrefix("/") ? "file://localhost" + escaped(path[...]) : path
  }

  private static func isDrive(_ path: Substring) -> Bool {
    let start = Array(path.utf8.prefix(3))
    guard start.count == 3, start[1] == UInt8(ascii: ":") else { return false }
    let letter = start[0] | 0x20
    return (0x61...0x7A).contains(letter) && (start[2] == UInt8(ascii: "/") || start[2] == UInt8(ascii: "\\"))
  }

  private static func escaped(_ path: Substring) -> String {
    var url = FileNames.url(ofPath: String(path))
    if url.hasPrefix("file://") { url.removeFirst(7) }
    return url
  }
}
