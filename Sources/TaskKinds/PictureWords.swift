import Digests
import ImageGraph
import MediaTime
import TaskGraph

/// The operations behind pictures as ingredients, each operation a group that is about a shot.
///
/// Values are exact, not rounded for reading, and every group holds the digest of its operation: whatever changes a
/// chain changes an ingredient.
struct PictureWords {
  let names: KeyNames
  /// The file behind an identity, by name.
  let file: (Digest) -> String
  private(set) var ingredients: [Ingredient] = []
  /// Groups told already: most frames of a task are made alike.
  private var told: Set<[Ingredient]> = []

  init(names: KeyNames, media: [String: RenderTask.Media]) {
    self.names = names
    file = { identity in
      media[identity.hex].map { MediaNames.file(of: $0.location.path) } ?? "media \(identity.shortHex)"
    }
  }

  mutating func add(_ node: ImageNode, about subject: KeyNames.Subject = .init(), prefix: String = "") {
    let shot = subject.shot
    switch node {
    case .source(let source):
      add(prefix + "picture", about: shot, [("", file(source.media))])
      add(
        "source \(file(source.media))", about: nil,
        [
          ("identity", source.media.hex), ("stream", "\(source.stream)"),
          (
            "read as",
            "\(source.interpretation.matrix.rawValue) "
              + (source.interpretation.isFullRange ? "full range" : "legal range")
          ),
        ], node, encoded: source)
    case .black(let black):
      add(prefix + "picture", about: shot, [("", "black")], node, encoded: black)
    case .composite(let composite, let pictures):
      for (index, picture) in pictures.enumerated() {
        add(picture, about: subject, prefix: "\(prefix)layer \(index + 1) ")
      }
      add(prefix + "comp", about: shot, words(composite), node, encoded: composite)
    case .sizing(let sizing, let below):
      add(below, about: subject, prefix: prefix)
      add(prefix + "sizing", about: shot, words(sizing), node, encoded: sizing)
    case .grade(let grade, let below):
      add(below, about: subject, prefix: prefix)
      func triple(_ values: [Double]) -> String { values.map { "\($0)" }.joined(separator: " ") }
      add(
        prefix + "grade", about: shot,
        [
          ("slope", triple(grade.slope)), ("offset", triple(grade.offset)), ("power", triple(grade.power)),
          ("saturation", "\(grade.saturation)"),
        ], node, encoded: grade, origin: names.grade(grade))
    case .transition(let transition, let outgoing, let incoming):
      let isNamed = subject.outgoing != nil && subject.outgoing != shot
      add(outgoing, about: .init(shot: subject.outgoing), prefix: isNamed ? prefix : "\(prefix)outgoing ")
      add(incoming, about: .init(shot: shot), prefix: prefix)
      add(
        prefix + transition.kind.rawValue, about: shot, words(transition, from: subject.outgoing), node,
        encoded: transition)
    case .layers(let layering, let pictures):
      for (index, picture) in pictures.enumerated() {
        let own = subject.layers.indices.contains(index) ? subject.layers[index] : nil
        add(picture, about: .init(shot: own ?? shot), prefix: "\(prefix)track \(index + 1) ")
      }
      add(
        prefix + "tracks", about: shot,
        layering.layers.enumerated().map { ("track \($0 + 1)", "\($1.blend.rawValue) \(words($1.map))") },
        node,
        encoded: layering)
    case .look(let look, let below):
      add(below, about: subject, prefix: prefix)
      add(
        prefix + "look", about: shot, [("", look.table.hex)], node, encoded: look,
        origin: names.look(look.table))
    case .colour(let process, let below):
      add(below, about: subject, prefix: prefix)
      add(prefix + "colour", about: shot, words(process), node, encoded: process)
    case .graphics(let graphics, let below):
      add(below, about: subject, prefix: prefix)
      add(prefix + graphics.purpose.rawValue, about: shot, words(graphics), node, encoded: graphics)
    case .matte(let matte, let below):
      add(below, about: subject, prefix: prefix)
      add(
        prefix + "matte", about: shot, [("rows", "\(matte.rows)"), ("columns", "\(matte.columns)")], node,
        encoded: matte)
    }
  }

  /// An ingredient that is no operation.
  mutating func add(_ ingredient: Ingredient) { ingredients.append(ingredient) }

  private mutating func add(
    _ group: String, about: String?, _ facts: [(String, String)], origin: String? = nil
  ) {
    let made = facts.map { Ingredient($0.0, $0.1, group: group, about: about, origin: origin) }
    if told.insert(made).inserted { ingredients += made }
  }

  private mutating func add<Operation: CanonicallyEncodable>(
    _ group: String, about: String?, _ facts: [(String, String)], _ node: ImageNode,
    encoded operation: Operation,
    origin: String? = nil
  ) {
    var encoder = CanonicalEncoder(domain: "interlock.operation", version: 1)
    encoder.append(operation)
    let version = node.operations.last.map { [("code version", "\($0.version)")] } ?? []
    add(
      group, about: about, version + facts + [(Ingredient.digest, encoder.digest().shortHex)], origin: origin)
  }

  // MARK: Operations in words

  private func words(_ map: FrameMap) -> String {
    "from \(map.position(at: 0))" + (map.speed == .one ? "" : " at speed \(map.speed)")
  }

  private func words(_ sizing: Sizing) -> [(String, String)] {
    var facts = [("fit", sizing.fit.rawValue), ("raster", "\(sizing.raster)")]
    guard let adjustment = sizing.adjustment else { return facts }
    let (crop, transform) = (adjustment.crop, adjustment.transform)
    facts += [
      ("crop", "\(crop.left) \(crop.right) \(crop.top) \(crop.bottom)"),
      ("scale", "\(transform.xx) \(transform.xy) \(transform.yx) \(transform.yy)"),
      ("move", "\(transform.x) \(transform.y)"), ("opacity", "\(adjustment.opacity)"),
      ("alpha", adjustment.alpha.rawValue),
    ]
    if !adjustment.windows.isEmpty { facts.append(("windows", "\(adjustment.windows.count)")) }
    return facts
  }

  private func words(_ transition: Transition, from outgoing: String?) -> [(String, String)] {
    [
      ("after", outgoing ?? "black"), ("frames", "\(transition.count)"),
      ("outgoing", words(transition.outgoing)), ("incoming", words(transition.incoming)),
    ]
  }

  private func words(_ process: ColourProcess) -> [(String, String)] {
    let steps = process.steps.enumerated().map { ("step \($0 + 1)", $1.words) }
    guard let compiled = process.compiled else { return steps }
    return steps + [("computed", "\(compiled.form.rawValue) \(compiled.program.shortHex)")]
  }

  private func words(_ composite: Composite) -> [(String, String)] {
    [("plate", "\(composite.raster)")] + (composite.light.map { [("light", $0)] } ?? [])
      + composite.layers.enumerated().flatMap { index, layer -> [(String, String)] in
        let name = "layer \(index + 1)"
        var facts = [
          (
            name,
            "\(layer.merge.rawValue) \(words(layer.map)), \(layer.alpha.rawValue), \(layer.beyond.rawValue)"
          ),
          ("\(name) opacity", "\(layer.opacity)"),
        ]
        if let colour = layer.colour { facts += words(colour).map { ("\(name) colour \($0)", $1) } }
        if let key = layer.key {
          facts += [
            ("\(name) screen", key.screen.map { "\($0)" }.joined(separator: " ")),
            ("\(name) tolerance", "\(key.tolerance)"), ("\(name) softness", "\(key.softness)"),
            ("\(name) despill", "\(key.despill)"),
          ]
        }
        return facts
      }
  }

  private func words(_ graphics: Graphics) -> [(String, String)] {
    var taken: [String: Int] = [:]
    return graphics.layers.map { layer in
      var (name, value): (String, String) =
        switch layer.content {
        case .still(let image): drawing(image, else: "still")
        case .roll(let images, let step):
          images.first.map { image in
            let words = drawing(image, else: "roll")
            return (words.0, "\(words.1), \(step) px a frame")
          } ?? ("roll", "empty")
        case .counter(let counter):
          switch counter.style {
          case .timecode(let start, let rate, _): ("timecode", "from frame \(start) at \(rate)")
          case .number(let offset, let digits): ("counter", "from \(offset), \(digits) digits")
          }
        }
      value += ", at \(layer.x),\(layer.y)"
      if layer.opacity != 255 { value += ", opacity \(layer.opacity)" }
      if let fade = layer.fade { value += ", fades \(fade.fadeIn) and \(fade.fadeOut)" }
      taken[name, default: 0] += 1
      if let count = taken[name], count > 1 { name += " \(count)" }
      return (name, value)
    }
  }

  /// `card main` and `“THE FILM”`.
  private func drawing(_ image: Graphics.Image, else kind: String) -> (String, String) {
    guard let words = names.drawing(image.object) else { return (kind, "\(image.raster)") }
    guard let quote = words.firstIndex(of: "“") else { return (words, "\(image.raster)") }
    return (words[..<quote].trimmedEnd, String(words[quote...]))
  }
}

extension Substring {
  fileprivate var trimmedEnd: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
