import Foundation
import Media
import TestSupport
import Testing

@Suite struct StillDecoderTests {
  @Test(arguments: [
    ("png", "rgba64be", "png"), ("tif", "rgb48le", "tiff"), ("dpx", "gbrp10le", "dpx"),
    ("jpg", "yuvj420p", "mjpeg"),
    ("exr", "gbrapf32le", "exr"),
  ])
  func `stills decode to the samples that ffmpeg gives`(kind: String, format: String, codec: String) throws {
    try Material.withFolder { folder in
      let path = "\(folder)/still.0001.\(kind)"
      try Material.ffmpeg(
        "-f lavfi -i testsrc2=size=64x36 -frames:v 1 -pix_fmt", format, to: path)
      let decoder = try StillDecoder()
      // Twice, so that a decoder serves more than one file.
      for _ in 0..<2 {
        let (bytes, found) = try decoder.decode(path) { ($0.packedBytes(), $0.format) }
        #expect(found == PictureFormat(pixelFormat: format, width: 64, height: 36))
        let raw = "\(folder)/raw"
        try Material.ffmpeg("-i", path, "-f rawvideo", to: raw)
        #expect(Data(bytes) == (try Data(contentsOf: URL(fileURLWithPath: raw))))
      }
      #expect(try decoder.facts(of: path).codec == codec)
    }
  }

  @Test func `what is no still is refused, whatever its name`() throws {
    try Material.withFolder { folder in
      let path = folder + "/a.png"
      try Data("#EXTM3U\nfile:///etc/passwd\n".utf8).write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: MediaError.self) { try StillDecoder().facts(of: path) }
      #expect(error?.code == .notMedia)
    }
  }

  @Test func `a still that is cut off is damage, not a picture`() throws {
    try Material.withFolder { folder in
      let path = folder + "/a.png"
      try Material.ffmpeg("-f lavfi -i testsrc2=size=640x360 -frames:v 1", to: path)
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: path))
      #expect(throws: MediaError.self) { try StillDecoder().facts(of: path) }
    }
  }
}
