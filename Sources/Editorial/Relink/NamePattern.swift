/// A pattern for names: `*` for any characters, `?` for one, and `{reel}` for the part that is the source reel.
///
/// `{reel}` takes as few characters as it can, at least one. Letter case does not count.
package struct NamePattern: Sendable, Hashable, CustomStringConvertible {
  private enum Part: Sendable, Hashable {
    case letter(UInt8)
    case one
    case any
    case reel
  }

  package let description: String
  private let parts: [Part]

  /// - Returns: `nil` when there is not exactly one `{reel}`, or more than 8 `*`.
  package init?(_ text: String) {
    var parts: [Part] = []
    var rest = Substring(text)
    while let character = rest.first {
      if rest.hasPrefix("{reel}") {
        parts.append(.reel)
        rest = rest.dropFirst(6)
        continue
      }
      switch character {
      case "*": if parts.last != .any { parts.append(.any) }
      case "?": parts.append(.one)
      default: parts += String(character).lowercased().utf8.map { .letter($0) }
      }
      rest = rest.dropFirst()
    }
    guard parts.count(where: { $0 == .reel }) == 1, parts.count(where: { $0 == .any }) <= 8 else {
      return nil
    }
    self.parts = parts
    description = text
  }

  /// The reel in a name, `nil` when the name is not of this pattern.
  package func reel(in name: String) -> String? {
    let bytes = Array(name.utf8)
    // Letters are compared without case, and the reel is given back as written.
    let lowered = bytes.map { (65...90).contains($0) ? $0 + 32 : $0 }
    guard lowered.count <= 255, let mark = parts.firstIndex(of: .reel) else { return nil }
    let head = Array(parts[..<mark])
    let tail = Array(parts[(mark + 1)...])
    let starts = Self.ends(of: head, in: lowered, from: [0])
    // Where the tail fits to the end of the name: the same walk backwards.
    let ends = Self.ends(of: tail.reversed(), in: lowered.reversed(), from: [0]).map { lowered.count - $0 }
    for start in starts.sorted() {
      if let end = ends.sorted().first(where: { $0 > start }) {
        return String(decoding: bytes[start..<end], as: UTF8.self)
      }
    }
    return nil
  }

  /// Every position after which the parts may have been read.
  private static func ends(of parts: [Part], in name: [UInt8], from start: Set<Int>) -> Set<Int> {
    var positions = start
    for part in parts {
      switch part {
      case .letter(let letter):
        positions = Set(positions.filter { $0 < name.count && name[$0] == letter }.map { $0 + 1 })
      case .one: positions = Set(positions.filter { $0 < name.count }.map { $0 + 1 })
      case .any, .reel:
        guard let first = positions.min() else { return [] }
        positions = Set(first...name.count)
      }
    }
    return positions
  }
}

/// Where the source reel of a media file is read.
package enum ReelSource: Sendable, Hashable {
  /// What the container says: its reel, or the tape of a sound file.
  case metadata
  /// The file's name: the part of the pattern; without one the whole of it and its beginnings up to each `_` and `.`.
  case fileName(NamePattern?)
  /// The name of a folder: 1 is the one that holds the file.
  case folder(Int)
  /// A log of the set or the laboratory.
  case log

  package static let standard: [ReelSource] = [.metadata, .fileName(nil), .log]
}
