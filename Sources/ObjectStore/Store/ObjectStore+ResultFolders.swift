package import Diagnostics
import Digests
package import TaskGraph

extension ObjectStore {
  /// One of the folders that results are spread over by the first two digits of their keys.
  package struct ResultFolder: Hashable, Sendable {
    package var name: String
    /// When a name last came into it or went, in nanoseconds since 1970.
    package var modified: Int64
  }

  /// The folders of `results/` that are there.
  package func resultFolders() throws(Diagnostic) -> [ResultFolder] {
    var folders: [ResultFolder] = []
    for name in try fileSystem.names(in: production.resultsFolder) where name.utf8.count == 2 {
      guard let facts = try fileSystem.facts("\(production.resultsFolder)/\(name)"), facts.isFolder else {
        continue
      }
      folders.append(
        ResultFolder(
          name: name, modified: facts.modifiedSeconds * 1_000_000_000 + facts.modifiedNanoseconds))
    }
    return folders
  }

  /// The keys of the result files in one folder; whether they are whole is not looked at.
  package func resultKeys(in folder: String) throws(Diagnostic) -> [TaskKey] {
    try fileSystem.names(in: "\(production.resultsFolder)/\(folder)").compactMap { name in
      guard name.hasPrefix(folder), name.hasSuffix(".json") else { return nil }
      return Digest(hex: String(name.dropLast(5)))
    }
  }
}
