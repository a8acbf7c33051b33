import Foundation
import Media
import MediaTime
import Testing

/// What the CPU's extensions must not change, told by a child process without them.
@Suite(.enabled(if: Material.hasTools))
struct DeterminismTests {
  /// Results of scaler, encoders and resampler over fixed input, one line each.
  static func evidence(_ folder: String) throws -> String {
    var lines: [String] = []
    let source = PictureFormat(pixelFormat: "yuv420p10le", width: 190, height: 106)
    let bytes = noise(source, bits: 10, seed: 9, samples: 190 * 106 * 3 / 2)
    let target = PictureFormat(pixelFormat: "yuv444p16le", width: 320, height: 180)
    for filter in [Scaler.Filter.bicubic, .lanczos] {
      let scaler = try Scaler(from: source, to: target, matrix: "bt709", isFullRange: false, filter: filter)
      try ScalerTests.withPicture(bytes, source) { picture in
        try scaler.scale(picture) { lines.append("scale \(filter) \(stable($0.packedBytes()))") }
      }
    }
    for encoding in PictureEncoderTests.encodings {
      let picture = noise(encoding.settings.format, bits: encoding.bits, seed: 2, samples: encoding.samples)
      let packet = try PictureEncoder(encoding.settings).encode { $0.fill(packed: picture) }
      lines.append("encode \(encoding.settings.codec) \(stable(packet))")
      try PictureDecoder(encoding.settings).decode(packet) {
        lines.append("decode \(stable($0.packedBytes()))")
      }
    }
    let path = folder + "/a.wav"
    let writer = try WaveWriter(path: path, sampleRate: 44_100, channels: 1, timeReference: 0)
    try writer.append(planar: [numbered(0..<100_000)])
    try writer.finish()
    let sound = try SoundReader(path: path).read(from: 0, count: 90_000)[0]
    lines.append("resample \(stable(sound.flatMap { withUnsafeBytesOf($0.bitPattern) }))")
    return lines.joined(separator: "\n")
  }

  private static func withUnsafeBytesOf(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }

  /// The same in every process, unlike `Hasher`.
  private static func stable(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  /// Runs this very test program once more without CPU extensions.
  @Test func `bytes do not depend on the CPU's extensions`() async throws {
    if let output = ProcessInfo.processInfo.environment["INTERLOCK_EVIDENCE"] {
      try Material.withFolder { folder in
        try Data(try Self.evidence(folder).utf8).write(to: URL(fileURLWithPath: output))
      }
      return
    }
    try Material.withFolder { folder in
      let output = folder + "/evidence"
      var environment = ProcessInfo.processInfo.environment
      environment["INTERLOCK_CPU"] = "baseline"
      environment["INTERLOCK_EVIDENCE"] = output
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      process.arguments =
        Array(CommandLine.arguments.dropFirst()) + ["--filter", "DeterminismTests"]
      process.environment = environment
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      let baseline = String(decoding: try readAll(output), as: UTF8.self)
      #expect(baseline == (try Self.evidence(folder)))
    }
  }
}
