package import Delivery
package import Diagnostics
import Glibc

/// Finds delivery profiles: in `profiles/` beside the pipeline first, then those shipped with the program.
package enum DeliveryProfiles {
  static let keys: [KeySpec] = [
    KeySpec("profile", .text, isRequired: true, "name of the profile, as the file is called"),
    KeySpec("summary", .text, "what it is for, in one line"),
    KeySpec(
      "container", .choice(DeliveryProfile.Container.allCases.map(\.rawValue)), isRequired: true, "wrapping"),
    KeySpec("extension", .text, isRequired: true, "file name extension"),
    KeySpec("picture", .text, isRequired: true, "how frames are encoded"),
    KeySpec("colour", .text, isRequired: true, "colour tags of stream, frames and container"),
    KeySpec(
      "mastering", .mapping(masteringKeys),
      "static HDR metadata (SMPTE ST 2086, CTA-861.3); needed for PQ, refused without"),
    KeySpec("sound", .text, "the sound tracks, a codec or a list; without it there is none"),
    KeySpec(
      "chapters", .choice(DeliveryProfile.Chapters.allCases.map(\.rawValue)),
      "the locators of the cut as chapters, published beside the file"),
    KeySpec(
      "burn-in", .choice(BurnInContent.allCases.map(\.rawValue)),
      "what copies carry unless the stage says otherwise; without it nothing"),
  ]

  static let pictureKeys: [KeySpec] = [
    KeySpec(
      "codec", .choice(DeliveryProfile.supportedPixelFormats.keys.sorted()), isRequired: true, "encoder"),
    KeySpec("profile", .integer(0...5), "profile number of the encoder"),
    KeySpec("tag", .text, "four-character code that the container must show"),
    KeySpec("pixel-format", .text, isRequired: true, "pixel format, by FFmpeg's name"),
    KeySpec("quantiser", .integer(1...224), "fixed quantiser; without it `control` chooses"),
    KeySpec(
      "control", .choice(QuantiserControl.allCases.map(\.rawValue)),
      "encoder: its own rate control, as without it; size: as fine as the size that the profile allows, band by band, "
        + "at a fifth of the cost (prores_ks)"),
    KeySpec(
      "verify", .choice(["yes", "no"]),
      "no: frames are not decoded when they are made, and never taken for ones that were; to measure with"),
    KeySpec(
      "chroma", .choice(["left", "topleft"]),
      "where the chroma of 4:2:0 lies, also told to players: left (H.264, and without it) or topleft (BT.2020, BT.2100)"
    ),
    KeySpec(
      "dither", .choice(["yes", "no"]),
      "of 8 bits: yes makes patterns of what lies between two codes, so that no bands are seen; no without it"
    ),
    KeySpec("options", .text, "private options of the encoder"),
    KeySpec(
      "lowest-psnr", .integer(20...200), isRequired: true,
      "a decoded frame further from its picture is a fault"),
  ]

  /// FFmpeg's names; `unknown` where no tag says what the values are, as with scene-linear ACES.
  private static let primaries = ["bt709", "bt2020", "smpte432", "unknown"]
  private static let transfers = ["bt709", "smpte2084", "arib-std-b67", "linear", "unknown"]
  private static let matrices = ["bt709", "bt2020nc", "gbr"]

  static let masteringKeys: [KeySpec] = [
    KeySpec(
      "primaries", .choice(MasteringDisplay.Primaries.allCases.map(\.rawValue)), isRequired: true,
      "primaries and white of the mastering display"),
    KeySpec("maximum", .integer(1...10_000), isRequired: true, "its peak, cd/m²"),
    KeySpec("minimum", .integer(0...50_000), isRequired: true, "its black, 1/10,000 cd/m²"),
    KeySpec("content-maximum", .integer(0...10_000), "MaxCLL, cd/m²; 0, unknown, without it"),
    KeySpec("content-average", .integer(0...10_000), "MaxFALL, cd/m²; 0, unknown, without it"),
  ]

  static let colourKeys: [KeySpec] = [
    KeySpec("primaries", .choice(primaries), isRequired: true, "primaries"),
    KeySpec("transfer", .choice(transfers), isRequired: true, "transfer characteristic"),
    KeySpec("matrix", .choice(matrices), isRequired: true, "Y'CbCr matrix"),
    KeySpec("range", .choice(["tv", "pc"]), isRequired: true, "legal or full"),
  ]

  /// The profiles built into the program, by name.
  package static let shipped: [String: String] = [
    "prores-422hq": String(decoding: PackageResources.prores_422hq_yaml, as: UTF8.self),
    "prores-422hq-51": String(decoding: PackageResources.prores_422hq_51_yaml, as: UTF8.self),
    "review-h264": String(decoding: PackageResources.review_h264_yaml, as: UTF8.self),
    "stills-16bit": String(decoding: PackageResources.stills_16bit_yaml, as: UTF8.self),
    "prores-4444-p3-pq": String(decoding: PackageResources.prores_4444_p3_pq_yaml, as: UTF8.self),
    "exr-half": String(decoding: PackageResources.exr_half_yaml, as: UTF8.self),
    "hdr10-hevc": String(decoding: PackageResources.hdr10_hevc_yaml, as: UTF8.self),
  ]

  static func load(_ name: String, value: PipelineValue, context: LoadingContext, findings: Findings)
    -> DeliveryProfile?
  {
    let folder = context.pipelineFolder + "/profiles"
    let path = "\(folder)/\(name).yaml"
    do {
      if PipelineLoader.isSafeName(name), FilePaths.real(path) != nil {
        return try parse(
          String(decoding: try read(path, value: value), as: UTF8.self), file: "profiles/\(name).yaml",
          name: name)
      }
      if let text = shipped[name] { return try parse(text, file: "shipped profile \(name).yaml", name: name) }
    } catch {
      for diagnostic in error.diagnostics { findings.add(diagnostic) }
      return nil
    }
    let names = shipped.keys.sorted() + beside(folder)
    let suggestion = nearest(name, among: names).map { "Did you mean `\($0)`?" }
    findings.add(
      value.error(
        "pipeline.unknownProfile", "there is no delivery profile `\(name)`",
        remedy: suggestion
          ?? "The profiles are \(names.joined(separator: ", ")); add one as profiles/\(name).yaml."))
    return nil
  }

  /// A profile that is there and cannot be read is an error, not a reason to take another of its name.
  private static func read(_ path: String, value: PipelineValue) throws(DiagnosticList) -> [UInt8] {
    do throws(FileReadError) {
      return try FilePaths.read(path, limit: 1 << 20)
    } catch {
      throw DiagnosticList([
        value.error(
          "profile.unreadable", "cannot read profiles/\(FilePaths.name(of: path)): \(error.reason)",
          remedy: "Check its permissions.")
      ])
    }
  }

  private static func beside(_ folder: String) -> [String] {
    FilePaths.entries(of: folder).filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
  }

  /// Reads a profile from text; every fault at once.
  package static func parse(_ text: String, file: String, name: String) throws(DiagnosticList)
    -> DeliveryProfile
  {
    let findings = Findings()
    let root = try PipelineValue.parse(text, file: file, folder: "/")
    let reader = KeyReader(root, keys: keys, owner: "the profile", findings: findings)
    if let given = reader.text("profile"), given != name, let value = reader["profile"] {
      findings.add(
        value.error(
          "profile.otherName", "the profile calls itself `\(given)`, but it was asked for as `\(name)`"))
    }
    let container = reader.choice("container", of: DeliveryProfile.Container.self)
    let picture = reader["picture"].flatMap { Self.picture($0, findings: findings) }
    let tags = reader["colour"].flatMap { colour($0, findings: findings) }
    let fileExtension = reader.text("extension")
    if let fileExtension, let value = reader["extension"], !PipelineLoader.isSafeName(fileExtension) {
      findings.add(
        value.error(
          "profile.badExtension", "`\(fileExtension)` cannot be the extension of a file name",
          remedy: "Use letters and digits, without a dot in front."))
    }
    if let tags, let format = picture?.pixelFormat, let value = reader["colour"] {
      let isRGB = format.hasPrefix("rgb") || format.hasPrefix("gbr")
      if isRGB != (tags.matrix == "gbr") || isRGB != (tags.range == "pc") {
        findings.add(
          value.error(
            "profile.wrongTags", "\(format) cannot be tagged matrix \(tags.matrix), range \(tags.range)",
            remedy: isRGB
              ? "R'G'B' is matrix gbr, range pc." : "Y'CbCr is matrix bt709 or bt2020nc, range tv."))
      }
    }
    let mastering = mastering(reader, tags: tags)
    let sounds = SoundKeys.read(reader, container: container)
    let chapters = reader.choice("chapters", of: DeliveryProfile.Chapters.self)
    let burnIn = reader.choice("burn-in", of: BurnInContent.self) ?? .none
    if let container, let picture { check(container, holds: picture, reader) }
    try findings.throwIfErrors()
    guard let container, let picture, let tags, let fileExtension else {
      preconditionFailure("a profile without errors has its required keys")
    }
    var profile = DeliveryProfile(
      name: name, summary: reader.text("summary") ?? "", container: container, fileExtension: fileExtension,
      picture: picture, tags: tags, sounds: sounds, chapters: chapters)
    profile.burnIn = burnIn
    profile.mastering = mastering
    return profile
  }

  private static func check(
    _ container: DeliveryProfile.Container, holds picture: DeliveryProfile.Picture, _ reader: KeyReader
  ) {
    let allowed = DeliveryProfile.containers(of: picture.codec)
    guard !allowed.contains(container), let value = reader["container"] else { return }
    reader.findings.add(
      value.error(
        "profile.wrongContainer", "\(container.rawValue) does not hold \(picture.codec)",
        remedy: "Its frames go into \(allowed.map(\.rawValue).joined(separator: " or "))."))
  }

  private static func picture(_ value: PipelineValue, findings: Findings) -> DeliveryProfile.Picture? {
    let reader = KeyReader(value, keys: pictureKeys, owner: "`picture`", findings: findings)
    // All values are read before any is missed, so that every fault is told.
    let codecs = DeliveryProfile.supportedPixelFormats
    let codec = fixed(reader, "codec", codecs.keys.sorted())
    let options = options(reader, value, codec: codec)
    let format = codec.flatMap { fixed(reader, "pixel-format", codecs[$0] ?? []) }
    let lowest = reader.integer("lowest-psnr", in: 20...200)
    let profile = reader.integer("profile", in: 0...5)
    let quantiser = reader.integer("quantiser", in: 1...224)
    let control = reader.choice("control", of: QuantiserControl.self)
    let verify = fixed(reader, "verify", ["yes", "no"])
    if let codec, EncoderOptions.allowed(for: codec) != nil { refuseNumbers(reader, of: codec) }
    if control == .size, let value = reader["control"] {
      let reason =
        codec != "prores_ks" || profile == nil
        ? "sizes are known for prores_ks with a `profile`" : quantiser != nil ? "`quantiser` is fixed" : nil
      if let reason {
        findings.add(
          value.error("profile.noSize", "no quantiser can be chosen by size here: \(reason)"))
      }
    }
    let chroma = fixed(reader, "chroma", ["left", "topleft"])
    let dither = fixed(reader, "dither", ["yes", "no"])
    if let format, let value = reader["chroma"], !format.contains("420") {
      findings.add(
        value.error(
          "profile.noSubsampling", "\(format) has no chroma to be placed between rows",
          remedy: "Remove `chroma`."))
    }
    if let format, dither == "yes", let value = reader["dither"],
      DeliveryProfile.Picture.bitDepth(of: format) > 8
    {
      findings.add(
        value.error("profile.noDither", "\(format) has more than 8 bits", remedy: "Remove `dither`."))
    }
    guard let codec, let format, let lowest else { return nil }
    var picture = DeliveryProfile.Picture(
      codec: codec, profile: profile, pixelFormat: format, quantiser: quantiser,
      budgetRule: control == .size ? Encoding.budgetRuleVersion : nil,
      isVerified: verify == "no" ? false : nil, options: options,
      codecTag: reader.text("tag"), lowestPSNR: Double(lowest))
    picture.chroma = chroma
    picture.isDithered = dither == "yes" ? true : nil
    return picture
  }

  private static func options(_ reader: KeyReader, _ picture: PipelineValue, codec: String?) -> [String:
    String]
  {
    var options: [String: String] = [:]
    let allowed = codec.flatMap(EncoderOptions.allowed(for:))
    if let value = reader["options"], value.entries == nil {
      reader.findings.add(
        value.error(
          "profile.badOptions", "`options` must be a mapping", remedy: "For instance {vendor: apl0}.")
      )
    }
    for entry in reader["options"]?.entries ?? [] {
      let text = entry.value.scalar ?? ""
      options[entry.key] = text
      guard let codec, let allowed else { continue }
      guard let shape = allowed[entry.key] else {
        let names = allowed.keys.sorted()
        let suggestion = nearest(entry.key, among: names).map { "Did you mean `\($0)`?" }
        reader.findings.add(
          Diagnostic(
            severity: .error, family: .usage, code: "profile.unknownOption", location: entry.keyLocation,
            message: "`\(entry.key)` is no option that a profile may set for \(codec)",
            remedy: suggestion ?? "They are \(names.joined(separator: ", ")).", excerpt: entry.keyExcerpt))
        continue
      }
      if !shape.allows(text) {
        reader.findings.add(
          entry.value.error(
            "profile.badOption", "`\(text)` is not a value of `\(entry.key)` here",
            remedy: "It is \(shape.summary)."))
      }
    }
    for name in codec.map(EncoderOptions.required(for:)) ?? [] where options[name] == nil {
      reader.findings.add(
        (reader["options"] ?? picture).error(
          "profile.missingOption",
          "\(codec ?? "") needs the option `\(name)`: a constant quality, as groups of "
            + "pictures are made apart from each other", remedy: "For instance `options: {\(name): 20}`."))
    }
    return options
  }

  /// Numbers that mean nothing to an encoder that takes names.
  private static func refuseNumbers(_ reader: KeyReader, of codec: String) {
    let profile = codec == "libx265" ? "main10" : "high"
    for (key, instead) in [
      ("profile", "options: {profile: \(profile)}"), ("quantiser", "options: {crf: 20}"),
    ] {
      guard let value = reader[key] else { continue }
      reader.findings.add(
        value.error("profile.unusedKey", "\(codec) takes no `\(key)`", remedy: "Write `\(instead)`."))
    }
  }

  /// PQ without it leaves displays to guess; SDR with it would be shown as HDR.
  private static func mastering(_ reader: KeyReader, tags: ColourTags?) -> MasteringDisplay? {
    guard let value = reader["mastering"] else {
      if tags?.transfer == "smpte2084", let colour = reader["colour"] {
        reader.findings.add(
          colour.error(
            "profile.noMastering", "a profile in PQ says on which display it was mastered",
            remedy: "For instance mastering: {primaries: p3-d65, maximum: 1000, minimum: 1}."))
      }
      return nil
    }
    let keys = KeyReader(value, keys: masteringKeys, owner: "`mastering`", findings: reader.findings)
    if let tags, tags.transfer != "smpte2084" {
      reader.findings.add(
        value.error("profile.notHDR", "`mastering` belongs to PQ", remedy: "Remove it."))
    }
    guard let primaries = keys.choice("primaries", of: MasteringDisplay.Primaries.self),
      let maximum = keys.integer("maximum", in: 1...10_000),
      let minimum = keys.integer("minimum", in: 0...50_000)
    else { return nil }
    return MasteringDisplay(
      primaries: primaries, maximum: maximum, minimum: minimum,
      contentMaximum: keys.integer("content-maximum", in: 0...10_000) ?? 0,
      contentAverage: keys.integer("content-average", in: 0...10_000) ?? 0)
  }

  private static func colour(_ value: PipelineValue, findings: Findings) -> ColourTags? {
    let reader = KeyReader(value, keys: colourKeys, owner: "`colour`", findings: findings)
    let primaries = fixed(reader, "primaries", primaries)
    let transfer = fixed(reader, "transfer", transfers)
    let matrix = fixed(reader, "matrix", matrices)
    let range = fixed(reader, "range", ["tv", "pc"])
    guard let primaries, let transfer, let matrix, let range else { return nil }
    return ColourTags(primaries: primaries, transfer: transfer, matrix: matrix, range: range)
  }

  /// A text that must be one of a list known only at run time.
  static func fixed(_ reader: KeyReader, _ key: String, _ allowed: [String]) -> String? {
    guard let text = reader.text(key), let value = reader[key] else { return nil }
    if allowed.contains(text) { return text }
    let suggestion = nearest(text, among: allowed).map { "Did you mean `\($0)`?" }
    reader.findings.add(
      value.error(
        "profile.badChoice", "`\(text)` is not a value of `\(key)` here",
        remedy: suggestion ?? "It is one of \(allowed.joined(separator: ", "))."))
    return nil
  }
}

/// Who chooses quantisers that no profile fixes.
enum QuantiserControl: String, CaseIterable {
  /// The encoder's own rate control.
  case encoder
  /// Our rule: a band of a picture gets what the size allows.
  case size
}
