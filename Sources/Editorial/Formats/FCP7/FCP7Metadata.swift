/// Elements of a Final Cut Pro XML file that are kept as they are.
///
/// The shape is that of OpenTimelineIO's adapter: an element is an object, its attributes begin with `@`,
/// an element that stands several times is an array, one without children or attributes its text, and
/// `null` when it is empty. The text of an element that has attributes is under `#text`, which that adapter
/// has no place for.
enum FCP7Metadata {
  static let namespace = "fcp_xml"

  /// - Parameter names: of direct children that are left out.
  static func value(of element: XMLElement, without names: Set<String> = []) -> Metadata.Value {
    let entries = self.entries(of: element, without: names)
    if !entries.isEmpty { return .object(entries) }
    return element.text.isEmpty ? .null : .string(element.text)
  }

  static func entries(of element: XMLElement, without names: Set<String> = []) -> [Metadata.Entry] {
    var entries: [Metadata.Entry] = []
    for (key, value) in element.attributes.sorted(by: { $0.key < $1.key }) {
      entries.append(Metadata.Entry(key: "@" + key, value: .string(value)))
    }
    var places: [String: Int] = [:]
    var values: [(name: String, values: [Metadata.Value])] = []
    for child in element.children where !names.contains(child.name) {
      if let place = places[child.name] {
        values[place].values.append(value(of: child))
      } else {
        places[child.name] = values.count
        values.append((child.name, [value(of: child)]))
      }
    }
    for (name, values) in values {
      entries.append(Metadata.Entry(key: name, value: values.count == 1 ? values[0] : .array(values)))
    }
    if !entries.isEmpty, element.children.isEmpty, !element.text.isEmpty {
      entries.append(Metadata.Entry(key: "#text", value: .string(element.text)))
    }
    return entries
  }

  /// - Returns: empty when there is nothing to keep.
  static func metadata(_ entries: [Metadata.Entry]) -> Metadata {
    entries.isEmpty ? Metadata() : Metadata([Metadata.Entry(key: namespace, value: .object(entries))])
  }

  // MARK: Writing

  /// Puts what was kept into an element, but not what it already has.
  static func add(_ entries: [Metadata.Entry], to node: inout XMLWriter.Node) {
    let names = Set(node.children.map(\.name))
    let attributes = Set(node.attributes.map(\.name))
    for entry in entries {
      if entry.key.hasPrefix("@") {
        let name = String(entry.key.dropFirst())
        guard XMLWriter.isName(name), !attributes.contains(name), let text = text(entry.value) else {
          continue
        }
        node.attributes.append((name, text))
      } else if entry.key == "#text" {
        node.text = text(entry.value) ?? ""
      } else if !names.contains(entry.key) {
        node.children += nodes(entry.key, entry.value)
      }
    }
  }

  static func nodes(_ name: String, _ value: Metadata.Value) -> [XMLWriter.Node] {
    guard XMLWriter.isName(name) else { return [] }
    switch value {
    case .array(let values): return values.flatMap { nodes(name, $0) }
    case .object(let entries):
      var node = XMLWriter.Node(name)
      add(entries, to: &node)
      return [node]
    default: return [XMLWriter.Node(name, text: text(value) ?? "")]
    }
  }

  private static func text(_ value: Metadata.Value) -> String? {
    switch value {
    case .string(let text): text
    case .bool(let value): value ? "TRUE" : "FALSE"
    case .integer(let value): String(value)
    case .number(let value): String(value)
    case .null: ""
    case .array, .object: nil
    }
  }
}

extension Metadata {
  /// What was kept of the element in a Final Cut Pro XML file.
  var finalCut: [Entry] {
    guard case .object(let entries)? = self[FCP7Metadata.namespace] else { return [] }
    return entries
  }
}

extension [Metadata.Entry] {
  func kept(_ key: String) -> Metadata.Value? { first { $0.key == key }?.value }

  func keptText(_ key: String) -> String? {
    guard case .string(let text)? = kept(key) else { return nil }
    return text
  }

  func keptObject(_ key: String) -> [Metadata.Entry] {
    guard case .object(let entries)? = kept(key) else { return [] }
    return entries
  }
}
