/// A rate, timecode or fraction that does not say a time.
package struct MediaTimeError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: String, Hashable, Sendable, Codable {
    /// The text does not have the form.
    case malformed
    /// A decimal or fraction that is not one of the frame rates in use.
    case unknownRate
    /// Hours, minutes, seconds or frames beyond what the rate has.
    case outOfRange
    /// A label that drop-frame counting leaves out, e.g. `00:01:00;00`.
    case droppedLabel
    /// Drop frame asked for at a rate that has none, e.g. 23.976.
    case noDropFrame
  }

  package var code: Code
  /// What is wrong, with the values; no full stop.
  package var message: String

  package init(code: Code, message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}
