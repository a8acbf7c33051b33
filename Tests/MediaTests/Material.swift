import Foundation
import Media
import MediaTime
import TestSupport
import Testing

/// Files that tests read, and a place for those they write.
enum Material {
  /// The folder of shared samples beside the package or above it; nil where it is absent.
  static let samples: String? = {
    var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    while folder.path != "/" {
      let candidate = folder.appendingPathComponent("shared/samples").path
      if FileManager.default.fileExists(atPath: candidate + "/README.md") { return candidate }
      folder.deleteLastPathComponent()
    }
    return nil
  }()

  static let hasSamples = samples != nil

  static func sample(_ name: String) throws -> String { try #require(samples) + "/" + name }

  static let hasTools = FileManager.default.isExecutableFile(atPath: "/usr/bin/ffmpeg")

  /// A folder that is deleted with the value's last use in `body`.
  static func withFolder<R>(_ body: (String) throws -> R) throws -> R {
    let folder = NSTemporaryDirectory() + "media-tests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
  }

  /// Runs a program and gives what it printed; a failing one fails the test.
  @discardableResult
  static func run(_ program: String, _ arguments: [String], environment: [String: String]? = nil) throws
    -> String
  {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/" + program)
    process.arguments = arguments
    if let environment { process.environment = environment }
    let output = Pipe()
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(program) \(arguments.joined(separator: " "))")
    return String(decoding: data, as: UTF8.self)
  }

  /// Makes a file from FFmpeg's generators.
  static func ffmpeg(_ arguments: String..., to path: String) throws {
    let words = arguments.flatMap { $0.split(separator: " ").map(String.init) }
    try run("ffmpeg", ["-v", "error", "-nostdin", "-y"] + words + [path])
  }

  /// MD5 of each decoded picture of the first picture stream, by the ffmpeg program.
  static func frameDigests(_ path: String, stream: String = "0:v:0") throws -> [String] {
    let text = try run(
      "ffmpeg",
      [
        "-v", "quiet", "-nostdin", "-noautorotate", "-i", path, "-map", stream, "-fps_mode", "passthrough",
        "-f", "framemd5", "-",
      ])
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }
      .compactMap { $0.split(separator: ",").last?.trimmingCharacters(in: .whitespaces) }
  }
}

/// Equal bytes, equal value, within this process.
func fingerprint(_ bytes: [UInt8]) -> Int {
  var hasher = Hasher()
  unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
  return hasher.finalize()
}

/// A picture of seeded noise over a ramp, as FFmpeg's raw video of `format`.
func noise(_ format: PictureFormat, bits: Int, seed: UInt64, samples: Int) -> [UInt8] {
  var random = SplitMix64(seed: seed)
  var bytes: [UInt8] = []
  bytes.reserveCapacity(samples * 2)
  let top = (1 << bits) - 1
  for index in 0..<samples {
    let ramp = index * 7 / 3 % (top * 3 / 4)
    let value = min(top, ramp + top / 16 + Int(random.next() % UInt64(max(1, top / 32))))
    bytes.append(UInt8(value & 0xff))
    if bits > 8 { bytes.append(UInt8(value >> 8)) }
  }
  return bytes
}
