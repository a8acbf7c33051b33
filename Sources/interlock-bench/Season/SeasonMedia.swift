import Foundation

/// Writes a season to a folder: turnovers, profiles, a look, and small real media.
struct SeasonMedia {
  static let width = 256
  static let height = 144

  let folder: String
  let programmes: [SeasonTurnover]

  var turnoverFolder: String { "\(folder)/turnover" }

  func pipelinePath(of turnover: SeasonTurnover) -> String { "\(turnoverFolder)/\(turnover.name).yaml" }

  func write(ffmpeg: String) throws {
    for turnover in programmes {
      try write(turnover.cut, to: "\(turnover.name).edl")
      try write(turnover.grades, to: "\(turnover.name).ccc")
      try write(turnover.comps, to: "\(turnover.name)-comps.yaml")
      try write(turnover.titles, to: "\(turnover.name)-titles.yaml")
      try write(turnover.credits, to: "\(turnover.name)-credits.csv")
      try write(turnover.pipeline, to: "\(turnover.name).yaml")
    }
    try write(Self.look, to: "show.cube")
    for (name, text) in Self.profiles { try write(text, to: "profiles/\(name).yaml") }
    try writeClips(ffmpeg)
  }

  private func write(_ text: String, to name: String) throws {
    let path = "\(turnoverFolder)/\(name)"
    try FileManager.default.createDirectory(
      atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: false, encoding: .utf8)
  }

  // MARK: Media

  /// One movie with sound, as often as there are clips: they differ in a box at their end that players skip.
  private func writeClips(_ ffmpeg: String) throws {
    let first = "\(folder)/first.mp4"
    _ = try ChildProcess.run(
      ffmpeg,
      [
        "-v", "error", "-y", "-f", "lavfi", "-i",
        "testsrc=s=64x36:r=24000/1001:d=\(Double(SeasonTurnover.clipFrames) * 1001 / 24_000)", "-f", "lavfi",
        "-i", "sine=r=48000:d=\(Double(SeasonTurnover.clipFrames) * 1001 / 24_000 + 0.5)", "-frames:v",
        "\(SeasonTurnover.clipFrames)", "-c:v", "libx264", "-crf", "40", "-g", "24", "-pix_fmt", "yuv420p",
        "-c:a", "aac", "-b:a", "16k", "-ac", "1", "-timecode", "01:00:00:00", first,
      ], logFolder: folder)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: first))
    for turnover in programmes { try write(turnover.ownReels, of: bytes, to: turnover.name) }
    try write(SeasonTurnover.libraryReels, of: bytes, to: "library")
  }

  private func write(_ reels: [String], of bytes: Data, to name: String) throws {
    let folder = "\(folder)/media/\(name)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for reel in reels {
      let text = Array(reel.utf8)
      let box = [0, 0, 0, UInt8(8 + text.count)] + Array("free".utf8) + text
      try (bytes + box).write(to: URL(fileURLWithPath: "\(folder)/\(reel)_R1.mp4"))
    }
  }

  // MARK: What all programmes share

  /// A mild contrast curve on the 33 × 33 × 33 lattice that looks are delivered on.
  private static var look: String {
    let size = 33
    var text = "TITLE \"Season look\"\nLUT_3D_SIZE \(size)\n"
    let curve = (0..<size).map { index -> String in
      let x = Double(index) / Double(size - 1)
      return String(format: "%.6f", 0.8 * x + 0.2 * x * x * (3 - 2 * x))
    }
    for blue in curve {
      for green in curve {
        for red in curve { text += "\(red) \(green) \(blue)\n" }
      }
    }
    return text
  }

  private static let profiles = [
    "master-stereo": prores("master-stereo", sound: "sound: pcm_s24le"),
    "master-picture": prores("master-picture", sound: ""),
    "archive-4444": """
    profile: archive-4444
    summary: ProRes 4444 for the vault, 10-bit 4:4:4, stereo and 5.1
    container: mov
    extension: mov
    picture: {codec: prores_ks, profile: 4, tag: ap4h, pixel-format: yuv444p10le, options: {vendor: apl0}, lowest-psnr: 34}
    colour: {primaries: bt709, transfer: bt709, matrix: bt709, range: tv}
    sound:
      - {codec: pcm_s24le, layout: stereo, title: Stereo}
      - {codec: pcm_s24le, layout: "5.1", title: Surround 5.1}

    """,
  ]

  /// The picture of the shipped `prores-422hq-51`, so that frames are shared.
  private static func prores(_ name: String, sound: String) -> String {
    """
    profile: \(name)
    summary: ProRes 422 HQ
    container: mov
    extension: mov
    picture: {codec: prores_ks, profile: 3, tag: apch, pixel-format: yuv422p10le, quantiser: 4, options: {vendor: apl0}, lowest-psnr: 34}
    colour: {primaries: bt709, transfer: bt709, matrix: bt709, range: tv}
    \(sound)

    """
  }
}
