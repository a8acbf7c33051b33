import Delivery
import Diagnostics
import Digests
import Editorial
import Foundation
import ImageGraph
import MediaTime
import Planning
import TaskGraph
import TaskKinds
import TestSupport

/// What exists already, in memory.
struct FakeLibrary: PlanningLibrary {
  /// By encoding, then by chain.
  var frames: [Digest: [Digest: [KnownFrames]]] = [:]
  var results: Set<TaskKey> = []
  /// What tasks found out, as JSON.
  var outputs: [TaskKey: Data] = [:]
  /// By deliverable.
  var reviews: [String: [ReviewedVersion]] = [:]
  /// By the key of the task that published it.
  var versions: [TaskKey: String] = [:]

  func knownFrames(encoding: Digest, chains: [Digest]) -> [Digest: [KnownFrames]] {
    (frames[encoding] ?? [:]).filter { chains.contains($0.key) }
  }

  func reviews(of deliverable: String, programme: String) -> [ReviewedVersion] {
    reviews[deliverable] ?? []
  }

  func hasResult(_ key: TaskKey) -> Bool { results.contains(key) }

  func output<Output: Codable & Sendable>(of key: TaskKey, as type: Output.Type) throws -> Output? {
    try outputs[key].map { try JSONDecoder().decode(type, from: $0) }
  }

  func publishedVersion(_ publish: PublishTask.Input) -> String? { versions[PublishTask.key(publish)] }

  /// The library after everything of a plan was done.
  static func after(_ plan: ProgrammePlan) throws -> FakeLibrary {
    var library = FakeLibrary()
    for node in plan.plan.nodes {
      library.results.insert(node.key)
      library.results.formUnion(node.commits)
      if node.kind == "publish" { library.versions[node.key] = "v001" }
    }
    for input in try plan.renders() {
      for segment in input.segments {
        // Only frames that stand alone are known one by one.
        guard input.encoding.unit == .frame, let run = segment.runs.first else { continue }
        library.frames[input.encodingDigest, default: [:]][run.chain, default: []].append(
          KnownFrames(first: run.first, count: run.count, segment: segment.key, offset: 0))
      }
    }
    return library
  }
}

let film = FrameRate(24_000, 1001)
let tools = ToolIdentity(libraries: "libavcodec 59.37.100", kernels: "kernels 1")

/// Media that was never there: facts as a probe would find them.
enum Facts {
  static func identity(_ name: String) -> Digest { Digest.sha256(Array("content of \(name)".utf8)) }

  static func picture(
    _ reel: String, name: String? = nil, start: String, frames: Int64, width: Int = 640, height: Int = 360,
    rate: FrameRate = film, folder: String = "/media/rushes", change: (inout VideoFacts) -> Void = { _ in }
  ) -> ProbedFile {
    let name = name ?? "\(reel).mov"
    var video = VideoFacts(
      stream: 0, codec: "h264", width: width, height: height, pixelFormat: "yuv420p", bitDepth: 8, rate: rate,
      frameCount: frames, range: "tv", primaries: "bt709", transfer: "bt709", matrix: "bt709")
    change(&video)
    return ProbedFile(
      location: MediaLocation(path: "\(folder)/\(name)", root: folder, byteCount: frames, modified: 7),
      facts: MediaFacts(
        identity: identity(name).hex, fileName: name, container: "mov", byteCount: frames, video: video,
        timecodeStart: start, timecodeRate: rate, reel: reel), identity: identity(name))
  }

  static func sound(
    _ name: String, tape: String, reference: Int64, samples: Int64, channels: Int = 1,
    sampleRate: Int = 48_000,
    folder: String = "/media/sound"
  ) -> ProbedFile {
    ProbedFile(
      location: MediaLocation(path: "\(folder)/\(name)", root: folder, byteCount: samples, modified: 7),
      facts: MediaFacts(
        identity: identity(name).hex, fileName: name, container: "wav", byteCount: samples,
        sound: SoundFacts(
          stream: 0, codec: "pcm_s24le", sampleRate: sampleRate, channels: channels, sampleCount: samples,
          bitDepth: 24,
          timeReference: reference, tape: tape)), identity: identity(name))
  }
}

/// CMX3600 lists from numbers, at 24 frames a label second.
struct ListEvent {
  var reel: String
  var track = "V"
  var source: Int
  var record: Int
  var count: Int
  var comments: [String] = []

  static func label(_ frame: Int) -> String {
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return [frame / 86_400, frame / 1440 % 60, frame / 24 % 60, frame % 24].map(two).joined(separator: ":")
  }

  static func list(_ events: [ListEvent]) -> String {
    var text = "TITLE: TEST\nFCM: NON-DROP FRAME\n\n"
    for (index, event) in events.enumerated() {
      let times = [event.source, event.source + event.count, event.record, event.record + event.count].map(
        label)
      let number = String("00\(index + 1)".suffix(3))
      text += "\(number)  \(event.reel)  \(event.track)     C        \(times.joined(separator: " "))\n"
      for comment in event.comments { text += "* \(comment)\n" }
    }
    return text
  }
}

/// One hour at 24 frames a label second: where programmes start.
let hour = 86_400

/// A folder with a pipeline and its cut; the media has facts only.
struct Programme {
  let folder: TemporaryFolder
  var files: [ProbedFile]

  init(_ events: [ListEvent], files: [ProbedFile]) throws {
    folder = try TemporaryFolder()
    self.files = files
    try FileManager.default.createDirectory(
      atPath: folder.path + "/rushes", withIntermediateDirectories: true)
    _ = try folder.write(ListEvent.list(events), to: "cut.edl")
  }

  static let masterOnly = """
    edit: {kind: editing}
    master: {kind: delivery, picture: edit, profile: stills-16bit}
    """

  func pipeline(_ stages: String = masterOnly, timeline: String = "") throws -> Pipeline {
    let indented = stages.split(separator: "\n").map { "  \($0)\n" }.joined()
    let text = """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]\(timeline)}
      raster: 640x360
      stages:
      \(indented)
      """
    return try PipelineLoader.parse(text, path: "p.yaml", absolute: folder.path + "/p.yaml")
  }

  func plan(
    _ stages: String = masterOnly, library: FakeLibrary = FakeLibrary(), until: String? = nil,
    tools: ToolIdentity = tools
  ) throws -> ProgrammePlan {
    try ProgrammePlanner.plan(
      try pipeline(stages), files: files, tools: tools, library: library, until: until)
  }
}

extension ProgrammePlan {
  func nodes(_ kind: String) -> [TaskNode] { plan.nodes.filter { $0.kind == kind } }

  private func inputs<Input: Decodable>(_ kind: String, _ type: Input.Type) throws -> [Input] {
    try nodes(kind).map { try JSONDecoder().decode(type, from: Data($0.payload)) }
  }

  /// What is rendered, for each encoding alone, also where one pass makes frames in several.
  func renders() throws -> [RenderTask.Input] {
    try passes().flatMap { pass in
      pass.lanes.map { lane in
        var alone = pass
        (alone.encoding, alone.encodingDigest) = (lane.encoding, lane.encodingDigest)
        (alone.segments, alone.beside) = (lane.segments, nil)
        return alone
      }
    }
  }

  func passes() throws -> [RenderTask.Input] { try inputs("render", RenderTask.Input.self) }

  func assemblies() throws -> [AssembleTask.Input] { try inputs("assemble", AssembleTask.Input.self) }

  func mixes() throws -> [MixTask.Input] { try inputs("mix", MixTask.Input.self) }

  /// Frames that will be rendered, each named by its signature and encoding.
  func renderedFrames() throws -> [String] {
    try renders().flatMap { input in
      input.segments.flatMap(\.runs).flatMap { run in
        (0..<run.count).map { "\(run.signature(at: $0).hex) \(input.encodingDigest.hex.prefix(8))" }
      }
    }
  }
}

extension RenderTask.Input {
  /// The chain of the first segment, which is the only one where frames stand alone.
  var chain: Digest { segments[0].runs[0].chain }

  var node: ImageNode { nodes[chain.hex] ?? .black(Black()) }
}

extension RenderTask.Segment {
  /// Source frame of the first frame.
  var first: Int64 { runs[0].first }
}

/// The text of the findings that stop `body`.
func failure(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch {
    return "\(error)"
  }
}
