import Foundation
import TestSupport

/// A PNG file as FFmpeg decodes it, which shares no code with what wrote it.
struct DecodedPicture {
  let width: Int
  let height: Int
  private let bytes: [UInt8]

  init(png: [UInt8]) throws {
    let decoded = try Programs.run(
      "ffmpeg", ["-v", "error", "-f", "png_pipe", "-i", "-", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
      input: Data(png))
    guard decoded.status == 0, png.count > 24 else { throw FixtureError(text: decoded.errors) }
    // Width and height of the header chunk, big-endian.
    width = png[16..<20].reduce(0) { $0 << 8 | Int($1) }
    height = png[20..<24].reduce(0) { $0 << 8 | Int($1) }
    bytes = [UInt8](decoded.output)
    guard bytes.count == width * height * 3 else { throw FixtureError(text: "\(bytes.count) bytes decoded") }
  }

  /// Red, green and blue of a pixel.
  subscript(x: Int, y: Int) -> [Int] {
    let index = (y * width + x) * 3
    return bytes[index..<index + 3].map(Int.init)
  }
}
