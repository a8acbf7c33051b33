/// What a filter does, by its `effectid`, else its name.
///
/// Source: Apple, Elements Catalog, “Motion Effects” (basic, crop, distort, opacity, drop shadow, motion
/// blur, time remap); Premiere's and Resolve's names for the same.
enum FCP7Effect: Equatable {
  case timeRemap, basicMotion, crop, distort, opacity, flop, horizontalFlip, verticalFlip, sound
  /// Any other, and whether it changes where the picture is.
  case other(isGeometry: Bool)

  init(_ effect: XMLElement) {
    let id = effect.word("effectid")?.lowercased() ?? ""
    let name = effect.word("name")?.lowercased() ?? ""
    let category = effect.word("effectcategory")?.lowercased() ?? ""
    for word in [id, name] {
      switch word {
      case "timeremap", "time remap": self = .timeRemap
      case "basic", "basic motion", "basicmotion": self = .basicMotion
      case "crop": self = .crop
      case "deformation", "distort": self = .distort
      case "opacity": self = .opacity
      case "flop": self = .flop
      case "horizontal flip": self = .horizontalFlip
      case "vertical flip": self = .verticalFlip
      case "audiolevels", "audio levels", "audiopan", "audio pan": self = .sound
      default: continue
      }
      return
    }
    if category.hasPrefix("audio") || effect.word("mediatype")?.lowercased() == "audio" {
      self = .sound
      return
    }
    let words = [
      "transform", "scale", "resize", "rotat", "position", "mirror", "flip", "flop", "zoom", "corner", "lens",
      "stabil", "warp", "deform", "replicate", "offset", "basic 3d", "camera view", "reframe", "pan and",
    ]
    let isPlaced =
      ["perspective", "distort", "motion"].contains(category) && id != "dropshadow"
      && id != "motionblur"
    self = .other(isGeometry: isPlaced || words.contains { id.contains($0) || name.contains($0) })
  }
}

/// The parameters of an effect by their ids, lower case.
struct FCP7Parameters {
  private var elements: [String: XMLElement] = [:]

  init(_ effect: XMLElement) {
    for parameter in effect.children("parameter") {
      guard let id = parameter.word("parameterid") ?? parameter.word("name") else { continue }
      elements[id.lowercased()] = parameter
    }
  }

  var ids: [String] { elements.keys.sorted() }

  func element(_ id: String) -> XMLElement? { elements[id] }

  func flag(_ id: String) -> Bool { elements[id]?.flag("value") ?? false }

  func number(_ id: String) -> Double? { FCP7Reader.number(elements[id]?.word("value")) }
}
