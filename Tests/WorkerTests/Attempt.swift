import Delivery
import Digests
import Foundation
import ImageGraph
import MediaTime
import ObjectStore
import TaskGraph
import TaskKinds
import TestSupport

/// A production with task files as the coordinator writes them, for the real `interlock-worker`.
struct Attempt {
  let folder: TemporaryFolder
  let id: String

  static let program = Repository.product("interlock-worker")

  /// - Parameter id: of its own by default, as whatever a worker starts is known by it.
  init(id: String = ULID.next().description) throws {
    folder = try TemporaryFolder()
    self.id = id
    for name in [
      "rushes", "out/.interlock/objects", "out/.interlock/results", "out/.interlock/attempts/" + id,
    ] {
      try FileManager.default.createDirectory(
        atPath: folder.path + "/" + name, withIntermediateDirectories: true)
    }
  }

  var path: String { "\(folder.path)/out/.interlock/attempts/\(id)" }
  var taskFile: String { path + "/task.json" }

  func write(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: taskFile)) }

  func write<Input>(_ kind: String, version: Int = 1, key: TaskKey, _ input: Input) throws
  where Input: Codable & Sendable {
    let file = TaskFile(attempt: id, key: key, kind: kind, version: version, label: "a test", input: input)
    try JSONEncoder().encode(file).write(to: URL(fileURLWithPath: taskFile))
  }

  /// - Returns: how the worker ended and what its last line says.
  func run(_ arguments: [String] = [], environment: [String: String] = [:]) throws -> (
    finished: Finished, ending: Ending
  ) {
    let finished = try Programs.run(Self.program, ["run", taskFile] + arguments, environment: environment)
    return (finished, try Ending(finished))
  }

  /// Names of files in the attempt's folder, sorted.
  func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }

  /// The processes that came of this attempt, by number.
  func processes() throws -> [String] {
    let mark = Data("INTERLOCK_ATTEMPT=\(id)\0".utf8)
    return try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { name in
      guard Int(name) != nil, let environment = FileManager.default.contents(atPath: "/proc/\(name)/environ")
      else { return false }
      return environment.range(of: mark) != nil
    }
  }

  func hasResult(_ key: TaskKey) -> Bool {
    FileManager.default.fileExists(
      atPath: "\(folder.path)/out/.interlock/results/\(key.hex.prefix(2))/\(key.hex).json")
  }

  /// Where a file of `rushes` is, as a probe would have found it.
  func location(_ name: String, root: String = "rushes") throws -> MediaLocation {
    let path = try Programs.run("realpath", [folder.path + "/rushes/" + name]).text.trimmingCharacters(
      in: .newlines)
    let facts = try Programs.run("stat", ["--format", "%s %.9Y", path]).text.split(
      whereSeparator: \.isWhitespace)
    let time = facts[1].split(separator: ".")
    return MediaLocation(
      path: folder.path + "/rushes/" + name, root: try realPath(root), byteCount: Int64(facts[0]) ?? 0,
      modified: (Int64(time[0]) ?? 0) * 1_000_000_000 + (Int64(time[1]) ?? 0))
  }

  private func realPath(_ name: String) throws -> String {
    try Programs.run("realpath", [folder.path + "/" + name]).text.trimmingCharacters(in: .newlines)
  }
}

/// The last line of `interlock-worker run`.
struct Ending: Decodable {
  struct Finding: Decodable {
    var code: String
    var message: String
    var remedy: String?
  }

  var schema: Int
  var attempt: String
  var key: String?
  var exit: Int
  var failure: String?
  var diagnostics: [Finding]
  var seconds: Double
  var peakMemoryBytes: Int

  init(_ finished: Finished) throws {
    let last = finished.text.split(separator: "\n").last ?? ""
    do {
      self = try JSONDecoder().decode(Ending.self, from: Data(last.utf8))
    } catch {
      throw FixtureError(text: "the last line is no result: \(finished.text) \(finished.errors)")
    }
  }
}

/// What a render task in these tests makes: ProRes, from a clip or black.
enum Renders {
  static func encoding(width: Int = NumberedClip.width, height: Int = NumberedClip.height) -> Encoding {
    Encoding(
      codec: "prores_ks", profile: 3, pixelFormat: "yuv422p10le", width: width, height: height,
      rate: FrameRate(24_000, 1001), quantiser: 4, options: ["vendor": "apl0"],
      tags: ColourTags(primaries: "bt709", transfer: "bt709", matrix: "bt709", range: "tv"), builtBy: "tests",
      lowestPSNR: 30)
  }

  /// H.264 in groups.
  static func review(width: Int = NumberedClip.width, height: Int = NumberedClip.height) -> Encoding {
    Encoding(
      codec: "libx264", profile: nil, pixelFormat: "yuv420p", width: width, height: height,
      rate: FrameRate(24_000, 1001), quantiser: nil, options: ["preset": "veryfast", "crf": "20"],
      tags: ColourTags(primaries: "bt709", transfer: "bt709", matrix: "bt709", range: "tv"), builtBy: "tests",
      lowestPSNR: 28)
  }

  /// Segments of a clip, or of black without media.
  static func input(
    media: MediaLocation?, segments: [(first: Int64, count: Int64)], encoding: Encoding = encoding()
  ) -> RenderTask.Input {
    let source = PictureSource(
      media: Digest.sha256([1]), stream: 0, interpretation: Interpretation(matrix: .bt709, isFullRange: false)
    )
    let sizing = Sizing(raster: Raster(width: encoding.width, height: encoding.height), fit: .letterbox)
    let node: ImageNode = media == nil ? .black(Black()) : .sizing(sizing, of: .source(source))
    return RenderTask.Input(
      encoding: encoding, nodes: [node.chain: node],
      media: media.map { [source.media.hex: RenderTask.Media(location: $0, sampleAspect: .one)] } ?? [:],
      segments: segments.map { segment in
        RenderTask.Segment(
          encoding: encoding.digest, chain: node.chain, first: segment.first, count: segment.count)
      })
  }

  static let prores = ["-c:v", "prores_ks", "-profile:v", "0", "-pix_fmt", "yuv422p10le"]
}
