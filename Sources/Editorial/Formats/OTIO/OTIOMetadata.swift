/// The keys of `metadata` that this program reads and writes itself.
enum OTIOKeys {
  /// What the schemas have no place for.
  static let own = "interlock"
  /// In the model's metadata: members of the object that the model does not hold, as they were written.
  static let carried = "otio"
}

extension Metadata.Value {
  /// A value of a file as it is carried.
  init(_ value: JSONValue) {
    switch value.content {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .integer(let value): self = .integer(value)
    case .number(let value): self = .number(value)
    case .string(let text): self = .string(text)
    case .array(let values): self = .array(values.map(Metadata.Value.init))
    case .object(let members):
      self = .object(members.map { Metadata.Entry(key: $0.key, value: Metadata.Value($0.value)) })
    }
  }

  subscript(key: String) -> Metadata.Value? {
    guard case .object(let entries) = self else { return nil }
    return entries.last { $0.key == key }?.value
  }

  var entries: [Metadata.Entry]? {
    if case .object(let entries) = self { return entries }
    return nil
  }

  var array: [Metadata.Value]? {
    if case .array(let values) = self { return values }
    return nil
  }

  var string: String? {
    if case .string(let text) = self { return text }
    return nil
  }
}

extension JSONValue {
  /// A carried value as if it were read again, without a place.
  init(_ value: Metadata.Value) {
    let content: Content =
      switch value {
      case .null: .null
      case .bool(let value): .bool(value)
      case .integer(let value): .integer(value)
      case .number(let value): .number(value)
      case .string(let text): .string(text)
      case .array(let values): .array(values.map { JSONValue($0) })
      case .object(let entries): .object(entries.map { Member(key: $0.key, value: JSONValue($0.value)) })
      }
    self.init(content: content, line: 0, column: 0)
  }
}

extension JSONWriter.Node {
  init(_ value: Metadata.Value) {
    self =
      switch value {
      case .null: .null
      case .bool(let value): .bool(value)
      case .integer(let value): .integer(value)
      case .number(let value): .number(value)
      case .string(let text): .string(text)
      case .array(let values): .array(values.map { JSONWriter.Node($0) })
      case .object(let entries): .object(entries.map { ($0.key, JSONWriter.Node($0.value)) })
      }
  }
}

extension Metadata {
  /// What an object carries beside the model: its `metadata`, and members that nothing else holds.
  ///
  /// - Parameters:
  ///   - interpreted: keys of namespaces that the model holds.
  ///   - known: members of the object that are read.
  ///   - carried: members that are read and kept as they are all the same.
  init(
    otio value: JSONValue, interpreted: [String: Set<String>] = [:], known: Set<String>, carried: [Entry] = []
  ) {
    var carried = carried
    var entries: [Entry] = []
    if let metadata = value["metadata"] {
      guard let members = metadata.members else {
        carried.append(Entry(key: "metadata", value: Value(metadata)))
        self.init([Entry(key: OTIOKeys.carried, value: .object(carried))])
        return
      }
      for (index, member) in members.enumerated() where member.key != OTIOKeys.own {
        // Of two members with one key the last counts.
        if members.count < 100, members[(index + 1)...].contains(where: { $0.key == member.key }) { continue }
        if member.key == OTIOKeys.carried {
          carried.append(Entry(key: "metadata.otio", value: Value(member.value)))
        } else if let keys = interpreted[member.key], let inner = member.value.members {
          let rest = inner.filter { !keys.contains($0.key) }
          guard rest.count == inner.count || !rest.isEmpty else { continue }
          entries.append(
            Entry(key: member.key, value: .object(rest.map { Entry(key: $0.key, value: Value($0.value)) })))
        } else {
          entries.append(Entry(key: member.key, value: Value(member.value)))
        }
      }
    }
    let written = Set(carried.map(\.key))
    for member in value.members ?? [] {
      guard !known.contains(member.key), !Self.everywhere.contains(member.key), !written.contains(member.key)
      else { continue }
      if member.key == "color", case .null = member.value.content { continue }
      carried.append(Entry(key: member.key, value: Value(member.value)))
    }
    if !carried.isEmpty { entries.append(Entry(key: OTIOKeys.carried, value: .object(carried))) }
    self.init(entries)
  }

  private static let everywhere: Set<String> = ["OTIO_SCHEMA", "metadata", "name"]

  /// A member that was kept as it was written.
  func carried(_ key: String) -> Value? { self[OTIOKeys.carried]?[key] }

  /// Without what only concerns the file it was read from.
  var withoutCarried: [Entry] { entries.filter { $0.key != OTIOKeys.carried } }
}
