/// One `ffmpeg` command that conforms, grades and encodes the cut, as fast as it can be written.
struct FFmpegCut {
  let material: PictureMaterial

  /// What is done to a shot: into planes of float, where the cube is fastest, and back with the matrix named.
  private func chain(_ shot: Int, format: String) -> String {
    "scale=in_color_matrix=bt709:in_range=tv,format=gbrpf32le,lut3d=file=\(material.bakedCube(shot))"
      + ":interp=tetrahedral,scale=out_color_matrix=bt709:out_range=tv,format=\(format),"
      + "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
  }

  private func input(_ shot: Int) -> [String] {
    let start = Double(PictureMaterial.handle) / 24
    return ["-ss", "\(start)", "-t", "\(Double(material.framesOfShot) / 24)", "-i", material.source(shot)]
  }

  static let ownControl = ["-c:v", "prores_ks", "-profile:v", "3", "-vendor", "apl0"]
  static let fixed = ownControl + ["-qscale:v", "9"]
  static let review = ["-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-crf", "20"]

  /// The whole cut at once.
  func arguments(encoder: [String], format: String = "yuv422p10le", to output: String) -> [String] {
    let shots = 0..<material.shotCount
    let chains = shots.map { "[\($0):v]\(chain($0, format: format))[v\($0)]" }
    let joined = shots.map { "[v\($0)]" }.joined() + "concat=n=\(material.shotCount):v=1[out]"
    return ["-v", "error", "-nostdin", "-y"] + shots.flatMap(input) + [
      "-filter_complex", (chains + [joined]).joined(separator: ";"), "-map", "[out]", "-an",
    ] + encoder + [output]
  }

  /// One shot.
  func arguments(shot: Int, encoder: [String], to output: String) -> [String] {
    ["-v", "error", "-nostdin", "-y"] + input(shot)
      + ["-vf", chain(shot, format: "yuv422p10le"), "-an"] + encoder + [output]
  }
}
