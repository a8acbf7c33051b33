package import Diagnostics
import MediaTime

/// Choices of media that are made once and hold for every later conform: a file that people may edit.
package struct RelinkLock: Sendable, Hashable {
  /// What tells an event of the cut from others, whatever its number is.
  package struct Event: Sendable, Hashable {
    package var kind: Track.Kind
    package var reel: String
    package var name: String
    /// The source in as the list has it.
    package var source: String
    /// Record timecode of its first frame.
    package var record: String

    package init(kind: Track.Kind, reel: String, name: String, source: String, record: String) {
      self.kind = kind
      self.reel = reel
      self.name = name
      self.source = source
      self.record = record
    }

    init(_ clip: Clip, kind: Track.Kind, timeline: Timeline) {
      self.init(
        kind: kind, reel: clip.sourceReel ?? "", name: clip.name, source: clip.sourceIn.description,
        record: timeline.timecode(at: clip.recordRange.start).description)
    }

    var sortKey: [String] { [record, kind.rawValue, reel, name, source] }
  }

  package struct Choice: Sendable, Hashable {
    package var event: Event
    /// The end of the file's path: as many parts as tell it from other files.
    package var file: String
    /// Identity of the content; `nil` takes whatever the file holds.
    package var identity: String?
    /// The rule that matched when the choice was made; says nothing to later conforms.
    package var rule: String
    package var location: SourceLocation?

    package init(
      event: Event, file: String, identity: String?, rule: String, location: SourceLocation? = nil
    ) {
      self.event = event
      self.file = file
      self.identity = identity
      self.rule = rule
      self.location = location
    }
  }

  package var choices: [Choice]

  package init(choices: [Choice]) { self.choices = choices }

  /// The choices of a conform: one for each event with media.
  package init(_ conform: Conform, media: [MediaItem]) {
    let files = Self.shortPaths(media)
    var choices: [Event: Choice] = [:]
    for event in conform.events where event.fill == nil {
      guard let index = event.media, let key = event.key, choices[key] == nil else { continue }
      let chosen = event.candidates.first(where: \.isChosen)?.rules.first
      choices[key] = Choice(
        event: key, file: files[index], identity: media[index].facts.identity, rule: chosen ?? event.rule)
    }
    self.init(choices: choices.values.sorted { $0.event.sortKey.lexicographicallyPrecedes($1.event.sortKey) })
  }

  /// The shortest end of each path, in whole parts and at least so many, that no other has.
  static func shortPaths(_ media: [MediaItem], atLeast least: Int = 1) -> [String] {
    let parts = media.map { $0.path.split(separator: "/") }
    var lengths = [Int](repeating: least, count: media.count)
    var open = Array(media.indices)
    func end(_ index: Int) -> String { parts[index].suffix(lengths[index]).joined(separator: "/") }
    if media.count == 1 { return [end(0)] }
    while !open.isEmpty {
      let groups = Dictionary(grouping: open, by: end)
      open = groups.values.filter { $0.count > 1 }.joined().filter { lengths[$0] < parts[$0].count }
      for index in open { lengths[index] += 1 }
    }
    return media.indices.map(end)
  }
}

extension RelinkLock {
  /// The file, stable: equal choices have equal bytes.
  package var bytes: [UInt8] {
    JSONWriter.bytes(
      .object([
        ("interlock_lock", .integer(1)),
        (
          "choices",
          .array(
            choices.map { choice in
              .object(
                [
                  ("kind", .string(choice.event.kind.rawValue)), ("reel", .string(choice.event.reel)),
                  ("name", .string(choice.event.name)), ("source", .string(choice.event.source)),
                  ("record", .string(choice.event.record)), ("file", .string(choice.file)),
                ] + (choice.identity.map { [("identity", .string($0))] } ?? [])
                  + [("rule", .string(choice.rule))])
            })
        ),
      ]))
  }

  /// - Parameter path: as the user typed it, for locations.
  /// - Throws: every fault of the file at once.
  package static func read(path: String, bytes: [UInt8]) throws(DiagnosticList) -> RelinkLock {
    let root = try JSONReader.read(path: path, bytes: bytes)
    guard root["interlock_lock"]?.integer == 1, let values = root["choices"]?.array else {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "lock.notALock", location: root.location(in: path),
          message:
            "this is not a lock file of version 1: it needs `interlock_lock: 1` and a list of `choices`",
          remedy: "Let `interlock conform --lock` write it.")
      ])
    }
    var faults: [Diagnostic] = []
    var seen: [Event: Choice] = [:]
    var choices: [Choice] = []
    for value in values {
      do throws(Diagnostic) {
        let choice = try choice(value, path)
        if let other = seen[choice.event], other.file != choice.file || other.identity != choice.identity {
          throw Diagnostic(
            family: .usage, code: "lock.twice", location: value.location(in: path),
            message: "two choices are for one event: \(other.file) and \(choice.file)", remedy: "Leave one.")
        }
        if seen.updateValue(choice, forKey: choice.event) == nil { choices.append(choice) }
      } catch {
        faults.append(error)
      }
    }
    guard faults.isEmpty else { throw DiagnosticList(faults) }
    return RelinkLock(choices: choices)
  }

  private static func choice(_ value: JSONValue, _ path: String) throws(Diagnostic) -> Choice {
    func fault(_ message: String) -> Diagnostic {
      Diagnostic(
        family: .usage, code: "lock.badChoice", location: value.location(in: path), message: message,
        remedy: "A choice has kind, reel, name, source, record and file, and may have identity and rule.")
    }
    func text(_ key: String) throws(Diagnostic) -> String {
      guard let text = value[key]?.string else { throw fault("the choice has no text `\(key)`") }
      return text
    }
    guard let kind = Track.Kind(rawValue: try text("kind")) else {
      throw fault("the `kind` of a choice is picture or sound")
    }
    let file = try text("file")
    if file.isEmpty { throw fault("the `file` of a choice is empty") }
    return Choice(
      event: Event(
        kind: kind, reel: try text("reel"), name: try text("name"), source: try text("source"),
        record: try text("record")), file: file, identity: value["identity"]?.string,
      rule: value["rule"]?.string ?? "", location: value.location(in: path))
  }
}
