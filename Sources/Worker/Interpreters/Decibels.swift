import Foundation

/// Decibels for evidence and people; they decide no byte, so the mathematics library may make them.
enum Decibels {
  /// Ten times the decimal logarithm of a power ratio.
  static func ratio(_ power: Double) -> Double { 10 * log10(power) }
}
