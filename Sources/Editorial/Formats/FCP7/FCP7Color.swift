/// A colour of a marker or generator.
struct FCP7Color: Hashable {
  /// 0…255.
  var red: Int
  var green: Int
  var blue: Int

  /// The words that lists use for markers, with the colour that stands for each.
  private static let words: [(word: String, color: FCP7Color)] = [
    ("RED", FCP7Color(red: 255, green: 0, blue: 0)), ("GREEN", FCP7Color(red: 0, green: 255, blue: 0)),
    ("BLUE", FCP7Color(red: 0, green: 0, blue: 255)), ("CYAN", FCP7Color(red: 0, green: 255, blue: 255)),
    ("MAGENTA", FCP7Color(red: 255, green: 0, blue: 255)),
    ("YELLOW", FCP7Color(red: 255, green: 255, blue: 0)), ("BLACK", FCP7Color(red: 0, green: 0, blue: 0)),
    ("WHITE", FCP7Color(red: 255, green: 255, blue: 255)),
    ("ORANGE", FCP7Color(red: 255, green: 127, blue: 0)),
    ("PINK", FCP7Color(red: 255, green: 127, blue: 191)),
    ("PURPLE", FCP7Color(red: 127, green: 0, blue: 191)),
  ]

  init(red: Int, green: Int, blue: Int) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// Of `red`, `green` and `blue` children; `nil` unless all are there.
  init?(_ element: XMLElement) {
    let parts = ["red", "green", "blue"].compactMap { element.word($0).flatMap { Int($0) } }
    guard parts.count == 3, parts.allSatisfy({ (0...255).contains($0) }) else { return nil }
    self.init(red: parts[0], green: parts[1], blue: parts[2])
  }

  /// Premiere's `pproColor`: alpha, blue, green, red from the highest byte down.
  init(premiere bits: UInt32) {
    self.init(red: Int(bits & 0xFF), green: Int(bits >> 8 & 0xFF), blue: Int(bits >> 16 & 0xFF))
  }

  init?(word: String) {
    guard let color = Self.words.first(where: { $0.word == word.uppercased() })?.color else { return nil }
    self = color
  }

  /// The nearest colour word.
  var word: (String, isExact: Bool) {
    func distance(_ other: FCP7Color) -> Int {
      let (r, g, b) = (red - other.red, green - other.green, blue - other.blue)
      return r * r + g * g + b * b
    }
    let best = Self.words.min { distance($0.color) < distance($1.color) } ?? Self.words[0]
    return (best.word, distance(best.color) == 0)
  }

  var isBlack: Bool { red == 0 && green == 0 && blue == 0 }
}
