import Digests
import Foundation
import Media
import MediaTime
import ObjectStore
import SoundMixing
import TaskGraph
import TaskKinds

/// Makes the mix a second at a time, in passes over its sources: measure, make until it is right, make the stems.
///
/// Nothing of the sound is kept between passes, so memory does not grow with the programme.
enum MixInterpreter: TaskInterpreter {
  typealias Kind = MixTask

  static func run(_ input: MixTask.Input, in context: TaskContext) throws -> (
    MixTask.Output, [ObjectReference]
  ) {
    var making = MixMaking(input, context: context)
    return try making.run()
  }
}

private struct MixMaking {
  private let input: MixTask.Input
  private let context: TaskContext
  private var masters: [MixMaster]
  private var files: [MadeFile] = []
  private var objects: [ObjectReference] = []

  private var mix: MixDescription { input.mix }
  private var isMeasured: Bool { mix.target != nil || mix.heading != nil }

  init(_ input: MixTask.Input, context: TaskContext) {
    self.input = input
    self.context = context
    masters = input.mix.layouts.map { MixMaster($0, target: input.mix.target) }
  }

  mutating func run() throws -> (MixTask.Output, [ObjectReference]) {
    if mix.target != nil { try measure() }
    var finished = [MixChain.Finished?](repeating: nil, count: masters.count)
    for number in 1...MixMaster.mostTries {
      let missing = finished.indices.filter { finished[$0] == nil }
      guard !missing.isEmpty else { break }
      for (index, made) in zip(missing, try make(missing.map { masters[$0] })) {
        let isLastTry = number == MixMaster.mostTries
        guard try masters[index].accept(made.facts, limiter: made.limiter, isLastTry: isLastTry) else {
          continue
        }
        finished[index] = made
      }
    }
    var mixes: [MixTask.Printmaster] = []
    for (master, made) in zip(masters, finished) {
      guard let made else { continue }
      mixes.append(try printmaster(made, of: master))
    }
    if mix.hasStems { try makeStems() }
    try makeReport(finished.compactMap { $0 })
    return (
      MixTask.Output(
        sampleCount: mix.sampleCount, sampleRate: MixDescription.sampleRate, mixes: mixes,
        files: mix.heading == nil ? [] : files), objects
    )
  }

  /// One pass over the whole mix.
  private func forEachSecond(_ body: (MixVoices.Beds, Int) throws -> Void) throws {
    var voices = MixVoices(input)
    var position: Int64 = 0
    var progress = FrameProgress(of: frames(mix.sampleCount), to: context.reporter)
    while position < mix.sampleCount {
      try StopRequest.check()
      let count = Int(min(Int64(MixDescription.sampleRate), mix.sampleCount - position))
      try body(try voices.beds(from: position, count: count), count)
      position += Int64(count)
      progress.reached(frames(position))
    }
  }

  /// Progress counts pictures where their rate is known, samples elsewhere.
  private func frames(_ samples: Int64) -> Int {
    guard let rate = mix.heading?.rate.rational else { return Int(samples) }
    return Int((Rational(samples, Int64(MixDescription.sampleRate)) * rate).floor)
  }

  private mutating func measure() throws {
    let meters = try masters.map {
      try LoudnessMeter(sampleRate: MixDescription.sampleRate, channels: $0.layout.channels)
    }
    try forEachSecond { beds, count in
      for (master, meter) in zip(masters, meters) {
        try meter.add(
          planar: beds.planes(of: Stem.allCases, in: master.layout, gain: 1, count: count))
      }
    }
    for (index, meter) in meters.enumerated() { try masters[index].begin(measured: meter) }
  }

  private func make(_ masters: [MixMaster]) throws -> [MixChain.Finished] {
    let chains = try masters.map { master in
      let name = "mix.\(master.layout.rawValue)"
      return try MixChain(
        path: context.part(name), mix: mix, summary: "\(title) \(name)", layout: master.layout,
        ceiling: master.correction?.ceiling, isMeasured: isMeasured)
    }
    return try writing(masters.map(\.layout)) {
      try forEachSecond { beds, count in
        for (master, chain) in zip(masters, chains) {
          try chain.add(beds.planes(of: Stem.allCases, in: master.layout, gain: master.gain, count: count))
        }
      }
      return try chains.map { try $0.finish() }
    }
  }

  /// Writes files of these layouts side by side.
  private func writing<Value>(_ layouts: [MixLayout], _ work: () throws -> Value) throws -> Value {
    let channels = layouts.reduce(0) { $0 + $1.channels }
    return try context.writing(
      context.part("mix"), expected: mix.sampleCount * Int64(3 * channels), work)
  }

  private var title: String { mix.heading?.programme ?? "temporary" }

  private mutating func printmaster(_ made: MixChain.Finished, of master: MixMaster) throws
    -> MixTask.Printmaster
  {
    let name = "mix.\(master.layout.rawValue)"
    let object = try commit(made.path, name: name, channels: master.layout.channels)
    return MixTask.Printmaster(
      layout: master.layout.rawValue, sound: object.digest, byteCount: object.byteCount,
      channels: master.layout.channels, samplePeak: made.samplePeak, clippedSamples: made.clippedSamples,
      loudness: isMeasured ? made.facts : nil, correction: master.correction)
  }

  // MARK: Stems

  /// The stems and the music-and-effects mix: what is in the mix before its limiter, at the mix's gain.
  private mutating func makeStems() throws {
    let parts: [(name: String, stems: [Stem])] =
      Stem.allCases.map { ($0.rawValue, [$0]) } + [("m-and-e", [.music, .effects])]
    let wanted = parts.flatMap { part in
      masters.map { (name: "\(part.name).\($0.layout.rawValue)", stems: part.stems, master: $0) }
    }
    let chains = try wanted.map { stem in
      try MixChain(
        path: context.part(stem.name), mix: mix, summary: "\(title) \(stem.name)", layout: stem.master.layout,
        ceiling: nil, isMeasured: false)
    }
    let finished = try writing(wanted.map(\.master.layout)) {
      try forEachSecond { beds, count in
        for (stem, chain) in zip(wanted, chains) {
          try chain.add(
            beds.planes(of: stem.stems, in: stem.master.layout, gain: stem.master.gain, count: count))
        }
      }
      return try chains.map { try $0.finish() }
    }
    for (stem, made) in zip(wanted, finished) {
      _ = try commit(made.path, name: stem.name, channels: stem.master.layout.channels)
    }
  }

  // MARK: Report

  private mutating func makeReport(_ finished: [MixChain.Finished]) throws {
    guard let heading = mix.heading else { return }
    let report = LoudnessReport(
      heading: heading, target: mix.target, sampleCount: mix.sampleCount,
      layouts: zip(masters, finished).map { master, made in
        LoudnessReport.Layout(
          layout: master.layout, facts: made.facts, correction: master.correction, series: made.series)
      })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    for (bytes, fileExtension) in [
      ([UInt8](try encoder.encode(report)), "json"), (Array(LoudnessPage(report).html.utf8), "html"),
    ] {
      let object = try context.store.commitObject(
        bytes: bytes, name: "loudness.\(fileExtension)", scratch: context.attempt.path)
      note(object, suffix: "loudness", fileExtension: fileExtension)
    }
  }

  // MARK: Files

  private mutating func note(_ object: ObjectReference, suffix: String, fileExtension: String) {
    objects.append(object)
    files.append(
      MadeFile(
        object: object.digest, byteCount: object.byteCount, suffix: suffix, fileExtension: fileExtension))
  }

  private mutating func commit(_ path: String, name: String, channels: Int) throws -> ObjectReference {
    try verify(path, channels: channels)
    let object = try context.store.commitObject(partFile: path, name: "\(name).wav")
    note(object, suffix: name, fileExtension: "wav")
    return object
  }

  /// Reopens a file: what its header says must be what was asked for.
  private func verify(_ path: String, channels: Int) throws {
    guard let wave = try BroadcastWave(path: path) else {
      throw WorkerFailure(verification: "the mix cannot be read back as a wave file")
    }
    guard wave.sampleCount == mix.sampleCount, wave.channels == channels,
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
