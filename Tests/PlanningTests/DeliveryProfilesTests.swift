import Delivery
import Foundation
import Planning
import TaskKinds
import TestSupport
import Testing

@Suite struct DeliveryProfilesTests {
  @Test func `every shipped profile is in order`() throws {
    #expect(
      DeliveryProfiles.shipped.keys.sorted() == [
        "exr-half", "hdr10-hevc", "prores-422hq", "prores-422hq-51", "prores-4444-p3-pq", "review-h264",
        "stills-16bit",
      ])
    for (name, text) in DeliveryProfiles.shipped {
      let profile = try DeliveryProfiles.parse(text, file: "\(name).yaml", name: name)
      #expect(profile.name == name && !profile.summary.isEmpty)
    }
  }

  @Test func `the shipped master is ProRes 422 HQ with sound`() throws {
    let text = try #require(DeliveryProfiles.shipped["prores-422hq"])
    let profile = try DeliveryProfiles.parse(text, file: "x.yaml", name: "prores-422hq")
    #expect(profile.container == .mov && profile.fileExtension == "mov" && profile.hasSound)
    #expect(
      profile.picture
        == DeliveryProfile.Picture(
          codec: "prores_ks", profile: 3, pixelFormat: "yuv422p10le", quantiser: nil,
          budgetRule: Encoding.budgetRuleVersion, options: ["vendor": "apl0"],
          codecTag: "apch", lowestPSNR: 34))
    #expect(profile.tags == ColourTags(primaries: "bt709", transfer: "bt709", matrix: "bt709", range: "tv"))
  }

  @Test func `chroma and dither are asked for where there is something to be placed and to be rounded`()
    throws
  {
    let review = try #require(DeliveryProfiles.shipped["review-h264"])
    let picture = try DeliveryProfiles.parse(review, file: "x.yaml", name: "review-h264").picture
    #expect(picture.chroma == "left" && picture.isDithered == true)
    let master = changed("lowest-psnr: 34", to: "lowest-psnr: 34, chroma: topleft, dither: yes")
    let errors = errors(master)
    #expect(errors.contains("yuv422p10le has no chroma to be placed between rows"), "\(errors)")
    #expect(errors.contains("yuv422p10le has more than 8 bits"), "\(errors)")
  }

  private func errors(_ text: String, name: String = "test") -> String {
    failure { _ = try DeliveryProfiles.parse(text, file: "test.yaml", name: name) }
  }

  /// A profile in order, with one line exchanged.
  private func changed(_ line: String, to other: String) -> String {
    """
    profile: test
    container: mov
    extension: mov
    picture: {codec: prores_ks, pixel-format: yuv422p10le, lowest-psnr: 34}
    colour: {primaries: bt709, transfer: bt709, matrix: bt709, range: tv}
    """.replacingOccurrences(of: line, with: other)
  }

  @Test func `a profile without sound, options and quantiser is enough`() throws {
    let profile = try DeliveryProfiles.parse(changed("x", to: "x"), file: "test.yaml", name: "test")
    #expect(!profile.hasSound && profile.summary.isEmpty && profile.picture.options.isEmpty)
    #expect(
      profile.picture.profile == nil && profile.picture.quantiser == nil && profile.picture.codecTag == nil)
  }

  @Test func `quantisers are chosen by size where a size is known, and verification can be left out`() throws
  {
    func picture(_ more: String) throws -> DeliveryProfile.Picture {
      try DeliveryProfiles.parse(
        changed("lowest-psnr: 34", to: "lowest-psnr: 34\(more)"), file: "test.yaml", name: "test"
      ).picture
    }
    let bySize = try picture(", profile: 3, control: size, verify: no")
    #expect(bySize.budgetRule == Encoding.budgetRuleVersion && bySize.isVerified == false)
    let own = try picture(", profile: 3, control: encoder, verify: yes")
    #expect(own.budgetRule == nil && own.isVerified == nil)
    for more in [", control: size", ", profile: 3, quantiser: 9, control: size"] {
      #expect(
        errors(changed("lowest-psnr: 34", to: "lowest-psnr: 34\(more)")).contains(
          "no quantiser can be chosen by size here"))
    }
    #expect(errors(changed("lowest-psnr: 34", to: "lowest-psnr: 34, verify: maybe")).contains("verify"))
  }

  @Test func `several faults of a profile are reported at once, located`() {
    let text = errors(
      """
      profile: other
      container: avi
      picture:
        codec: prores
        pixel-format: yuv422p10le
      colour: {primaries: xyz, transfer: bt709, matrix: bt709, rang: tv}
      """)
    #expect(
      text == """
        test.yaml:1:1: error: the profile needs the key `extension`: file name extension
          profile: other
          ^
        test.yaml:1:10: error: the profile calls itself `other`, but it was asked for as `test`
          profile: other
                   ^
        test.yaml:2:12: error: `avi` is not a value of `container`
          container: avi
                     ^
          It is one of mov, mp4, sequence.
        test.yaml:4:3: error: `picture` needs the key `lowest-psnr`: a decoded frame further from its picture is a fault
            codec: prores
            ^
        test.yaml:4:10: error: `prores` is not a value of `codec` here
            codec: prores
                   ^
          It is one of exr, ffv1, libx264, libx265, png, prores_ks.
        test.yaml:6:58: error: `colour` has no key `rang`
          colour: {primaries: xyz, transfer: bt709, matrix: bt709, rang: tv}
                                                                   ^
          Did you mean `range`?
        test.yaml:6:9: error: `colour` needs the key `range`: legal or full
          colour: {primaries: xyz, transfer: bt709, matrix: bt709, rang: tv}
                  ^
        test.yaml:6:21: error: `xyz` is not a value of `primaries` here
          colour: {primaries: xyz, transfer: bt709, matrix: bt709, rang: tv}
                              ^
          It is one of bt709, bt2020, smpte432, unknown.
        """)
  }

  @Test func `a fault of the codec does not hide those of the other picture keys`() {
    let text = errors(changed("codec: prores_ks", to: "codec: prores, quantiser: 900"))
    #expect(text.contains("`quantiser` must be a whole number from 1 to 224, not `900`"))
  }

  @Test func `a pixel format that the encoder does not take is refused`() {
    #expect(
      errors(changed("yuv422p10le", to: "yuv422p12le")) == """
        test.yaml:4:43: error: `yuv422p12le` is not a value of `pixel-format` here
          picture: {codec: prores_ks, pixel-format: yuv422p12le, lowest-psnr: 34}
                                                    ^
          Did you mean `yuv422p10le`?
        """)
  }

  @Test func `a sequence of files carries no sound`() {
    #expect(
      errors(changed("container: mov", to: "container: sequence\nsound: pcm_s24le")) == """
        test.yaml:3:8: error: a sequence of files carries no sound
          sound: pcm_s24le
                 ^
        test.yaml:2:12: error: sequence does not hold prores_ks
          container: sequence
                     ^
          Its frames go into mov.
        """)
  }

  @Test func `a profile with a type of file that leaves its folder is refused`() {
    #expect(errors(changed("extension: mov", to: "extension: ../../mov")) != "no error")
  }

  @Test func `options that are no mapping are refused`() {
    #expect(errors(changed("lowest-psnr: 34", to: "lowest-psnr: 34, options: fast")) != "no error")
  }

  private func programme() throws -> Programme {
    try Programme(
      [ListEvent(reel: "A001", source: 0, record: hour, count: 10)],
      files: [Facts.picture("A001", start: "00:00:00:00", frames: 100)])
  }

  @Test func `a profile beside the pipeline wins over a shipped one`() throws {
    let programme = try programme()
    let shipped = try #require(try programme.plan().assemblies().first)
    #expect(shipped.profile.picture.codec == "png")
    let text = try #require(DeliveryProfiles.shipped["stills-16bit"])
    _ = try programme.folder.write(
      text.replacingOccurrences(of: "lowest-psnr: 120", with: "lowest-psnr: 90"),
      to: "profiles/stills-16bit.yaml")
    let own = try #require(try programme.plan().assemblies().first)
    #expect(own.profile.picture.lowestPSNR == 90)
  }

  @Test func `a profile that nobody has is told the ones there are`() throws {
    let programme = try programme()
    _ = try programme.folder.write(changed("profile: test", to: "profile: mine"), to: "profiles/mine.yaml")
    func errors(_ name: String) -> String {
      failure {
        _ = try programme.plan(
          "edit: {kind: editing}\nout: {kind: delivery, picture: edit, profile: \(name)}")
      }
    }
    #expect(errors("mine") == "no error")
    #expect(
      errors("prores-422") == """
        p.yaml:7:49: error: there is no delivery profile `prores-422`
            out: {kind: delivery, picture: edit, profile: prores-422}
                                                          ^
          Did you mean `prores-422hq`?
        """)
    #expect(
      errors("h265") == """
        p.yaml:7:49: error: there is no delivery profile `h265`
            out: {kind: delivery, picture: edit, profile: h265}
                                                          ^
          The profiles are exr-half, hdr10-hevc, prores-422hq, prores-422hq-51, prores-4444-p3-pq, review-h264, stills-16bit, mine; add one as profiles/h265.yaml.
        """)
    #expect(
      errors("../../etc/passwd").hasPrefix(
        "p.yaml:7:49: error: there is no delivery profile `../../etc/passwd`"))
  }

  @Test func `faults of a profile stop the pipeline with the profile's own lines`() throws {
    let programme = try programme()
    _ = try programme.folder.write(changed("container: mov", to: "container: mvo"), to: "profiles/test.yaml")
    #expect(
      failure {
        _ = try programme.plan("edit: {kind: editing}\nout: {kind: delivery, picture: edit, profile: test}")
      } == """
        profiles/test.yaml:2:12: error: `mvo` is not a value of `container`
          container: mvo
                     ^
          Did you mean `mov`?
        """)
  }

  @Test func `a profile beside the pipeline that cannot be read is not passed over`() throws {
    let programme = try programme()
    try FileManager.default.createDirectory(
      atPath: programme.folder.path + "/profiles/stills-16bit.yaml", withIntermediateDirectories: true)
    #expect(failure { _ = try programme.plan() } != "no error")
  }
}
