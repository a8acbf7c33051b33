import Diagnostics

extension XMLElement {
  /// The first child of a name.
  func part(_ name: String) -> XMLElement? { children.first { $0.name == name } }

  /// The text of a child, without white space around it; `nil` when it is missing or empty.
  func word(_ name: String) -> String? {
    guard let text = part(name)?.text.trimmed, !text.isEmpty else { return nil }
    return text
  }

  /// A child that says `TRUE` or `1`, in any case; `nil` when it says nothing.
  func flag(_ name: String) -> Bool? {
    word(name).map { $0.lowercased() == "true" || $0 == "1" }
  }
}

/// The elements that others refer to by their `id`: the first of a name and id that is not empty is what
/// they mean.
///
/// Source: Apple, Final Cut Pro XML Interchange Format, “Basics: The id Attribute”.
struct FCP7Index {
  private struct Key: Hashable {
    var name: String
    var id: String
  }

  private var elements: [Key: XMLElement] = [:]
  /// Sequences that do not stand in a clip item, in the order of the file.
  private(set) var sequences: [XMLElement] = []
  /// Ids of sequences in clip items.
  private var nested: Set<String> = []
  /// Clips in the project's bins: the masters of those in sequences.
  private(set) var masterClips = 0

  init(_ root: XMLElement) { visit(root, isNested: false) }

  /// No deeper than the reader's levels.
  private mutating func visit(_ element: XMLElement, isNested: Bool) {
    if let id = element.attributes["id"], !element.children.isEmpty {
      let key = Key(name: element.name, id: id)
      if elements[key] == nil { elements[key] = element }
    }
    switch element.name {
    case "sequence":
      if isNested {
        if let id = element.attributes["id"] { nested.insert(id) }
      } else if !element.children.isEmpty {
        sequences.append(element)
      }
    case "clip" where !isNested: masterClips += 1
    default: break
    }
    let isInItem = isNested || element.name == "clipitem"
    for child in element.children { visit(child, isNested: isInItem) }
  }

  /// The element itself, or what it refers to.
  func resolved(_ element: XMLElement) -> XMLElement {
    guard element.children.isEmpty, let id = element.attributes["id"] else { return element }
    return elements[Key(name: element.name, id: id)] ?? element
  }

  /// Sequences that are not nested in others; all of them where each is nested in another.
  var topSequences: [XMLElement] {
    let top = sequences.filter { sequence in sequence.attributes["id"].map { !nested.contains($0) } ?? true }
    return top.isEmpty ? sequences : top
  }
}

/// Places of elements; lines as long as a file are counted once, not for each element.
struct FCP7Places {
  let path: String
  /// Characters before each stretch of a long line, by the line's first byte.
  private var stretches: [Int: [Int]] = [:]

  private static let longestLine = 4096
  private static let stretch = 1024

  init(path: String) { self.path = path }

  mutating func location(_ element: XMLElement) -> SourceLocation {
    let line = element.line.bytes
    guard line.count > Self.longestLine, (line.startIndex...line.endIndex).contains(element.offset) else {
      return element.line.location(in: path, at: element.offset)
    }
    let counts = stretches[line.startIndex] ?? Self.counts(line)
    stretches[line.startIndex] = counts
    let index = (element.offset - line.startIndex) / Self.stretch
    let rest = Self.characters(line[(line.startIndex + index * Self.stretch)..<element.offset])
    return SourceLocation(file: path, line: element.line.number, column: counts[index] + rest + 1)
  }

  private static func counts(_ line: ArraySlice<UInt8>) -> [Int] {
    var counts = [0]
    var start = line.startIndex
    while start < line.endIndex {
      let end = min(start + stretch, line.endIndex)
      counts.append(counts[counts.count - 1] + characters(line[start..<end]))
      start = end
    }
    return counts
  }

  /// Code points: bytes that do not continue one.
  private static func characters(_ bytes: ArraySlice<UInt8>) -> Int { bytes.count { $0 & 0xC0 != 0x80 } }
}
