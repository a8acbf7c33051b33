import Diagnostics

/// What a list says that does not come through as written: each cause once, with the events it concerns.
struct EDLFindings: Sendable {
  private struct Cause: Hashable {
    var kind: Finding.Kind
    var text: String
    var isFault: Bool
  }

  private struct Group {
    var events: [String] = []
    var examples: [String] = []
    var location: SourceLocation?
  }

  private var order: [Cause] = []
  private var groups: [Cause: Group] = [:]

  /// - Parameters:
  ///   - text: the cause without the values that differ from event to event.
  ///   - example: such a value, quoted by the finding as long as there are few.
  mutating func add(
    _ kind: Finding.Kind, _ text: String, example: String? = nil, event: String? = nil,
    at location: SourceLocation?, isFault: Bool = false
  ) {
    let cause = Cause(kind: kind, text: text, isFault: isFault)
    if groups[cause] == nil {
      order.append(cause)
      groups[cause] = Group(location: location)
    }
    if let event, groups[cause]?.events.last != event { groups[cause]?.events.append(event) }
    if let example, let shown = groups[cause]?.examples, shown.count <= Self.mostExamples,
      !shown.contains(example)
    {
      groups[cause]?.examples.append(example)
    }
  }

  private static let mostExamples = 3

  /// In the order in which the causes were met first.
  var all: [Finding] {
    order.map { cause in
      let group = groups[cause] ?? Group()
      var what = cause.text
      if !group.examples.isEmpty {
        what += ": " + group.examples.prefix(Self.mostExamples).map { "`\($0)`" }.joined(separator: ", ")
        if group.examples.count > Self.mostExamples { what += " and others" }
      }
      if !group.events.isEmpty { what += " (\(Finding.listing(group.events)))" }
      return Finding(
        kind: cause.kind, what: what, location: group.location,
        event: group.events.count == 1 ? group.events[0] : nil, isFault: cause.isFault)
    }
  }
}
