import Diagnostics
import SoundMixing

/// What a sound-mix stage is told about the tracks of the cut, as written.
struct TrackSetting: Sendable {
  var name: String
  var location: SourceLocation
  var excerpt: String?
  var bus: Bus
  var gain = Level.zero
  var pan = Pan.centre
}

/// Length of the crossfade at cuts.
enum CrossfadeLength: Sendable {
  case frames(Int64)
  case milliseconds(Int64)
}

/// Reads the keys of a sound-mix stage.
enum SoundMixKeys {
  static let buses = Bus.allCases.map(\.rawValue)

  static let track = [
    KeySpec("bus", .choice(buses), isRequired: true, "what the track carries"),
    KeySpec("gain", .text, "level of the track, as -6 dB; unity without it"),
    KeySpec("pan", .text, "place of its mono sounds, as L30, C or R100; the centre without it"),
  ]

  static let loudness = [
    KeySpec(
      "anchor", .choice(Anchor.allCases.map(\.rawValue)),
      "what is measured: programme, the whole of the mix (BS.1770-4)"),
    KeySpec("integrated", .text, isRequired: true, "integrated loudness, as -24 LKFS"),
    KeySpec("truePeak", .text, isRequired: true, "highest true peak, as -2 dBTP"),
  ]

  /// What a target is measured on.
  private enum Anchor: String, CaseIterable {
    case programme
  }

  static func tracks(_ keys: KeyReader) -> [TrackSetting]? {
    guard keys["tracks"] != nil else { return nil }
    return keys.entries("tracks").compactMap { entry in
      // `A1: dialogue` is short for `A1: {bus: dialogue}`.
      var value = entry.value
      if value.scalar != nil {
        value.content = .map([
          PipelineValue.Entry(
            key: "bus", keyLocation: value.location, keyExcerpt: value.excerpt, value: value)
        ])
      }
      let reader = KeyReader(value, keys: track, owner: "track `\(entry.key)`", findings: keys.findings)
      guard let bus = reader.choice("bus", of: Bus.self) else { return nil }
      var setting = TrackSetting(
        name: entry.key, location: entry.keyLocation, excerpt: entry.keyExcerpt, bus: bus)
      if let gain = level("gain", units: ["dB"], from: -100_000...24_000, "-6 dB", reader) {
        setting.gain = gain
      }
      if let text = reader.text("pan"), let value = reader["pan"] {
        if let pan = Pan(parsing: text) {
          setting.pan = pan
        } else {
          keys.findings.add(
            value.error(
              "pipeline.badPan", "`\(text)` is not a place between L100 and R100",
              remedy: "Write it as L30, C or R100."))
        }
      }
      return setting
    }
  }

  static func target(_ keys: KeyReader) -> LoudnessTarget? {
    guard let reader = keys.table("loudness", keys: loudness) else { return nil }
    _ = reader.choice("anchor", of: Anchor.self)
    let integrated = level(
      "integrated", units: ["LKFS", "LUFS"], from: -60_000 ... -5_000, "-24 LKFS", reader)
    let truePeak = level("truePeak", units: ["dBTP", "dB"], from: -20_000...0, "-2 dBTP", reader)
    guard let integrated, let truePeak else { return nil }
    return LoudnessTarget(integrated: integrated, truePeak: truePeak)
  }

  private static func level(
    _ key: String, units: [String], from range: ClosedRange<Int>, _ example: String, _ reader: KeyReader
  ) -> Level? {
    guard let text = reader.text(key), let value = reader[key] else { return nil }
    guard let level = Level(parsing: text, units: units) else {
      reader.findings.add(
        value.error(
          "pipeline.badLevel", "`\(text)` is not a level in \(units[0])",
          remedy: "Write it as \(example), with at most three decimals."))
      return nil
    }
    guard range.contains(level.thousandths) else {
      let limits = [range.lowerBound, range.upperBound].map { Level(thousandths: $0).description }
      reader.findings.add(
        value.error(
          "pipeline.badLevel", "`\(key)` must be from \(limits[0]) to \(limits[1]) \(units[0]), not `\(text)`"
        ))
      return nil
    }
    return level
  }

  /// `4`, `4 frames` or `10 ms`; at most 10 s.
  static func crossfade(_ keys: KeyReader) -> CrossfadeLength? {
    guard let text = keys.text("crossfade"), let value = keys["crossfade"] else { return nil }
    let words = text.split(separator: " ").map(String.init)
    if let number = words.first.flatMap({ Int64($0) }), number >= 0, words.count <= 2 {
      switch words.count == 1 ? "frames" : words[1] {
      case "frames", "frame": if number <= 240 { return .frames(number) }
      case "ms": if number <= 10_000 { return .milliseconds(number) }
      default: break
      }
    }
    keys.findings.add(
      value.error(
        "pipeline.badCrossfade", "`\(text)` is not the length of a crossfade",
        remedy: "Write it in frames, as 2, or in milliseconds, as 10 ms; at most 240 frames or 10000 ms."))
    return nil
  }
}
