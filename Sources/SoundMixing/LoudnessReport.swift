/// What a meter says of a finished mix; nil where everything lies below its gate.
package struct LoudnessFacts: Hashable, Codable, Sendable {
  /// LKFS, gated.
  package var integrated: Level?
  /// LU. Source: EBU Tech 3342.
  package var range: Level?
  /// dBTP, the highest of all channels.
  package var truePeak: Level?
  /// The highest loudness of 400 ms, LKFS.
  package var momentaryMaximum: Level?
  /// The highest loudness of 3 s, LKFS.
  package var shortTermMaximum: Level?

  package init(
    integrated: Level? = nil, range: Level? = nil, truePeak: Level? = nil, momentaryMaximum: Level? = nil,
    shortTermMaximum: Level? = nil
  ) {
    self.integrated = integrated
    self.range = range
    self.truePeak = truePeak
    self.momentaryMaximum = momentaryMaximum
    self.shortTermMaximum = shortTermMaximum
  }
}

/// What was done to bring a mix to its target.
package struct LoudnessCorrection: Hashable, Codable, Sendable {
  /// Integrated loudness before, LKFS.
  package var measured: Level
  /// Applied to the mix and to every stem, dB.
  package var gain: Level
  /// What the limiter held the mix under, dBTP.
  package var ceiling: Level
  /// The most the limiter took off, dB; 0 when it did nothing.
  package var largestReduction: Level
  package var limitedSamples: Int64

  package init(
    measured: Level, gain: Level, ceiling: Level, largestReduction: Level = .zero, limitedSamples: Int64 = 0
  ) {
    self.measured = measured
    self.gain = gain
    self.ceiling = ceiling
    self.largestReduction = largestReduction
    self.limitedSamples = limitedSamples
  }
}

/// Loudness over time, a value every 100 ms, the first at 100 ms; nil is silence.
package struct LoudnessSeries: Hashable, Codable, Sendable {
  package static let valuesPerSecond: Int64 = 10

  /// LKFS of the last 400 ms.
  package var momentary: [Level?] = []
  /// LKFS of the last 3 s.
  package var shortTerm: [Level?] = []
  /// dBTP of the last 100 ms.
  package var truePeak: [Level?] = []

  package init(momentary: [Level?] = [], shortTerm: [Level?] = [], truePeak: [Level?] = []) {
    self.momentary = momentary
    self.shortTerm = shortTerm
    self.truePeak = truePeak
  }
}

/// The loudness of every layout of a mix, as it is published beside it.
package struct LoudnessReport: Hashable, Codable, Sendable {
  package struct Layout: Hashable, Codable, Sendable {
    package var layout: MixLayout
    package var facts: LoudnessFacts
    package var correction: LoudnessCorrection?
    package var series: LoudnessSeries

    package init(
      layout: MixLayout, facts: LoudnessFacts, correction: LoudnessCorrection?, series: LoudnessSeries
    ) {
      self.layout = layout
      self.facts = facts
      self.correction = correction
      self.series = series
    }
  }

  package var schema = 1
  package var heading: ReportHeading
  /// How it was measured.
  package var method = "ITU-R BS.1770-4 and EBU Tech 3341/3342, libebur128, true peak at 4 × oversampling"
  package var target: LoudnessTarget?
  package var sampleCount: Int64
  package var layouts: [Layout]

  package init(heading: ReportHeading, target: LoudnessTarget?, sampleCount: Int64, layouts: [Layout]) {
    self.heading = heading
    self.target = target
    self.sampleCount = sampleCount
    self.layouts = layouts
  }
}
