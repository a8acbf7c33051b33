import Crypto

/// The SHA-256 of bytes that arrive piece by piece.
///
/// A copy continues on its own: a running total can be finalized on the way.
package struct StreamingDigest: Sendable {
  private var hasher = SHA256()

  package init() {}

  package mutating func update(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { buffer in
      unsafe hasher.update(bufferPointer: buffer)
    }
  }

  package mutating func update(_ bytes: ArraySlice<UInt8>) {
    unsafe bytes.withUnsafeBytes { buffer in
      unsafe hasher.update(bufferPointer: buffer)
    }
  }

  /// Reads the buffer during the call only.
  package mutating func update(_ buffer: UnsafeRawBufferPointer) {
    unsafe hasher.update(bufferPointer: buffer)
  }

  package func finalize() -> Digest {
    let value = unsafe hasher.finalize().withUnsafeBytes { unsafe Digest(buffer: $0) }
    guard let value else { preconditionFailure("SHA-256 has 32 bytes") }
    return value
  }
}

extension Digest {
  package static func sha256(_ bytes: [UInt8]) -> Digest {
    var digest = StreamingDigest()
    digest.update(bytes)
    return digest.finalize()
  }

  package static func sha256(_ bytes: ArraySlice<UInt8>) -> Digest {
    var digest = StreamingDigest()
    digest.update(bytes)
    return digest.finalize()
  }
}
