/// Words that somebody looks for: what has all of them is found, whatever the case.
///
/// ASCII words are compared byte by byte, where comparing characters takes longer for 5,000 shots than a page may.
struct SearchWords {
  private let plain: [[UInt8]]
  private let others: [String]

  var isEmpty: Bool { plain.isEmpty && others.isEmpty }

  init(_ text: String) {
    let words = text.lowercased().split(separator: " ").map(String.init)
    plain = words.filter(Self.isASCII).map { Array($0.utf8) }
    others = words.filter { !Self.isASCII($0) }
  }

  private static func isASCII(_ word: String) -> Bool { word.utf8.allSatisfy { $0 < 0x80 } }

  /// Whether each word is in one of the texts.
  func areIn(_ texts: [String]) -> Bool {
    guard !plain.isEmpty || !others.isEmpty else { return true }
    if !plain.isEmpty {
      let bytes = texts.map(Self.lowercased)
      guard plain.allSatisfy({ word in bytes.contains { Self.contains($0, word) } }) else { return false }
    }
    return others.allSatisfy { word in texts.contains { $0.lowercased().contains(word) } }
  }

  private static func lowercased(_ text: String) -> [UInt8] {
    text.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
  }

  private static func contains(_ text: [UInt8], _ word: [UInt8]) -> Bool {
    guard text.count >= word.count else { return false }
    for start in 0...text.count - word.count where text[start] == word[0] {
      if text[start..<start + word.count].elementsEqual(word) { return true }
    }
    return false
  }
}
