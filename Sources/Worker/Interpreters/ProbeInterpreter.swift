import Diagnostics
import Digests
import Editorial
import Foundation
import Glibc
import Media
import MediaTime
import ObjectStore
import TaskGraph
import TaskKinds

/// Finds out what a media file is.
enum ProbeInterpreter: TaskInterpreter {
  typealias Kind = ProbeTask

  static func run(_ input: ProbeTask.Input, in context: TaskContext) throws -> (
    ProbeTask.Output, [ObjectReference]
  ) {
    try MediaGuard.check(input.media)
    return (ProbeTask.Output(facts: try facts(of: input.media.path)), [])
  }

  static func facts(of path: String) throws -> MediaFacts {
    if let header = try StillHeader.read(path) { return try facts(ofStill: path, header) }
    let probed = try probe(path: path)
    return MediaFacts(probed, identity: try MediaIdentity.digest(of: path, index: probed.indexBytes).hex)
  }

  /// One still, which is decoded to know that it can be: numbered stills become media of a cut when they are put
  /// together to runs.
  private static func facts(ofStill path: String, _ header: StillHeader) throws -> MediaFacts {
    let still = try StillDecoder().facts(of: path)
    return MediaFacts(
      identity: try MediaIdentity.digest(of: path, index: []).hex,
      fileName: path.split(separator: "/").last.map(String.init) ?? path, container: MediaFacts.still,
      byteCount: try ByteFile(path).byteCount,
      video: VideoFacts(
        stream: 0, codec: still.codec, width: still.format.width, height: still.format.height,
        pixelFormat: still.format.pixelFormat, bitDepth: still.bitDepth, rate: header.rate ?? FrameRate(24),
        frameCount: 1, isIntraOnly: true, range: still.range, primaries: header.primaries ?? "unknown",
        transfer: header.transfer ?? "unknown", matrix: still.matrix, fieldOrder: "progressive"),
      timecodeStart: header.timecode, timecodeRate: header.timecode == nil ? nil : header.rate,
      reel: header.reel, tags: header.rate.map { [MediaFacts.stillRate: $0.description] } ?? [:])
  }
}

/// Names the content of a media file without reading all of it.
enum MediaIdentity {
  private static let blockSize = 1 << 20
  private static let blockCount = 64

  /// SHA-256 over size, container index and 64 blocks of 1 MiB spread evenly, or the whole file if it is smaller.
  static func digest(of path: String, index: [UInt8]) throws -> Digest {
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    defer { try? file.close() }
    let size = try file.seekToEnd()
    var encoder = CanonicalEncoder(domain: "interlock.media-identity", version: 1)
    encoder.append(Int64(size))
    encoder.append(Digest.sha256(index))
    var blocks = StreamingDigest()
    if size <= UInt64(blockSize * blockCount) {
      try file.seek(toOffset: 0)
      while let data = try file.read(upToCount: blockSize), !data.isEmpty { blocks.update([UInt8](data)) }
    } else {
      let last = size - UInt64(blockSize)
      for block in 0..<UInt64(blockCount) {
        try file.seek(toOffset: last / UInt64(blockCount - 1) * block)
        if let data = try file.read(upToCount: blockSize) { blocks.update([UInt8](data)) }
      }
    }
    encoder.append(blocks.finalize())
    return encoder.digest()
  }
}

extension MediaFacts {
  init(_ probed: ProbedMedia, identity: String) {
    self.init(
      identity: identity, fileName: probed.fileName, container: probed.container, byteCount: probed.byteCount,
      video: probed.video.map { video in
        VideoFacts(
          stream: video.stream, codec: video.codec, profile: video.profile, width: video.width,
          height: video.height,
          pixelFormat: video.pixelFormat, bitDepth: video.bitDepth, sampleAspect: video.sampleAspect,
          rate: video.rate,
          frameCount: video.frameCount, isVariableRate: video.isVariableRate, isIntraOnly: video.isIntraOnly,
          range: video.range, primaries: video.primaries, transfer: video.transfer, matrix: video.matrix,
          fieldOrder: video.fieldOrder,
          chromaLocation: ["unknown", "unspecified"].contains(video.chromaLocation)
            ? nil : video.chromaLocation)
      },
      sound: probed.sound.map { sound in
        SoundFacts(
          stream: sound.stream, codec: sound.codec, sampleRate: sound.sampleRate, channels: sound.channels,
          sampleCount: sound.sampleCount, bitDepth: sound.bitDepth, timeReference: sound.timeReference,
          tape: sound.tape, scene: sound.scene, take: sound.take)
      }, timecodeStart: probed.timecodeStart, timecodeRate: probed.timecodeRate, reel: probed.reel,
      tags: probed.tags)
  }
}

/// `interlock probe`: facts of files for people and machines.
enum ProbeReport {
  static func run(_ arguments: [String]) -> Int32 {
    let isJSON = arguments.contains("--json")
    let paths = arguments.filter { $0 != "--json" && $0 != "--" }
    var exit: Int32 = 0
    for path in paths {
      do {
        let facts = try ProbeInterpreter.facts(of: path)
        if isJSON {
          let encoder = JSONEncoder()
          encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
          StandardOutput.write(String(decoding: try encoder.encode(facts), as: UTF8.self))
        } else {
          StandardOutput.write(text(facts, path: path))
        }
      } catch {
        let failure = WorkerFailure(describing: error)
        for diagnostic in failure.diagnostics {
          FileHandle.standardError.write(Data((diagnostic.description + "\n").utf8))
        }
        // Whatever the cause, what was named cannot be used as media.
        exit = 3
      }
    }
    return exit
  }

  private static func text(_ facts: MediaFacts, path: String) -> String {
    var lines = [path]
    func add(_ name: String, _ value: String) {
      lines.append("  " + name.padding(toLength: 10, withPad: " ", startingAt: 0) + value)
    }
    if let video = facts.video {
      add(
        "picture",
        "\(video.width)x\(video.height) \(video.codec)\(video.profile.map { " " + $0 } ?? ""), \(video.pixelFormat)"
      )
      add("rate", "\(video.rate)" + (video.isVariableRate ? ", variable" : ""))
      add("frames", "\(video.frameCount)" + (video.isIntraOnly ? ", each stands alone" : ", long GOP"))
      add("colour", "\(video.primaries) \(video.transfer) \(video.matrix) \(video.range)")
    }
    if let sound = facts.sound {
      add("sound", "\(sound.channels) ch \(sound.sampleRate) Hz \(sound.codec), \(sound.sampleCount) samples")
      if let reference = sound.timeReference { add("time ref", "\(reference) samples since midnight") }
      if let tape = sound.tape { add("tape", tape) }
    }
    if let start = facts.timecodeStart { add("timecode", start) }
    if let reel = facts.reel { add("reel", reel) }
    add("identity", String(facts.identity.prefix(16)))
    return lines.joined(separator: "\n")
  }
}
