import Foundation
import TestSupport
import Testing

/// A mix on buses from the cut to its published files, by the real program.
@Suite struct `Sound mix` {
  /// Pink noise from 01:00:00:00 at 24000/1001.
  private func take(_ fixture: Fixture, _ name: String, seed: Int, channels: Int) throws {
    let made = try Programs.run(
      "ffmpeg",
      [
        "-v", "error", "-f", "lavfi", "-i",
        "anoisesrc=color=pink:seed=\(seed):amplitude=0.2:duration=6:sample_rate=48000",
        "-ac", "\(channels)", "-c:a", "pcm_s24le", "-write_bext", "1", "-metadata",
        "time_reference=172972800",
        "\(fixture.path)/rushes/\(name).wav",
      ])
    #expect(made.status == 0, "\(made.errors)")
  }

  private func integrated(_ path: String) throws -> Double? {
    let result = try Programs.run(
      "ffmpeg", ["-nostats", "-i", path, "-af", "ebur128=framelog=verbose", "-f", "null", "-"])
    let summary = result.errors.components(separatedBy: "Summary:").last ?? ""
    return summary.components(separatedBy: "I:").dropFirst().first?.split(separator: " ").first.flatMap {
      Double($0)
    }
  }

  @Test func `a cut with transitions of sound becomes mixes, stems and a loudness report, once`() throws {
    let fixture = try Fixture()
    try fixture.clip("A001", frames: 96, firstNumber: 0, timecode: "01:00:00:00", codec: Fixture.prores)
    try take(fixture, "SR001", seed: 1, channels: 1)
    try take(fixture, "SR002", seed: 2, channels: 2)
    _ = try fixture.folder.write(
      """
      TITLE: MIX
      FCM: NON-DROP FRAME

      001  A001     V     C        01:00:00:00 01:00:02:00 01:00:00:00 01:00:02:00
      002  AX       A     C        01:00:00:00 01:00:01:00 01:00:00:00 01:00:01:00
      * FROM CLIP NAME: SR001.wav
      003  AX       A     C        01:00:01:00 01:00:01:00 01:00:01:00 01:00:01:00
      003  AX       A     D    012 01:00:02:00 01:00:03:00 01:00:01:00 01:00:02:00
      * FROM CLIP NAME: SR001.wav
      * TO CLIP NAME: SR001.wav
      004  AX       A2    C        01:00:01:00 01:00:03:00 01:00:00:00 01:00:02:00
      * FROM CLIP NAME: SR002.wav

      """, to: "cut.edl")
    let pipeline = try fixture.folder.write(
      """
      interlock: 1
      programme: test
      timeline: {cut: cut.edl, rate: 24000/1001, start: "01:00:00:00", media: [rushes]}
      raster: 320x48
      stages:
        edit: {kind: editing}
        mix:
          kind: sound-mix
          sound: edit
          layouts: [stereo, "5.1"]
          crossfade: 2
          tracks: {A1: dialogue, A2: {bus: music, gain: -9 dB}}
          loudness: {anchor: programme, integrated: -23 LUFS, truePeak: -1 dBTP}

      """, to: "p.yaml")
    let arguments = ["run", pipeline, "--production", "out", "--until", "mix"]
    let finished = try fixture.interlock(arguments)
    try #require(finished.status == 0, "\(finished.errors)")
    let folder = fixture.path + "/out/Assets/test/mix/v001"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      $0.hasPrefix("test_mix")
    }.sorted()
    let parts = ["dialogue", "effects", "m-and-e", "mix", "music"].flatMap {
      ["\($0).5.1.wav", "\($0).stereo.wav"]
    }
    #expect(names == (["loudness.html", "loudness.json"] + parts).map { "test_mix_v001.\($0)" }.sorted())
    for layout in ["stereo", "5.1"] {
      let loudness = try #require(try integrated("\(folder)/test_mix_v001.mix.\(layout).wav"))
      #expect(abs(loudness + 23) <= 0.2, "\(layout): \(loudness)")
    }
    let again = try fixture.interlock(arguments)
    #expect(
      again.status == 0 && (again.text + again.errors).contains("Nothing to do"),
      "\(again.text)\(again.errors)")
  }
}
