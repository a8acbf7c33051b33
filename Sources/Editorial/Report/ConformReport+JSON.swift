import FoundationEssentials

extension ConformReport {
  private struct Events: Encodable {
    var events: [Event]
  }

  /// The report as an encoder of sorted keys with line breaks writes it; the events, which are nearly all of it, are
  /// encoded on every core.
  package func prettyJSON() throws -> [UInt8] {
    var rest = self
    rest.events = []
    let whole = try Self.encoded(rest)
    let parts = ConcurrentMap.map(events.runs(of: 500), minimum: 1) { run in
      Result { try Self.encoded(Events(events: run)) }
    }
    guard !parts.isEmpty else { return whole }
    // A line break inside a text is escaped, so this is the list itself.
    let opening = Array("\n  \"events\" : [".utf8)
    guard let start = whole.firstRange(of: opening),
      let end = whole[start.upperBound...].firstIndex(of: UInt8(ascii: "]"))
    else { return try Self.encoded(self) }
    var bytes = Array(whole[..<start.upperBound])
    for (index, part) in parts.enumerated() {
      // `{`, the opening, the events, line break and two spaces, `]`, line break, `}`
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      let part = try part.get()
      bytes += part[1 + opening.count..<part.count - "\n  ]\n}".utf8.count]
    }
    bytes += "\n  ".utf8
    return bytes + whole[end...]
  }

  private static func encoded(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    return Array(try encoder.encode(value))
  }
}

extension Array {
  fileprivate func runs(of length: Int) -> [[Element]] {
    stride(from: 0, to: count, by: length).map { Array(self[$0..<Swift.min($0 + length, count)]) }
  }
}
