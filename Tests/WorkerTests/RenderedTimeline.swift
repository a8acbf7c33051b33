import Delivery
import Digests
import Editorial
import Foundation
import ImageGraph
import MediaTime
import ObjectStore
import Planning
import TaskGraph
import TaskKinds
import TestSupport

/// A cut as the model has it, planned and rendered by the real worker to 16-bit R'G'B'.
struct RenderedTimeline {
  let folder: TemporaryFolder
  private let production: Production
  private var files: [ProbedFile] = []
  let raster: Raster
  let rate: FrameRate

  init(width: Int, height: Int, rate: FrameRate = FrameRate(24_000, 1001)) throws {
    folder = try TemporaryFolder()
    raster = Raster(width: width, height: height)
    self.rate = rate
    production = try Production.create(at: folder.path + "/out")
    try FileManager.default.createDirectory(
      atPath: folder.path + "/rushes", withIntermediateDirectories: true)
  }

  /// Declares a file of `rushes` as a probe would have found it.
  mutating func add(
    _ reel: String, file: String, frames: Int64, width: Int, height: Int, pixelFormat: String,
    sequence: StillSequence? = nil
  ) throws {
    let path = "\(folder.path)/rushes/\(file)"
    let location = try Self.location(path, root: folder.path + "/rushes")
    let isRGB = !pixelFormat.hasPrefix("yuv")
    let video = VideoFacts(
      stream: 0, codec: "any", width: width, height: height, pixelFormat: pixelFormat, bitDepth: 16,
      rate: rate,
      frameCount: frames, range: isRGB ? "pc" : "tv", primaries: "bt709", transfer: "bt709", matrix: "bt709")
    let identity = Digest.sha256(Array(reel.utf8))
    files.append(
      ProbedFile(
        location: location,
        facts: MediaFacts(
          identity: identity.hex, fileName: file, container: "mov", byteCount: location.byteCount,
          video: video,
          timecodeStart: "00:00:00:00", timecodeRate: rate, reel: reel),
        identity: identity, sequence: sequence))
  }

  private static func location(_ path: String, root: String) throws -> MediaLocation {
    let facts = try Programs.run("stat", ["--format", "%s %.9Y", path]).text.split(
      whereSeparator: \.isWhitespace)
    let time = facts[1].split(separator: ".")
    return MediaLocation(
      path: path, root: root, byteCount: Int64(facts[0]) ?? 0,
      modified: (Int64(time[0]) ?? 0) * 1_000_000_000 + (Int64(time[1]) ?? 0))
  }

  /// A lossless clip of one frame per picture, R, G, B of 16 bits, or with alpha where `hasAlpha`.
  mutating func addPictures(
    _ reel: String, width: Int, height: Int, pictures: [[UInt16]], hasAlpha: Bool = false
  )
    throws
  {
    var raw = Data()
    for value in pictures.joined() {
      raw.append(UInt8(value & 0xFF))
      raw.append(UInt8(value >> 8))
    }
    let format = hasAlpha ? "rgba64le" : "rgb48le"
    // FFV1 has no 16-bit planes of alpha; 12 bits divide 16 well enough for tests that use whole codes.
    let stored = hasAlpha ? "gbrap12le" : "gbrp16le"
    let made = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", format, "-s", "\(width)x\(height)", "-r",
        "\(rate.rational.numerator)/\(rate.rational.denominator)", "-i", "-", "-sws_flags",
        "accurate_rnd+full_chroma_int+bitexact", "-pix_fmt", stored, "-c:v", "ffv1", "-g", "1",
        "\(folder.path)/rushes/\(reel).mkv",
      ], input: raw)
    guard made.status == 0 else { throw FixtureError(text: made.errors) }
    try add(
      reel, file: "\(reel).mkv", frames: Int64(pictures.count), width: width, height: height,
      pixelFormat: stored)
  }

  private struct Library: PlanningLibrary {
    func knownFrames(encoding: Digest, chains: [Digest]) -> [Digest: [KnownFrames]] { [:] }
    func hasResult(_ key: TaskKey) -> Bool { false }
    func output<Output: Codable & Sendable>(of key: TaskKey, as type: Output.Type) -> Output? { nil }
    func reviews(of deliverable: String, programme: String) -> [ReviewedVersion] { [] }
    func publishedVersion(_ publish: PublishTask.Input) -> String? { nil }
  }

  func conform(_ tracks: [Track]) -> Conform {
    var timeline = Timeline(name: "TEST", rate: rate, tracks: tracks)
    timeline.startFrame = 0
    var conform = Relinker(media: files.map { MediaItem(path: $0.location.path, facts: $0.facts) })
      .relink(timeline)
    for index in conform.events.indices where conform.events[index].curve == nil {
      conform.events[index].curve = conform.events[index].clip.curve
    }
    return conform
  }

  func plan(_ conform: Conform, fit: String = "letterbox", extra: String = "") throws -> ProgrammePlan {
    _ = try folder.write("TITLE: TEST\n", to: "cut.edl")
    let pipeline = try PipelineLoader.parse(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: \(rate.rational.numerator)/\(rate.rational.denominator), media: [rushes]}
      raster: \(raster)
      stages:
        edit: {kind: editing, fit: \(fit)}
        master: {kind: delivery, picture: edit, profile: stills-16bit}
      """, path: "p.yaml", absolute: folder.path + "/p.yaml")
    return try ProgrammePlanner.plan(
      pipeline, conform: conform, files: files,
      tools: ToolIdentity(libraries: "tests", kernels: "tests"), library: Library())
  }

  /// The frames of the programme, R, G, B of each pixel in 0…1.
  func frames(
    _ tracks: [Track], fit: String = "letterbox", environment: [String: String] = [:]
  ) throws -> [[Double]] {
    let conform = conform(tracks)
    guard conform.diagnostics.isEmpty else { throw FixtureError(text: "\(conform.diagnostics)") }
    return try frames(try plan(conform, fit: fit), environment: environment)
  }

  func frames(_ plan: ProgrammePlan, environment: [String: String] = [:]) throws -> [[Double]] {
    var packets: [TaskKey: [Data]] = [:]
    let store = ObjectStore(production)
    for (number, node) in plan.plan.nodes.filter({ $0.kind == "render" }).enumerated() {
      let input = try JSONDecoder().decode(RenderTask.Input.self, from: Data(node.payload))
      let id = "01J" + String(repeating: "0", count: 19) + String(1000 + number)
      let attempt = "\(production.attemptsFolder)/\(id)"
      try FileManager.default.createDirectory(atPath: attempt, withIntermediateDirectories: true)
      let task = TaskFile(
        attempt: id, key: node.key, kind: node.kind, version: node.version, label: node.label, input: input)
      try JSONEncoder().encode(task).write(to: URL(fileURLWithPath: attempt + "/task.json"))
      let finished = try Programs.run(
        Attempt.program, ["run", attempt + "/task.json"], environment: environment)
      guard finished.status == 0 else { throw FixtureError(text: finished.text + finished.errors) }
      for segment in input.segments {
        guard let record = try store.result(segment.key, as: SegmentRecord.self)?.output else {
          throw FixtureError(text: "a segment is missing")
        }
        let object = try Data(contentsOf: URL(fileURLWithPath: store.path(of: record.object)))
        packets[segment.key] = record.packets.map {
          object[Int($0.offset)..<Int($0.offset) + $0.size]
        }
      }
    }
    let assembly = plan.plan.nodes.first { $0.kind == "assemble" }
    guard let assembly else { throw FixtureError(text: "nothing is assembled") }
    let pieces = try JSONDecoder().decode(AssembleTask.Input.self, from: Data(assembly.payload)).pieces
    var stills = Data()
    for piece in pieces {
      for index in 0..<piece.count {
        guard let still = packets[piece.segment]?[piece.offset + index * piece.step] else {
          throw FixtureError(text: "a frame is missing")
        }
        stills.append(still)
      }
    }
    let decoded = try Programs.run(
      "ffmpeg",
      ["-v", "error", "-f", "png_pipe", "-i", "-", "-f", "rawvideo", "-pix_fmt", "rgb48le", "-"],
      input: stills)
    guard decoded.status == 0 else { throw FixtureError(text: decoded.errors) }
    let size = raster.width * raster.height * 6
    let bytes = [UInt8](decoded.output)
    return stride(from: 0, to: bytes.count, by: size).map { start in
      stride(from: start, to: start + size, by: 2).map {
        Double(UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8) / 65_535
      }
    }
  }
}

/// Clips and tracks from numbers.
enum Cutting {
  static func clip(
    _ reel: String, source: Int64 = 0, record: Int64, count: Int64, speed: Rational = .one,
    curve: RetimeCurve? = nil, adjustments: [PictureAdjustment] = [], rate: FrameRate
  ) -> TrackItem {
    var clip = Clip(
      name: reel, event: "\(record)", sourceReel: reel,
      sourceIn: SourcePosition(count: source, rate: rate),
      recordRange: FrameRange(start: record, count: count),
      timeScale: speed)
    clip.curve = curve
    clip.adjustments = adjustments
    return .clip(clip)
  }

  static func gap(_ start: Int64, _ count: Int64) -> TrackItem {
    .gap(Gap(recordRange: FrameRange(start: start, count: count)))
  }

  static func track(_ name: String, _ items: [TrackItem]) -> Track {
    Track(kind: .picture, name: name, items: items)
  }
}
