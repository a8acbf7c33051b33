import Delivery
import Foundation
import Planning
import Testing

/// What a profile says about H.264 and about sound tracks.
@Suite struct DeliveryProfileKeysTests {
  private func profile(_ lines: String) throws -> DeliveryProfile {
    try DeliveryProfiles.parse(
      """
      profile: test
      \(lines)
      colour: {primaries: bt709, transfer: bt709, matrix: bt709, range: tv}
      """, file: "test.yaml", name: "test")
  }

  private func errors(_ lines: String) -> String { failure { _ = try profile(lines) } }

  private static let prores = """
    container: mov
    extension: mov
    picture: {codec: prores_ks, pixel-format: yuv422p10le, lowest-psnr: 34}
    """

  @Test func `one codec is a stereo track, a list gives tracks with layouts and titles`() throws {
    #expect(
      try profile(Self.prores + "\nsound: pcm_s24le").sounds == [
        DeliveryProfile.Sound(codec: .pcm, layout: "stereo", title: "Stereo")
      ])
    #expect(
      try profile(
        Self.prores + "\nsound: [{codec: pcm_s24le}, {codec: pcm_s24le, layout: \"5.1\", title: Bed}, "
          + "{codec: aac, layout: \"5.1\"}, {codec: aac, title: Small, bit-rate: 96}]"
      ).sounds == [
        DeliveryProfile.Sound(codec: .pcm, layout: "stereo", title: "Stereo"),
        DeliveryProfile.Sound(codec: .pcm, layout: "5.1", title: "Bed"),
        DeliveryProfile.Sound(codec: .aac, layout: "5.1", title: "Surround 5.1", bitRate: 448),
        DeliveryProfile.Sound(codec: .aac, layout: "stereo", title: "Small", bitRate: 96),
      ])
  }

  @Test func `faults of sound tracks are told at once`() {
    #expect(
      errors(
        Self.prores
          + "\nsound: [{codec: pcm_s24le, layout: 5.2, bit-rate: 20}, {codec: mp3}, {codek: aac}]")
          == """
          test.yaml:5:36: error: `5.2` is not a value of `layout` here
            sound: [{codec: pcm_s24le, layout: 5.2, bit-rate: 20}, {codec: mp3}, {codek: aac}]
                                               ^
            Did you mean `5.1`?
          test.yaml:5:51: error: `bit-rate` must be a whole number from 64 to 1024, not `20`
            sound: [{codec: pcm_s24le, layout: 5.2, bit-rate: 20}, {codec: mp3}, {codek: aac}]
                                                              ^
          test.yaml:5:51: error: PCM has no `bit-rate`
            sound: [{codec: pcm_s24le, layout: 5.2, bit-rate: 20}, {codec: mp3}, {codek: aac}]
                                                              ^
            Remove it.
          test.yaml:5:64: error: `mp3` is not a value of `codec` here
            sound: [{codec: pcm_s24le, layout: 5.2, bit-rate: 20}, {codec: mp3}, {codek: aac}]
                                                                           ^
            It is one of pcm_s24le, aac.
          test.yaml:5:71: error: a sound track has no key `codek`
            sound: [{codec: pcm_s24le, layout: 5.2, bit-rate: 20}, {codec: mp3}, {codek: aac}]
                                                                                  ^
            Did you mean `codec`?
          test.yaml:5:70: error: a sound track needs the key `codec`: how it is encoded
            sound: [{codec: pcm_s24le, layout: 5.2, bit-rate: 20}, {codec: mp3}, {codek: aac}]
                                                                                 ^
          """)
  }

  @Test func `tracks that cannot be told apart are refused, and PCM in MP4`() {
    #expect(
      errors(Self.prores + "\nsound: [{codec: pcm_s24le}, {codec: aac}]").contains(
        "two sound tracks have one title"))
    #expect(
      errors(
        """
        container: mp4
        extension: mp4
        picture: {codec: libx264, pixel-format: yuv420p, lowest-psnr: 28, options: {crf: 20}}
        sound: pcm_s24le
        """
      ).contains("mp4 does not hold pcm_s24le\n  sound: pcm_s24le\n         ^\n  It holds aac."))
  }

  private func h264(_ keys: String, container: String = "mp4") -> String {
    errors(
      "container: \(container)\nextension: mp4\n"
        + "picture: {codec: libx264, pixel-format: yuv420p, lowest-psnr: 28, \(keys)}")
  }

  @Test func `only options that keep packets in order and bytes the same are let through`() {
    #expect(h264("options: {crf: 20, preset: slow, tune: grain, profile: main, level: 4.0}") == "no error")
    #expect(h264("options: {crf: 20, x264-params: threads=4}").contains("`x264-params` is no option"))
    #expect(h264("options: {crf: 20, stats: /etc/passwd}").contains("`stats` is no option"))
    #expect(h264("options: {crf: 20, presets: slow}").contains("Did you mean `preset`?"))
    #expect(h264("options: {crf: 20, preset: placebo}").contains("`placebo` is not a value of `preset`"))
    #expect(h264("options: {crf: 60}").contains("It is a number from 0.0 to 51.0."))
    #expect(h264("options: {preset: fast}").contains("libx264 needs the option `crf`"))
    #expect(h264("tag: avc1").contains("libx264 needs the option `crf`"))
    #expect(h264("options: {crf: 20}, quantiser: 4").contains("libx264 takes no `quantiser`"))
    #expect(h264("options: {crf: 20}, profile: 3").contains("libx264 takes no `profile`"))
  }

  @Test func `a container that cannot hold the pictures is refused where it stands`() {
    #expect(h264("options: {crf: 20}", container: "mov") == "no error")
    #expect(
      h264("options: {crf: 20}", container: "sequence").contains("sequence does not hold libx264"))
    #expect(
      errors(Self.prores.replacingOccurrences(of: "container: mov", with: "container: mp4")).contains(
        "Its frames go into mov."))
  }

  @Test func `the review copy is H.264 High with AAC and chapters`() throws {
    let text = try #require(DeliveryProfiles.shipped["review-h264"])
    let review = try DeliveryProfiles.parse(text, file: "x.yaml", name: "review-h264")
    #expect(review.container == .mp4 && review.chapters == .webvtt && review.picture.codec == "libx264")
    #expect(review.picture.options == ["preset": "veryfast", "profile": "high", "crf": "20"])
    #expect(
      review.sounds == [DeliveryProfile.Sound(codec: .aac, layout: "stereo", title: "Stereo", bitRate: 192)])
  }

  @Test func `the film's master carries stereo first, then 5.1`() throws {
    let text = try #require(DeliveryProfiles.shipped["prores-422hq-51"])
    let master = try DeliveryProfiles.parse(text, file: "x.yaml", name: "prores-422hq-51")
    #expect(
      master.sounds.map(\.layout) == ["stereo", "5.1"] && master.sounds.allSatisfy { $0.codec == .pcm })
    #expect(Set(master.sounds.map(\.title)).count == 2)
  }
}
