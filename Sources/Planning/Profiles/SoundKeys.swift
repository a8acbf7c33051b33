import Delivery

/// Reads `sound:` of a profile: one codec for a stereo track, or a list of tracks.
enum SoundKeys {
  static let keys: [KeySpec] = [
    KeySpec(
      "codec", .choice(DeliveryProfile.Sound.Codec.allCases.map(\.rawValue)), isRequired: true,
      "how it is encoded"),
    KeySpec("layout", .choice(layouts), "loudspeakers, stereo without it"),
    KeySpec("title", .text, "what players call the track"),
    KeySpec("bit-rate", .integer(bitRates), "thousands of bits per second, for AAC"),
  ]

  private static let layouts = ["stereo", "5.1"]
  private static let bitRates = 64...1024

  static func read(_ reader: KeyReader, container: DeliveryProfile.Container?) -> [DeliveryProfile.Sound] {
    guard let value = reader["sound"] else { return [] }
    if container == .sequence {
      reader.findings.add(value.error("profile.soundInSequence", "a sequence of files carries no sound"))
      return []
    }
    let tracks: [DeliveryProfile.Sound?]
    switch value.content {
    case .list(let values) where !values.isEmpty:
      tracks = values.map { track($0, container: container, findings: reader.findings) }
    case .map: tracks = [track(value, container: container, findings: reader.findings)]
    case .scalar:
      tracks = [
        codec(reader, "sound", container).map {
          DeliveryProfile.Sound(codec: $0, layout: "stereo", title: "Stereo", bitRate: $0 == .aac ? 192 : nil)
        }
      ]
    case .list:
      reader.findings.add(value.error("profile.badSound", "`sound` must be a codec or a list of tracks"))
      tracks = []
    }
    let found = tracks.compactMap { $0 }
    if Set(found.map(\.title)).count < found.count {
      reader.findings.add(
        value.error(
          "profile.sameTitle", "two sound tracks have one title",
          remedy: "Give each its own `title:`, so that people can choose."))
    }
    return found
  }

  private static func track(
    _ value: PipelineValue, container: DeliveryProfile.Container?, findings: Findings
  ) -> DeliveryProfile.Sound? {
    let reader = KeyReader(value, keys: keys, owner: "a sound track", findings: findings)
    let codec = codec(reader, "codec", container)
    let layout = reader["layout"] == nil ? "stereo" : DeliveryProfiles.fixed(reader, "layout", layouts)
    let bitRate = reader.integer("bit-rate", in: bitRates)
    if codec == .pcm, let value = reader["bit-rate"] {
      findings.add(value.error("profile.unusedKey", "PCM has no `bit-rate`", remedy: "Remove it."))
    }
    guard let codec, let layout else { return nil }
    let isSurround = layout != "stereo"
    return DeliveryProfile.Sound(
      codec: codec, layout: layout,
      title: reader.text("title") ?? (isSurround ? "Surround \(layout)" : "Stereo"),
      bitRate: codec == .aac ? bitRate ?? (isSurround ? 448 : 192) : nil)
  }

  private static func codec(
    _ reader: KeyReader, _ key: String, _ container: DeliveryProfile.Container?
  ) -> DeliveryProfile.Sound.Codec? {
    let all = DeliveryProfile.Sound.Codec.allCases.map(\.rawValue)
    guard let name = DeliveryProfiles.fixed(reader, key, all),
      let codec = DeliveryProfile.Sound.Codec(rawValue: name)
    else { return nil }
    guard let container else { return codec }
    let allowed = DeliveryProfile.soundCodecs(in: container)
    if !allowed.contains(codec), let value = reader[key] {
      reader.findings.add(
        value.error(
          "profile.wrongSound", "\(container.rawValue) does not hold \(name)",
          remedy: "It holds \(allowed.map(\.rawValue).joined(separator: " and "))."))
    }
    return codec
  }
}
