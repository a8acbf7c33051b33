import Delivery
import Digests
import Foundation
import Glibc
import ImageGraph
import Media
import MediaTime
import ObjectStore
import TaskGraph
import TaskKinds

/// One QuickTime or MP4 file.
struct MovieAssembly {
  let input: AssembleTask.Input
  let container: MovieWriter.Container
  let context: TaskContext

  init(_ input: AssembleTask.Input, container: MovieWriter.Container, context: TaskContext) {
    self.input = input
    self.container = container
    self.context = context
  }

  func run() throws -> (AssembleTask.Output, [ObjectReference]) {
    let mixes = try soundtrack()
    do {
      return try make(mixes)
    } catch {
      // What is wrong with the file may have been wrong with a segment, which is named then and made again.
      if Self.mayComeOfSegment(error) { try checkSegments() }
      throw error
    }
  }

  private static func mayComeOfSegment(_ error: any Error) -> Bool {
    switch error {
    case let failure as WorkerFailure: !failure.namesLoss
    case let fault as MediaError: fault.fault == .media
    default: false
    }
  }

  private func checkSegments() throws {
    var progress = FrameProgress(of: frameCount, to: context.reporter)
    try SegmentReader(store: context.store).forEachFrame(input.pieces) { frame, _, _, _ in
      try StopRequest.check()
      progress.reached(Int(frame))
    }
  }

  private var frameCount: Int { input.pieces.reduce(0) { $0 + $1.count } }

  private func make(_ mixes: [TrackMix]) throws -> (AssembleTask.Output, [ObjectReference]) {
    let part = context.part("movie")
    let joins = try Joins(input, in: context.store)
    // To write a file keeps one core busy.
    let early = Beside { [store = context.store] in try joins.decodeInSegments(store) }
    let written: WrittenMovie
    do {
      written = try context.clock.spend(.mux) {
        try context.writing(part, expected: try expectedBytes(mixes)) {
          // The proof digests every packet in the file.
          try write(to: part, mixes: mixes, isChecked: false)
        }
      }
    } catch {
      try early.wait(for: .verify, on: context.clock).throwLoss()
      throw error
    }
    // All need the finished file, and nothing else is to be done: side by side.
    let files = context.store.fileSystem
    let saved = Beside { try OpenFile(part, O_RDONLY, in: files).sync() }
    let digest = Beside { try Digest.sha256(ofFileAt: part) }
    let proof = Result {
      try context.clock.spend(.verify) {
        try MovieProof(
          input: input, container: container, mixes: mixes, written: written, joins: joins,
          clock: context.clock, reporter: context.reporter
        ).evidence(part, early: early)
      }
    }
    let found = digest.wait(for: .mux, on: context.clock)
    let save = saved.wait(for: .mux, on: context.clock)
    let (evidence, positions) = try proof.get()
    try save.get()
    let object = try context.clock.spend(.mux) {
      try context.store.commitObject(
        partFile: part, name: "movie.\(input.profile.fileExtension)", digest: try found.get())
    }
    context.clock.spend(.mux) {
      SegmentHoming(
        context: context, assembly: AssembleTask.key(input), pieces: input.pieces,
        places: zip(positions, written.digests).map { FramePlace(object: object, offset: $0, digest: $1) }
      ).move()
    }
    let file = AssembleTask.File(object: object.digest, byteCount: object.byteCount, suffix: "")
    return (
      AssembleTask.Output(files: [file], frameCount: Int64(written.digests.count), evidence: evidence),
      [object]
    )
  }

  /// About what the file will hold: its frames and, at most, the samples.
  private func expectedBytes(_ mixes: [TrackMix]) throws -> Int64 {
    mixes.reduce(try SegmentReader(store: context.store).byteCount(input.pieces)) {
      $0 + $1.sampleCount * Int64($1.format.channels * 3)
    }
  }

  /// The mix of each sound track of the profile.
  private func soundtrack() throws -> [TrackMix] {
    guard let key = input.mix else { return [] }
    guard let result = try context.store.result(key, as: MixTask.Output.self) else {
      throw WorkerFailure(missingObject: key)
    }
    return try input.profile.sounds.map { sound in
      guard let mix = result.output.mixes.first(where: { $0.layout == sound.layout }) else {
        throw WorkerFailure(verification: "the mix was not made in \(sound.layout)")
      }
      let format = SoundFormat(sound, sampleRate: result.output.sampleRate)
      guard format.channels == mix.channels else {
        throw WorkerFailure(verification: "the \(sound.layout) mix has \(mix.channels) channels")
      }
      return TrackMix(
        format: format, path: try context.store.verifiedPath(of: mix.sound),
        sampleCount: result.output.sampleCount)
    }
  }

  /// - Parameter isChecked: whether segments are checked as they are read.
  func write(to part: String, mixes: [TrackMix], isChecked: Bool = true) throws -> WrittenMovie {
    var video = EncoderSettings(input.encoding)
    video.mastering = input.profile.mastering?.values
    let writer = try MovieWriter(
      path: part, container: container, video: video, sounds: mixes.map(\.format),
      startTimecode: input.startTimecode,
      chapters: input.chapters?.chapters.map { .init(start: $0.start, end: $0.end, title: $0.title) } ?? [])
    let sounds = try mixes.map { try MixBytes(path: $0.path, channels: $0.format.channels) }
    var digests = mixes.map { _ in StreamingDigest() }
    var written = WrittenMovie()
    // What is not checked here is gone over again in the file.
    var progress = FrameProgress(of: frameCount, of: isChecked ? 1 : 2, to: context.reporter)
    let frames = FramesAhead(of: input.pieces, in: context.store, isChecked: isChecked)
    defer { frames.end(on: context.clock) }
    while let (frame, packet, entry, isFirst) = try frames.next() {
      try StopRequest.check()
      let isKey = input.encoding.unit == .frame || isFirst
      try writer.writeVideo(packet, at: frame, isKey: isKey)
      written.digests.append(entry.digest)
      if isKey { written.keyFrames += 1 }
      let samples = writer.samples(ofFrame: frame)
      for (track, sound) in sounds.enumerated() {
        let bytes = try sound.read(samples.count)
        for stored in try writer.writeSound(bytes, track: track) { digests[track].update(stored) }
      }
      written.sampleCount = samples.upperBound
      progress.reached(Int(frame))
    }
    for track in mixes.indices {
      for stored in try writer.endSound(track: track) { digests[track].update(stored) }
    }
    written.sounds = digests.map { $0.finalize() }
    try writer.finish()
    return written
  }
}

/// A finished mix, and how it goes into the movie.
struct TrackMix {
  var format: SoundFormat
  var path: String
  var sampleCount: Int64
}

/// What went into a file, to be found again in it.
struct WrittenMovie {
  var digests: [String] = []
  var keyFrames = 0
  /// One per track, over its packets in their order.
  var sounds: [Digest] = []
  var sampleCount: Int64 = 0
}

extension MasteringDisplay {
  /// As `EncoderSettings` has it.
  var values: [Int32] {
    (primaries.points + [maximum, minimum, contentMaximum, contentAverage]).map(Int32.init)
  }
}

extension SoundFormat {
  init(_ sound: DeliveryProfile.Sound, sampleRate: Int) {
    let codec: Codec =
      switch sound.codec {
      case .pcm: .pcm(bitDepth: 24)
      case .aac: .aac(bitRate: (sound.bitRate ?? 192) * 1000)
      }
    self.init(codec: codec, sampleRate: sampleRate, layout: sound.layout, title: sound.title)
  }
}

/// The samples of a mix, as the bytes that go into the movie.
private struct MixBytes {
  private let file: FileHandle
  private let blockSize: Int

  init(path: String, channels: Int) throws {
    guard let wave = try BroadcastWave(path: path), wave.blockSize == channels * 3 else {
      throw WorkerFailure(verification: "the mix is not a 24-bit wave file of \(channels) channels")
    }
    file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    try file.seek(toOffset: UInt64(wave.dataOffset))
    blockSize = wave.blockSize
  }

  /// The next samples; silence beyond the end never happens, as mix and picture have one length.
  func read(_ count: Int) throws -> [UInt8] {
    let bytes = [UInt8](try file.read(upToCount: count * blockSize) ?? Data())
    guard bytes.count == count * blockSize else {
      throw WorkerFailure(verification: "the mix is shorter than the picture")
    }
    return bytes
  }
}
