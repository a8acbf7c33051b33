import Foundation
import Media
import MediaTime
import TestSupport
import Testing

func readAll(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

/// One channel of numbers that name their own position, as exact 24-bit codes.
func numbered(_ range: Range<Int64>, channel: Int = 0) -> [Double] {
  range.map { Double(($0 * 37 + Int64(channel) * 1000) % 8_000_000 - 4_000_000) / 8_388_608 }
}

struct WaveWriterTests {
  @Test(arguments: [1, 2, 3, 6])
  func `what is written is read back to the sample`(channels: Int) throws {
    try Material.withFolder { folder in
      let path = folder + "/mix.wav"
      let planes = (0..<channels).map { numbered(0..<5001, channel: $0) }
      let writer = try WaveWriter(path: path, channels: channels, timeReference: 172_972_800)
      try writer.append(planar: planes.map { Array($0[..<1602]) })
      try writer.append(planar: planes.map { Array($0[1602...]) })
      #expect(writer.sampleCount == 5001)
      #expect(writer.clippedSamples == 0)
      try writer.finish()
      let facts = try #require(try BroadcastWave(path: path))
      #expect(facts.timeReference == 172_972_800)
      #expect(facts.version == 1)
      #expect(facts.originator == "Interlock")
      #expect(facts.sampleCount == 5001)
      #expect(facts.isComplete)
      let reader = try SoundReader(path: path)
      #expect(try reader.read(from: 0, count: 5001) == planes)
      #expect(try probe(path: path).sound?.sampleCount == 5001)
    }
  }

  @Test(.enabled(if: Material.hasTools))
  func `ffprobe reads format and time reference`() throws {
    try Material.withFolder { folder in
      let path = folder + "/mix.wav"
      let writer = try WaveWriter(path: path, channels: 2, timeReference: 172_972_800)
      try writer.append(interleaved: [UInt8](repeating: 0, count: 6 * 48_000))
      try writer.finish()
      let text = try Material.run(
        "ffprobe", ["-v", "error", "-show_streams", "-show_format", "-of", "default=nw=1", path])
      for line in [
        "codec_name=pcm_s24le", "duration_ts=48000", "TAG:time_reference=172972800", "channels=2",
        "TAG:encoded_by=Interlock", "sample_rate=48000",
      ] { #expect(text.contains(line + "\n"), "\(line)") }
    }
  }

  @Test(.enabled(if: Material.hasTools), arguments: [1, 2])
  func `a file too long for RIFF becomes RF64`(channels: Int) throws {
    try Material.withFolder { folder in
      let path = folder + "/long.wav"
      let planes = (0..<channels).map { numbered(0..<777, channel: $0) }
      let writer = try WaveWriter(path: path, channels: channels, timeReference: 5, largestRIFF: 1000)
      try writer.append(planar: planes)
      try writer.finish()
      #expect(Array(try readAll(path).prefix(4)) == Array("RF64".utf8))
      let facts = try #require(try BroadcastWave(path: path))
      #expect(facts.sampleCount == 777)
      #expect(try SoundReader(path: path).read(from: 0, count: 777) == planes)
    }
  }

  @Test func `loudness makes version 2 of bext, and what is not known says so`() throws {
    try Material.withFolder { folder in
      let path = folder + "/loud.wav"
      let writer = try WaveWriter(path: path, channels: 2, timeReference: 9)
      try writer.append(planar: [numbered(0..<100), numbered(0..<100)])
      try writer.finish(
        loudness: WaveWriter.Loudness(
          integrated: -2401, range: 740, truePeak: -213, momentaryMaximum: nil, shortTermMaximum: -99_999))
      #expect(try BroadcastWave(path: path)?.version == 2)
      #expect(try BroadcastWave(path: path)?.timeReference == 9)
      let bytes = try readAll(path)
      let start = try #require(bytes.firstRange(of: Array("bext".utf8))).upperBound + 4
      let fields = (0..<5).map { index in
        Int16(
          bitPattern: UInt16(bytes[start + 412 + 2 * index]) | UInt16(bytes[start + 413 + 2 * index]) << 8)
      }
      #expect(fields == [-2401, 740, -213, .max, .max])
      #expect(
        try SoundReader(path: path).read(from: 0, count: 100) == [numbered(0..<100), numbered(0..<100)])
    }
  }

  @Test func `samples beyond full scale are clipped and counted`() throws {
    try Material.withFolder { folder in
      let path = folder + "/hot.wav"
      let writer = try WaveWriter(path: path, channels: 1, timeReference: 0)
      try writer.append(planar: [[0, 1.5, -1.5, 1, -1, 0.5]])
      #expect(writer.clippedSamples == 2)
      #expect(writer.samplePeak == 1.5)
      try writer.finish()
      let top = 8_388_607.0 / 8_388_608
      #expect(try SoundReader(path: path).read(from: 0, count: 6) == [[0, top, -1, top, -1, 0.5]])
    }
  }

  @Test func `a dropped writer leaves nothing`() throws {
    try Material.withFolder { folder in
      let path = folder + "/part.wav"
      do {
        let writer = try WaveWriter(path: path, channels: 2, timeReference: 0)
        #expect(throws: MediaError.self) { try writer.append(interleaved: [1, 2, 3]) }
        #expect(throws: MediaError.self) { try writer.append(planar: [[0]]) }
      }
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }
}

struct SoundReaderTests {
  @Test(arguments: 0..<4)
  func `any stretch in any order is exact and silent outside`(seed: UInt64) throws {
    try Material.withFolder { folder in
      let path = folder + "/a.wav"
      let length: Int64 = 200_003
      let writer = try WaveWriter(path: path, channels: 2, timeReference: 0)
      let planes = [numbered(0..<length), numbered(0..<length, channel: 1)]
      try writer.append(planar: planes)
      try writer.finish()
      let reader = try SoundReader(path: path)
      var random = SplitMix64(seed: seed)
      for _ in 0..<60 {
        let first = Int64.random(in: -3000..<length + 3000, using: &random)
        let count = Int.random(in: 0..<4000, using: &random)
        let found = try reader.read(from: first, count: count)
        for channel in 0..<2 {
          let expected = (first..<first + Int64(count)).map { position in
            position >= 0 && position < length ? planes[channel][Int(position)] : 0
          }
          let isEqual = found[channel] == expected
          #expect(isEqual, "from \(first), \(count) samples")
        }
      }
    }
  }

  static let files = [
    "sound/field/A101_4.WAV", "sound/field/Sr001-2C-01_01.WAV", "sound/formats/sample_rf64.wav",
    "sound/loudness/1770-2_Comp_23LKFS_1000Hz_2ch.flac", "sound/multichannel/Test_ADM_ProTools.wav",
    "media/video/sowt-with-video.mov", "media/mxf/audio1.mxf",
  ]

  @Test(.enabled(if: Material.hasSamples && Material.hasTools), arguments: files)
  func `samples equal the ffmpeg program's`(file: String) throws {
    let path = try Material.sample(file)
    try Material.withFolder { folder in
      let raw = folder + "/reference.raw"
      try Material.run(
        "ffmpeg",
        ["-v", "error", "-nostdin", "-i", path, "-map", "0:a:0", "-f", "s32le", "-c:a", "pcm_s32le", raw])
      let bytes = try readAll(raw)
      let reader = try SoundReader(path: path, sampleRate: 48_000)
      let total = Int64(bytes.count / 4 / reader.channels)
      #expect(try probe(path: path).sound?.sampleCount == total)
      for first in [0, total / 2, max(0, total - 500), 17] {
        let count = Int(min(2002, total - first))
        let found = try reader.read(from: first, count: count)
        for channel in 0..<reader.channels {
          let expected = (0..<count).map { index in
            let at = ((Int(first) + index) * reader.channels + channel) * 4
            let code = bytes[at..<at + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            return Double(Int32(bitPattern: code)) / 2_147_483_648
          }
          let isEqual = found[channel] == expected
          #expect(isEqual, "channel \(channel) from \(first)")
        }
      }
      #expect(try reader.read(from: total, count: 10).allSatisfy { $0.allSatisfy { $0 == 0 } })
    }
  }

  @Test(
    .enabled(if: Material.hasSamples), arguments: ["media/video/example.mp4", "media/video/bigbuckbunny.mp4"])
  func `compressed sound does not depend on the order of reading`(file: String) throws {
    let path = try Material.sample(file)
    let straight = try SoundReader(path: path)
    let whole = try straight.read(from: 0, count: 200_000)
    let jumping = try SoundReader(path: path)
    for first in [150_000, 20, 77_777, 0] {
      let found = try jumping.read(from: Int64(first), count: 3000)
      for channel in found.indices {
        let isEqual = found[channel] == Array(whole[channel][first..<first + 3000])
        #expect(isEqual, "channel \(channel) from \(first)")
      }
    }
  }

  @Test(.enabled(if: Material.hasTools), arguments: [44_100, 96_000, 32_000, 88_200])
  func `another rate is resampled in place`(rate: Int) throws {
    try Material.withFolder { folder in
      let path = folder + "/sine.wav"
      try Material.ffmpeg("-f lavfi -i aevalsrc=0.5*sin(2*PI*997*t):s=\(rate):d=3 -c:a pcm_s24le", to: path)
      let reader = try SoundReader(path: path, sampleRate: 48_000)
      #expect(reader.fileSampleRate == rate)
      let found = try reader.read(from: 24_000, count: 96_000)[0]
      var worst = 0.0
      for (index, value) in found.enumerated() {
        worst = max(worst, abs(value - 0.5 * sin(2 * .pi * 997 * Double(index + 24_000) / 48_000)))
      }
      // The program truncates the source to 24 bits, a step of 1.2e-7, on top of float arithmetic.
      #expect(worst < 2.5e-7, "\(worst)")
      let again = try SoundReader(path: path, sampleRate: 48_000)
      #expect(try again.read(from: 71_990, count: 200)[0] == Array(found[47_990..<48_190]))
    }
  }

  @Test(.enabled(if: Material.hasTools))
  func `sample 0 is the moment of the first shown picture`() throws {
    try Material.withFolder { folder in
      let path = folder + "/late.mov"
      // The picture starts one second into the sound.
      try Material.ffmpeg(
        "-itsoffset 1 -f lavfi -i testsrc2=s=64x64:r=25:d=1 -f lavfi -i aevalsrc=t/10:s=48000:d=2",
        "-fps_mode passthrough -c:v prores_ks -pix_fmt yuv422p10le -c:a pcm_s24le", to: path)
      let found = try SoundReader(path: path).read(from: 0, count: 100)[0]
      let worst = found.enumerated().map { abs($1 - (1 + Double($0) / 48_000) / 10) }.max()
      #expect(worst.map { $0 < 1e-6 } == true, "\(String(describing: worst))")
    }
  }
}
