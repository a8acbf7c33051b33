import Media
import SoundMixing

/// What one mix passes through on its way into its file: limiter, meter, writer.
final class MixChain {
  /// A mix in its scratch file, and what it measures.
  struct Finished {
    var path: String
    var facts: LoudnessFacts
    var series: LoudnessSeries
    var limiter: TruePeakLimiter?
    var samplePeak: Double
    var clippedSamples: Int64
  }

  private let path: String
  private var writer: WaveWriter?
  private let meter: LoudnessMeter?
  private var limiter: TruePeakLimiter?

  /// - Parameter ceiling: the limiter's; without one there is no limiter.
  init(
    path: String, mix: MixDescription, summary: String, layout: MixLayout, ceiling: Level?, isMeasured: Bool
  ) throws {
    self.path = path
    writer = try WaveWriter(
      path: path, sampleRate: MixDescription.sampleRate, channels: layout.channels,
      timeReference: mix.timeReference,
      description: WaveWriter.Description(summary: summary, originator: "interlock"))
    meter =
      isMeasured
      ? try LoudnessMeter(sampleRate: MixDescription.sampleRate, channels: layout.channels) : nil
    limiter = ceiling.map { TruePeakLimiter(channels: layout.channels, ceiling: $0.ratio) }
  }

  func add(_ planes: [[Double]]) throws {
    try write(limiter?.process(planes) ?? planes)
  }

  private func write(_ planes: [[Double]]) throws {
    try meter?.add(planar: planes)
    try writer?.append(planar: planes)
  }

  func finish() throws -> Finished {
    if let rest = limiter?.finish() { try write(rest) }
    let facts = meter.map { LoudnessFacts($0) } ?? LoudnessFacts()
    guard let writer = writer.take() else { preconditionFailure("a mix is finished once") }
    let peak = writer.samplePeak
    let clipped = writer.clippedSamples
    try writer.finish(loudness: meter == nil ? nil : WaveWriter.Loudness(facts))
    return Finished(
      path: path, facts: facts, series: meter.map { LoudnessSeries($0) } ?? LoudnessSeries(),
      limiter: limiter, samplePeak: peak, clippedSamples: clipped)
  }
}
