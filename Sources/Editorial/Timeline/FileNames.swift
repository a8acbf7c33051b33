/// Parts of file names as cut lists write them: POSIX and Windows paths, URLs, image sequences.
enum FileNames {
  private static let mediaExtensions: Set<String> = [
    "mov", "mp4", "m4v", "mxf", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "m2ts", "mts", "wav", "bwf",
    "rf64", "w64",
    "aif", "aiff", "flac", "mp3", "dpx", "exr", "tif", "tiff", "png", "jpg", "jpeg", "cin", "r3d", "ari",
    "arx",
    "braw", "dng",
  ]

  /// What follows the last `/` or `\`.
  static func lastComponent(_ path: String) -> String {
    guard let separator = path.lastIndex(where: { $0 == "/" || $0 == "\\" }) else { return path }
    return String(path[path.index(after: separator)...])
  }

  /// The last component without a media file's extension and the frame number of an image sequence.
  ///
  /// Other endings stay: `ZZ100_501.take_1` is a name, not a file.
  static func stem(_ name: String) -> String {
    stem(ofName: lastComponent(name))
  }

  /// The same for a name in which `/` is an ordinary character, as clip names have it.
  static func stem(ofName last: String) -> String {
    guard let dot = last.lastIndex(of: "."), dot > last.startIndex,
      mediaExtensions.contains(last[last.index(after: dot)...].lowercased())
    else { return last }
    let base = last[..<dot]
    if base.last == "]", let open = base.lastIndex(of: "["), open > base.startIndex,
      base[open...].allSatisfy({ "0123456789[]-".contains($0) })
    {
      // `plate_[1001-1020].exr` as `plate.[1001-1020].exr`.
      let name = base[..<open]
      return String(name.count > 1 && "._-".contains(name.last ?? " ") ? name.dropLast() : name)
    }
    guard let inner = base.lastIndex(of: "."), inner > base.startIndex else { return String(base) }
    let number = base[base.index(after: inner)...]
    let isSequence = number.count >= 3 && number.allSatisfy { "0123456789#[]-%d()@".contains($0) }
    return isSequence ? String(base[..<inner]) : String(base)
  }

  /// Whether the name is one of a still of a kind that makes up runs.
  static func isStill(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: ".") else { return false }
    return MediaFacts.stillExtensions.contains(name[name.index(after: dot)...].lowercased())
  }

  /// Whether the name counts the pictures of an image sequence, as `x.0101.exr`, `x.[101-148].exr` and `x.%04d.exr` do.
  static func isNumberedStill(_ name: String) -> Bool {
    guard let dot = name.lastIndex(of: ".") else { return false }
    return stem(ofName: name).count < name[..<dot].count
  }

  /// The path of a `file:` URL with its escapes resolved; other text as it is.
  static func path(ofURL url: String) -> String {
    var text = Substring(url)
    if text.lowercased().hasPrefix("file://") {
      text = text.dropFirst(7)
      if let slash = text.firstIndex(of: "/") { text = text[slash...] }
    }
    guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
    var bytes: [UInt8] = []
    let source = Array(text.utf8)
    var index = 0
    while index < source.count {
      if source[index] == UInt8(ascii: "%"), index + 2 < source.count, let high = hexDigit(source[index + 1]),
        let low = hexDigit(source[index + 2]), high > 1
      {
        // No name holds control characters: `%04d` is the number of an image sequence.
        bytes.append(high << 4 | low)
        index += 3
      } else {
        bytes.append(source[index])
        index += 1
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A `file:` URL of an absolute path; everything but unreserved characters is escaped.
  static func url(ofPath path: String) -> String {
    var url = path.hasPrefix("/") ? "file://" : ""
    for byte in path.utf8 {
      let isUnreserved =
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || "-._~/".utf8.contains(byte)
      if isUnreserved {
        url.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        url += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return url
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }
}

extension FileNames {
  /// Frames of an image sequence by the range in its name: `[1001-1100]` or `(1001@1100)`.
  static func frameCount(ofSequence name: String) -> Int64? {
    let bytes = Array(name.utf8)
    for open in bytes.indices where bytes[open] == UInt8(ascii: "[") || bytes[open] == UInt8(ascii: "(") {
      let close = bytes[open] == UInt8(ascii: "[") ? UInt8(ascii: "]") : UInt8(ascii: ")")
      guard let end = bytes[open...].prefix(32).firstIndex(of: close) else { continue }
      let parts = bytes[(open + 1)..<end].split(
        whereSeparator: { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "@") })
      let numbers = parts.compactMap { part -> Int64? in
        part.count <= 10 && part.allSatisfy { (0x30...0x39).contains($0) }
          ? Int64(String(decoding: part, as: UTF8.self)) : nil
      }
      guard parts.count == 2, numbers.count == 2, numbers[1] >= numbers[0] else { continue }
      return numbers[1] - numbers[0] + 1
    }
    return nil
  }
}
