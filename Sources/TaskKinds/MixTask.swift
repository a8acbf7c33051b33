package import Digests
package import SoundMixing
package import TaskGraph

/// Makes a mix in its layouts, with stems and loudness report where they are asked for, as broadcast wave files.
package enum MixTask: DescribedTask {
  package static let identifier = "mix"
  package static let version = 2

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

  /// One finished mix.
  package struct Printmaster: Hashable, Codable, Sendable {
    /// `stereo` or `5.1`.
    package var layout: String
    /// A 24-bit broadcast wave file.
    package var sound: Digest
    package var byteCount: Int64
    package var channels: Int
    /// Highest sample magnitude before rounding, 1.0 is full scale.
    package var samplePeak: Double
    package var clippedSamples: Int64
    /// What it measures; nil for a mix without target and report.
    package var loudness: LoudnessFacts?
    /// What was done to reach the target; nil without one.
    package var correction: LoudnessCorrection?

    package init(
      layout: String, sound: Digest, byteCount: Int64, channels: Int, samplePeak: Double,
      clippedSamples: Int64, loudness: LoudnessFacts? = nil, correction: LoudnessCorrection? = nil
    ) {
      self.layout = layout
      self.sound = sound
      self.byteCount = byteCount
      self.channels = channels
      self.samplePeak = samplePeak
      self.clippedSamples = clippedSamples
      self.loudness = loudness
      self.correction = correction
    }
  }

  package struct Output: Codable, Sendable {
    package var sampleCount: Int64
    package var sampleRate: Int
    package var mixes: [Printmaster]
    /// What is published of the mix: mixes, stems, loudness report; empty for a plain temporary mix.
    package var files: [MadeFile]

    package init(sampleCount: Int64, sampleRate: Int, mixes: [Printmaster], files: [MadeFile] = []) {
      self.sampleCount = sampleCount
      self.sampleRate = sampleRate
      self.mixes = mixes
      self.files = files
    }
  }

  package static func describe(_ input: Input, names: KeyNames, in recipe: inout KeyRecipe) {
    recipe.add(group: "mix", words: words(input)) { $0.append(input.mix) }
    recipe.addBuild(input.builtBy)
  }

  private static func words(_ input: Input) -> [Ingredient] {
    let mix = input.mix
    func decibels(_ level: Level) -> String { "\(Double(level.thousandths) / 1000)" }
    var words = [
      Ingredient("samples", "\(mix.sampleCount)", group: "mix"),
      Ingredient("time reference", "\(mix.timeReference)", group: "mix"),
      Ingredient("layouts", mix.layouts.map(\.rawValue).joined(separator: ", "), group: "mix"),
      Ingredient("stems", mix.hasStems ? "yes" : "no", group: "mix"),
      Ingredient(
        "loudness", mix.target.map { "\(decibels($0.integrated)) LKFS" } ?? "as it is", group: "mix"),
      Ingredient("true peak", mix.target.map { "\(decibels($0.truePeak)) dBTP" } ?? "as it is", group: "mix"),
      Ingredient("report", mix.heading == nil ? "no" : "yes", group: "mix"),
    ]
    var named: Set<Digest> = []
    for event in mix.events where named.insert(event.media).inserted {
      let file = file(event.media, in: input)
      words.append(Ingredient("identity", event.media.hex, group: "source \(file)"))
    }
    for event in mix.events {
      var value = "\(file(event.media, in: input)) from sample \(event.sourceSample) for \(event.sampleCount)"
      value += ", at sample \(event.mixSample), \(event.bus.rawValue)"
      if event.gain != .zero { value += ", \(decibels(event.gain)) dB" }
      if event.fadeIn > 0 || event.fadeOut > 0 { value += ", fades \(event.fadeIn) and \(event.fadeOut)" }
      words.append(
        Ingredient("", value, group: "sound", about: "event \(event.event) on \(event.track)"))
    }
    return words
  }

  private static func file(_ media: Digest, in input: Input) -> String {
    input.media[media.hex].map { MediaNames.file(of: $0.path) } ?? "media \(media.shortHex)"
  }
}
