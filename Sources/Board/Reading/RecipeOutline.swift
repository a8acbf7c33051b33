import FoundationEssentials
package import MediaTime
package import Planning

/// What pages compare of the recipe of one version, and where in its `version.json` the parts of each shot stand: some
/// bytes for each part, where the recipe of a long programme takes megabytes.
package struct RecipeOutline: Sendable {
  package let cut: [String]
  package let rate: FrameRate
  package let isDropFrame: Bool
  /// Label count of the first frame.
  package let startFrame: Int64
  package let frameCount: Int64
  /// The recipe in the bytes of the file.
  let facts: Range<Int>
  /// In order of names, then of places.
  private let places: [Place]

  /// A part, by the name of a shot that it shows. Names are hashed: other shots may have the same, so whoever reads the
  /// part looks at its name.
  private struct Place: Comparable {
    var name: UInt32
    var start: UInt32
    var count: UInt32

    static func < (left: Place, right: Place) -> Bool {
      (left.name, left.start) < (right.name, right.start)
    }
  }

  private struct Name: Hashable {
    var shot: String
    var event: String

    var short: UInt32 { UInt32(truncatingIfNeeded: hashValue) }
  }

  /// - Parameter bytes: of a `version.json`.
  /// - Returns: nil for a version that has no recipe, such as one of documents, and for bytes that are damaged.
  package init?(_ bytes: [UInt8]) {
    let json = JSONPlaces(bytes)
    guard bytes.count <= Int(UInt32.max), let whole = json.whole,
      let facts = json.member("facts", of: whole), let parts = json.member("parts", of: facts)
    else { return nil }
    // All but the parts is what it is asked to be: it decodes as a recipe without any.
    var bare = Data(bytes[facts.lowerBound..<parts.lowerBound])
    bare.append(contentsOf: "[]".utf8)
    bare.append(contentsOf: bytes[parts.upperBound..<facts.upperBound])
    guard let recipe = try? JSONDecoder().decode(Recipe.self, from: bare) else { return nil }
    var places: [Place] = []
    var (frames, isGood): (Int64, Bool) = (0, true)
    func read(_ part: Range<Int>, in outer: Range<Int>) {
      var (shot, event): (String?, String?)
      let isWhole = json.members(of: part) { name, value in
        if name.elementsEqual("shot".utf8) {
          shot = json.string(value)
        } else if name.elementsEqual("event".utf8) {
          event = json.string(value)
        } else if part == outer, name.elementsEqual("count".utf8) {
          let count = json.integer(value) ?? -1
          isGood = isGood && (0...Self.mostFrames - frames).contains(count)
          frames += isGood ? count : 0
        } else if part == outer, name.elementsEqual("stack".utf8) {
          _ = json.elements(of: value) { read($0, in: outer) }
        }
      }
      isGood = isGood && isWhole
      guard let shot, let event else { return }
      places.append(
        Place(
          name: Name(shot: shot, event: event).short, start: UInt32(outer.lowerBound),
          count: UInt32(outer.count)))
    }
    guard json.elements(of: parts, { read($0, in: $0) }), isGood,
      recipe.startFrame.magnitude <= UInt64(Self.mostFrames)
    else { return nil }
    (cut, rate, isDropFrame) = (recipe.cut, recipe.rate, recipe.isDropFrame)
    (startFrame, frameCount, self.facts) = (recipe.startFrame, frames, facts)
    places.sort()
    self.places = Array(places)
  }

  /// Nobody makes so many, more than a week of them; of a damaged file nobody counts for hours.
  private static let mostFrames: Int64 = 1 << 28

  /// How many bytes it takes, about.
  var byteCount: Int { places.count * MemoryLayout<Place>.stride + 200 }

  /// The record timecode of a frame.
  package func timecode(at frame: Int64) -> Timecode {
    Timecode(frame: startFrame + frame, rate: rate, isDropFrame: isDropFrame)
  }

  /// Whether both show as many frames of the same cut from the same one on.
  package func hasCut(of other: RecipeOutline) -> Bool {
    startFrame == other.startFrame && frameCount == other.frameCount && cut == other.cut
  }

  /// Where in the file those parts stand that may show an event, in their order.
  func parts(mayShow shot: String, event: String) -> [Range<Int>] {
    let name = Name(shot: shot, event: event).short
    var (first, end) = (0, places.count)
    while first < end {
      let middle = (first + end) / 2
      if places[middle].name < name { first = middle + 1 } else { end = middle }
    }
    var found: [Range<Int>] = []
    for place in places[first...].prefix(while: { $0.name == name }) {
      let range = Int(place.start)..<Int(place.start) + Int(place.count)
      // A stack may show an event more than once.
      if found.last != range { found.append(range) }
    }
    return found
  }
}

extension Recipe.Part {
  /// Whether it shows an event, alone or among others that lie on each other.
  package func shows(_ shot: String, event: String) -> Bool {
    (self.shot == shot && self.event == event)
      || (stack ?? []).contains { $0.shot == shot && $0.event == event }
  }
}
