package import Digests

/// One stretch of source sound in the mix.
package struct MixEvent: Hashable, Codable, Sendable, CanonicallyEncodable {
  /// Identity of the sound file.
  package var media: Digest
  package var stream: Int
  /// First sample of the file that is heard, at `MixDescription.sampleRate`; may lie before the file, where it is
  /// silent.
  package var sourceSample: Int64
  /// Sample of the mix at which it starts.
  package var mixSample: Int64
  package var sampleCount: Int64
  /// Samples at its beginning over which it rises, and at its end over which it falls; 0 for a hard cut.
  package var fadeIn: Int64
  package var fadeOut: Int64
  package var bus: Bus
  package var gain: Level
  package var pan: Pan
  /// The track of the cut, e.g. `A1`.
  package var track: String
  package var event: String

  package init(
    media: Digest, stream: Int, sourceSample: Int64, mixSample: Int64, sampleCount: Int64, fadeIn: Int64 = 0,
    fadeOut: Int64 = 0, bus: Bus = .dialogue, gain: Level = .zero, pan: Pan = .centre, track: String,
    event: String
  ) {
    self.media = media
    self.stream = stream
    self.sourceSample = sourceSample
    self.mixSample = mixSample
    self.sampleCount = sampleCount
    self.fadeIn = fadeIn
    self.fadeOut = fadeOut
    self.bus = bus
    self.gain = gain
    self.pan = pan
    self.track = track
    self.event = event
  }

  package var mixEnd: Int64 { mixSample + sampleCount }

  /// Track and event are names for people and decide no sample.
  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(media)
    encoder.append(stream)
    encoder.append(sourceSample)
    encoder.append(mixSample)
    encoder.append(sampleCount)
    encoder.append(fadeIn)
    encoder.append(fadeOut)
    encoder.append(bus.rawValue)
    encoder.append(gain.thousandths)
    encoder.append(pan.hundredths)
  }

  /// The gain of its fades at a sample counted from its own first.
  ///
  /// Sample `k` of a rise of `n` has `√((2k+1)/2n)` and the same sample of the fall that meets it `√(1−(2k+1)/2n)`:
  /// their squares sum to 1, so unrelated sounds keep their power across a crossfade.
  package func fade(at sample: Int64) -> Double {
    var gain = 1.0
    if sample < fadeIn { gain = Self.rise(sample, of: fadeIn) }
    let left = sampleCount - 1 - sample
    if left < fadeOut { gain *= Self.rise(left, of: fadeOut) }
    return gain
  }

  private static func rise(_ sample: Int64, of count: Int64) -> Double {
    (Double(2 * sample + 1) / Double(2 * count)).squareRoot()
  }

  /// Whether any sample of a stretch lies in a fade.
  package func isFading(from first: Int64, count: Int64) -> Bool {
    first < fadeIn || first + count > sampleCount - fadeOut
  }
}
