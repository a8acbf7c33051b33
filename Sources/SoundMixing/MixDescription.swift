package import Digests
package import MediaTime

/// The loudness a mix is brought to.
package struct LoudnessTarget: Hashable, Codable, Sendable {
  /// Integrated loudness of the whole programme, LKFS (= LUFS). Source: ITU-R BS.1770-4, Annex 1.
  package var integrated: Level
  /// Highest true peak, dBTP. Source: ITU-R BS.1770-4, Annex 2.
  package var truePeak: Level

  package init(integrated: Level, truePeak: Level) {
    self.integrated = integrated
    self.truePeak = truePeak
  }
}

/// What the loudness report is headed with, and how it names moments.
package struct ReportHeading: Hashable, Codable, Sendable {
  package var programme: String
  package var rate: FrameRate
  /// Label count of the first frame.
  package var startFrame: Int64
  package var isDropFrame: Bool

  package init(programme: String, rate: FrameRate, startFrame: Int64, isDropFrame: Bool) {
    self.programme = programme
    self.rate = rate
    self.startFrame = startFrame
    self.isDropFrame = isDropFrame
  }
}

/// A mix: events on buses, the layouts it is made in, and what is made of it.
///
/// With neither stems nor a target nor a report it is a temporary mix at unity: its only processing is the fades
/// of its events. Samples are summed in double precision and rounded to 24 bits once; samples beyond full scale are
/// clipped and counted.
package struct MixDescription: Hashable, Codable, Sendable, CanonicallyEncodable {
  package static let sampleRate = 48_000

  package var events: [MixEvent]
  package var sampleCount: Int64
  /// Samples since midnight at the mix's first sample, for `bext`.
  package var timeReference: Int64
  package var layouts: [MixLayout]
  package var hasStems: Bool
  package var target: LoudnessTarget?
  /// Loudness is measured, reported and drawn when there is a heading.
  package var heading: ReportHeading?

  package init(
    events: [MixEvent], sampleCount: Int64, timeReference: Int64, layouts: [MixLayout] = [.stereo],
    hasStems: Bool = false, target: LoudnessTarget? = nil, heading: ReportHeading? = nil
  ) {
    self.events = events.sorted { ($0.mixSample, $0.track, $0.event) < ($1.mixSample, $1.track, $1.event) }
    self.sampleCount = sampleCount
    self.timeReference = timeReference
    self.layouts = layouts
    self.hasStems = hasStems
    self.target = target
    self.heading = heading
  }

  package func encode(into encoder: inout CanonicalEncoder) {
    encoder.append(events)
    encoder.append(sampleCount)
    encoder.append(timeReference)
    encoder.beginList(count: layouts.count)
    for layout in layouts { encoder.append(layout.rawValue) }
    encoder.endList()
    encoder.append(hasStems)
    encoder.appendPresence(target != nil)
    if let target {
      encoder.append(target.integrated.thousandths)
      encoder.append(target.truePeak.thousandths)
    }
    encoder.appendPresence(heading != nil)
    if let heading {
      encoder.append(heading.programme)
      encoder.append(heading.rate.description)
      encoder.append(heading.startFrame)
      encoder.append(heading.isDropFrame)
    }
  }
}
