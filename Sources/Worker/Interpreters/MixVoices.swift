import Digests
import Media
import SoundMixing
import TaskKinds

/// The events of a mix that sound at a position, each with its open file.
struct MixVoices {
  private struct Voice {
    var event: MixEvent
    var reader: SoundReader
    /// `[channel of the source][channel of the bed]`, the event's gain included.
    var gains: [[Double]]
  }

  /// Beds of the stems that anything is in, `[L R C LFE Ls Rs][sample]`.
  typealias Beds = [Stem: [[Double]]]

  private let media: [String: MediaLocation]
  /// Events still to start, the next one last.
  private var waiting: [MixEvent]
  private var sounding: [Voice] = []

  init(_ input: MixTask.Input) {
    media = input.media
    waiting = input.mix.events.reversed()
  }

  /// The stems of the next stretch of the mix.
  ///
  /// Events are added in the order of the description, so that the sum has the same rounding every time.
  mutating func beds(from position: Int64, count: Int) throws -> Beds {
    let end = position + Int64(count)
    while let next = waiting.last, next.mixSample < end {
      waiting.removeLast()
      if next.mixEnd > position { sounding.append(try voice(next)) }
    }
    var beds: Beds = [:]
    for voice in sounding {
      try add(
        voice, from: position, count: count,
        to: &beds[
          voice.event.bus.stem,
          default: [[Double]](
            repeating: [Double](repeating: 0, count: count), count: Placement.channels)])
    }
    sounding.removeAll { $0.event.mixEnd <= end }
    return beds
  }

  private func voice(_ event: MixEvent) throws -> Voice {
    guard let location = media[event.media.hex] else {
      throw WorkerFailure(verification: "the mix does not say where event \(event.event) is read from")
    }
    try MediaGuard.check(location)
    let reader = try SoundReader(
      path: location.path, stream: event.stream, sampleRate: MixDescription.sampleRate)
    let level = event.gain.ratio
    let gains = Placement.gains(channels: reader.channels, bus: event.bus, pan: event.pan)
    return Voice(event: event, reader: reader, gains: gains.map { $0.map { $0 * level } })
  }

  private func add(_ voice: Voice, from position: Int64, count: Int, to bed: inout [[Double]]) throws {
    let event = voice.event
    let first = max(position, event.mixSample)
    let last = min(position + Int64(count), event.mixEnd)
    guard first < last else { return }
    let own = first - event.mixSample
    var channels = try voice.reader.read(from: event.sourceSample + own, count: Int(last - first))
    if event.isFading(from: own, count: last - first) {
      let fade = (own..<own + last - first).map { event.fade(at: $0) }
      for channel in channels.indices {
        for index in fade.indices { channels[channel][index] *= fade[index] }
      }
    }
    let start = Int(first - position)
    for (samples, gains) in zip(channels, voice.gains) {
      for (channel, gain) in gains.enumerated() where gain != 0 {
        for index in samples.indices { bed[channel][start + index] += samples[index] * gain }
      }
    }
  }
}

extension MixVoices.Beds {
  /// The sum of some stems in a layout, at a gain. In the order of `Stem`, as sums depend on it.
  func planes(of stems: [Stem], in layout: MixLayout, gain: Double, count: Int) -> [[Double]] {
    var sum: [[Double]]?
    for stem in stems {
      guard let bed = self[stem] else { continue }
      guard var total = sum else {
        sum = bed
        continue
      }
      for channel in total.indices {
        for index in 0..<count { total[channel][index] += bed[channel][index] }
      }
      sum = total
    }
    guard let sum else {
      return [[Double]](repeating: [Double](repeating: 0, count: count), count: layout.channels)
    }
    let planes = Placement.planes(sum, in: layout)
    return gain == 1 ? planes : planes.map { $0.map { $0 * gain } }
  }
}
