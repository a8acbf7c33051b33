import Digests
import Foundation
import MediaTime
import SoundMixing
import TaskKinds
import TestSupport
import Testing

/// Mixes made by the worker, judged by ffmpeg.
@Suite struct MixTests {
  private let attempt: Attempt

  init() throws { attempt = try Attempt() }

  // MARK: Sources

  /// Writes a 24-bit wave file; the planes are of nominal −1…1.
  private func source(_ name: String, _ planes: [[Double]]) throws -> Digest {
    func little(_ value: Int, _ bytes: Int) -> [UInt8] {
      (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var sound: [UInt8] = []
    for index in planes[0].indices {
      for plane in planes { sound += little(Int((plane[index] * 8_388_607).rounded()), 3) }
    }
    let size = planes.count * 3
    let format =
      little(1, 2) + little(planes.count, 2) + little(48_000, 4) + little(48_000 * size, 4) + little(size, 2)
      + little(24, 2)
    var body = Array("WAVE".utf8)
    for (chunk, content) in [("fmt ", format), ("data", sound)] {
      body += Array(chunk.utf8) + little(content.count, 4) + content
    }
    try Data(Array("RIFF".utf8) + little(body.count, 4) + body).write(
      to: URL(fileURLWithPath: "\(attempt.folder.path)/rushes/\(name).wav"))
    return Digest.sha256(Array(name.utf8))
  }

  /// Noise of a level that changes every quarter of a second, with spikes when `isHot`.
  private func noise(seed: UInt64, seconds: Int, level: Double, isHot: Bool = false) -> [Double] {
    var random = SplitMix64(seed: seed)
    var present = level
    return (0..<seconds * 48_000).map { index in
      if index % 12_000 == 0 { present = level * Double.random(in: 0.4...1, using: &random) }
      let sample = Double.random(in: -present...present, using: &random)
      return isHot && index % 9_601 < 3 ? (sample < 0 ? -0.95 : 0.95) : sample
    }
  }

  private func event(
    _ media: Digest, at sample: Int64 = 0, count: Int64, bus: Bus = .dialogue, pan: Int = 0, gain: Int = 0,
    source: Int64 = 0, fadeIn: Int64 = 0, fadeOut: Int64 = 0
  ) -> MixEvent {
    MixEvent(
      media: media, stream: 0, sourceSample: source, mixSample: sample, sampleCount: count, fadeIn: fadeIn,
      fadeOut: fadeOut, bus: bus, gain: Level(thousandths: gain), pan: Pan(hundredths: pan), track: "A1",
      event: "001")
  }

  private static let heading = ReportHeading(
    programme: "film", rate: FrameRate(24_000, 1001), startFrame: 86_400, isDropFrame: false)

  // MARK: Running

  /// A result file, as far as these tests read it.
  private struct Record: Decodable {
    struct Body: Decodable {
      var output: MixTask.Output
    }

    var body: Body
  }

  private func run(_ mix: MixDescription, environment: [String: String] = [:]) throws -> MixTask.Output {
    let (input, ending) = try start(mix, environment: environment)
    try #require(ending.exit == 0, "\(ending.diagnostics.map(\.message))")
    let key = MixTask.key(input)
    let path = "\(attempt.folder.path)/out/.interlock/results/\(key.hex.prefix(2))/\(key.hex).json"
    return try JSONDecoder().decode(Record.self, from: Data(contentsOf: URL(fileURLWithPath: path))).body
      .output
  }

  private func start(_ mix: MixDescription, environment: [String: String] = [:]) throws -> (
    MixTask.Input, Ending
  ) {
    let names = try FileManager.default.contentsOfDirectory(atPath: attempt.folder.path + "/rushes")
    let media = try names.map { name in
      (Digest.sha256(Array(name.dropLast(4).utf8)).hex, try attempt.location(name))
    }
    let input = MixTask.Input(
      mix: mix, media: Dictionary(uniqueKeysWithValues: media), builtBy: "tests \(environment)")
    try attempt.write("mix", version: MixTask.version, key: MixTask.key(input), input)
    return (input, try attempt.run(environment: environment).ending)
  }

  private func path(_ object: Digest) -> String {
    "\(attempt.folder.path)/out/.interlock/objects/\(object.hex.prefix(2))/\(object.hex.dropFirst(2))"
  }

  private func path(_ output: MixTask.Output, _ suffix: String) throws -> String {
    path(try #require(output.files.first { $0.suffix == suffix }, "\(suffix)").object)
  }

  /// Samples as ffmpeg decodes them, 24-bit codes by channel.
  private func codes(_ path: String, channels: Int) throws -> [[Int]] {
    let decoded = try Programs.run(
      "ffmpeg", ["-v", "error", "-i", path, "-f", "s32le", "-c:a", "pcm_s32le", "-"])
    try #require(decoded.status == 0, "\(decoded.errors)")
    let samples = unsafe decoded.output.withUnsafeBytes { buffer in
      (0..<buffer.count / 4).map {
        unsafe Int(buffer.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self)) >> 8
      }
    }
    return (0..<channels).map { first in
      stride(from: first, to: samples.count, by: channels).map { samples[$0] }
    }
  }

  /// Integrated loudness and true peak by ffmpeg's own meter, which oversamples in its own way.
  private func measured(_ path: String) throws -> (integrated: Double, truePeak: Double) {
    let result = try Programs.run(
      "ffmpeg", ["-nostats", "-i", path, "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"])
    let summary = result.errors.components(separatedBy: "Summary:").last ?? ""
    func value(_ name: String) throws -> Double {
      let rest = try #require(summary.components(separatedBy: name).dropFirst().first, "\(result.errors)")
      return try #require(Double(rest.split(separator: " ").first ?? ""))
    }
    return (try value("I:"), try value("Peak:"))
  }

  // MARK: Loudness

  private func hotMix(integrated: Int = -20_000, truePeak: Int = -7500, seconds: Int = 4) throws
    -> MixDescription
  {
    let count = Int64(seconds) * 48_000
    return MixDescription(
      events: [
        event(
          try source("speech", [noise(seed: 1, seconds: seconds, level: 0.08, isHot: true)]), count: count),
        event(
          try source("music", (2...3).map { noise(seed: $0, seconds: seconds, level: 0.05) }), count: count,
          bus: .music, gain: -3000),
        event(
          try source("rain", (4...5).map { noise(seed: $0, seconds: seconds, level: 0.02) }), count: count,
          bus: .ambience),
        event(
          try source("door", [noise(seed: 6, seconds: 1, level: 0.5)]), at: 100_000, count: 48_000,
          bus: .effects,
          pan: 60),
      ], sampleCount: count, timeReference: 172_972_800, layouts: [.stereo, .surround], hasStems: true,
      target: LoudnessTarget(
        integrated: Level(thousandths: integrated), truePeak: Level(thousandths: truePeak)),
      heading: Self.heading)
  }

  @Test func `both layouts meet target and limit by another meter, with the limiter at work`() throws {
    let output = try run(try hotMix())
    #expect(output.mixes.map(\.layout) == ["stereo", "5.1"])
    for mix in output.mixes {
      let (integrated, truePeak) = try measured(path(mix.sound))
      #expect(abs(integrated + 20) <= 0.2, "\(mix.layout): \(integrated) LKFS")
      #expect(truePeak <= -7.5, "\(mix.layout): \(truePeak) dBTP")
      let told = try #require(mix.loudness?.integrated)
      #expect(abs(Double(told.thousandths) / 1000 - integrated) < 0.1)
      #expect(mix.clippedSamples == 0)
    }
    #expect(output.mixes[0].correction?.gain != output.mixes[1].correction?.gain)
    // The centre carries the peaks of the 5.1 mix 3 dB higher than the fold-down does.
    #expect(try #require(output.mixes[1].correction).limitedSamples > 0)
  }

  @Test func `stems sum to the mix that was not limited, and music and effects to theirs`() throws {
    let output = try run(try hotMix(integrated: -34_000, truePeak: -1000))
    for (layout, channels) in [("stereo", 2), ("5.1", 6)] {
      #expect(output.mixes.first { $0.layout == layout }?.correction?.limitedSamples == 0)
      func stem(_ name: String) throws -> [[Int]] {
        try codes(try path(output, "\(name).\(layout)"), channels: channels)
      }
      let mix = try stem("mix")
      let dialogue = try stem("dialogue")
      let music = try stem("music")
      let effects = try stem("effects")
      let both = try stem("m-and-e")
      // −90 dBFS are 265 codes of 24 bits; only the rounding of each file is left.
      var residual = 0
      var filled = 0
      for channel in 0..<channels {
        for index in mix[channel].indices {
          let sum = music[channel][index] + effects[channel][index]
          residual = max(residual, abs(sum + dialogue[channel][index] - mix[channel][index]))
          filled = max(filled, abs(sum - both[channel][index]))
        }
      }
      #expect(residual <= 2 && filled <= 2, "\(layout): \(residual), \(filled) codes")
      for part in [dialogue, music, effects] { #expect(part.joined().contains { abs($0) > 10_000 }) }
    }
  }

  @Test func `the stereo mix is the fold-down of the 5.1 mix at its own gain`() throws {
    let output = try run(try hotMix(integrated: -34_000, truePeak: -1000, seconds: 3))
    let surround = try codes(try path(output, "mix.5.1"), channels: 6)
    let stereo = try codes(try path(output, "mix.stereo"), channels: 2)
    let gains = output.mixes.compactMap { $0.correction?.gain.ratio }
    let factor = gains[0] / gains[1]
    let root = Double(0.5).squareRoot()
    var largest = 0.0
    for index in stereo[0].indices {
      let left = Double(surround[0][index]) + root * Double(surround[2][index] + surround[4][index])
      largest = max(largest, abs(left * factor - Double(stereo[0][index])))
    }
    #expect(largest < 3, "\(largest) codes")
    #expect(surround[3].allSatisfy { $0 == 0 }, "nothing goes to the LFE")
    #expect(surround[4].contains { $0 != 0 }, "ambience is in the surrounds")
  }

  @Test func `a target that the peaks leave no room for is refused with numbers`() throws {
    let (_, ending) = try start(try hotMix(integrated: -6000, truePeak: -18_000, seconds: 2))
    #expect(ending.exit == 4)
    let finding = try #require(ending.diagnostics.first)
    #expect(finding.code == "mix.targetNotReached")
    #expect(finding.message.contains("not to −6 LKFS under −18 dBTP"), "\(finding.message)")
  }

  @Test func `silence cannot be brought to a loudness`() throws {
    let silent = MixDescription(
      events: [], sampleCount: 48_000, timeReference: 0,
      target: LoudnessTarget(integrated: Level(thousandths: -24_000), truePeak: Level(thousandths: -2000)),
      heading: Self.heading)
    let (_, ending) = try start(silent)
    #expect(
      ending.exit == 4 && ending.diagnostics.first?.message.contains("the stereo mix is silent") == true)
  }

  @Test func `a baseline processor makes the same bytes`() throws {
    let mix = try hotMix(seconds: 2)
    let here = try run(mix)
    let baseline = try run(mix, environment: ["INTERLOCK_CPU": "baseline"])
    #expect(here.files == baseline.files && here.files.count == 12)
  }

  // MARK: Files

  @Test func `mixes carry timecode, loudness and channel names, and a report and a page come with them`()
    throws
  {
    let output = try run(try hotMix(seconds: 2))
    #expect(
      output.files.map { "\($0.suffix).\($0.fileExtension)" } == [
        "mix.stereo.wav", "mix.5.1.wav", "dialogue.stereo.wav", "dialogue.5.1.wav", "music.stereo.wav",
        "music.5.1.wav", "effects.stereo.wav", "effects.5.1.wav", "m-and-e.stereo.wav", "m-and-e.5.1.wav",
        "loudness.json", "loudness.html",
      ])
    let probe = try Programs.run(
      "ffprobe",
      ["-v", "error", "-show_streams", "-show_format", "-of", "default=nw=1", try path(output, "mix.5.1")]
    ).text
    for line in [
      "channel_layout=5.1", "channels=6", "codec_name=pcm_s24le", "duration_ts=96000",
      "TAG:time_reference=172972800",
    ] { #expect(probe.contains(line + "\n"), "\(line)") }
    let report = try JSONDecoder().decode(
      LoudnessReport.self, from: Data(contentsOf: URL(fileURLWithPath: try reportPath(output, "json"))))
    #expect(report.layouts.map(\.layout) == [.stereo, .surround])
    #expect(report.layouts.allSatisfy { $0.series.momentary.count == 20 && $0.series.truePeak.count == 20 })
    #expect(report.layouts.map(\.facts) == output.mixes.compactMap(\.loudness))
    let page = try String(contentsOfFile: try reportPath(output, "html"), encoding: .utf8)
    #expect(page.contains("film") && page.contains("01:00:00:00"))
  }

  private func reportPath(_ output: MixTask.Output, _ fileExtension: String) throws -> String {
    path(
      try #require(output.files.first { $0.suffix == "loudness" && $0.fileExtension == fileExtension }).object
    )
  }

  // MARK: Sync

  @Test func `every cut is in sync to the sample under its crossfades`() throws {
    // Clicks in the middle of each piece tell where it lies; crossfades reach over the cuts.
    let frame: Int64 = 2002
    var clicks = [Double](repeating: 0, count: 96_000)
    for position in stride(from: 1000, to: clicks.count, by: 1001) { clicks[position] = 0.5 }
    let media = try source("clicks", [clicks])
    let starts: [Int64] = [0, 6, 14, 15, 22]
    let sources: [Int64] = [9_000, 40_000, 3_333, 60_000, 21_111]
    let fade: Int64 = 480
    var events: [MixEvent] = []
    var expected: Set<Int> = []
    for (index, start) in starts.enumerated() {
      let first = start * frame
      let end = (index + 1 < starts.count ? starts[index + 1] : 30) * frame
      let lead = index == 0 ? 0 : fade / 2
      let tail = index + 1 < starts.count ? fade / 2 : 0
      events.append(
        event(
          media, at: first - lead, count: end - first + lead + tail, source: sources[index] - lead,
          fadeIn: lead * 2, fadeOut: tail * 2))
      for position in (first - lead)..<(end + tail)
      where clicks[Int(sources[index] + position - first)] != 0 { expected.insert(Int(position)) }
    }
    let output = try run(MixDescription(events: events, sampleCount: 30 * frame, timeReference: 0))
    #expect(output.files.isEmpty, "a plain mix publishes nothing")
    let left = try codes(path(output.mixes[0].sound), channels: 2)[0]
    #expect(left.count == Int(30 * frame))
    let heard = Set(left.indices.filter { abs(left[$0]) > 5 })
    #expect(heard.isSubset(of: expected))
    let silent = Set(left.indices.filter { left[$0] == 0 })
    #expect(expected.isDisjoint(with: silent))
    let whole = left.filter { $0 == 2_965_820 || $0 == 2_965_821 }
    #expect(whole.count > 50, "outside fades clicks keep their height")
  }

  @Test func `a crossfade of steady sound has its exact gains`() throws {
    let steady = try source("steady", [[Double](repeating: 0.25, count: 4000)])
    let silence = try source("silence", [[Double](repeating: 0, count: 4000)])
    let output = try run(
      MixDescription(
        events: [
          event(steady, count: 2000, fadeOut: 1000), event(silence, at: 1000, count: 2000, fadeIn: 1000),
          event(steady, at: 3000, count: 1000, fadeIn: 10),
        ], sampleCount: 4000, timeReference: 0))
    let left = try codes(path(output.mixes[0].sound), channels: 2)[0]
    // The source's own code, halved in power to each side.
    let level = (0.25 * 8_388_607).rounded() * Double(0.5).squareRoot()
    for k in 0..<1000 {
      let gain = (1 - (Double(k) + 0.5) / 1000).squareRoot()
      let difference = abs(Double(left[1000 + k]) - level * gain)
      #expect(difference <= 0.51)
    }
    for k in 0..<10 {
      let gain = ((Double(k) + 0.5) / 10).squareRoot()
      let difference = abs(Double(left[3000 + k]) - level * gain)
      #expect(difference <= 0.51)
    }
    #expect(Set(left[0..<1000]).count == 1)
    #expect(Set(left[2000..<3000]) == Set([0]))
  }

  @Test func `memory does not grow with the programme`() throws {
    let second = try source("second", [noise(seed: 8, seconds: 1, level: 0.3)])
    func peak(seconds: Int64) throws -> Int {
      let events = (0..<seconds).map {
        event(second, at: $0 * 48_000, count: 48_000, fadeIn: 960, fadeOut: 960)
      }
      let mix = MixDescription(
        events: events, sampleCount: seconds * 48_000, timeReference: 0, layouts: [.stereo, .surround])
      let ending = try start(mix).1
      try #require(ending.exit == 0)
      return ending.peakMemoryBytes
    }
    let short = try peak(seconds: 2)
    let long = try peak(seconds: 30)
    // 28 s of eight channels in double precision would be 86 MB.
    #expect(long - short < 20 << 20, "\(short) and \(long) bytes")
  }

  @Test func `mono in the centre lands on both sides at minus three decibels`() throws {
    let media = try source("click", [[0.5] + [Double](repeating: 0, count: 99)])
    let output = try run(
      MixDescription(events: [event(media, count: 100)], sampleCount: 100, timeReference: 0))
    let sides = try codes(path(output.mixes[0].sound), channels: 2)
    #expect(sides[0][0] == sides[1][0])
    // 4,194,304 · √½.
    #expect(sides[0][0] == 2_965_821)
  }
}
