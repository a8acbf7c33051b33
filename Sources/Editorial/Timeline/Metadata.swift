/// What a file says about an object and the model does not interpret; writers of the same format give it back.
///
/// The keys are namespaces, as OpenTimelineIO has them: `cmx_3600`, `fcp_xml`, `fcpx`, or another program's own.
package struct Metadata: Sendable, Hashable {
  package struct Entry: Sendable, Hashable {
    package var key: String
    package var value: Value

    package init(key: String, value: Value) {
      self.key = key
      self.value = value
    }
  }

  package indirect enum Value: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Also integers beyond 64 bits, which are written as they were read.
    case number(Double)
    case string(String)
    case array([Value])
    /// In the order of the file.
    case object([Entry])
  }

  /// In the order of the file; a key stands once.
  package var entries: [Entry]

  package init(_ entries: [Entry] = []) { self.entries = entries }

  package var isEmpty: Bool { entries.isEmpty }

  package subscript(key: String) -> Value? {
    get { entries.last { $0.key == key }?.value }
    set {
      entries.removeAll { $0.key == key }
      if let newValue { entries.append(Entry(key: key, value: newValue)) }
    }
  }
}
