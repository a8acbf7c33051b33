package import Digests

/// One stretch of source sound in the mix.
package struct MixEvent: Hashable, Codable, Sendable, CanonicallyEncodable {
  /// Identity of the sound file.
  package var media: Digest
  package var stream: Int
  /// First sample of the file that is heard, at `mixSampleRate`; may lie before the file, where it is silent.
  package var sourceSample: Int64
  /// Sample of the mix at which it starts.
  package var mixSample: Int64
  package var sampleCount: Int64
  /// The track of the cut, e.g. `A1`.
  package var track: String
  package var event: String

  package init(
    media: Digest, stream: Int, sourceSample: Int64, mixSample: Int64, sampleCount: Int64, track: String,
    event: String
  ) {
    self.media = media
    self.stream = stream
    self.sourceSample = sourceSample
    self.mixSample = mixSample
    self.sampleCount = sampleCount
    self.track = track
    self.event = event
  }

  /// Track and event are names for people and decide no sample.
  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(media)
    encoder.append(stream)
    encoder.append(sourceSample)
    encoder.append(mixSample)
    encoder.append(sampleCount)
  }
}

/// A stereo temporary mix of production sound: unity gain, no processing.
///
/// A mono source goes to both sides at −3.01 dB, left and right of a stereo source to their own side; any other
/// channel count is folded to mono first, each channel at 1/√n. The sum is rounded to 24 bits; samples beyond
/// full scale are clipped and counted.
package struct MixDescription: Hashable, Codable, Sendable, CanonicallyEncodable {
  package static let sampleRate = 48_000
  package static let channels = 2

  package var events: [MixEvent]
  package var sampleCount: Int64
  /// Samples since midnight at the mix's first sample, for `bext`.
  package var timeReference: Int64

  package init(events: [MixEvent], sampleCount: Int64, timeReference: Int64) {
    self.events = events.sorted { ($0.mixSample, $0.track, $0.event) < ($1.mixSample, $1.track, $1.event) }
    self.sampleCount = sampleCount
    self.timeReference = timeReference
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(events)
    encoder.append(sampleCount)
    encoder.append(timeReference)
  }
}

/// Gains of one source channel to the left and right of the mix.
package struct PanGains: Hashable, Sendable {
  package var left: Double
  package var right: Double
}

extension MixDescription {
  /// Written as a literal: libm's square root is exact, but a constant cannot depend on any library.
  private static let minusThreeDecibels = 0.707_106_781_186_547_6

  /// The gains of every channel of a source with `channels` channels.
  package static func gains(channels: Int) -> [PanGains] {
    switch channels {
    case 1: return [PanGains(left: minusThreeDecibels, right: minusThreeDecibels)]
    case 2: return [PanGains(left: 1, right: 0), PanGains(left: 0, right: 1)]
    default:
      let gain = minusThreeDecibels / Double(channels).squareRoot()
      return [PanGains](repeating: PanGains(left: gain, right: gain), count: channels)
    }
  }
}
