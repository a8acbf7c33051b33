import Media
import MediaTime
import TestSupport
import Testing

@Suite(.enabled(if: Material.hasTools, "the ffmpeg program makes the clips"))
struct GeneratedMediaTests {
  static let clips: [(arguments: String, name: String)] = [
    ("-c:v prores_ks -profile:v 3 -vendor apl0 -pix_fmt yuv422p10le", "prores.mov"),
    ("-c:v libx264 -preset veryfast -bf 3 -g 20 -pix_fmt yuv420p", "h264.mov"),
    ("-c:v libx264 -preset veryfast -bf 3 -g 20 -x264-params open-gop=1 -pix_fmt yuv420p", "open.mov"),
    ("-c:v libx264 -preset veryfast -bf 2 -g 12 -pix_fmt yuv420p", "h264.mkv"),
    ("-c:v mpeg2video -g 12 -bf 2 -pix_fmt yuv420p", "mpeg2.ts"),
    ("-c:v mpeg2video -g 12 -bf 2 -pix_fmt yuv420p", "mpeg2.mxf"),
    ("-c:v dnxhd -profile:v dnxhr_hq -pix_fmt yuv422p", "dnxhr.mov"),
    ("-c:v mjpeg -pix_fmt yuvj422p", "mjpeg.avi"),
    ("-c:v mpeg4 -bf 2 -g 10 -pix_fmt yuv420p", "mpeg4.avi"),
    ("-c:v rawvideo -pix_fmt bgr24", "raw.avi"),
    ("-c:v ffv1 -level 3 -g 1 -pix_fmt yuv422p10le", "ffv1.mkv"),
    ("-c:v png", "png.mov"),
  ]

  @Test(arguments: clips)
  func `every picture equals the ffmpeg program's in any order`(arguments: String, name: String) throws {
    try Material.withFolder { folder in
      let path = folder + "/" + name
      try Material.ffmpeg(
        "-f lavfi -i testsrc2=s=320x180:r=24000/1001:d=2.5 \(arguments) -threads 1", to: path)
      let reader = try PictureReader(path: path)
      let raw = folder + "/reference.raw"
      try Material.ffmpeg("-flags bitexact -i \(path) -map 0:v:0 -fps_mode passthrough -f rawvideo", to: raw)
      let expected = try RawPictures(raw, count: Int(reader.frameCount))
      var random = SplitMix64(seed: 4)
      for number in (0..<reader.frameCount).shuffled(using: &random) {
        let found = try reader.withFrame(at: number) { fingerprint($0.packedBytes()) }
        #expect(found == expected.fingerprints[Int(number)], "frame \(number)")
      }
    }
  }

  @Test func `timecode and reel of a camera-like movie are found`() throws {
    try Material.withFolder { folder in
      let path = folder + "/A001C003.mov"
      try Material.ffmpeg(
        "-f lavfi -i testsrc2=s=192x108:r=30000/1001:d=1 -c:v prores_ks -pix_fmt yuv422p10le -metadata:s:v",
        "reel_name=A001 -timecode 01:00:10;00", to: path)
      let media = try probe(path: path)
      #expect(media.timecodeStart == "01:00:10;00")
      #expect(media.timecodeRate == FrameRate(30_000, 1001))
      #expect(media.reel == "A001")
      #expect(media.video?.bitDepth == 10)
      #expect(media.video?.range == "tv")
    }
  }

  @Test func `an edit list that starts late hides the pictures before it`() throws {
    try Material.withFolder { folder in
      let whole = folder + "/whole.mp4"
      let trimmed = folder + "/trimmed.mp4"
      try Material.ffmpeg(
        "-f lavfi -i testsrc2=s=192x108:r=25:d=4 -c:v libx264 -preset veryfast -bf 2 -g 50 -pix_fmt yuv420p",
        to: whole)
      // Copying from inside a group of pictures keeps its start behind an edit list.
      try Material.ffmpeg("-ss 1.2 -i \(whole) -c copy", to: trimmed)
      let all = try PictureReader(path: whole)
      let part = try PictureReader(path: trimmed)
      #expect(part.frameCount == 70)
      for number in [0, 1, 35, 69] as [Int64] {
        let found = try part.withFrame(at: number) { fingerprint($0.packedBytes()) }
        let expected = try all.withFrame(at: number + 30) { fingerprint($0.packedBytes()) }
        #expect(found == expected, "frame \(number)")
      }
    }
  }
}

/// Raw pictures of equal size in one file, by fingerprint.
struct RawPictures {
  let fingerprints: [Int]

  init(_ path: String, count: Int) throws {
    let bytes = try readAll(path)
    let size = bytes.count / max(1, count)
    #expect(size * count == bytes.count, "\(bytes.count) bytes are not \(count) pictures")
    fingerprints = (0..<count).map { fingerprint(Array(bytes[$0 * size..<($0 + 1) * size])) }
  }
}
