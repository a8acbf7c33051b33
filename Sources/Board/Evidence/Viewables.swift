import Foundation
package import ObjectStore

/// Published files that are made to be looked at: pages, pictures and copies for review.
///
/// They are known by their names and extensions, not by the stages that make them.
package struct Viewables {
  /// Files of one kind in one version.
  package struct Item: Encodable {
    /// What a person calls it, e.g. `contact sheet`.
    package var what: String
    /// The asset or deliverable.
    package var name: String
    package var version: String
    /// Relative to the production's parent as the user named it.
    package var paths: [String]
  }

  package let items: [Item]

  private static let pages: Set<String> = ["html", "pdf", "png", "svg"]
  private static let movies: Set<String> = ["mp4", "webm"]
  /// In this order; anything else follows by name, copies for review last.
  private static let known = ["contact sheet", "scopes", "conform report", "loudness"]

  package init(_ versions: [VersionRecord], production: Production, typed: String) {
    var found: [(rank: Int, item: Item)] = []
    for version in versions {
      let folder = VersionLine.folderName(version: version.version)
      for file in version.files {
        guard let what = Self.what(file, in: version) else { continue }
        let path = "\(typed)/\(version.path(of: file, in: production).dropFirst(production.root.count + 1))"
        if let index = found.firstIndex(where: { $0.item.what == what && $0.item.name == version.line.name })
        {
          found[index].item.paths.append(path)
        } else {
          let rank =
            version.line.shelf == .deliverable ? .max : Self.known.firstIndex(of: what) ?? Self.known.count
          found.append((rank, Item(what: what, name: version.line.name, version: folder, paths: [path])))
        }
      }
    }
    items = found.sorted { ($0.rank, $0.item.what, $0.item.name) < ($1.rank, $1.item.what, $1.item.name) }
      .map(\.item)
  }

  /// What a file shows; nil when it is not for looking at.
  package static func what(_ file: VersionRecord.File, in version: VersionRecord) -> String? {
    let stem = version.line.fileName(version: version.version, fileExtension: "")
    guard file.name.hasPrefix(stem) else { return nil }
    let parts = file.name.dropFirst(stem.count).split(separator: ".").map(String.init)
    guard let last = parts.last else { return nil }
    switch version.line.shelf {
    case .deliverable:
      return movies.contains(last) ? version.line.name : nil
    case .asset:
      guard pages.contains(last) else { return nil }
      guard parts.count > 1 else { return version.line.name }
      return parts[0] == "report" ? "conform report" : parts[0].replacingOccurrences(of: "-", with: " ")
    }
  }

  /// A block of lines, a path or two for each kind; of many files the folder and their number.
  package var lines: [String] {
    guard !items.isEmpty else { return [] }
    let width = items.map(\.what.count).max() ?? 0
    return ["To look at"]
      + items.flatMap { item in
        let name = item.what.padding(toLength: width, withPad: " ", startingAt: 0)
        let indent = String(repeating: " ", count: width)
        let shown: [String]
        if item.paths.count > Self.mostPaths {
          let folder = item.paths[0].split(separator: "/", omittingEmptySubsequences: false).dropLast()
          shown = ["\(folder.joined(separator: "/"))/  (\(item.paths.count) files)"]
        } else {
          shown = item.paths
        }
        return shown.enumerated().map { "  \($0 == 0 ? name : indent)  \($1)" }
      }
  }

  private static let mostPaths = 3
}
