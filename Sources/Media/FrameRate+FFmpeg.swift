import CFFmpeg
import MediaTime

extension FrameRate {
  /// Frames per second.
  var framesPerSecond: AVRational { AVRational(num: Int32(numerator), den: Int32(denominator)) }

  /// Seconds per frame: the time base in which frame numbers are timestamps.
  var frameDuration: AVRational { AVRational(num: Int32(denominator), den: Int32(numerator)) }

  /// nil when FFmpeg's value is unset or no rate.
  init?(_ value: AVRational) { self.init(checked: Int(value.num), Int(value.den)) }
}
