import Foundation
import Media
import MediaTime
import TestSupport
import Testing

@Suite(.enabled(if: Material.hasSamples, "shared samples are not beside this package"))
struct PictureReaderTests {
  /// Decoded picture counts and rates from `shared/samples/README.md`.
  static let facts: [(file: String, frames: Int64, rate: FrameRate, isVariable: Bool)] = [
    ("media/video/60fps.mp4", 1800, FrameRate(60), false),
    ("media/video/60fps_prores.mov", 1800, FrameRate(60), false),
    ("media/video/bikes.mp4", 250, FrameRate(25), false),
    ("media/video/bigbuckbunny.mp4", 132, FrameRate(25), false),
    ("media/video/big_buck_bunny_432_433.webm", 24, FrameRate(24), false),
    ("media/video/no_duration.webm", 74, FrameRate(15_000, 1001), true),
    ("media/video/oceantrip-small.mp4", 600, FrameRate(30_000, 1001), false),
    ("media/video/carphone_pristine.mp4", 120, FrameRate(30_000, 1001), false),
    ("media/video/smpte-2997.mp4", 251, FrameRate(25), false),
    ("media/video/testvid_1022ms.mp4", 30, FrameRate(29_917, 1000), false),
    ("media/video/VideoTrack_25_VFR_1sec.mov", 25, FrameRate(25), false),
    ("media/video/VideoAndTimecodeTrack_29_97i_Start-00-00-00-00.mov", 10, FrameRate(30_000, 1001), false),
    ("media/video/awesome movie.mov", 123, FrameRate(24_600, 1469), true),
    ("media/video/dolbyVision-hdr.MOV", 4, FrameRate(30), false),
    ("media/video/sample_fragmented.mp4", 30, FrameRate(30_000, 1001), false),
    ("media/video/edit_list_positive_shift.mp4", 270, FrameRate(30), false),
    ("media/video/h264-png.mp4", 60, FrameRate(30), false),
    ("media/video/h265_10bits.mp4", 30, FrameRate(30), false),
    ("media/video/testsrc-hevc.mp4", 60, FrameRate(30), false),
    ("media/video/sample_with_colr_mdcv_and_clli.mp4", 60, FrameRate(60_000, 1001), false),
    ("media/video/webvtt.mkv", 40, FrameRate(20), false),
    ("media/video/nasa_13013.mp4", 325, FrameRate(25), false),
    ("media/video/transparent.webm", 150, FrameRate(30), false),
    ("media/video/sample_scte35.ts", 3, FrameRate(30_000, 1001), false),
    ("media/video/weird_aspect.small.mpg", 36, FrameRate(25), true),
    ("media/mxf/video1.mxf", 1, FrameRate(24_000, 1001), false),
  ]

  @Test(arguments: facts)
  func `a probe counts shown pictures and tells the rate from their times`(
    fact: (file: String, frames: Int64, rate: FrameRate, isVariable: Bool)
  ) throws {
    let video = try #require(try probe(path: Material.sample(fact.file)).video)
    #expect(video.frameCount == fact.frames)
    #expect(video.rate == fact.rate)
    #expect(video.isVariableRate == fact.isVariable)
  }

  /// Long-GOP files with B-frames, edit lists, missing cues and high rates.
  static let decoded = [
    "media/video/carphone_pristine.mp4", "media/video/testvid_1022ms.mp4",
    "media/video/VideoTrack_25_VFR_1sec.mov",
    "media/video/awesome movie.mov", "media/video/dolbyVision-hdr.MOV", "media/video/sample_fragmented.mp4",
    "media/video/testsrc-hevc.mp4", "media/video/webvtt.mkv", "media/video/big_buck_bunny_432_433.webm",
    "media/video/no_duration.webm", "media/video/h265_10bits.mp4", "media/video/sample_scte35.ts",
    "media/video/VideoAndTimecodeTrack_29_97i_Start-00-00-00-00.mov", "media/video/transparent.webm",
    "media/mxf/video1.mxf", "media/video/sample_rotate_and_reflect.mp4", "media/video/nasa_13013.mp4",
    "media/video/bikes.mp4",
  ]

  @Test(.enabled(if: Material.hasTools), arguments: decoded)
  func `sequential pictures equal those of the ffmpeg program`(file: String) throws {
    let path = try Material.sample(file)
    let expected = try Material.frameDigests(path)
    let reader = try PictureReader(path: path)
    #expect(reader.frameCount == Int64(expected.count))
    try Material.withFolder { folder in
      // The program hashes raw pictures; so let it hash ours.
      for number in [0, reader.frameCount / 2, reader.frameCount - 1] {
        let (bytes, format) = try reader.withFrame(at: number) { ($0.packedBytes(), $0.format) }
        let raw = folder + "/frame.raw"
        try Data(bytes).write(to: URL(fileURLWithPath: raw))
        let digest = try Material.run(
          "ffmpeg",
          [
            "-v", "error", "-nostdin", "-f", "rawvideo", "-pixel_format", format.pixelFormat, "-video_size",
            "\(format.width)x\(format.height)", "-i", raw, "-f", "framemd5", "-",
          ]
        ).split(separator: "\n").last?.split(separator: ",").last?.trimmingCharacters(in: .whitespaces)
        #expect(digest == expected[Int(number)], "frame \(number)")
      }
    }
  }

  @Test(arguments: decoded, [UInt64(1), 2])
  func `the order of access does not change a picture`(file: String, seed: UInt64) throws {
    let path = try Material.sample(file)
    let reader = try PictureReader(path: path)
    let count = min(reader.frameCount, 90)
    let sequential = try (0..<count).map { number in
      try reader.withFrame(at: number) { fingerprint($0.packedBytes()) }
    }
    var random = SplitMix64(seed: seed)
    let jumping = try PictureReader(path: path, threads: 2)
    for number in (0..<count).shuffled(using: &random).prefix(30) {
      let found = try jumping.withFrame(at: number) { fingerprint($0.packedBytes()) }
      #expect(found == sequential[Int(number)], "frame \(number)")
    }
    let backwards = try stride(from: count - 1, through: max(0, count - 12), by: -1).map { number in
      try jumping.withFrame(at: number) { fingerprint($0.packedBytes()) }
    }
    #expect(backwards == sequential.suffix(backwards.count).reversed())
  }

  @Test(.enabled(if: Material.hasTools), arguments: [0, 14, 15, 16, 29])
  func `a picture of testvid_1022ms equals its PNG`(number: Int64) throws {
    let name =
      "media/video/testvid_1022ms_" + String(repeating: "0", count: number < 10 ? 2 : 1) + "\(number).png"
    let reader = try PictureReader(path: Material.sample("media/video/testvid_1022ms.mp4"))
    try Material.withFolder { folder in
      let raw = folder + "/frame.raw"
      let (bytes, format) = try reader.withFrame(at: number) { ($0.packedBytes(), $0.format) }
      try Data(bytes).write(to: URL(fileURLWithPath: raw))
      let ours = folder + "/ours.rgb"
      try Material.run(
        "ffmpeg",
        [
          "-v", "error", "-nostdin", "-f", "rawvideo", "-pixel_format", format.pixelFormat, "-video_size",
          "\(format.width)x\(format.height)", "-i", raw, "-f", "rawvideo", "-pix_fmt", "rgb24", ours,
        ])
      let picture = try PictureReader(path: Material.sample(name))
      let reference = try picture.withFrame(at: 0) { ($0.packedBytes(), $0.pixelFormat) }
      #expect(reference.1 == "rgb24")
      #expect(try Data(contentsOf: URL(fileURLWithPath: ours)) == Data(reference.0))
    }
  }

  @Test func `a picture the decoder had to conceal is an error and others are not`() throws {
    let reader = try PictureReader(path: Material.sample("media/video/weird_aspect.small.mpg"))
    var damaged: [Int64] = []
    for number in 0..<reader.frameCount {
      do { try reader.withFrame(at: number) { #expect($0.width == 352) } } catch let error as MediaError {
        #expect(error.code == .damaged)
        damaged.append(number)
      }
    }
    #expect(!damaged.isEmpty)
    #expect(damaged.count < 8, "\(damaged)")
  }

  @Test func `a frame outside the file is refused with the range`() throws {
    let reader = try PictureReader(path: Material.sample("media/video/testvid_1022ms.mp4"))
    let error = #expect(throws: MediaError.self) { try reader.withFrame(at: 30) { _ in } }
    #expect(error?.code == .outOfRange)
    #expect(error?.reason == "the file has frames 0 to 29")
  }
}
