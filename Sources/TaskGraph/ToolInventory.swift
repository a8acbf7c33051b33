/// Libraries that make bytes where a plan is made, by the names under which workers know them: `libraries`, `kernels`,
/// `drawing`, `colour`, and encoders.
///
/// Keys are made from them, so a worker on another machine has to have the same.
package struct ToolInventory: Hashable, Sendable {
  package var byName: [String: String]

  package init(_ byName: [String: String] = [:]) { self.byName = byName }

  /// What decodes and moves pixels: every worker needs it.
  private static let always: Set<String> = ["libraries", "kernels"]

  /// Those that a task depends on: what its input names, and always what decodes and moves pixels.
  package func needed(by node: TaskNode) -> [String: String] {
    guard node.place == .worker else { return [:] }
    return byName.filter { name, identity in
      Self.always.contains(name) || (!identity.isEmpty && node.payload.contains(Array(identity.utf8)))
    }
  }
}

extension [UInt8] {
  /// Whether the bytes of a word, which is not empty, are among these one after the other.
  fileprivate func contains(_ word: [UInt8]) -> Bool {
    var rest = self[...]
    while let start = rest.firstIndex(of: word[0]) {
      if rest[start...].starts(with: word) { return true }
      rest = rest[(start + 1)...]
    }
    return false
  }
}
