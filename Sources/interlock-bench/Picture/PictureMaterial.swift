import Foundation

/// A cut of many shots with grain, a grade for each and a look for all, in a folder: what pictures are measured on.
struct PictureMaterial {
  let folder: String
  var shotCount = 40
  /// Frames that the cut shows of each shot.
  var framesOfShot = 8

  /// Frames of a source before and after what the cut shows.
  static let handle = 4
  static let lookSize = 33

  /// The one that the re-cut takes from elsewhere in its source.
  var changedShot: Int { shotCount / 2 }
  var frameCount: Int { shotCount * framesOfShot }
  var look: String { "\(folder)/look.cube" }

  func source(_ shot: Int) -> String { "\(folder)/rushes/\(Self.reel(shot)).mov" }
  func bakedCube(_ shot: Int) -> String { "\(folder)/baked/\(Self.reel(shot)).cube" }
  static func reel(_ shot: Int) -> String { String(format: "A%03d", shot + 1) }

  /// An ASC CDL with all of its parts.
  struct Grade {
    var slope: [Double]
    var offset: [Double]
    var power: [Double]
    var saturation: Double

    init(shot: Int) {
      func wave(_ phase: Int, _ reach: Double) -> Double {
        reach * (Double((shot * 37 + phase * 11) % 41) / 20 - 1)
      }
      slope = (0..<3).map { 1 + wave($0, 0.15) }
      offset = (3..<6).map { wave($0, 0.03) }
      power = (6..<9).map { 1 + wave($0, 0.2) }
      saturation = 1 + wave(9, 0.2)
    }

    func apply(_ colour: [Double]) -> [Double] {
      let powered = (0..<3).map { pow(min(max(colour[$0] * slope[$0] + offset[$0], 0), 1), power[$0]) }
      let luma = 0.2126 * powered[0] + 0.7152 * powered[1] + 0.0722 * powered[2]
      return powered.map { min(max(luma + saturation * ($0 - luma), 0), 1) }
    }
  }

  func make(ffmpeg: String) throws {
    for name in ["rushes", "baked", "profiles"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
    }
    for shot in 0..<shotCount { try makeSource(shot, ffmpeg) }
    try write(cube { Self.look($0) }, to: look)
    for shot in 0..<shotCount {
      let grade = Grade(shot: shot)
      try write(cube { Self.look(grade.apply($0)) }, to: bakedCube(shot))
    }
    try write(grades, to: "\(folder)/shots.ccc")
    try write(list { _ in Self.handle }, to: "\(folder)/cut.edl")
    // One shot shows what no other cut has shown: a frame that was made before would be taken from there.
    try write(
      list { $0 == changedShot ? Self.handle + framesOfShot : Self.handle }, to: "\(folder)/recut.edl")
    for (name, picture) in Self.profiles {
      try write(Self.profile(name, picture), to: "\(folder)/profiles/\(name).yaml")
    }
  }

  // MARK: Pictures

  private func makeSource(_ shot: Int, _ ffmpeg: String) throws {
    let size = "s=1920x1080:r=24"
    let generator =
      switch shot % 4 {
      case 0: "mandelbrot=\(size):start_scale=\(0.5 / Double(shot + 1)):end_scale=\(0.1 / Double(shot + 1))"
      case 1: "gradients=\(size):n=6:seed=\(shot):speed=0.02"
      case 2: "testsrc2=\(size)"
      default: "gradients=\(size):n=3:seed=\(shot):type=radial:speed=0.05"
      }
    let tags = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    let shown = shot == changedShot ? 2 * framesOfShot : framesOfShot
    _ = try ChildProcess.run(
      ffmpeg,
      [
        "-v", "error", "-f", "lavfi", "-i", generator, "-vf",
        "noise=alls=\(3 + shot % 6):allf=t:all_seed=\(shot),format=yuv422p10le,\(tags)", "-frames:v",
        "\(shown + 2 * Self.handle)", "-c:v", "prores_ks", "-profile:v", "3", "-qscale:v", "6",
        "-vendor", "apl0", "-timecode", "01:00:00:00", "-metadata:s:v:0", "reel_name=\(Self.reel(shot))",
        source(shot),
      ], logFolder: folder)
  }

  // MARK: Grades

  /// A curve with a toe and a shoulder, and colours bent a little towards each other.
  private static func look(_ colour: [Double]) -> [Double] {
    (0..<3).map { channel -> Double in
      let others = 0.04 * colour[(channel + 1) % 3] + 0.02 * colour[(channel + 2) % 3]
      let bent: Double = 0.94 * colour[channel] + others
      let curve: Double = bent * bent * (3 - 2 * bent)
      return 0.35 * curve + 0.65 * bent
    }
  }

  private func cube(_ body: ([Double]) -> [Double]) -> String {
    let top = Double(Self.lookSize - 1)
    var lines = ["LUT_3D_SIZE \(Self.lookSize)"]
    for blue in 0..<Self.lookSize {
      for green in 0..<Self.lookSize {
        for red in 0..<Self.lookSize {
          let out = body([Double(red) / top, Double(green) / top, Double(blue) / top])
          lines.append(out.map { String(format: "%.7f", $0) }.joined(separator: " "))
        }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private var grades: String {
    let corrections = (0..<shotCount).map { shot in
      let grade = Grade(shot: shot)
      func triple(_ values: [Double]) -> String { values.map { "\($0)" }.joined(separator: " ") }
      return """
          <ColorCorrection id="\(Self.reel(shot))"><SOPNode><Slope>\(triple(grade.slope))</Slope>\
        <Offset>\(triple(grade.offset))</Offset><Power>\(triple(grade.power))</Power></SOPNode>\
        <SatNode><Saturation>\(grade.saturation)</Saturation></SatNode></ColorCorrection>
        """
    }
    return "<ColorCorrectionCollection xmlns=\"urn:ASC:CDL:v1.01\">\n"
      + corrections.joined(separator: "\n") + "\n</ColorCorrectionCollection>\n"
  }

  // MARK: Lists and profiles

  private func list(_ first: (Int) -> Int) -> String {
    var lines = ["TITLE: BENCH", "FCM: NON-DROP FRAME", ""]
    for shot in 0..<shotCount {
      let source = 86_400 + first(shot)
      let record = 86_400 + shot * framesOfShot
      let times = [source, source + framesOfShot, record, record + framesOfShot].map(Self.label)
      lines.append(
        String(format: "%03d  ", shot + 1) + "\(Self.reel(shot))     V     C        "
          + times.joined(separator: " "))
      lines.append("* FROM CLIP NAME: \(Self.reel(shot))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func label(_ frame: Int) -> String {
    String(
      format: "%02d:%02d:%02d:%02d", frame / 86_400, frame / 1440 % 60, frame / 24 % 60, frame % 24)
  }

  /// The same encoder settings as the commands that are compared, and our own.
  private static let profiles = [
    "own-control": "codec: prores_ks, profile: 3, options: {vendor: apl0}, tag: apch",
    "own-control-unverified": "codec: prores_ks, profile: 3, options: {vendor: apl0}, tag: apch, verify: no",
    "fixed": "codec: prores_ks, profile: 3, quantiser: 9, options: {vendor: apl0}, tag: apch",
    "fixed-unverified":
      "codec: prores_ks, profile: 3, quantiser: 9, options: {vendor: apl0}, tag: apch, verify: no",
    "by-size": "codec: prores_ks, profile: 3, control: size, options: {vendor: apl0}, tag: apch",
    "lossless": "codec: ffv1, options: {level: 3, slices: 4, coder: 1}",
    "review": "codec: libx264, options: {preset: veryfast, profile: high, crf: 20}, tag: avc1",
  ]

  private static func profile(_ name: String, _ picture: String) -> String {
    let isReview = name == "review"
    return """
      profile: \(name)
      container: \(isReview ? "mp4" : "mov")
      extension: \(isReview ? "mp4" : "mov")
      picture: {\(picture), pixel-format: \(isReview ? "yuv420p" : "yuv422p10le"), lowest-psnr: 20}
      colour: {primaries: bt709, transfer: bt709, matrix: bt709, range: tv}

      """
  }

  /// A pipeline file with these deliverables, each a name and its keys.
  func pipeline(_ name: String, cut: String = "cut.edl", _ deliverables: [(name: String, keys: String)])
    throws
    -> String
  {
    let stages = deliverables.map { "  \($0.name): {kind: delivery, \($0.keys)}\n" }.joined()
    let path = "\(folder)/\(name).yaml"
    try write(
      """
      interlock: 1
      programme: bench
      timeline: {cut: \(cut), rate: 24, start: "01:00:00:00", media: [rushes]}
      raster: 1920x1080
      stages:
        edit: {kind: editing}
        grade: {kind: color-grade, picture: edit, cdl: shots.ccc, look: look.cube, stills: no}
      \(stages)
      """, to: path)
    return path
  }

  func write(_ text: String, to path: String) throws {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }
}
