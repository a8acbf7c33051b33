package import Editorial

/// All corrections of a grade by shot: what is published as a version of its own, and binds to any re-cut.
///
/// Nothing of the cut is in it but the names of shots, so that a cut which grades its shots alike has the same one.
package struct GradeSheet: Hashable, Sendable {
  /// In order of ids, each once.
  package private(set) var corrections: [String: ColorDecision] = [:]

  /// - Parameters:
  ///   - bindings: the shots of the cut.
  ///   - entries: the collections, of which shots that are out of this cut keep their corrections.
  package init(bindings: [GradeBinding], entries: [ColorDecisionCollection.Entry]) {
    var events: Set<String> = []
    for binding in bindings {
      guard let decision = binding.decision else { continue }
      if case .eventNumber(let id) = binding.origin { events.insert(id) }
      let name = binding.shot.isEmpty ? binding.event : binding.shot
      if let known = corrections[name], known != decision {
        // Of a shot that is graded in several ways the first has its name.
        corrections["\(name) event \(binding.event)"] = decision
      } else {
        corrections[name] = decision
      }
    }
    // Event numbers mean something in one cut only.
    for entry in entries {
      guard let id = entry.id, corrections[id] == nil, !events.contains(id) else { continue }
      corrections[id] = entry.decision
    }
  }

  package var isEmpty: Bool { corrections.isEmpty }

  /// As a `.ccc`.
  package var bytes: [UInt8] {
    ColorDecisionCollection.bytes(
      of: corrections.sorted { $0.key < $1.key }.map { (id: $0.key, decision: $0.value) })
  }
}
