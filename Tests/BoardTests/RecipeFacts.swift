import Delivery
import MediaTime

/// A recipe as it is published, of parts that a test makes up.
struct RecipeFacts<Part: Encodable>: Encodable {
  var schema = 1
  var programme = "film"
  var stage = "master"
  var profile = "test"
  var cut = ["cut.edl"]
  var rate = FrameRate(24)
  var isDropFrame = false
  var startFrame: Int64 = 86_400
  var encoding = Encoding(
    codec: "prores_ks", profile: 3, pixelFormat: "yuv422p10le", width: 64, height: 36, rate: FrameRate(24),
    quantiser: nil, options: [:],
    tags: ColourTags(primaries: "bt709", transfer: "bt709", matrix: "bt709", range: "tv"), builtBy: "test",
    lowestPSNR: 30)
  var parts: [Part]
  var pictures: [String: [Int]] = [:]
}
