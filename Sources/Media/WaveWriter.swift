import Glibc

/// Writes a broadcast wave file of 24-bit PCM: `bext` with a time reference, RF64 when it must.
///
/// Streams: sizes are put into the header at the end. A writer that is dropped before `finish()` deletes its
/// file. The same input gives the same bytes.
/// Source: EBU Tech 3285 (bext), EBU Tech 3306 (RF64).
package struct WaveWriter: ~Copyable {
  /// Text fields of `bext`; ASCII, cut to their width.
  package struct Description: Hashable, Sendable, Codable {
    package var summary: String
    package var originator: String
    package var originatorReference: String
    /// `yyyy-mm-dd`; empty leaves it out, which keeps the file free of dates.
    package var date: String
    /// `hh:mm:ss`.
    package var time: String

    package init(
      summary: String = "", originator: String = "Interlock", originatorReference: String = "",
      date: String = "", time: String = ""
    ) {
      self.summary = summary
      self.originator = originator
      self.originatorReference = originatorReference
      self.date = date
      self.time = time
    }
  }

  /// The loudness fields of `bext` version 2, in hundredths; nil is "not known".
  package struct Loudness: Hashable, Sendable {
    /// LKFS.
    package var integrated: Int?
    /// LU.
    package var range: Int?
    /// dBTP.
    package var truePeak: Int?
    package var momentaryMaximum: Int?
    package var shortTermMaximum: Int?

    package init(
      integrated: Int?, range: Int?, truePeak: Int?, momentaryMaximum: Int?, shortTermMaximum: Int?
    ) {
      self.integrated = integrated
      self.range = range
      self.truePeak = truePeak
      self.momentaryMaximum = momentaryMaximum
      self.shortTermMaximum = shortTermMaximum
    }
  }

  private let file: WaveFile

  /// Starts a file at `path`, replacing one there.
  ///
  /// - Parameters:
  ///   - timeReference: samples since midnight of the first sample.
  ///   - largestRIFF: RIFF size above which the file becomes RF64; smaller only in tests.
  /// - Throws: `MediaError` with `settings`, `writing`.
  package init(
    path: String, sampleRate: Int = 48_000, channels: Int, timeReference: Int64,
    description: Description = Description(), largestRIFF: Int64 = 0xffff_ffff
  ) throws {
    file = try WaveFile(
      path: path, sampleRate: sampleRate, channels: channels, timeReference: timeReference,
      description: description, largestRIFF: largestRIFF)
  }

  /// Samples of each channel written so far.
  package var sampleCount: Int64 { file.sampleCount }
  /// Highest magnitude handed to `append(planar:)`, before rounding; 1.0 is full scale.
  package var samplePeak: Double { file.samplePeak }
  /// Samples handed to `append(planar:)` that lay beyond full scale.
  package var clippedSamples: Int64 { file.clippedSamples }

  /// Adds interleaved little-endian 24-bit samples.
  ///
  /// - Throws: `MediaError` with `settings` when not whole samples, `writing`.
  package func append(interleaved bytes: [UInt8]) throws { try file.append(bytes) }

  /// Adds samples of nominal −1…1, `[channel][sample]`, rounded to 24 bits, halves to even.
  ///
  /// - Throws: `MediaError` with `settings` for another channel count or unequal lengths, `writing`.
  package func append(planar channels: [[Double]]) throws { try file.append(channels) }

  /// Completes the header and closes the file. The file is not synced.
  ///
  /// - Parameter loudness: makes `bext` version 2; without it the file has version 1, which has no such fields.
  /// - Throws: `MediaError.writing`; the file is then deleted.
  package consuming func finish(loudness: Loudness? = nil) throws { try file.finish(loudness) }
}

/// The file behind `WaveWriter`; a class so that an unfinished file is deleted whoever drops it.
private final class WaveFile {
  private(set) var sampleCount: Int64 = 0
  private(set) var samplePeak = 0.0
  private(set) var clippedSamples: Int64 = 0
  private let path: String
  private let channels: Int
  private let largestRIFF: Int64
  private var descriptor: Int32
  private var pending: [UInt8] = []
  private var isFinished = false

  private static let bufferSize = 1 << 20
  private static let bytesPerSample = 3
  /// Room for `ds64` after the RIFF header, a `JUNK` chunk until it is needed.
  private static let longSizes = 28

  /// Where the body of `bext` begins: after the RIFF header and the room for long sizes.
  private static let broadcastExtensionOffset: Int64 = 12 + 8 + 28 + 8

  private var blockSize: Int { channels * Self.bytesPerSample }
  private var headerSize: Int64 = 0

  init(
    path: String, sampleRate: Int, channels: Int, timeReference: Int64, description: WaveWriter.Description,
    largestRIFF: Int64
  ) throws(MediaError) {
    guard (1...64).contains(channels), (8000...384_000).contains(sampleRate), timeReference >= 0 else {
      throw MediaError(
        code: .settings, fault: .user, operation: "write the sound", path: path,
        reason: "\(channels) channels at \(sampleRate) Hz from sample \(timeReference)")
    }
    self.path = path
    self.channels = channels
    self.largestRIFF = largestRIFF
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system(errno, "create the sound file", path, code: .writing) }
    let head = Self.header(
      sampleRate: sampleRate, channels: channels, timeReference: timeReference, description: description)
    headerSize = Int64(head.count)
    try write(head)
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if !isFinished { unsafe unlink(path) }
  }

  private static func header(
    sampleRate: Int, channels: Int, timeReference: Int64, description: WaveWriter.Description
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    func chunk(_ name: String, _ body: [UInt8]) {
      bytes += Array(name.utf8)
      bytes.append(little: UInt64(body.count), width: 4)
      bytes += body
    }
    bytes += Array("RIFF".utf8) + [0, 0, 0, 0] + Array("WAVE".utf8)
    chunk("JUNK", [UInt8](repeating: 0, count: longSizes))
    chunk("bext", broadcastExtension(timeReference: timeReference, description: description))
    chunk("fmt ", format(sampleRate: sampleRate, channels: channels))
    chunk("data", [])
    return bytes
  }

  private static func broadcastExtension(
    timeReference: Int64, description: WaveWriter.Description
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    func field(_ text: String, _ width: Int) {
      let ascii = text.unicodeScalars.map { $0.isASCII ? UInt8($0.value) : UInt8(ascii: "?") }.prefix(width)
      bytes += ascii + [UInt8](repeating: 0, count: width - ascii.count)
    }
    field(description.summary, 256)
    field(description.originator, 32)
    field(description.originatorReference, 32)
    field(description.date, 10)
    field(description.time, 8)
    bytes.append(little: UInt64(timeReference), width: 8)
    bytes.append(little: 1, width: 2)
    // UMID, and the loudness fields that version 1 does not have and `finish` may fill.
    bytes += [UInt8](repeating: 0, count: 64 + 190)
    return bytes
  }

  private static func format(sampleRate: Int, channels: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    let isExtensible = channels > 2
    bytes.append(little: isExtensible ? 0xfffe : 1, width: 2)
    bytes.append(little: UInt64(channels), width: 2)
    bytes.append(little: UInt64(sampleRate), width: 4)
    bytes.append(little: UInt64(sampleRate * channels * bytesPerSample), width: 4)
    bytes.append(little: UInt64(channels * bytesPerSample), width: 2)
    bytes.append(little: 24, width: 2)
    guard isExtensible else { return bytes }
    // Speakers are only named where the order L R C LFE Ls Rs settles them.
    let masks: [Int: UInt64] = [3: 0x7, 4: 0x33, 5: 0x37, 6: 0x3f, 8: 0x63f]
    bytes.append(little: 22, width: 2)
    bytes.append(little: 24, width: 2)
    bytes.append(little: masks[channels] ?? 0, width: 4)
    // KSDATAFORMAT_SUBTYPE_PCM.
    bytes += [1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]
    return bytes
  }

  private func refused(_ reason: String) -> MediaError {
    MediaError(code: .settings, fault: .user, operation: "write the sound", path: path, reason: reason)
  }

  func append(_ bytes: [UInt8]) throws(MediaError) {
    guard bytes.count % blockSize == 0 else {
      throw refused("\(bytes.count) bytes are not whole samples of \(blockSize) bytes")
    }
    try write(bytes)
    sampleCount += Int64(bytes.count / blockSize)
  }

  func append(_ planes: [[Double]]) throws(MediaError) {
    let count = planes.first?.count ?? 0
    guard planes.count == channels, planes.allSatisfy({ $0.count == count }) else {
      throw refused("\(planes.count) channels of sound for a file of \(channels)")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * blockSize)
    for index in 0..<count {
      for plane in planes {
        let value = plane[index]
        samplePeak = max(samplePeak, abs(value))
        let scaled = (value * 8_388_608).rounded(.toNearestOrEven)
        let code = Int32(max(-8_388_608, min(8_388_607, scaled.isNaN ? 0 : scaled)))
        // +1.0 itself has no code and is the usual full scale: only what lies beyond counts as clipped.
        if abs(value) > 1 { clippedSamples += 1 }
        bytes.append(little: UInt64(UInt32(bitPattern: code)), width: 3)
      }
    }
    try append(bytes)
  }

  private func write(_ bytes: [UInt8]) throws(MediaError) {
    pending += bytes
    if pending.count >= Self.bufferSize { try flush() }
  }

  private func flush() throws(MediaError) {
    var done = 0
    while done < pending.count {
      let status = unsafe pending.withUnsafeBytes { buffer in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
        return unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
      }
      if status < 0, errno == EINTR { continue }
      guard status >= 0 else { throw .system(errno, "write the sound", path, code: .writing) }
      done += status
    }
    pending.removeAll(keepingCapacity: true)
  }

  private func patch(_ bytes: [UInt8], at offset: Int64) throws(MediaError) {
    let status = unsafe bytes.withUnsafeBytes { buffer in
      unsafe pwrite(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
    }
    guard status == bytes.count else { throw .system(errno, "write the sound", path, code: .writing) }
  }

  /// Version 2 and its loudness fields. Source: EBU Tech 3285 v2, §2.4.
  private func patch(_ loudness: WaveWriter.Loudness) throws(MediaError) {
    var version: [UInt8] = []
    version.append(little: 2, width: 2)
    try patch(version, at: Self.broadcastExtensionOffset + 346)
    var fields: [UInt8] = []
    for value in [
      loudness.integrated, loudness.range, loudness.truePeak, loudness.momentaryMaximum,
      loudness.shortTermMaximum,
    ] {
      // 0x7fff stands for a value that is not known.
      let number = value.flatMap { Int16(exactly: $0) } ?? .max
      fields.append(little: UInt64(UInt16(bitPattern: number)), width: 2)
    }
    try patch(fields, at: Self.broadcastExtensionOffset + 412)
  }

  func finish(_ loudness: WaveWriter.Loudness?) throws(MediaError) {
    let dataSize = sampleCount * Int64(blockSize)
    if dataSize % 2 == 1 { try write([0]) }
    try flush()
    let riffSize = headerSize - 8 + dataSize + dataSize % 2
    var sizes: [UInt8] = []
    if riffSize > largestRIFF {
      try patch(Array("RF64".utf8) + [0xff, 0xff, 0xff, 0xff], at: 0)
      var long = Array("ds64".utf8)
      long.append(little: UInt64(Self.longSizes), width: 4)
      long.append(little: UInt64(riffSize), width: 8)
      long.append(little: UInt64(dataSize), width: 8)
      long.append(little: UInt64(sampleCount), width: 8)
      long.append(little: 0, width: 4)
      try patch(long, at: 12)
      sizes = [0xff, 0xff, 0xff, 0xff]
    } else {
      var size: [UInt8] = []
      size.append(little: UInt64(riffSize), width: 4)
      try patch(size, at: 4)
      sizes.append(little: UInt64(dataSize), width: 4)
    }
    try patch(sizes, at: headerSize - 4)
    if let loudness { try patch(loudness) }
    let status = close(descriptor)
    descriptor = -1
    guard status == 0 else { throw .system(errno, "close the sound file", path, code: .writing) }
    isFinished = true
  }
}
