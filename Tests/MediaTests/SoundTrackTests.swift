import Foundation
import Media
import MediaTime
import Testing

/// Several sound tracks, AAC, chapters: what an MP4 and a master hold besides pictures.
@Suite(.enabled(if: Material.hasTools)) struct SoundTrackTests {
  /// One loud sine per channel, each of its own pitch, as interleaved 24-bit bytes.
  static func tones(_ samples: Range<Int64>, channels: Int) -> [UInt8] {
    samples.flatMap { sample in
      (0..<channels).flatMap { channel -> [UInt8] in
        let phase = Double(sample) * Double(200 + 170 * channel) * 2 * .pi / 48_000
        let code = Int32(sin(phase) * 3_000_000)
        return [
          UInt8(truncatingIfNeeded: code), UInt8(truncatingIfNeeded: code >> 8),
          UInt8(truncatingIfNeeded: code >> 16),
        ]
      }
    }
  }

  static func reviewCopy(_ path: String, frames: Int, sound: SoundFormat) throws {
    let settings = SequenceEncoderTests.settings()
    let packets = try SequenceEncoderTests.group(settings, of: frames)
    let writer = try MovieWriter(
      path: path, container: .mp4, video: settings, sounds: [sound], startTimecode: "01:00:00:00",
      chapters: [
        .init(start: 0, end: 10, title: "One & <only>"), .init(start: 10, end: Int64(frames), title: "Æon 2"),
      ])
    for (number, packet) in packets.enumerated() {
      try writer.writeVideo(packet, at: Int64(number), isKey: number == 0)
      let range = writer.samples(ofFrame: Int64(number))
      _ = try writer.writeSound(tones(range, channels: sound.channels))
    }
    _ = try writer.endSound(track: 0)
    try writer.finish()
  }

  @Test(arguments: ["stereo", "5.1"])
  func `an MP4 has its index in front, exact lengths, chapters and sound that starts with the picture`(
    layout: String
  ) throws {
    try Material.withFolder { folder in
      let path = folder + "/review.mp4"
      let sound = SoundFormat(codec: .aac(bitRate: 384_000), layout: layout, title: "Mix")
      try Self.reviewCopy(path, frames: 47, sound: sound)
      let streams = try #require(try MovieWriterTests.ffprobe(path)["streams"] as? [[String: Any]])
      let video = streams[0]
      #expect(video["codec_name"] as? String == "h264" && video["codec_tag_string"] as? String == "avc1")
      #expect(video["profile"] as? String == "High" && video["has_b_frames"] as? Int == 0)
      #expect(video["pix_fmt"] as? String == "yuv420p" && video["is_avc"] as? String == "true")
      #expect(video["nb_frames"] as? String == "47" && video["start_pts"] as? Int == 0)
      #expect(video["r_frame_rate"] as? String == "24000/1001" && video["time_base"] as? String == "1/24000")
      #expect(video["duration_ts"] as? Int == 47 * 1001)
      for name in ["color_primaries", "color_transfer", "color_space"] {
        #expect(video[name] as? String == "bt709", "\(name)")
      }
      #expect(video["color_range"] as? String == "tv" && video["chroma_location"] as? String == "left")
      #expect((video["tags"] as? [String: String])?["timecode"] == "01:00:00:00")
      #expect((video["tags"] as? [String: String])?["encoder"] == nil)
      let track = streams[1]
      #expect(track["codec_name"] as? String == "aac" && track["channel_layout"] as? String == layout)
      #expect(track["start_pts"] as? Int == 0 && track["duration_ts"] as? Int == 47 * 2002)
      let tags = track["tags"] as? [String: String]
      #expect(tags?["handler_name"] == "Mix")

      let inspector = try MovieInspector(path: path)
      #expect(try inspector.isIndexInFront())
      #expect(inspector.chapters().map { "\($0.start) \($0.title)" } == ["0 One & <only>", "10 Æon 2"])
      let found = try #require(inspector.soundTracks().first)
      #expect(found.layout == layout && found.title == "Mix" && found.sampleCount == 47 * 2002)
      let decoded = try inspector.decodedSampleCount(track: 0)
      #expect((47 * 2002..<47 * 2002 + 1024).contains(decoded))
    }
  }

  @Test(arguments: ["stereo", "5.1"])
  func `decoded AAC follows the mix best at an offset of nothing, channel by channel`(layout: String) throws {
    try Material.withFolder { folder in
      let path = folder + "/review.mp4"
      let sound = SoundFormat(codec: .aac(bitRate: 384_000), layout: layout)
      try Self.reviewCopy(path, frames: 30, sound: sound)
      let raw = folder + "/decoded.f32"
      try Material.ffmpeg("-i \(path) -map 0:a:0 -f f32le", to: raw)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: raw))
      let samples = unsafe bytes.withUnsafeBytes { unsafe Array($0.bindMemory(to: Float.self)) }
      // The codec keeps only the lowest tones of the LFE.
      for channel in 0..<sound.channels where layout == "stereo" || channel != 3 {
        func correlation(_ offset: Int) -> Double {
          (4000..<8000).reduce(0) { sum, index in
            let phase = Double(index) * Double(200 + 170 * channel) * 2 * .pi / 48_000
            return sum + sin(phase) * Double(samples[(index + offset) * sound.channels + channel])
          }
        }
        let best = (-20...20).max { correlation($0) < correlation($1) }
        #expect(best.map { abs($0) <= 1 } == true, "channel \(channel): \(best ?? -99)")
      }
    }
  }

  @Test func `two runs of AAC and H.264 give the same bytes`() throws {
    try Material.withFolder { folder in
      let sound = SoundFormat(codec: .aac(bitRate: 192_000))
      let files = try ["/a.mp4", "/b.mp4"].map { name in
        try Self.reviewCopy(folder + name, frames: 12, sound: sound)
        return try Data(contentsOf: URL(fileURLWithPath: folder + name))
      }
      #expect(files[0] == files[1])
    }
  }

  @Test func `a master carries stereo and 5.1, labelled, each with its own samples`() throws {
    try Material.withFolder { folder in
      let path = folder + "/master.mov"
      let settings = MovieWriterTests.settings(FrameRate(24_000, 1001))
      let encoder = try PictureEncoder(settings)
      let picture = noise(settings.format, bits: 10, seed: 1, samples: 320 * 180 * 2)
      let packet = try encoder.encode { $0.fill(packed: picture) }
      let sounds = [
        SoundFormat(title: "Stereo"), SoundFormat(layout: "5.1", title: "Surround 5.1"),
      ]
      let writer = try MovieWriter(path: path, video: settings, sounds: sounds, startTimecode: "01:00:00:00")
      var written: [[UInt8]] = [[], []]
      for number in 0..<Int64(5) {
        try writer.writeVideo(packet, at: number)
        for (track, sound) in sounds.enumerated() {
          let bytes = Self.tones(writer.samples(ofFrame: number), channels: sound.channels)
          #expect(try writer.writeSound(bytes, track: track) == [bytes])
          written[track] += bytes
        }
      }
      for track in sounds.indices { #expect(try writer.endSound(track: track).isEmpty) }
      try writer.finish()

      let streams = try #require(try MovieWriterTests.ffprobe(path)["streams"] as? [[String: Any]])
      #expect(streams.map { $0["codec_name"] as? String } == ["prores", "pcm_s24le", "pcm_s24le", nil])
      #expect(streams[1...2].map { $0["channel_layout"] as? String } == ["stereo", "5.1"])
      #expect(streams[1...2].map { $0["duration_ts"] as? Int } == [10_010, 10_010])
      #expect(
        streams[1...2].map { ($0["tags"] as? [String: String])?["handler_name"] } == [
          "Stereo", "Surround 5.1",
        ])
      let first = streams.map { ($0["disposition"] as? [String: Int])?["default"] }
      #expect(first[1] == 1 && first[2] == 0, "players take the stereo track unless told otherwise")
      for track in sounds.indices {
        let raw = folder + "/\(track).raw"
        try Material.ffmpeg("-i \(path) -map 0:a:\(track) -c:a copy -f s24le", to: raw)
        #expect(try Data(contentsOf: URL(fileURLWithPath: raw)) == Data(written[track]))
        #expect(try MovieInspector(path: path).soundBytes(track: track) == written[track])
      }
    }
  }

  @Test func `sound tracks of different rates are refused`() throws {
    _ = try Material.withFolder { folder in
      #expect(throws: MediaError.self) {
        _ = try MovieWriter(
          path: folder + "/x.mov", video: MovieWriterTests.settings(FrameRate(25)),
          sounds: [SoundFormat(), SoundFormat(sampleRate: 44_100)])
      }
    }
  }
}
