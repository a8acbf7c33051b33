import Foundation
import Media
import MediaTime
import Testing

struct MovieWriterTests {
  static let cases: [(rate: FrameRate, timecode: String, frames: Int64)] = [
    (FrameRate(24_000, 1001), "01:00:00:00", 31), (FrameRate(24), "00:59:58:12", 8),
    (FrameRate(25), "10:00:00:00", 13), (FrameRate(30_000, 1001), "01:00:59;28", 23),
    (FrameRate(30), "01:00:00:00", 5), (FrameRate(50), "10:00:00:49", 7),
    (FrameRate(60_000, 1001), "01:00:00;00", 11), (FrameRate(60), "01:00:00:00", 7),
  ]

  static func settings(_ rate: FrameRate) -> EncoderSettings {
    EncoderSettings(
      codec: "prores_ks", profile: 3, pixelFormat: "yuv422p10le", width: 320, height: 180, rate: rate,
      quantiser: 9, options: ["vendor": "apl0"])
  }

  /// Writes a movie of noise with numbered samples; gives its packets and sound.
  static func write(
    _ path: String, rate: FrameRate, timecode: String, frames: Int64
  ) throws -> (packets: [[UInt8]], sound: [UInt8]) {
    let settings = settings(rate)
    let encoder = try PictureEncoder(settings)
    let writer = try MovieWriter(
      path: path, video: settings, sounds: [.init()], startTimecode: timecode,
      metadata: ["title": "Test", "reel_name": "A001C001"])
    var packets: [[UInt8]] = []
    var sound: [UInt8] = []
    for number in 0..<frames {
      let picture = noise(settings.format, bits: 10, seed: UInt64(number), samples: 320 * 180 * 2)
      packets.append(try encoder.encode { $0.fill(packed: picture) })
      try writer.writeVideo(packets[Int(number)], at: number)
      let range = writer.samples(ofFrame: number)
      let bytes = range.flatMap { sample in
        [0, 1].flatMap { channel in
          [UInt8(sample & 0xff), UInt8(sample >> 8 & 0xff), UInt8(channel * 16)]
        }
      }
      #expect(try writer.writeSound(bytes) == [bytes])
      sound += bytes
    }
    try writer.finish()
    return (packets, sound)
  }

  static func ffprobe(_ path: String) throws -> [String: Any] {
    let text = try Material.run(
      "ffprobe",
      ["-v", "error", "-show_format", "-show_streams", "-count_packets", "-of", "json", path])
    return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test(.enabled(if: Material.hasTools), arguments: cases)
  func `ffprobe finds rates, timecode, tags and exact lengths`(
    rate: FrameRate, timecode: String, frames: Int64
  ) throws {
    try Material.withFolder { folder in
      let path = folder + "/movie.mov"
      _ = try Self.write(path, rate: rate, timecode: timecode, frames: frames)
      let found = try Self.ffprobe(path)
      let streams = try #require(found["streams"] as? [[String: Any]])
      #expect(streams.count == 3)
      let video = streams[0]
      let written = "\(rate.numerator)/\(rate.denominator)"
      #expect(video["r_frame_rate"] as? String == written)
      #expect(video["avg_frame_rate"] as? String == written)
      #expect(video["codec_tag_string"] as? String == "apch")
      #expect(video["pix_fmt"] as? String == "yuv422p10le")
      #expect(video["nb_frames"] as? String == "\(frames)")
      #expect(video["nb_read_packets"] as? String == "\(frames)")
      for name in ["color_primaries", "color_transfer", "color_space"] {
        #expect(video[name] as? String == "bt709", "\(name)")
      }
      #expect(video["color_range"] as? String == "tv")
      #expect(video["field_order"] as? String == "progressive")
      #expect(video["sample_aspect_ratio"] as? String == "1:1")
      #expect((video["tags"] as? [String: String])?["timecode"] == timecode)
      #expect(video["start_pts"] as? Int == 0)
      let base = try #require((video["time_base"] as? String)?.split(separator: "/").last.flatMap { Int($0) })
      let ticks = Int(frames) * rate.denominator * base / rate.numerator
      #expect(video["duration_ts"] as? Int == ticks)
      let sound = streams[1]
      #expect(sound["codec_name"] as? String == "pcm_s24le")
      #expect(sound["channel_layout"] as? String == "stereo")
      #expect(sound["sample_rate"] as? String == "48000")
      let samples = rate.sampleEdge(ofFrame: frames, sampleRate: 48_000)
      #expect(sound["duration_ts"] as? Int64 == samples)
      #expect(streams[2]["codec_tag_string"] as? String == "tmcd")
      let tags = (found["format"] as? [String: Any])?["tags"] as? [String: String]
      #expect(tags?["creation_time"] == nil)
      #expect(tags?["encoder"] == nil)
      #expect(tags?["title"] == "Test")
    }
  }

  @Test(arguments: cases)
  func `a reopened movie has the same packets, samples and timecode`(
    rate: FrameRate, timecode: String, frames: Int64
  ) throws {
    try Material.withFolder { folder in
      let path = folder + "/movie.mov"
      let (packets, sound) = try Self.write(path, rate: rate, timecode: timecode, frames: frames)
      let inspector = try MovieInspector(path: path)
      let video = try #require(inspector.facts.video)
      #expect(video.rate == rate)
      #expect(!video.isVariableRate)
      #expect(video.isIntraOnly)
      #expect(video.frameCount == frames)
      #expect(video.codecTag == "apch")
      #expect(video.profile == "HQ")
      let colours = [video.primaries, video.transfer, video.matrix, video.range]
      #expect(colours == ["bt709", "bt709", "bt709", "tv"])
      #expect(inspector.facts.timecodeStart == timecode)
      #expect(inspector.facts.timecodeRate == rate)
      #expect(inspector.facts.reel == "A001C001")
      #expect(inspector.facts.sound?.sampleCount == rate.sampleEdge(ofFrame: frames, sampleRate: 48_000))
      #expect(inspector.pictureDuration() == rate.seconds(frames))
      var found: [[UInt8]] = []
      try unsafe inspector.forEachPacket(video: { _, _, _, bytes in unsafe found.append([UInt8](bytes)) })
      #expect(found == packets)
      #expect(try inspector.packet(at: frames - 1) == packets.last)
      #expect(try inspector.packet(at: 1) == packets[1])
      #expect(try inspector.soundBytes() == sound)
      for number in [frames - 1, 0, frames / 2] {
        let shown = try inspector.withFrame(at: number) { fingerprint($0.packedBytes()) }
        let direct = try PictureDecoder(Self.settings(rate)).decode(packets[Int(number)]) {
          fingerprint($0.packedBytes())
        }
        #expect(shown == direct)
      }
    }
  }

  @Test(arguments: [FrameRate(24_000, 1001), FrameRate(25)])
  func `two runs give the same bytes`(rate: FrameRate) throws {
    try Material.withFolder { folder in
      let paths = ["/a.mov", "/b.mov"].map { folder + $0 }
      for path in paths { _ = try Self.write(path, rate: rate, timecode: "01:00:00:00", frames: 4) }
      let files = try paths.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
      #expect(files[0] == files[1])
    }
  }

  @Test func `a size that no picture has is an error of the file`() throws {
    try Material.withFolder { folder in
      let path = folder + "/movie.mov"
      _ = try Self.write(path, rate: FrameRate(25), timecode: "01:00:00:00", frames: 12)
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      // The last entry of the table of the pictures: type, version, common size, count, a size each.
      var search = bytes.startIndex
      var table: Data.Index?
      while let found = bytes[search...].firstRange(of: Data("stsz".utf8)) {
        search = found.upperBound
        if bytes[search + 8..<search + 12].elementsEqual([0, 0, 0, 12]) { table = search + 12 }
      }
      let last = try #require(table) + 11 * 4
      bytes.replaceSubrange(last..<last + 4, with: [0x20, 0, 0, 0])
      try bytes.write(to: URL(fileURLWithPath: path))
      let fault = #expect(throws: MediaError.self) {
        let inspector = try MovieInspector(path: path)
        try unsafe inspector.forEachPacket(video: { _, _, _, _ in })
      }
      #expect(fault?.fault == .media, "\(String(describing: fault))")
    }
  }

  @Test func `calls that do not fit are refused and nothing is left behind`() throws {
    try Material.withFolder { folder in
      let path = folder + "/movie.mov"
      do {
        let writer = try MovieWriter(path: path, video: Self.settings(FrameRate(25)), sounds: [.init()])
        #expect(throws: MediaError.self) { try writer.writeVideo([1], at: 1) }
        #expect(throws: MediaError.self) { try writer.writeSound([0, 0, 0, 0, 0, 0], track: 1) }
        #expect(throws: MediaError.self) { try writer.writeSound([0, 0, 0, 0]) }
        var refusal: MediaError?
        do { try writer.finish() } catch let error as MediaError { refusal = error }
        #expect(refusal?.reason == "no picture was written")
      }
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test func `a bad timecode is refused`() throws {
    try Material.withFolder { folder in
      let error = #expect(throws: MediaError.self) {
        _ = try MovieWriter(
          path: folder + "/movie.mov", video: Self.settings(FrameRate(25)), startTimecode: "01:00:00:99x")
      }
      #expect(error?.fault == .user)
    }
  }

  @Test func `a folder that does not exist is the writer's error`() {
    let settings = Self.settings(FrameRate(25))
    let error = #expect(throws: MediaError.self) {
      _ = try MovieWriter(path: "/nowhere/movie.mov", video: settings)
    }
    #expect(error?.code == .notFound)
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func `a full disk is an infrastructure error`() throws {
    let settings = Self.settings(FrameRate(25))
    let encoder = try PictureEncoder(settings)
    let picture = noise(settings.format, bits: 10, seed: 1, samples: 320 * 180 * 2)
    let packet = try encoder.encode { $0.fill(packed: picture) }
    try Material.withFolder { folder in
      // A link, so that the abandoned writer deletes that and not the device.
      let path = folder + "/movie.mov"
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/full")
      var failure: MediaError?
      do {
        let writer = try MovieWriter(path: path, video: settings)
        for number in 0..<Int64(40) { try writer.writeVideo(packet, at: number) }
        try writer.finish()
      } catch let error as MediaError { failure = error }
      #expect(failure?.fault == .infrastructure)
      #expect(failure?.code == .writing)
    }
  }
}
