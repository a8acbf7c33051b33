import Compositing
import Diagnostics
import ImageGraph
import MediaTime

/// Reads a comps file: shots by name, each a list of layers, the lowest first.
struct CompsReader {
  private static let mostLayers = 16
  private static let fileKeys: [KeySpec] = [
    KeySpec("comps", .text, isRequired: true, "the comps, by shot")
  ]
  private static let sourceKeys: [KeySpec] = [
    KeySpec("media", .text, "a clip of the media folders, by file name or reel"),
    KeySpec("file", .text, "a movie or a still beside this file, or numbered stills: spark.####.exr"),
    KeySpec("first", .text, "frame (of stills: number) or timecode that lies on the plate's frame `at`"),
    KeySpec("at", .text, "frame of the plate from 0, or its timecode"),
    KeySpec("speed", .text, "frames for each frame of the plate, as 1 or 1/2"),
    KeySpec(
      "beyond", .choice(Composite.Beyond.allCases.map(\.rawValue)),
      "what is shown before the first and after the last frame"),
    KeySpec("fit", .choice(CompLayer.Fit.allCases.map(\.rawValue)), "fit, fill or none (pixel for pixel)"),
    KeySpec("scale", .text, "on top of `fit`"), KeySpec("move", .text, "[x, y] in pixels of the plate"),
    KeySpec("opacity", .text, "0 to 1"),
    KeySpec("alpha", .choice(Composite.Alpha.allCases.map(\.rawValue)), "how colours relate to alpha"),
    KeySpec("light", .choice(["display", "linear"]), "what the numbers are, where colour is not managed"),
    KeySpec(
      "space", .text,
      "the colour space of the numbers, where colour is managed; as `colour: inputs:` and tags say without it"
    ),
  ]
  private static let mergeKey = KeySpec(
    "merge", .choice(mergeNames), "how it meets what is below")
  private static let mergeNames = Composite.Merge.allCases.filter { $0 != .replace }.map(\.rawValue)

  private let findings: Findings
  private let context: LoadingContext

  /// The comps of a file; what is wrong goes to `findings`, all at once.
  static func read(_ file: InputFile, context: LoadingContext, findings: Findings) -> [Comp] {
    let root: PipelineValue
    do {
      root = try PipelineValue.parse(
        String(decoding: file.bytes, as: UTF8.self), file: file.typed,
        folder: FilePaths.folder(of: file.path))
    } catch {
      for diagnostic in error.diagnostics { findings.add(diagnostic) }
      return []
    }
    let keys = KeyReader(root, keys: fileKeys, owner: "the comps file", findings: findings)
    guard let comps = keys["comps"] else { return [] }
    guard let entries = comps.entries else {
      findings.add(comps.error("comp.notAMapping", "`comps` must be a mapping of shots to layers"))
      return []
    }
    return entries.map { CompsReader(findings: findings, context: context).comp($0) }
  }

  private func comp(_ entry: PipelineValue.Entry) -> Comp {
    let values = entry.value.values
    if values.isEmpty || values.count > Self.mostLayers {
      findings.add(
        entry.value.error(
          "comp.layers", "`\(entry.key)` must be a list of 1 to \(Self.mostLayers) layers, the lowest first",
          remedy: "For instance: [{background: {media: CLIP}}, {plate: {key: {}}}]"))
    }
    let layers = values.prefix(Self.mostLayers).compactMap { layer($0) }
    for (index, layer) in layers.enumerated() {
      let isLowest = index == 0
      if isLowest, layer.merge != .over, layer.merge != .replace {
        add(
          "comp.lowestMerge",
          "the lowest layer of `\(entry.key)` has nothing below to \(layer.merge.rawValue)", layer)
      } else if !isLowest, layer.kind == .finished {
        add(
          "comp.finishedAbove", "a finished comp takes the place of the plate: it is the lowest layer", layer)
      }
      if layer.kind == .plate, layers[..<index].contains(where: { $0.kind == .plate }) {
        add("comp.plateTwice", "the plate is a layer of `\(entry.key)` already", layer)
      }
    }
    return Comp(name: entry.key, layers: layers, location: entry.keyLocation, excerpt: entry.keyExcerpt)
  }

  private func add(_ code: String, _ message: String, _ layer: CompLayer) {
    findings.add(
      Diagnostic(
        family: .usage, code: code, location: layer.location, message: message, excerpt: layer.excerpt))
  }

  private func layer(_ value: PipelineValue) -> CompLayer? {
    let entries = value.entries ?? []
    let name = value.scalar ?? (entries.count == 1 ? entries[0].key : nil)
    let names = CompLayer.Kind.allCases.map(\.rawValue)
    guard let name else {
      findings.add(
        value.error(
          "comp.badLayer", "a layer is one of \(names.joined(separator: ", "))",
          remedy: "For instance: - element: {file: spark.####.exr}"))
      return nil
    }
    guard let kind = CompLayer.Kind(rawValue: name) else {
      let suggestion = nearest(name, among: names).map { "Did you mean `\($0)`?" }
      findings.add(
        value.error(
          "comp.unknownLayer", "there is no kind of layer `\(name)`",
          remedy: suggestion ?? "It is one of \(names.joined(separator: ", "))."))
      return nil
    }
    guard kind == .plate else {
      guard let content = entries.first?.value else {
        findings.add(value.error("comp.noSource", "`\(name)` does not say where its pictures come from"))
        return nil
      }
      return source(kind, content)
    }
    var layer = CompLayer(
      kind: .plate, picture: .plate, merge: .over, location: value.location, excerpt: value.excerpt)
    guard let content = entries.first?.value, content.scalar?.isEmpty != true else { return layer }
    let keys = KeyReader(
      content, keys: [KeySpec("key", .text, "takes a green or blue screen out"), Self.mergeKey],
      owner: "`plate`", findings: findings)
    layer.merge = merge(keys)
    layer.key = keys["key"].map { CompKeyReader(findings: findings, isManaged: context.isManaged).key($0) }
    return layer
  }

  private func merge(_ keys: KeyReader) -> Composite.Merge {
    guard let text = keys.text("merge"), let value = keys["merge"] else { return .over }
    if let merge = Composite.Merge(rawValue: text), merge != .replace { return merge }
    let suggestion = nearest(text, among: Self.mergeNames).map { "Did you mean `\($0)`?" }
    findings.add(
      value.error(
        "pipeline.badChoice", "`\(text)` is not a value of `merge`",
        remedy: suggestion ?? "It is one of \(Self.mergeNames.joined(separator: ", "))."))
    return .over
  }

  private func source(_ kind: CompLayer.Kind, _ value: PipelineValue) -> CompLayer? {
    let specification = kind == .element ? Self.sourceKeys + [Self.mergeKey] : Self.sourceKeys
    let keys = KeyReader(value, keys: specification, owner: "`\(kind.rawValue)`", findings: findings)
    let picture: CompLayer.Picture
    switch (keys.text("media"), keys.text("file")) {
    case (let media?, nil): picture = .media(media)
    case (nil, let file?):
      picture = .file(FilePaths.resolve(file, from: keys["file"]?.folder ?? value.folder))
    case (nil, nil), (_?, _?):
      if value.entries != nil {
        findings.add(
          value.error(
            "comp.noSource", "`\(kind.rawValue)` needs either `media` or `file`: where its pictures come from"
          ))
      }
      return nil
    }
    let place = keys["file"] ?? keys["media"] ?? value
    var layer = CompLayer(
      kind: kind, picture: picture, merge: kind == .finished ? .replace : merge(keys),
      location: place.location, excerpt: place.excerpt)
    layer.first = position(keys, "first")
    layer.at = position(keys, "at")
    if let text = keys.text("speed"), let value = keys["speed"] {
      if let speed = try? Rational(parsing: text), speed.magnitude <= Rational(64),
        speed.denominator <= 1_000_000
      {
        layer.speed = speed
      } else {
        findings.add(
          value.error("comp.badSpeed", "`\(text)` is not a speed from -64 to 64", remedy: "Write it as 1/2."))
      }
    }
    layer.beyond = keys.choice("beyond", of: Composite.Beyond.self)
    layer.fit = keys.choice("fit", of: CompLayer.Fit.self) ?? (kind == .element ? .none : .fill)
    layer.scale = keys.number("scale", in: 1.0 / 64...64) ?? 1
    if let move = keys.numbers("move", count: 2, in: -100_000...100_000) {
      layer.move = SIMD2(move[0], move[1])
    }
    layer.opacity = keys.number("opacity", in: 0...1) ?? 1
    layer.alpha = keys.choice("alpha", of: Composite.Alpha.self) ?? (kind == .element ? nil : .opaque)
    layer.isLinear = keys.choice("light", of: Light.self).map { $0 == .linear }
    layer.space = space(keys)
    return layer
  }

  /// What the numbers are is said by `space` where colour is managed, else by `light`.
  private func space(_ keys: KeyReader) -> String? {
    if context.isManaged, let value = keys["light"] {
      findings.add(
        value.error(
          "comp.managedLight", "`light` is for display-coded comps, and colour is managed here",
          remedy: "Say of which colour space the layer is with `space:`, or leave it to rules and tags."))
    }
    guard let value = keys["space"] else { return nil }
    guard context.isManaged else {
      findings.add(
        value.error(
          "colour.noConfig", "`space` is a colour space, and the pipeline has no `colour:`",
          remedy:
            "Give it `colour: {config: aces}` or a config of yours, or say `light: linear` or `display`."))
      return nil
    }
    return context.colour?.outline.space(of: value, named: "space", findings: findings)
  }

  private enum Light: String, CaseIterable { case display, linear }

  private func position(_ keys: KeyReader, _ key: String) -> CompLayer.Position? {
    guard let text = keys.text(key), let value = keys[key] else { return nil }
    if let frame = Int64(text), frame.magnitude <= 1_000_000_000 { return .frame(frame) }
    if let label = TimecodeLabel(parsing: text) { return .timecode(label) }
    findings.add(
      value.error(
        "comp.badFrame", "`\(text)` is neither a frame nor a timecode",
        remedy: "Write a whole number, or a timecode in quotes as \"10:02:33:19\"."))
    return nil
  }
}

extension KeyReader {
  /// A number in a range; anything else is a finding.
  func number(_ key: String, in range: ClosedRange<Double>) -> Double? {
    guard let text = text(key), let value = values[key] else { return nil }
    if let number = Double(text), range.contains(number) { return number }
    findings.add(
      value.error(
        "comp.badNumber",
        "`\(key)` must be a number from \(range.lowerBound) to \(range.upperBound), not `\(text)`"))
    return nil
  }

  /// A list of so many numbers in a range.
  func numbers(_ key: String, count: Int, in range: ClosedRange<Double>) -> [Double]? {
    guard let value = values[key] else { return nil }
    let numbers = value.values.compactMap { $0.scalar.flatMap(Double.init) }
    if numbers.count == count, value.values.count == count, numbers.allSatisfy(range.contains) {
      return numbers
    }
    findings.add(
      value.error(
        "comp.badNumbers",
        "`\(key)` must be a list of \(count) numbers from \(range.lowerBound) to \(range.upperBound)"))
    return nil
  }
}
