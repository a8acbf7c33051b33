/// The names of media files in explanations.
enum MediaNames {
  /// The last part of a path.
  static func file(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return path }
    return String(path[path.index(after: slash)...])
  }
}
