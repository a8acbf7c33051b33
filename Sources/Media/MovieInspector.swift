import CFFmpeg
package import MediaTime

/// Reopens a written movie to check it: facts, packets as they lie in the file, single pictures.
package final class MovieInspector {
  package let path: String
  /// Streams, timecode and tags, as a reader of the file sees them.
  package let facts: ProbedMedia
  private var reader: PictureReader?

  /// - Throws: `MediaError`, as `probe(path:)`.
  package init(path: String) throws {
    self.path = path
    facts = try probe(path: path)
  }

  /// Length of the picture track in seconds; nil when there is none.
  package func pictureDuration() throws -> Rational? { try duration(of: facts.video?.stream) }

  /// Length of the sound track in seconds; nil when there is none.
  package func soundDuration() throws -> Rational? { try duration(of: facts.sound?.stream) }

  private func duration(of stream: Int?) throws(MediaError) -> Rational? {
    guard let stream else { return nil }
    let container = try InputContainer(path)
    let ticks = unsafe container.stream(stream).pointee.duration
    let base = container.timeBase(stream)
    guard ticks != ffs_no_timestamp() else { return nil }
    return Rational(ticks) * Rational(Int64(base.num), Int64(base.den))
  }

  /// Lends every packet of the first picture and sound streams in file order; memory is only valid in the calls.
  ///
  /// - Parameters:
  ///   - video: gets the number of the packet among the pictures, and its bytes.
  ///   - sound: gets the sound packets' bytes; for PCM these are the samples, one after the other.
  package func forEachPacket(
    video: (Int64, UnsafeRawBufferPointer) throws -> Void,
    sound: (UnsafeRawBufferPointer) throws -> Void = { _ in }
  ) throws {
    let container = try InputContainer(path)
    container.select(Set([facts.video?.stream, facts.sound?.stream].compactMap { $0 }))
    let packet = try Packet()
    var number: Int64 = 0
    while try container.readPacket(into: packet) {
      if packet.isCorrupt { throw MediaError.truncated(container, after: Int(number)) }
      if packet.stream == facts.video?.stream {
        try unsafe video(number, packet.buffer)
        number += 1
      } else {
        try unsafe sound(packet.buffer)
      }
    }
  }

  /// A copy of the packet of frame `index`, as encoded.
  ///
  /// - Throws: `MediaError.outOfRange`, `damaged`.
  package func packet(at index: Int64) throws -> [UInt8] { try pictures().packetBytes(of: index) }

  /// Decodes frame `index` and lends it to `body`.
  package func withFrame<R>(
    at index: Int64, _ body: (borrowing PictureView) throws -> R
  ) throws -> R {
    try pictures().withFrame(at: index, body)
  }

  /// Sound samples as interleaved bytes of the file's own PCM, from the start.
  package func soundBytes() throws -> [UInt8] {
    var bytes: [UInt8] = []
    try unsafe forEachPacket(video: { _, _ in }, sound: { unsafe bytes.append(contentsOf: $0) })
    return bytes
  }

  private func pictures() throws -> PictureReader {
    if let reader { return reader }
    let opened = try PictureReader(path: path, stream: facts.video?.stream)
    reader = opened
    return opened
  }
}
