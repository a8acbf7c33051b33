import FoundationEssentials
package import TaskGraph

/// The folders that tasks read media from: whoever runs them elsewhere has to give them these.
package enum MediaFolders {
  /// The declared roots that the locations of media name, those below another left out, in order.
  ///
  /// Tasks of every kind name media in the same way, so their inputs are searched as text: in JSON a quotation mark within
  /// a text has a backslash before it, and this pattern is a member of an object wherever it is found.
  package static func read(by nodes: some Sequence<TaskNode>) -> [String] {
    var texts: Set<[UInt8]> = []
    for node in nodes { texts.formUnion(values(in: node.payload)) }
    let decoder = JSONDecoder()
    return outermost(texts.compactMap { try? decoder.decode(String.self, from: Data($0)) })
  }

  /// Folders without those that lie in another of them, sorted.
  package static func outermost(_ folders: some Sequence<String>) -> [String] {
    let all = Set(folders).filter { $0.hasPrefix("/") }
    return all.filter { folder in !all.contains { $0 != folder && lies(folder, in: $0) } }.sorted()
  }

  package static func lies(_ path: String, in folder: String) -> Bool {
    path == folder || path.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/")
  }

  private static let member = Array(#""root":"#.utf8)

  /// The values of all members `root`, as JSON texts.
  private static func values(in json: [UInt8]) -> [[UInt8]] {
    var found: [[UInt8]] = []
    var rest = json[...]
    while let start = rest.firstIndex(of: member[0]) {
      rest = rest[start...]
      guard rest.starts(with: member) else {
        rest = rest.dropFirst()
        continue
      }
      rest = rest.dropFirst(member.count)
      guard rest.first == UInt8(ascii: "\"") else { continue }
      var end = rest.startIndex + 1
      while end < rest.endIndex, rest[end] != UInt8(ascii: "\"") {
        end += rest[end] == UInt8(ascii: "\\") ? 2 : 1
      }
      guard end < rest.endIndex else { break }
      found.append(Array(rest[...end]))
      rest = rest[(end + 1)...]
    }
    return found
  }
}
