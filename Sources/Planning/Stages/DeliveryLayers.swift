import Diagnostics
import ImageGraph

/// The key `layers` of a delivery stage.
enum DeliveryLayers {
  static let keys: [KeySpec] = [
    KeySpec("grade", .choice(["yes", "no"]), "no: without CDLs and looks"),
    KeySpec("titles", .choice(["yes", "no"]), "no: textless"),
    KeySpec("matte", .choice(["yes", "no"]), "no: all of the raster, whatever the pipeline's `matte`"),
    KeySpec(
      "burn-in", .choice(["yes", "no"]), "no: without burn-in and watermark, whatever the profile says"),
  ]

  static func read(_ value: PipelineValue, findings: Findings) -> LayerSelection {
    let reader = KeyReader(value, keys: keys, owner: "`layers`", findings: findings)
    func shows(_ key: String) -> Bool { DeliveryProfiles.fixed(reader, key, ["yes", "no"]) != "no" }
    return LayerSelection(
      grade: shows("grade"), titles: shows("titles"), matte: shows("matte"), burnIn: shows("burn-in"))
  }
}
