package import Digests
package import SoundMixing
package import TaskGraph

/// Makes the stereo temporary mix as a broadcast wave file.
package enum MixTask: TaskKind {
  package static let identifier = "mix"
  package static let version = 1

  package struct Input: Codable, Sendable {
    package var mix: MixDescription
    /// By media identity.
    package var media: [String: MediaLocation]
    /// Sound library and build: it decides samples when a source is resampled.
    package var builtBy: String

    package init(mix: MixDescription, media: [String: MediaLocation], builtBy: String) {
      self.mix = mix
      self.media = media
      self.builtBy = builtBy
    }
  }

  package struct Output: Codable, Sendable {
    package var sound: Digest
    package var byteCount: Int64
    package var sampleCount: Int64
    package var channels: Int
    package var sampleRate: Int
    /// Highest sample magnitude before rounding, 1.0 is full scale.
    package var samplePeak: Double
    package var clippedSamples: Int64

    package init(
      sound: Digest, byteCount: Int64, sampleCount: Int64, channels: Int, sampleRate: Int, samplePeak: Double,
      clippedSamples: Int64
    ) {
      self.sound = sound
      self.byteCount = byteCount
      self.sampleCount = sampleCount
      self.channels = channels
      self.sampleRate = sampleRate
      self.samplePeak = samplePeak
      self.clippedSamples = clippedSamples
    }
  }

  package static func key(_ input: Input) -> TaskKey {
    var encoder = CanonicalEncoder(domain: "interlock.task.mix", version: version)
    encoder.append(input.mix)
    encoder.append(input.builtBy)
    return encoder.digest()
  }
}
