import Foundation

/// Clips whose every frame carries its own number as a row of black and white blocks, readable after scaling,
/// grading and encoding.
package enum NumberedClip {
  private static let bits = 20
  private static let block = 16
  package static let width = bits * block
  package static let height = 48

  /// Makes a clip; frame n shows the number `firstNumber + n`.
  ///
  /// - Parameters:
  ///   - rate: as ffmpeg takes it, e.g. `24000/1001`.
  ///   - codec: encoder arguments, e.g. `["-c:v", "libx264", "-bf", "2", "-g", "30"]`.
  package static func make(
    _ path: String, frames: Int, firstNumber: Int = 0, rate: String, timecode: String, reel: String,
    codec: [String]
  ) throws {
    var raw = Data(capacity: frames * width * height)
    for frame in 0..<frames {
      let row = line(of: firstNumber + frame)
      for _ in 0..<height { raw.append(row) }
    }
    let arguments =
      [
        "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s", "\(width)x\(height)", "-r", rate,
        "-i", "-",
        "-vf",
        "scale=in_range=full:out_range=tv:out_color_matrix=bt709,setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709",
      ] + codec + [
        "-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv",
        "-threads", "1",
        "-timecode", timecode, "-metadata:s:v:0", "reel_name=\(reel)", path,
      ]
    let result = try Programs.run("ffmpeg", arguments, input: raw)
    guard result.status == 0 else { throw FixtureError(text: result.errors) }
  }

  private static func line(of number: Int) -> Data {
    var row = Data(capacity: width)
    for bit in 0..<bits {
      let level: UInt8 = number >> (bits - 1 - bit) & 1 == 1 ? 235 : 20
      row.append(contentsOf: [UInt8](repeating: level, count: block))
    }
    return row
  }

  /// The numbers that the frames of a file show, as FFmpeg decodes them; nil where a frame is black.
  package static func read(_ path: String) throws -> [Int?] {
    let result = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-vf",
        "scale=\(width):\(height):flags=area", "-f", "rawvideo", "-pix_fmt", "gray", "-",
      ])
    guard result.status == 0 else { throw FixtureError(text: result.errors) }
    let size = width * height
    return stride(from: 0, to: result.output.count, by: size).map { start in
      number(Array(result.output[start..<start + size]))
    }
  }

  private static func number(_ pixels: [UInt8]) -> Int? {
    let middle = height / 2 * width
    var number = 0
    // Blocks are never all black in a real frame: the lower level lies above black.
    if pixels[middle..<middle + width].allSatisfy({ $0 < 10 }) { return nil }
    for bit in 0..<bits {
      let value = pixels[middle + bit * block + block / 2]
      number = number << 1 | (value > 128 ? 1 : 0)
    }
    return number
  }
}

package struct FixtureError: Error, CustomStringConvertible {
  package var text: String

  package init(text: String) { self.text = text }

  package var description: String { text }
}
