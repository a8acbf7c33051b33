import Digests

/// The bytes of a result file: `{"sha256":"<64 hex>","body":<body>}` and a line feed.
///
/// The digest is taken over exactly the bytes of the body, so that reading needs no canonical JSON.
enum ResultEnvelope {
  private static let head = Array(#"{"sha256":""#.utf8)
  private static let middle = Array(#"","body":"#.utf8)
  private static let tail = Array("}\n".utf8)
  private static let bodyStart = head.count + 64 + middle.count

  static func sealed(_ body: [UInt8]) -> [UInt8] {
    head + Array(Digest.sha256(body).hex.utf8) + middle + body + tail
  }

  /// The body, or `nil` when the file is not exactly what was written.
  static func opened(_ file: [UInt8]) -> ArraySlice<UInt8>? {
    guard file.count >= bodyStart + tail.count,
      file.starts(with: head),
      file[(head.count + 64)..<bodyStart].elementsEqual(middle),
      file.suffix(tail.count).elementsEqual(tail)
    else { return nil }
    let hex = String(decoding: file[head.count..<(head.count + 64)], as: UTF8.self)
    let body = file[bodyStart..<(file.count - tail.count)]
    guard let digest = Digest(hex: hex), Digest.sha256(body) == digest else { return nil }
    return body
  }
}
