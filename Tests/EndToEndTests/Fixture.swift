import Foundation
import TestSupport

/// A small production on numbered clips: made by ffmpeg, cut by an EDL, run by the real program.
struct Fixture {
  let folder: TemporaryFolder
  var path: String { folder.path }

  static let prores = ["-c:v", "prores_ks", "-profile:v", "3", "-pix_fmt", "yuv422p10le", "-qscale:v", "4"]
  static let h264 = [
    "-c:v", "libx264", "-preset", "fast", "-crf", "12", "-g", "24", "-bf", "2", "-pix_fmt", "yuv420p",
    "-threads", "1",
  ]

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: path + "/rushes", withIntermediateDirectories: true)
    _ = try folder.write(Self.profile, to: "profiles/test.yaml")
    _ = try folder.write(Self.silentReview, to: "profiles/silent-review.yaml")
  }

  /// A quick ProRes profile: a fixed coarse quantiser, so that tests of many frames stay short.
  private static let profile = """
    profile: test
    container: mov
    extension: mov
    picture: {codec: prores_ks, profile: 3, tag: apch, pixel-format: yuv422p10le, quantiser: 12, options: {vendor: apl0}, lowest-psnr: 30}
    colour: {primaries: bt709, transfer: bt709, matrix: bt709, range: tv}
    """

  /// What browsers play, without sound.
  private static let silentReview = """
    profile: silent-review
    container: mp4
    extension: mp4
    picture: {codec: libx264, tag: avc1, pixel-format: yuv420p, options: {preset: veryfast, profile: high, crf: 20}, lowest-psnr: 28}
    colour: {primaries: bt709, transfer: bt709, matrix: bt709, range: tv}
    """

  func clip(
    _ reel: String, frames: Int, firstNumber: Int, rate: String = "24000/1001", timecode: String,
    codec: [String]
  ) throws {
    try NumberedClip.make(
      "\(path)/rushes/\(reel).mov", frames: frames, firstNumber: firstNumber, rate: rate, timecode: timecode,
      reel: reel, codec: codec)
  }

  /// A pipeline of picture only, without contact sheet and scopes unless asked for.
  func pipeline(
    _ name: String, cut: String, rate: String = "24000/1001", start: String = "01:00:00:00",
    raster: String? = nil,
    profile: String = "test", extra: String = "", gradeKeys: String = "", stills: Bool = false
  ) throws -> String {
    try folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: \(cut), rate: \(rate), start: "\(start)", media: [rushes]}
      raster: \(raster ?? "\(NumberedClip.width)x\(NumberedClip.height)")
      stages:
        edit: {kind: editing}
        grade: {kind: color-grade, picture: edit\(gradeKeys), stills: \(stills ? "yes" : "no")}
        master: {kind: delivery, picture: grade, profile: \(profile)\(extra)}

      """, to: name)
  }

  @discardableResult
  func interlock(_ arguments: [String], environment: [String: String] = [:]) throws -> Finished {
    try Programs.run(Repository.product("interlock"), arguments, folder: path, environment: environment)
  }

  func run(
    _ pipeline: String, production: String = "out", workers: Int = 2, more: [String] = [],
    environment: [String: String] = [:]
  ) throws -> RunReport {
    let finished = try interlock(
      ["run", pipeline, "--production", production, "--workers", "\(workers)", "--json"] + more,
      environment: environment)
    guard finished.status == 0 else {
      throw FixtureError(text: "exit \(finished.status): \(finished.errors)")
    }
    return try JSONDecoder().decode(RunReport.self, from: finished.output)
  }

  func digest(of file: String) throws -> String {
    let result = try Programs.run("sha256sum", [file])
    return String(result.text.prefix(64))
  }
}

/// What `interlock run --json` prints, as far as tests read it.
struct RunReport: Decodable {
  struct Deliverable: Decodable {
    var stage: String
    var version: String
    var path: String
    var frames: Int
    var distinctFrames: Int
    var reusedFrames: Int
    var newFrames: Int

    /// Holds the file, or the files of a sequence, which is told as its folder when it has several.
    var folder: String {
      let parts = path.split(separator: "/")
      return (parts.last?.contains(".") == true ? parts.dropLast() : parts).joined(separator: "/")
    }
  }

  var framesMade: Int
  var attempts: Int
  var deliverables: [Deliverable]

  func deliverable(_ stage: String) -> Deliverable? { deliverables.first { $0.stage == stage } }

  var master: Deliverable { deliverables.first { $0.stage == "master" } ?? deliverables[0] }
}

/// CMX3600 lists from numbers.
enum ListWriter {
  struct Event {
    var reel: String
    /// Source label of the first frame, as a count at the nominal base.
    var source: Int
    var count: Int
    var comments: [String] = []
  }

  static func edl(_ events: [Event], base: Int, isDropFrame: Bool = false, recordStart: Int) -> String {
    var text = "TITLE: TEST\nFCM: \(isDropFrame ? "DROP FRAME" : "NON-DROP FRAME")\n\n"
    var record = recordStart
    for (index, event) in events.enumerated() {
      func label(_ frame: Int) -> String { Self.label(frame, base: base, isDropFrame: isDropFrame) }
      text += String(format: "%03d  ", index + 1)
      text += event.reel.padding(toLength: 8, withPad: " ", startingAt: 0)
      text += " V     C        \(label(event.source)) \(label(event.source + event.count)) "
      text += "\(label(record)) \(label(record + event.count))\n"
      let name = event.comments.contains { $0.hasPrefix("FROM CLIP NAME:") } ? nil : event.reel
      if let name { text += "* FROM CLIP NAME: \(name)\n" }
      for comment in event.comments { text += "* \(comment)\n" }
      record += event.count
    }
    return text
  }

  /// Independent of the program's own timecode code. Source: SMPTE ST 12-1, drop-frame counting.
  static func label(_ frame: Int, base: Int, isDropFrame: Bool) -> String {
    var number = frame
    if isDropFrame {
      let dropped = base / 15
      let (tens, rest) = frame.quotientAndRemainder(dividingBy: 600 * base - 9 * dropped)
      number += 9 * dropped * tens
      if rest >= dropped { number += dropped * ((rest - dropped) / (60 * base - dropped)) }
    }
    return String(
      format: isDropFrame ? "%02d:%02d:%02d;%02d" : "%02d:%02d:%02d:%02d", number / (base * 3600),
      number / (base * 60) % 60, number / base % 60, number % base)
  }

  /// The count of a label that is not skipped by drop-frame.
  static func frame(_ hours: Int, _ minutes: Int, _ seconds: Int, _ frames: Int, base: Int, isDropFrame: Bool)
    -> Int
  {
    let total = 60 * hours + minutes
    let plain = base * (3600 * hours + 60 * minutes + seconds) + frames
    return isDropFrame ? plain - base / 15 * (total - total / 10) : plain
  }
}
