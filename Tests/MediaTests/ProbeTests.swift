import Foundation
import Media
import MediaTime
import TestSupport
import Testing

@Suite(.enabled(if: Material.hasSamples, "shared samples are not beside this package"))
struct ProbeTests {
  @Test func `a movie without its index is not media`() throws {
    let path = try Material.sample("media/video/broken.mp4")
    let error = #expect(throws: MediaError.self) { try probe(path: path) }
    #expect(error?.code == .notMedia)
    #expect(error?.fault == .media)
    #expect(error?.log?.contains("moov atom not found") == true)
    #expect(
      error?.description.hasPrefix(path + ": cannot open: Invalid data found when processing input") == true)
  }

  @Test func `an absent file is the user's and says so`() {
    let error = #expect(throws: MediaError.self) { try probe(path: "/nowhere/a.mov") }
    #expect(error?.code == .notFound)
    #expect(error?.fault == .user)
    #expect(error?.description == "/nowhere/a.mov: cannot open: No such file or directory")
  }

  @Test func `a folder is refused without reading it`() {
    let error = #expect(throws: MediaError.self) { try probe(path: "/tmp") }
    #expect(error?.code == .unreadable)
  }

  @Test(arguments: ["editorial/edl/cdl.edl", "README.md", "editorial/fcpxml/24With25Media.fcpxml"])
  func `text is not media`(name: String) throws {
    let error = #expect(throws: MediaError.self) { try probe(path: Material.sample(name)) }
    #expect(error?.fault == .media)
  }

  @Test func `playlists and concatenations are never followed`() throws {
    let clip = try Material.sample("media/video/testvid_1022ms.mp4")
    try Material.withFolder { folder in
      let files = [
        "list.ffconcat": "ffconcat version 1.0\nfile '\(clip)'\n",
        "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n\(clip)\n#EXT-X-ENDLIST\n",
        "list.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n",
      ]
      for (name, text) in files {
        let path = folder + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: MediaError.self, "\(name)") { try probe(path: path) }
      }
    }
  }

  @Test func `truncated movies say after how many pictures they end`() throws {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: Material.sample("media/video/60fps_prores.mov")))
    try Material.withFolder { folder in
      // This file has its index at the end; rewrite it to the front so that a cut leaves it whole.
      let front = folder + "/front.mov"
      let source = folder + "/source.mov"
      try bytes.write(to: URL(fileURLWithPath: source))
      try Material.ffmpeg("-i \(source) -map 0:v -c copy -movflags +faststart", to: front)
      let whole = try Data(contentsOf: URL(fileURLWithPath: front))
      for part in [0.3, 0.9, 0.999] {
        let cut = folder + "/cut.mov"
        try whole.prefix(Int(Double(whole.count) * part)).write(to: URL(fileURLWithPath: cut))
        let error = #expect(throws: MediaError.self) { try probe(path: cut) }
        #expect(error?.code == .truncated, "\(part): \(String(describing: error))")
        #expect(throws: MediaError.self) { try PictureReader(path: cut) }
      }
      #expect(try probe(path: front).video?.frameCount == 1800)
    }
  }

  @Test(arguments: ["media/video/carphone_pristine.mp4", "media/video/webvtt.mkv", "media/mxf/video1.mxf"])
  func `a cut at any place gives facts or an error`(name: String) throws {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: Material.sample(name)))
    try Material.withFolder { folder in
      let cut = folder + "/cut"
      for part in stride(from: 0, through: 1, by: 0.07) {
        try bytes.prefix(Int(Double(bytes.count) * part)).write(to: URL(fileURLWithPath: cut))
        do { _ = try probe(path: cut) } catch is MediaError {}
      }
    }
  }

  @Test(arguments: 0..<24)
  func `random damage gives pictures or an error`(seed: UInt64) throws {
    let names = [
      "media/video/carphone_pristine.mp4", "media/video/testsrc-hevc.mp4", "media/video/webvtt.mkv",
    ]
    var bytes = try Data(
      contentsOf: URL(fileURLWithPath: Material.sample(names[Int(seed) % names.count])))
    var random = SplitMix64(seed: seed)
    for _ in 0..<20 {
      bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
    }
    try Material.withFolder { folder in
      let path = folder + "/damaged"
      try bytes.write(to: URL(fileURLWithPath: path))
      do {
        let reader = try PictureReader(path: path)
        for number in [0, reader.frameCount - 1] {
          do { try reader.withFrame(at: number) { _ = $0.packedBytes() } } catch is MediaError {}
        }
      } catch is MediaError {}
    }
  }

  @Test func `timecode, its rate and the sides of the picture are found`() throws {
    let movie = try probe(
      path: Material.sample("media/video/VideoAndTimecodeTrack_29_97i_Start-00-00-00-00.mov"))
    #expect(movie.timecodeStart == "00:00:00:00")
    #expect(movie.timecodeRate == FrameRate(30_000, 1001))
    #expect(movie.video?.sampleAspect == Rational(10, 11))
    #expect(movie.video?.fieldOrder == "bt")
    #expect(movie.video?.matrix == "smpte170m")
    let alone = try probe(path: Material.sample("media/video/TimecodeTrack_23_976_Start-00-58-40-00.mov"))
    #expect(alone.timecodeStart == "00:58:40:00")
    #expect(alone.timecodeRate == FrameRate(24_000, 1001))
    #expect(alone.video == nil)
  }

  @Test func `a cover picture is not footage`() throws {
    #expect(try probe(path: Material.sample("media/video/h264-png.mp4")).video?.codec == "h264")
  }

  @Test func `field recorder facts come from bext and iXML`() throws {
    let sound = try #require(try probe(path: Material.sample("sound/field/A101_4.WAV")).sound)
    #expect(sound.timeReference == 2_191_709_524)
    #expect(sound.sampleCount == 144_140)
    #expect(sound.bitDepth == 24)
    #expect(sound.channels == 2)
    #expect(sound.sampleRate == 48_000)
    #expect(sound.scene == "A101")
    #expect(sound.take == "4")
    #expect(sound.tape == "18Y12M31")
    let zoom = try #require(try probe(path: Material.sample("sound/field/Scene_1_2AG-T001_Tr1.WAV")).sound)
    #expect(zoom.timeReference == 3_917_280_000)
    #expect(zoom.sampleCount == 528_000)
    #expect(zoom.tape == "WINFO")
    let metacorder = try #require(try probe(path: Material.sample("sound/field/Sr001-2C-01_01.WAV")).sound)
    #expect(metacorder.tape == "Sr001")
    #expect(metacorder.take == "01")
  }

  @Test func `RF64 and odd chunks are walked`() throws {
    let long = try #require(try BroadcastWave(path: Material.sample("sound/formats/sample_rf64.wav")))
    #expect(long.isComplete)
    #expect(long.sampleCount == 16_734)
    let odd = try #require(
      try BroadcastWave(path: Material.sample("sound/formats/sample_with_odd_metadata_chunk_size.wav")))
    #expect(odd.sampleCount == 44_100)
    #expect(try BroadcastWave(path: Material.sample("media/video/bikes.mp4")) == nil)
  }

  @Test func `a shortened sound file is refused`() throws {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: Material.sample("sound/field/A101_4.WAV")))
    try Material.withFolder { folder in
      let cut = folder + "/cut.wav"
      try bytes.prefix(600_000).write(to: URL(fileURLWithPath: cut))
      let error = #expect(throws: MediaError.self) { try probe(path: cut) }
      #expect(error?.code == .truncated)
    }
  }

  @Test func `the index bytes tell files apart and repeat`() throws {
    let path = try Material.sample("media/video/bikes.mp4")
    #expect(try probe(path: path).indexBytes == probe(path: path).indexBytes)
    let other = try Material.sample("media/video/60fps.mp4")
    #expect(try probe(path: path).indexBytes != probe(path: other).indexBytes)
  }
}
