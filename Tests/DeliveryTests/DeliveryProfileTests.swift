import Delivery
import Digests
import MediaTime
import Testing

@Suite struct DeliveryProfileTests {
  private let profile = DeliveryProfile(
    name: "master", summary: "", container: .mov, fileExtension: "mov",
    picture: DeliveryProfile.Picture(
      codec: "prores_ks", profile: 3, pixelFormat: "yuv422p10le", quantiser: 4, options: ["vendor": "apl0"],
      codecTag: "apch", lowestPSNR: 34),
    tags: ColourTags(primaries: "bt709", transfer: "bt709", matrix: "bt709", range: "tv"),
    sounds: [DeliveryProfile.Sound(codec: .pcm, layout: "stereo", title: "Stereo")])

  @Test func `an encoding is the profile's picture in the raster and rate of the programme`() {
    let encoding = profile.encoding(width: 640, height: 360, rate: FrameRate(25), builtBy: "here")
    #expect(
      encoding
        == Encoding(
          codec: "prores_ks", profile: 3, pixelFormat: "yuv422p10le", width: 640, height: 360,
          rate: FrameRate(25),
          quantiser: 4, options: ["vendor": "apl0"], tags: profile.tags, builtBy: "here", lowestPSNR: 34))
  }

  @Test func `name, summary, wrapping and sound of a profile make no other frames`() {
    var other = profile
    other.name = "preview"
    other.summary = "another"
    other.container = .sequence
    other.fileExtension = "mxf"
    other.sounds = []
    other.chapters = .webvtt
    other.picture.codecTag = nil
    func digest(_ profile: DeliveryProfile) -> String {
      profile.encoding(width: 640, height: 360, rate: FrameRate(25), builtBy: "here").digest.hex
    }
    #expect(digest(profile) == digest(other))
  }

  @Test func `every encoder has a pixel format`() {
    for (codec, formats) in DeliveryProfile.supportedPixelFormats {
      #expect(!formats.isEmpty, "\(codec)")
      #expect(Set(formats).count == formats.count, "\(codec)")
      #expect(!DeliveryProfile.containers(of: codec).isEmpty, "\(codec)")
    }
  }
}
