import Foundation
import TestSupport
import Testing

/// The same plan gives the same bytes, whoever works on it.
@Suite struct `Determinism` {
  /// Pictures of three sizes and two codecs, graded, so that scaler, kernels, decoder and encoder all take part.
  static func production() throws -> (fixture: Fixture, pipeline: String) {
    let fixture = try Fixture()
    for (reel, size, codec, source) in [
      ("A001", "320x180", Fixture.prores, "testsrc2"), ("B001", "480x200", Fixture.h264, "testsrc2"),
      ("C001", "320x240", Fixture.h264, "testsrc"),
    ] {
      // Scalers and encoders of the ffmpeg program round differently from CPU to CPU: none of its extensions.
      let plain = codec.contains("libx264") ? ["-x264-params", "asm=0"] : []
      let result = try Programs.run(
        "ffmpeg",
        [
          "-v", "error", "-cpuflags", "0", "-f", "lavfi", "-i", "\(source)=size=\(size):rate=24000/1001",
          "-frames:v", "60",
          "-vf",
          "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709",
        ] + codec + plain + [
          "-timecode", "01:00:00:00", "-metadata:s:v:0", "reel_name=\(reel)",
          "\(fixture.path)/rushes/\(reel).mov",
        ])
      #expect(result.status == 0, "\(result.errors)")
    }
    let grade = ["ASC_SOP (1.1 0.95 1.02)(-0.02 0.01 0.0)(0.9 1.1 1.05)", "ASC_SAT 0.85"]
    let events = [
      ListWriter.Event(reel: "A001", source: 86_405, count: 30, comments: grade),
      ListWriter.Event(reel: "B001", source: 86_400, count: 40, comments: grade),
      ListWriter.Event(reel: "C001", source: 86_410, count: 35),
    ]
    _ = try fixture.folder.write(ListWriter.edl(events, base: 24, recordStart: 86_400), to: "cut.edl")
    return (fixture, try fixture.pipeline("p.yaml", cut: "cut.edl", raster: "320x180"))
  }

  @Test func `one worker, two workers and the baseline CPU give byte-identical masters`() throws {
    let (fixture, pipeline) = try Self.production()
    let one = try fixture.run(pipeline, production: "one", workers: 1)
    let two = try fixture.run(pipeline, production: "two", workers: 2)
    let baseline = try fixture.run(
      pipeline, production: "baseline", workers: 2, environment: ["INTERLOCK_CPU": "baseline"])
    let digest = try fixture.digest(of: fixture.path + "/" + one.master.path)
    #expect(try fixture.digest(of: fixture.path + "/" + two.master.path) == digest)
    #expect(try fixture.digest(of: fixture.path + "/" + baseline.master.path) == digest)
  }

  /// The canary: bytes that change while every version and library stays the same would be reused wrongly.
  /// When they change on purpose, raise the version of the operation and record anew with `RECORD_GOLDENS=1`.
  @Test func `the bytes of a known master have not changed under unchanged versions`() throws {
    let identity = try Programs.run(Repository.product("interlock-worker"), ["identity"]).text
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let (fixture, pipeline) = try Self.production()
    // The sources are made by the ffmpeg program, whose encoders are in the identity too.
    let report = try fixture.run(pipeline, production: "canary")
    let found = "\(identity)\n\(try fixture.digest(of: fixture.path + "/" + report.master.path))\n"
    let golden = Repository.root + "/Tests/EndToEndTests/Goldens/master.txt"
    if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] != nil {
      try found.write(toFile: golden, atomically: true, encoding: .utf8)
      Issue.record("the golden digest was recorded; run again without RECORD_GOLDENS")
      return
    }
    let expected = try String(contentsOfFile: golden, encoding: .utf8)
    guard expected.hasPrefix(identity + "\n") else {
      print("canary: skipped, recorded with another build: \(expected.prefix { $0 != "\n" })")
      return
    }
    #expect(found == expected)
  }

  @Test(
    .enabled(if: Programs.isInstalled("qemu-x86_64"), "qemu-user is not installed; `make test` installs it"))
  func `a worker on an emulated baseline CPU makes the same frames`() throws {
    let (fixture, pipeline) = try Self.production()
    // A few frames: emulation is some fifty times slower.
    let short = try String(contentsOfFile: pipeline, encoding: .utf8)
      .replacingOccurrences(of: "profile: test}", with: "profile: test, frames: \"01:00:01:04-01:00:01:08\"}")
    let name = try fixture.folder.write(short, to: "short.yaml")
    _ = try fixture.run(name, production: "native")
    let attempts = fixture.path + "/native/.interlock/attempts"
    let manager = FileManager.default
    let task = try #require(
      try manager.contentsOfDirectory(atPath: attempts).map { "\(attempts)/\($0)/task.json" }.first {
        try String(contentsOfFile: $0, encoding: .utf8).contains("\"kind\":\"render\"")
      })
    let emulated = fixture.path + "/emulated/.interlock/attempts/01AAAAAAAAAAAAAAAAAAAAAAAA"
    try manager.createDirectory(atPath: emulated, withIntermediateDirectories: true)
    for folder in ["objects", "results"] {
      try manager.createDirectory(
        atPath: fixture.path + "/emulated/.interlock/\(folder)", withIntermediateDirectories: true)
    }
    try manager.copyItem(atPath: task, toPath: emulated + "/task.json")
    let finished = try Programs.run(
      "qemu-x86_64",
      ["-cpu", "qemu64", Repository.product("interlock-worker"), "run", emulated + "/task.json"],
      folder: fixture.path)
    #expect(finished.status == 0, "\(finished.errors)\n\(finished.text)")
    let native = try segmentPackets(fixture.path + "/native")
    let made = try segmentPackets(fixture.path + "/emulated")
    #expect(!made.isEmpty)
    for (segment, packets) in made { #expect(native[segment] == packets) }
  }

  /// Digests of the packets of every committed segment, by segment key.
  private func segmentPackets(_ production: String) throws -> [String: [String]] {
    struct Result: Decodable {
      struct Body: Decodable {
        struct Output: Decodable {
          struct Packet: Decodable { var digest: String }
          var packets: [Packet]?
        }
        var kind: String
        var output: Output
      }
      var body: Body
    }
    let results = production + "/.interlock/results"
    var packets: [String: [String]] = [:]
    for file in try FileManager.default.subpathsOfDirectory(atPath: results) where file.hasSuffix(".json") {
      let data = try Data(contentsOf: URL(fileURLWithPath: results + "/" + file))
      let body = try JSONDecoder().decode(Result.self, from: data).body
      if body.kind == "segment" { packets[file] = body.output.packets?.map(\.digest) }
    }
    return packets
  }
}
