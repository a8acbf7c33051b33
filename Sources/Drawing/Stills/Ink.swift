/// Colours and type of everything drawn to be looked at: neutral greys, so that nothing tints the pictures.
enum Ink {
  static let paper = DrawingColour(0x161616)
  /// Under plots and stills.
  static let well = DrawingColour(0x0b0b0b)
  static let rule = DrawingColour(0x333333)
  static let grid = DrawingColour(0x262626)
  static let primary = DrawingColour(0xe8e8e8)
  static let secondary = DrawingColour(0xa6a6a6)
  static let faint = DrawingColour(0x757575)
  static let warning = DrawingColour(0xe3a44a)

  static func text(
    _ size: Double, _ colour: DrawingColour = primary, weight: TextStyle.Weight = .regular,
    alignment: TextStyle.Alignment = .left
  ) -> TextStyle {
    TextStyle(size: size, weight: weight, colour: colour, alignment: alignment)
  }
}
