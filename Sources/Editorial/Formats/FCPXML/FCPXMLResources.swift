import MediaTime

/// A `format` resource: raster and rate.
struct FCPXMLFormat {
  struct Size: Equatable {
    var width: Int
    var height: Int

    var aspect: Double { Double(width) / Double(height) }
  }

  var name: String
  /// `nil` for stills and sound.
  var rate: FrameRate?
  var size: Size?

  init(_ element: XMLElement) {
    name = element.attributes["name"] ?? ""
    rate =
      element.attributes["frameDuration"].flatMap(FCPXMLTime.rate(frameDuration:))
      ?? FCPXMLTime.rate(formatName: name)
    let given = element.attributes["width"].flatMap { Int($0) }.flatMap { width in
      element.attributes["height"].flatMap { Int($0) }.map { Size(width: width, height: $0) }
    }
    let size = given ?? FCPXMLTime.size(formatName: name)
    let isUsable = size.map { (1...1 << 20).contains($0.width) && (1...1 << 20).contains($0.height) } ?? false
    self.size = isUsable ? size : nil
  }
}

/// An `asset` resource: a media file.
struct FCPXMLAsset {
  var name: String
  var uid: String?
  /// Seconds of its first frame, which are its timecode: frames since midnight over the rate.
  var start: Rational
  /// `nil` when the file does not say it; zero for a still.
  var duration: Rational?
  var hasVideo: Bool
  var hasAudio: Bool
  var format: FCPXMLFormat?
  /// Channels of each of the sound sources.
  var audioChannels: Int
  var audioSources: Int
  /// As written.
  var url: String?
  var metadata: [(key: String, value: String)]
  var element: XMLElement

  private static let soundExtensions: Set<String> = [
    "wav", "wave", "bwf", "aif", "aiff", "aifc", "mp3", "m4a", "caf", "flac",
  ]

  init(_ element: XMLElement, formats: [String: FCPXMLFormat]) {
    let attributes = element.attributes
    self.element = element
    name = attributes["name"] ?? ""
    uid = attributes["uid"]
    start = attributes["start"].flatMap(FCPXMLTime.seconds) ?? .zero
    duration = attributes["duration"].flatMap(FCPXMLTime.seconds)
    format = attributes["format"].flatMap { formats[$0] }
    audioSources = attributes["audioSources"].flatMap { Int($0) }.map { min(max($0, 1), 64) } ?? 1
    audioChannels = attributes["audioChannels"].flatMap { Int($0) }.map { min(max($0, 0), 64) } ?? 0
    let media = element.children("media-rep")
    let original = media.first { ($0.attributes["kind"] ?? "original-media") == "original-media" }
    url = (original ?? media.first)?.attributes["src"] ?? attributes["src"]
    metadata = FCPXMLResources.metadata(of: element)
    let file = FileNames.lastComponent(FileNames.path(ofURL: url ?? ""))
    let fileExtension = file.lastIndex(of: ".").map { file[file.index(after: $0)...].lowercased() } ?? ""
    let isSoundFile = Self.soundExtensions.contains(fileExtension)
    // Both attributes may be missing; the program then looks into the file itself.
    let says = attributes["hasVideo"] != nil || attributes["hasAudio"] != nil
    hasVideo = says ? attributes["hasVideo"] == "1" : !isSoundFile
    hasAudio = says ? attributes["hasAudio"] == "1" : isSoundFile
  }

  /// A still has no length of its own and its format no rate.
  var isStill: Bool { hasVideo && (duration == .zero || format.map { $0.rate == nil } ?? false) }

  var fileName: String? {
    guard let url else { return nil }
    let name = FileNames.lastComponent(FileNames.path(ofURL: url))
    return name.isEmpty ? nil : name
  }
}

/// What `ref` and `format` attributes refer to.
struct FCPXMLResources {
  private(set) var formats: [String: FCPXMLFormat] = [:]
  private(set) var assets: [String: FCPXMLAsset] = [:]
  private(set) var effects: [String: (name: String, uid: String)] = [:]
  private(set) var media: [String: XMLElement] = [:]

  init(_ lists: [XMLElement]) {
    for list in lists {
      for element in list.children where element.name == "format" {
        if let id = element.attributes["id"] { formats[id] = FCPXMLFormat(element) }
      }
    }
    for list in lists {
      for element in list.children {
        guard let id = element.attributes["id"] else { continue }
        switch element.name {
        case "asset": assets[id] = FCPXMLAsset(element, formats: formats)
        case "effect":
          effects[id] = (element.attributes["name"] ?? "", element.attributes["uid"] ?? "")
        case "media": media[id] = element
        default: break
        }
      }
    }
  }

  func format(_ element: XMLElement) -> FCPXMLFormat? { element.attributes["format"].flatMap { formats[$0] } }

  /// The `md` entries under an element's `metadata`, arrays joined.
  static func metadata(of element: XMLElement) -> [(key: String, value: String)] {
    element.children("metadata").flatMap { $0.children("md") }.compactMap { entry in
      guard let key = entry.attributes["key"] else { return nil }
      if let value = entry.attributes["value"] { return (key, value) }
      let strings = entry.children("array").flatMap { $0.children("string") }.map(\.text)
      return strings.isEmpty ? nil : (key, strings.joined(separator: ", "))
    }
  }
}
