/// The part of a file that a request asks for.
package enum ByteRange: Hashable, Sendable {
  case all
  /// First and last byte.
  case part(ClosedRange<Int64>)
  /// Nothing of what was asked for is there.
  case unsatisfiable

  /// Source: RFC 9110, 14.1.2 and 14.2. Several parts at once are answered with the whole, which it allows.
  ///
  /// - Parameters:
  ///   - header: the `Range` header; what cannot be understood is as if it were not there.
  ///   - size: bytes of the file.
  package init(_ header: String?, size: Int64) {
    guard let header, header.lowercased().hasPrefix("bytes="), !header.contains(",") else {
      self = .all
      return
    }
    let words = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false).map { text in
      text.filter { $0 != " " }
    }
    guard words.count == 2, words.allSatisfy({ $0.utf8.allSatisfy(Self.isDigit) }) else {
      self = .all
      return
    }
    switch (Int64(words[0]), Int64(words[1])) {
    case (nil, nil): self = words[0].isEmpty && words[1].isEmpty ? .all : .unsatisfiable
    case (nil, let count?) where words[0].isEmpty:
      self = count > 0 && size > 0 ? .part(max(0, size - count)...size - 1) : .unsatisfiable
    case (let first?, nil) where words[1].isEmpty:
      self = first < size ? .part(first...size - 1) : .unsatisfiable
    case (let first?, let last?):
      guard first <= last else {
        self = .all
        return
      }
      self = first < size ? .part(first...min(last, size - 1)) : .unsatisfiable
    default: self = .unsatisfiable
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
