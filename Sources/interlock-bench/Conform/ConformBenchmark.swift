import Foundation

/// How long it takes to find out what 1,000 media files are, beside calling `ffprobe` for each, and to relink a long
/// list against 2,000 files that are known.
struct ConformBenchmark {
  let folder: String
  let samples: Int
  var fileCount = 1_000
  var eventCount = 5_000

  func measure() throws -> ConformResult? {
    guard let ffmpeg = Programs.installed("ffmpeg"), let ffprobe = Programs.installed("ffprobe") else {
      Progress.say("FFmpeg is not installed (Debian: ffmpeg); the conform is not measured.")
      return nil
    }
    let interlock = try Programs.sibling("interlock")
    Progress.say("Making \(2 * fileCount) media files …")
    let folders = ["\(folder)/one", "\(folder)/two"]
    try makeMedia(ffmpeg, in: folders)
    let short = "\(folder)/short.edl"
    let long = "\(folder)/long.edl"
    try list(1).write(toFile: short, atomically: true, encoding: .utf8)
    try list(eventCount).write(toFile: long, atomically: true, encoding: .utf8)

    Progress.say("Calling ffprobe for each of \(fileCount) files …")
    let started = ContinuousClock.now
    for number in 0..<fileCount {
      _ = try ChildProcess.run(
        ffprobe,
        [
          "-v", "error", "-show_format", "-show_streams", "-of", "json", "\(folders[0])/\(Self.name(number))",
        ],
        logFolder: folder)
    }
    let each = (ContinuousClock.now - started) / .seconds(1)

    func conform(_ cut: String, _ media: [String]) throws -> Cost {
      try ChildProcess.run(
        interlock,
        ["conform", cut, "--rate", "24", "--production", "\(folder)/production"]
          + media.flatMap { ["--media", $0] } + ["--report", "\(folder)/report.json"], logFolder: folder
      ).cost
    }
    Progress.say("Conforming …")
    let cold = try conform(short, [folders[0]])
    let again = Cost(medianOf: try (0..<samples).map { _ in try conform(short, [folders[0]]) })
    // The second half is probed by the way.
    _ = try conform(short, folders)
    let relinks = try (0..<samples).map { _ in try conform(long, folders) }
    return ConformResult(
      files: fileCount, ffprobeSeconds: each, probed: cold, again: again, events: eventCount,
      relinkFiles: 2 * fileCount, relink: Cost(medianOf: relinks))
  }

  private static func name(_ number: Int) -> String {
    "A" + String(repeating: "0", count: 4 - "\(number)".count) + "\(number)C001_R1.mp4"
  }

  /// Files of two seconds, long GOP with sound; they differ in a box at their end that players skip.
  private func makeMedia(_ ffmpeg: String, in folders: [String]) throws {
    let first = "\(folder)/first.mp4"
    _ = try ChildProcess.run(
      ffmpeg,
      [
        "-v", "error", "-f", "lavfi", "-i", "testsrc=s=320x180:r=24:d=2", "-f", "lavfi", "-i",
        "sine=r=48000:d=2", "-c:v", "libx264", "-g", "12", "-pix_fmt", "yuv420p", "-c:a", "aac", "-timecode",
        "01:00:00:00", first,
      ], logFolder: folder)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: first))
    for (place, folder) in folders.enumerated() {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for index in 0..<fileCount {
        let number = place * fileCount + index
        let text = Array("file \(number)".utf8)
        let box = [0, 0, 0, UInt8(8 + text.count)] + Array("free".utf8) + text
        try (bytes + box).write(to: URL(fileURLWithPath: "\(folder)/\(Self.name(number))"))
      }
    }
  }

  /// Events of 20 frames, a reel each, in turns.
  private func list(_ count: Int) -> String {
    var lines = ["TITLE: BENCH", "FCM: NON-DROP FRAME", ""]
    for event in 0..<count {
      let number = event % (2 * fileCount)
      let reel = Self.name(event < fileCount || count > 1 ? number : 0).prefix(9)
      let record = 3600 * 24 + event * 20
      let times = [86_405, 86_425, record, record + 20].map(Self.label).joined(separator: " ")
      let digits = "\(event + 1)"
      let padded = String(repeating: "0", count: max(0, 6 - digits.count)) + digits
      lines.append("\(padded)  \(reel) V     C        \(times)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func label(_ frame: Int) -> String {
    [frame / 86_400, frame / 1440 % 60, frame / 24 % 60, frame % 24]
      .map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
  }
}

/// What `ConformBenchmark` found.
struct ConformResult: Encodable {
  var files: Int
  /// `ffprobe` called once for each file, one after the other.
  var ffprobeSeconds: Double
  /// A conform that probes all of them.
  var probed: Cost
  /// The same again, when none has changed.
  var again: Cost
  var events: Int
  var relinkFiles: Int
  /// Reading a list of `events`, relinking it and writing the report.
  var relink: Cost
  /// The time of `ffprobe` in that of the conform; the budget is 5.
  var probeRatio: Double

  init(
    files: Int, ffprobeSeconds: Double, probed: Cost, again: Cost, events: Int, relinkFiles: Int, relink: Cost
  ) {
    self.files = files
    self.ffprobeSeconds = ffprobeSeconds
    self.probed = probed
    self.again = again
    self.events = events
    self.relinkFiles = relinkFiles
    self.relink = relink
    probeRatio = ffprobeSeconds / probed.seconds
  }
}
