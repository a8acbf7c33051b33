import Foundation

/// Size and quality of masters that show the same pictures.
struct MasterQuality {
  let ffmpeg: String
  let ffprobe: String
  let folder: String

  struct Facts {
    /// Of all picture packets.
    var bytes: Int
    var largest: Int
    /// Against the pictures without loss, over all samples, in dB.
    var psnr: Double
  }

  /// Of ProRes 422 HQ at 1920x1080: 950 bits for each of 8,160 macroblocks, and the headers of 1,020 slices and of
  /// the picture. Source: FFmpeg's encoder.
  static let limit = 950 * 8160 / 8 + 1020 * 8 + 164

  func facts(_ movie: String, of lossless: String) throws -> Facts {
    let packets = try ChildProcess.run(
      ffprobe,
      ["-v", "error", "-select_streams", "v", "-show_entries", "packet=size", "-of", "csv=p=0", movie],
      logFolder: folder)
    let sizes = packets.output.split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
    let compared = try ChildProcess.run(
      ffmpeg,
      [
        "-nostdin", "-i", movie, "-i", lossless, "-lavfi", "[0:v][1:v]psnr=stats_file=\(folder)/psnr.txt",
        "-f", "null", "-",
      ], logFolder: folder)
    _ = compared
    let lines = try String(contentsOfFile: "\(folder)/psnr.txt", encoding: .utf8).split(separator: "\n")
    let squares = lines.compactMap { line -> Double? in
      line.split(separator: " ").first { $0.hasPrefix("mse_avg:") }.flatMap { Double($0.dropFirst(8)) }
    }
    guard !sizes.isEmpty, sizes.count == squares.count else {
      throw BenchError("\(movie) has \(sizes.count) pictures, \(squares.count) were compared")
    }
    let mean = squares.reduce(0, +) / Double(squares.count)
    return Facts(
      bytes: sizes.reduce(0, +), largest: sizes.max() ?? 0, psnr: 10 * log10(1023 * 1023 / max(mean, 1e-9)))
  }
}
