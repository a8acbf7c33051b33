import Digests
import Foundation
import TestSupport
import Testing

@Suite struct DigestTests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func `the vectors of FIPS 180-4 come out`(text: String, hex: String) {
    #expect(Digest.sha256(Array(text.utf8)).hex == hex)
  }

  @Test(arguments: UInt64(0)..<32)
  func `hexadecimal text and bytes survive a round trip`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
    let digest = try #require(Digest(bytes: bytes))
    #expect(digest.bytes == bytes)
    #expect(Digest(hex: digest.hex) == digest)
    #expect(unsafe bytes.withUnsafeBytes { unsafe Digest(buffer: $0) } == digest)
    #expect(digest.description == digest.hex)
  }

  @Test(arguments: UInt64(0)..<32)
  func `digests sort as their text does`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let digests = try (0..<20).map { _ in
      // Few distinct values, so that the later bytes decide often.
      try #require(Digest(bytes: (0..<32).map { _ in UInt8.random(in: 0...1, using: &random) &* 0xFF }))
    }
    #expect(digests.sorted().map(\.hex) == digests.map(\.hex).sorted())
  }

  @Test(arguments: [
    "", "ab", String(repeating: "a", count: 63), String(repeating: "a", count: 65),
    String(repeating: "A", count: 64), String(repeating: "g", count: 64), String(repeating: "é", count: 32),
  ])
  func `text other than 64 lower-case digits is not a digest`(text: String) {
    #expect(Digest(hex: text) == nil)
  }

  @Test(arguments: [0, 31, 33, 64])
  func `other counts than 32 bytes are not a digest`(count: Int) {
    let bytes = [UInt8](repeating: 1, count: count)
    #expect(Digest(bytes: bytes) == nil)
    #expect(unsafe bytes.withUnsafeBytes { unsafe Digest(buffer: $0) } == nil)
  }

  @Test(arguments: UInt64(0)..<8)
  func `digits in memory read as text does`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<50 {
      var digits = Array(
        Digest.sha256((0..<8).map { _ in UInt8.random(in: 0...255, using: &random) }).hex.utf8)
      // Some of them damaged: other characters, capitals, other lengths.
      switch Int.random(in: 0..<4, using: &random) {
      case 0: digits[Int.random(in: 0..<64, using: &random)] = UInt8.random(in: 0...255, using: &random)
      case 1: digits.removeLast(Int.random(in: 1...64, using: &random))
      default: break
      }
      let text = String(decoding: digits, as: UTF8.self)
      let read = unsafe digits.withUnsafeBytes { unsafe Digest(hexDigits: $0) }
      #expect(read == Digest(hex: text), "\(text)")
    }
  }

  @Test func `JSON holds the hexadecimal text`() throws {
    let digest = Digest.sha256([1, 2, 3])
    let json = try JSONEncoder().encode([digest])
    #expect(String(decoding: json, as: UTF8.self) == "[\"\(digest.hex)\"]")
    #expect(try JSONDecoder().decode([Digest].self, from: json) == [digest])
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([Digest].self, from: Data("[\"00\"]".utf8))
    }
  }
}

@Suite struct StreamingDigestTests {
  @Test(arguments: UInt64(0)..<16)
  func `pieces of any size give the digest of the whole`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let bytes = (0..<Int.random(in: 0...10_000, using: &random)).map { _ in
      UInt8.random(in: 0...255, using: &random)
    }
    var stream = StreamingDigest()
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = rest.prefix(Int.random(in: 0...300, using: &random))
      if Bool.random(using: &random) { stream.update(piece) } else { stream.update(Array(piece)) }
      rest = rest.dropFirst(piece.count)
    }
    #expect(stream.finalize() == Digest.sha256(bytes))
  }

  @Test func `a copy goes on alone`() {
    var stream = StreamingDigest()
    stream.update([1, 2])
    var copy = stream
    copy.update([3])
    #expect(stream.finalize() == Digest.sha256([1, 2]))
    #expect(copy.finalize() == Digest.sha256([1, 2, 3]))
  }
}

@Suite struct FileDigestTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/digests-\(UUID().uuidString)"

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  @Test(arguments: [0, 1, 4_096, 1 << 20, (1 << 20) + 1, 3_000_001])
  func `a file has the digest of its bytes`(count: Int) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try Data(bytes).write(to: URL(fileURLWithPath: folder + "/file"))
    #expect(try Digest.sha256(ofFileAt: folder + "/file") == Digest.sha256(bytes))
  }

  @Test func `what cannot be read is named with the reason`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func message(_ name: String) -> String {
      do {
        _ = try Digest.sha256(ofFileAt: folder + "/" + name)
        return "no error"
      } catch {
        return "\(error)".replacingOccurrences(of: folder + "/", with: "")
      }
    }
    #expect(message("missing.mov") == "missing.mov: cannot open: No such file or directory")
    try FileManager.default.createDirectory(atPath: folder + "/folder", withIntermediateDirectories: true)
    #expect(message("folder") == "folder: is not a regular file")
    // A named pipe without a writer must not hang the reader.
    #expect(unsafe mkfifo(folder + "/pipe", 0o600) == 0)
    #expect(message("pipe") == "pipe: is not a regular file")
  }
}
