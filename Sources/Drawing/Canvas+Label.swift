extension Canvas {
  /// Draws one line of text with its base line at `baseline`, shortened by an ellipsis where it is wider than `width`.
  ///
  /// The text may come from a hostile file: control characters and line ends are drawn as replacement characters.
  /// - Parameter x: the left end, the middle or the right end of the line, as the style's alignment says.
  /// - Returns: the width drawn.
  @discardableResult
  package func label(
    _ text: String, _ style: TextStyle, x: Double, baseline: Double, width: Double? = nil
  ) throws(DrawingError) -> Double {
    var lineStyle = style
    lineStyle.alignment = .left
    lineStyle.width = nil
    let line = try Self.fitted(text, lineStyle, width: width)
    let left: Double =
      switch style.alignment {
      case .left: x
      case .centre: x - line.width / 2
      case .right: x - line.width
      }
    draw(line, x: left, y: baseline - line.baseline)
    return line.width
  }

  /// No label is longer: enough for any page, and a bound on what a file can make us typeset.
  private static let longestLabel = 240

  private static func fitted(
    _ text: String, _ style: TextStyle, width: Double?
  ) throws(DrawingError) -> TypesetText {
    let characters = text.prefix(longestLabel).map { character in
      character.unicodeScalars.contains { isControl($0) } ? "\u{FFFD}" : character
    }
    let whole = try TypesetText(String(characters), style)
    guard let width, whole.width > width else { return whole }
    // The longest beginning that fits together with the ellipsis.
    var fitting = 0
    var excess = characters.count
    while excess - fitting > 1 {
      let middle = (fitting + excess) / 2
      let attempt = try TypesetText(String(characters[..<middle]) + "…", style)
      if attempt.width <= width { fitting = middle } else { excess = middle }
    }
    return try TypesetText(String(characters[..<fitting]) + "…", style)
  }

  /// Controls, line and paragraph separators, and the marks that turn the direction of what follows.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
