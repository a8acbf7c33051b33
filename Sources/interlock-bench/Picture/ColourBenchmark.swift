import Colour
import Foundation
import Glibc

/// Grade and conversion of one picture on one core, beside FFmpeg's filters.
struct ColourBenchmark {
  let material: PictureMaterial
  let ffmpeg: String
  let samples: Int

  private static let width = 1920
  private static let height = 1080
  /// Pictures of a file, and how often FFmpeg reads it.
  private static let pictures = 6
  private static let loops = 5

  func measure() throws -> [Figure] {
    let raw = "\(material.folder)/pictures.yuv"
    _ = try ChildProcess.run(
      ffmpeg,
      [
        "-v", "error", "-y", "-i", material.source(0), "-frames:v", "\(Self.pictures)", "-f", "rawvideo", raw,
      ], logFolder: material.folder)
    defer { try? FileManager.default.removeItem(atPath: raw) }
    Progress.say("Colour, on one core …")
    let ours = try own(raw)
    let head = "scale=in_color_matrix=bt709:in_range=tv"
    let tail = "scale=out_color_matrix=bt709:out_range=tv,format=yuv422p10le"
    let baked = "lut3d=file=\(material.bakedCube(0)):interp=tetrahedral"
    let float = try filters(raw, "\(head),format=gbrpf32le,\(baked),\(tail)")
    let live = try filters(
      raw, "\(head),format=gbrp12le,\(decision),lut3d=file=\(material.look):interp=tetrahedral,\(tail)")
    return [
      Figure(
        "colour per core, gbrpf32le with the CDL baked", float / ours, "×", .atLeast, 1.5,
        note: "\(milliseconds(ours)) and \(milliseconds(float)) of CPU a frame"),
      Figure(
        "colour per core, gbrp12le with the CDL live", live / ours, "×", .atLeast, 3,
        note: "\(milliseconds(ours)) and \(milliseconds(live)) of CPU a frame"),
    ]
  }

  private func milliseconds(_ seconds: Double) -> String { String(format: "%.1f ms", seconds * 1000) }

  /// The CDL as FFmpeg has it: a table for each channel, then a matrix.
  private var decision: String {
    let grade = PictureMaterial.Grade(shot: 0)
    let channels = zip(["r", "g", "b"], 0..<3).map { name, index in
      "\(name)='maxval*pow(clip(val/maxval*\(grade.slope[index])+\(grade.offset[index]),0,1),\(grade.power[index]))'"
    }
    let weights = [0.2126, 0.7152, 0.0722]
    let rows = zip(["r", "g", "b"], 0..<3).flatMap { name, out in
      zip(["r", "g", "b"], 0..<3).map { other, index in
        "\(name)\(other)=\((1 - grade.saturation) * weights[index] + (out == index ? grade.saturation : 0))"
      }
    }
    return "lutrgb=\(channels.joined(separator: ":")),colorchannelmixer=\(rows.joined(separator: ":"))"
  }

  /// CPU seconds of filters for a picture: with them, less without.
  private func filters(_ raw: String, _ chain: String) throws -> Double {
    func cost(_ filters: [String]) throws -> Double {
      try ChildProcess.run(
        ffmpeg,
        [
          "-v", "error", "-nostdin", "-threads", "1", "-filter_threads", "1", "-f", "rawvideo", "-pix_fmt",
          "yuv422p10le", "-s", "\(Self.width)x\(Self.height)", "-stream_loop", "\(Self.loops - 1)", "-i", raw,
        ] + filters + ["-f", "null", "-"], logFolder: material.folder
      ).cost.cpuSeconds
    }
    let pairs = try (0..<samples).map { _ in try cost(["-vf", chain]) - cost([]) }
    return median(pairs) / Double(Self.pictures * Self.loops)
  }

  /// CPU seconds of our pipe for a picture.
  private func own(_ raw: String) throws -> Double {
    guard let layout = PixelLayout(named: "yuv422p10le") else { throw BenchError("no such layout") }
    let format = PictureFormat(
      layout: layout, encoding: ColourEncoding(matrix: .bt709, isFullRange: false), width: Self.width,
      height: Self.height)
    let grade = PictureMaterial.Grade(shot: 0)
    let pipe = try PicturePipe(
      source: format,
      grade: GradeKernel(
        decision: try GradeKernel.Decision(
          slope: SIMD3(grade.slope), offset: SIMD3(grade.offset), power: SIMD3(grade.power),
          saturation: grade.saturation),
        look: try LookTable(cube: look())), destination: format)
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: raw)))
    let luma = Self.width * Self.height * 2
    let size = 2 * luma
    var result = [UInt8](repeating: 0, count: size)
    let times = try (0..<Self.pictures * Self.loops).map { number in
      let began = Self.threadSeconds
      try unsafe bytes.withUnsafeBytes { source in
        try unsafe result.withUnsafeMutableBytes { target in
          let start = number % Self.pictures * size
          let planes = [(0, luma, 3840), (luma, luma / 2, 1920), (luma + luma / 2, luma / 2, 1920)]
          try pipe.run(
            source: planes.map {
              unsafe SourcePlane(
                bytes: UnsafeRawBufferPointer(rebasing: source[start + $0.0..<start + $0.0 + $0.1]),
                stride: $0.2)
            },
            destination: planes.map {
              unsafe DestinationPlane(
                bytes: UnsafeMutableRawBufferPointer(rebasing: target[$0.0..<$0.0 + $0.1]), stride: $0.2)
            })
        }
      }
      return Self.threadSeconds - began
    }
    return median(times)
  }

  private func look() throws -> LookTable.Cube {
    let numbers = try String(contentsOfFile: material.look, encoding: .utf8).split(separator: "\n")
      .dropFirst()
      .flatMap { $0.split(separator: " ").compactMap { Float($0) } }
    return LookTable.Cube(
      size: PictureMaterial.lookSize, values: numbers,
      domain: LookTable.Domain(minimum: SIMD3(repeating: 0), maximum: SIMD3(repeating: 1)))
  }

  private static var threadSeconds: Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
