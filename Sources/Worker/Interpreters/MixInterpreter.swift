import Digests
import Media
import ObjectStore
import SoundMixing
import TaskGraph
import TaskKinds

/// Makes the stereo temporary mix, a second at a time.
enum MixInterpreter: TaskInterpreter {
  typealias Kind = MixTask

  static func run(_ input: MixTask.Input, in context: TaskContext) throws -> (
    MixTask.Output, [ObjectReference]
  ) {
    let mix = input.mix
    let part = context.part("mix")
    let writer = try WaveWriter(
      path: part, sampleRate: MixDescription.sampleRate, channels: MixDescription.channels,
      timeReference: mix.timeReference,
      description: WaveWriter.Description(summary: "temporary mix", originator: "interlock"))
    var voices = Voices(input)
    var position: Int64 = 0
    var reported = ContinuousClock.now
    while position < mix.sampleCount {
      try StopRequest.check()
      let count = Int(min(Int64(MixDescription.sampleRate), mix.sampleCount - position))
      let block = try voices.mix(from: position, count: count)
      try writer.append(planar: block)
      position += Int64(count)
      if ContinuousClock.now - reported > .milliseconds(400) {
        reported = .now
        context.reporter.progress(frames: Int(position), of: Int(mix.sampleCount))
      }
    }
    let peak = writer.samplePeak
    let clipped = writer.clippedSamples
    try writer.finish()
    try verify(part, mix: mix)
    let object = try context.store.commitObject(partFile: part, name: "mix.wav")
    let output = MixTask.Output(
      sampleCount: mix.sampleCount, sampleRate: MixDescription.sampleRate,
      mixes: [
        MixTask.Printmaster(
          layout: "stereo", sound: object.digest, byteCount: object.byteCount,
          channels: MixDescription.channels, samplePeak: peak, clippedSamples: clipped)
      ])
    return (output, [object])
  }

  /// Reopens the file: what its header says must be what was asked for.
  private static func verify(_ path: String, mix: MixDescription) throws {
    guard let wave = try BroadcastWave(path: path) else {
      throw WorkerFailure(verification: "the mix cannot be read back as a wave file")
    }
    guard wave.sampleCount == mix.sampleCount, wave.channels == MixDescription.channels,
      wave.sampleRate == MixDescription.sampleRate, wave.bitDepth == 24,
      wave.timeReference == mix.timeReference,
      wave.isComplete
    else {
      throw WorkerFailure(
        verification: "the mix reads back as \(wave.sampleCount) samples of \(wave.channels) channels at "
          + "\(wave.sampleRate) Hz, \(wave.bitDepth) bits, from \(wave.timeReference ?? -1)")
    }
  }
}

/// The events of a mix that sound at a position, each with its open file.
private struct Voices {
  private struct Voice {
    var event: MixEvent
    var reader: SoundReader
    var gains: [PanGains]
  }

  private let media: [String: MediaLocation]
  /// Events still to start, the next one last.
  private var waiting: [MixEvent]
  private var sounding: [Voice] = []

  init(_ input: MixTask.Input) {
    media = input.media
    waiting = input.mix.events.reversed()
  }

  /// The sum of everything that sounds in a stretch of the mix, `[left, right][sample]`.
  ///
  /// Events are added in the order of the description, so that the sum has the same rounding every time.
  mutating func mix(from position: Int64, count: Int) throws -> [[Double]] {
    let end = position + Int64(count)
    while let next = waiting.last, next.mixSample < end {
      waiting.removeLast()
      guard let location = media[next.media.hex] else {
        throw WorkerFailure(verification: "the mix does not say where event \(next.event) is read from")
      }
      try MediaGuard.check(location)
      let reader = try SoundReader(
        path: location.path, stream: next.stream, sampleRate: MixDescription.sampleRate)
      sounding.append(
        Voice(event: next, reader: reader, gains: MixDescription.gains(channels: reader.channels)))
    }
    var left = [Double](repeating: 0, count: count)
    var right = left
    for voice in sounding {
      let event = voice.event
      let first = max(position, event.mixSample)
      let last = min(end, event.mixSample + event.sampleCount)
      guard first < last else { continue }
      let channels = try voice.reader.read(
        from: event.sourceSample + first - event.mixSample, count: Int(last - first))
      let start = Int(first - position)
      for (samples, gain) in zip(channels, voice.gains) {
        for index in samples.indices {
          left[start + index] += samples[index] * gain.left
          right[start + index] += samples[index] * gain.right
        }
      }
    }
    sounding.removeAll { $0.event.mixSample + $0.event.sampleCount <= end }
    return [left, right]
  }
}
