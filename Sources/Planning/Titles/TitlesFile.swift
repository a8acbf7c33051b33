import Diagnostics
import ImageGraph
import MediaTime
import Titling

/// A point of the programme as written: a timecode or the name of a locator, and frames after it.
struct Cue: Sendable {
  var text: String
  var offset: Int64
  var location: SourceLocation
  var excerpt: String?
}

/// A length as written: frames, or a timecode that counts from zero.
struct Length: Sendable {
  enum Amount: Sendable {
    case frames(Int64)
    case label(TimecodeLabel)
  }

  var amount: Amount
  var text: String
  var location: SourceLocation
  var excerpt: String?
}

/// When a card is seen, and how it comes and goes.
struct CardCue: Sendable {
  var card: TitleCard
  var at: Cue
  var duration: Length
  var fadeIn: Int64
  var fadeOut: Int64
}

/// What is asked of a credit roll; it ends by the programme's end if nothing else is said.
struct RollSettings: Sendable {
  var at: Cue?
  /// Pixels per frame.
  var step: Int?
  var duration: Length?
  /// Frames by which the running time may differ from the wanted one.
  var tolerance: Int64?
  var fadeIn: Int64 = 0
  var fadeOut: Int64 = 0
  var location: SourceLocation?
  var excerpt: String?

  static let keys: [KeySpec] = [
    KeySpec("at", .text, "timecode or locator; CREDITS, else END TITLES, without it"),
    KeySpec("offset", .integer(-100_000...100_000), "frames after `at`"),
    KeySpec("step", .integer(1...200), "pixels per frame"),
    KeySpec("duration", .text, "wanted running time, frames or a timecode; the programme's end without it"),
    KeySpec("tolerance", .integer(0...10_000), "frames by which the running time may differ"),
    KeySpec("fade-in", .integer(0...500), "frames"), KeySpec("fade-out", .integer(0...500), "frames"),
  ]

  init() {}

  init(_ value: PipelineValue, findings: Findings) {
    let reader = KeyReader(value, keys: Self.keys, owner: "`roll`", findings: findings)
    location = value.location
    excerpt = value.excerpt
    at = Cue(reader)
    if at == nil, let offset = reader["offset"] {
      findings.add(offset.error("titles.offsetWithoutCue", "`offset` counts from `at`, which is not given"))
    }
    step = reader.integer("step", in: 1...200)
    duration = Length(reader, "duration")
    tolerance = reader.integer("tolerance", in: 0...10_000).map(Int64.init)
    fadeIn = Int64(reader.integer("fade-in", in: 0...500) ?? 0)
    fadeOut = Int64(reader.integer("fade-out", in: 0...500) ?? 0)
    if step != nil, let value = reader["duration"] {
      findings.add(
        value.error(
          "titles.stepAndDuration", "`step` and `duration` cannot both be wished: one follows from the other",
          remedy: "Remove one of them."))
    }
    if step != nil, let value = reader["tolerance"] {
      findings.add(value.error("titles.unusedTolerance", "`tolerance` has no meaning with `step`"))
    }
  }
}

extension Cue {
  init?(_ reader: KeyReader) {
    guard let text = reader.text("at"), let value = reader["at"] else { return nil }
    self.init(
      text: text, offset: Int64(reader.integer("offset", in: -100_000...100_000) ?? 0),
      location: value.location,
      excerpt: value.excerpt)
  }
}

extension Length {
  init?(_ reader: KeyReader, _ key: String) {
    guard let text = reader.text(key), let value = reader[key] else { return nil }
    let amount: Amount? =
      if let frames = Int64(text), (1...10_000_000).contains(frames) {
        .frames(frames)
      } else {
        TimecodeLabel(parsing: text).map { .label($0) }
      }
    guard let amount else {
      reader.findings.add(
        value.error(
          "titles.badLength", "`\(text)` is not a length",
          remedy: "Write a number of frames, or a timecode that counts from zero: \"00:00:03:00\"."))
      return nil
    }
    self.init(amount: amount, text: text, location: value.location, excerpt: value.excerpt)
  }

  /// - Returns: nil when the label does not exist at the rate.
  func frames(rate: FrameRate) -> Int64? {
    switch amount {
    case .frames(let frames): frames
    case .label(let label):
      (try? label.frame(rate: rate, isDropFrame: label.isDropFrame)).flatMap { $0 > 0 ? $0 : nil }
    }
  }
}

/// A file of cards, their styles and the settings of the roll.
struct TitlesFile: Sendable {
  var cards: [CardCue] = []
  var roll: RollSettings?

  private static let keys: [KeySpec] = [
    KeySpec("titles", .integer(1...1), isRequired: true, "version of this format, 1"),
    KeySpec(
      "styles", .mapping(styleKeys),
      "styles of lines by name; title, subtitle, heading, body and caption exist"),
    KeySpec("cards", .mapping(cardKeys), "cards by name"),
    KeySpec("roll", .mapping(RollSettings.keys), "the credit roll"),
  ]

  private static let styleKeys: [KeySpec] = [
    KeySpec("family", .text, "font families, most wanted first"),
    KeySpec("size", .text, "height of the em in percent of the picture's height"),
    KeySpec("weight", .choice(["regular", "bold"]), "weight"),
    KeySpec("slope", .choice(["upright", "italic"]), "slope"),
    KeySpec("tracking", .text, "added between letters, in ems"),
    KeySpec("colour", .text, "\"#RRGGBB\""),
    KeySpec("case", .choice(["as-written", "upper"]), "letter case"),
  ]

  private static let cardKeys: [KeySpec] = [
    KeySpec("at", .text, isRequired: true, "timecode or locator at which it starts"),
    KeySpec("offset", .integer(-100_000...100_000), "frames after `at`"),
    KeySpec("duration", .text, isRequired: true, "frames or a timecode"),
    KeySpec("fade-in", .integer(0...500), "frames"), KeySpec("fade-out", .integer(0...500), "frames"),
    KeySpec(
      "position", .choice(TitleCard.Anchor.allCases.map(\.rawValue)),
      "place in the safe area; centre without it"),
    KeySpec("lines", .text, isRequired: true, "lines of text, each a text or {text, style, language}"),
  ]

  private static let lineKeys: [KeySpec] = [
    KeySpec("text", .text, isRequired: true, "what is written"),
    KeySpec("style", .text, "name of a style; body without it"),
    KeySpec("language", .text, "BCP 47, e.g. ja"),
  ]

  init() {}

  /// Reads a file; every fault goes to the findings.
  init(_ file: InputFile, findings: Findings) {
    let root: PipelineValue
    do {
      root = try PipelineValue.parse(
        String(decoding: file.bytes, as: UTF8.self), file: file.typed, folder: FilePaths.folder(of: file.path)
      )
    } catch {
      for diagnostic in error.diagnostics { findings.add(diagnostic) }
      return
    }
    let reader = KeyReader(root, keys: Self.keys, owner: "the titles", findings: findings)
    _ = reader.integer("titles", in: 1...1)
    var styles = LineStyle.standard
    for entry in Self.entries(reader, "styles") {
      if let style = Self.style(entry, over: styles[entry.key], findings: findings) {
        styles[entry.key] = style
      }
    }
    cards = Self.entries(reader, "cards").compactMap { Self.card($0, styles: styles, findings: findings) }
    roll = reader["roll"].map { RollSettings($0, findings: findings) }
  }

  private static func entries(_ reader: KeyReader, _ key: String) -> [PipelineValue.Entry] {
    guard let value = reader[key] else { return [] }
    if value.entries == nil {
      reader.findings.add(value.error("titles.notAMapping", "`\(key)` must be a mapping of names"))
    }
    return value.entries ?? []
  }

  private static func style(
    _ entry: PipelineValue.Entry, over standard: LineStyle?, findings: Findings
  ) -> LineStyle? {
    let reader = KeyReader(entry.value, keys: styleKeys, owner: "style `\(entry.key)`", findings: findings)
    var style = standard ?? LineStyle(size: 0)
    if let family = reader.text("family") { style.family = family }
    if let size = decimal(reader, "size", in: 0.5...60) { style.size = size }
    if let tracking = decimal(reader, "tracking", in: -0.2...2) { style.tracking = tracking }
    style.isBold = choice(reader, "weight", ["regular", "bold"]).map { $0 == "bold" } ?? style.isBold
    style.isItalic = choice(reader, "slope", ["upright", "italic"]).map { $0 == "italic" } ?? style.isItalic
    style.isUppercase =
      choice(reader, "case", ["as-written", "upper"]).map { $0 == "upper" } ?? style.isUppercase
    if let text = reader.text("colour"), let value = reader["colour"] {
      if text.count == 7, text.hasPrefix("#"), let colour = Int(text.dropFirst(), radix: 16) {
        style.colour = colour
      } else {
        findings.add(
          value.error("titles.badColour", "`\(text)` is not a colour", remedy: "Write it as \"#F0E8D8\"."))
      }
    }
    if style.size == 0 {
      findings.add(entry.value.error("titles.noSize", "style `\(entry.key)` does not say its `size`"))
      return nil
    }
    return style
  }

  private static func decimal(_ reader: KeyReader, _ key: String, in range: ClosedRange<Double>) -> Double? {
    guard let text = reader.text(key), let value = reader[key] else { return nil }
    guard let number = Double(text), range.contains(number) else {
      reader.findings.add(
        value.error(
          "titles.badNumber",
          "`\(key)` must be a number from \(range.lowerBound) to \(range.upperBound), not `\(text)`"))
      return nil
    }
    return number
  }

  private static func choice(_ reader: KeyReader, _ key: String, _ allowed: [String]) -> String? {
    guard let text = reader.text(key), let value = reader[key] else { return nil }
    if allowed.contains(text) { return text }
    reader.findings.add(
      value.error(
        "pipeline.badChoice", "`\(text)` is not a value of `\(key)`",
        remedy: "It is one of \(allowed.joined(separator: ", "))."))
    return nil
  }

  private static func card(
    _ entry: PipelineValue.Entry, styles: [String: LineStyle], findings: Findings
  ) -> CardCue? {
    let reader = KeyReader(entry.value, keys: cardKeys, owner: "card `\(entry.key)`", findings: findings)
    if !PipelineLoader.isSafeName(entry.key) {
      findings.add(
        Diagnostic(
          severity: .error, family: .usage, code: "titles.badName", location: entry.keyLocation,
          message: "`\(entry.key)` cannot be the name of a card",
          remedy: "Use letters, digits, dot, dash and underscore, at most 64.", excerpt: entry.keyExcerpt))
    }
    let cue = Cue(reader)
    let duration = Length(reader, "duration")
    let anchor = reader.choice("position", of: TitleCard.Anchor.self) ?? .centre
    let lines = (reader["lines"]?.values ?? []).compactMap { line($0, styles: styles, findings: findings) }
    if let value = reader["lines"], lines.isEmpty, !findings.hasErrors {
      findings.add(value.error("titles.noLines", "card `\(entry.key)` has no lines"))
    }
    guard let cue, let duration else { return nil }
    return CardCue(
      card: TitleCard(name: entry.key, anchor: anchor, lines: lines), at: cue, duration: duration,
      fadeIn: Int64(reader.integer("fade-in", in: 0...500) ?? 0),
      fadeOut: Int64(reader.integer("fade-out", in: 0...500) ?? 0))
  }

  private static func line(
    _ value: PipelineValue, styles: [String: LineStyle], findings: Findings
  ) -> TitleCard.Line? {
    if let text = value.scalar {
      guard let style = styles["body"] else { return nil }
      return TitleCard.Line(text: text, style: style, language: nil, location: value.location)
    }
    let reader = KeyReader(value, keys: lineKeys, owner: "a line", findings: findings)
    let name = reader.text("style") ?? "body"
    guard let style = styles[name] else {
      let names = styles.keys.sorted()
      let suggestion = nearest(name, among: names).map { "Did you mean `\($0)`?" }
      findings.add(
        (reader["style"] ?? value).error(
          "titles.unknownStyle", "there is no style `\(name)`",
          remedy: suggestion ?? "The styles are \(names.joined(separator: ", "))."))
      return nil
    }
    guard let text = reader.text("text") else { return nil }
    return TitleCard.Line(
      text: text, style: style, language: reader.text("language"),
      location: reader["text"]?.location ?? value.location)
  }
}
