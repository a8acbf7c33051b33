/// What a WAV file says beside its samples: format, extent, `bext` and `iXML`.
///
/// FFmpeg reads neither iXML nor the version of `bext`, so the chunks are walked here; sizes in the file are
/// never trusted beyond the file's own length.
/// Source: Microsoft RIFF, EBU Tech 3285 (bext), EBU Tech 3306 (RF64), iXML 2.x.
package struct BroadcastWave: Hashable, Sendable, Codable {
  package var channels = 0
  package var sampleRate = 0
  package var bitDepth = 0
  /// Bytes of one sample of all channels.
  package var blockSize = 0
  /// Where the samples begin in the file.
  package var dataOffset: Int64 = 0
  /// Samples of each channel that are in the file.
  package var sampleCount: Int64 = 0
  /// False when the file is shorter than its header says.
  package var isComplete = true
  /// Samples since midnight at the file's rate; nil without `bext`.
  package var timeReference: Int64?
  /// Version of `bext`.
  package var version: Int?
  package var summary: String?
  package var originator: String?
  package var originatorReference: String?
  /// `yyyy-mm-dd`, as the file writes it.
  package var originationDate: String?
  /// `hh:mm:ss`, as the file writes it.
  package var originationTime: String?
  package var project: String?
  package var scene: String?
  package var take: String?
  package var tape: String?
  /// As iXML writes it, e.g. `24000/1001`.
  package var timecodeRate: String?
  /// `NDF` or `DF`.
  package var timecodeFlag: String?

  /// Reads a WAV file's chunks; nil for a file that is no RIFF WAVE.
  ///
  /// - Throws: `MediaError` with `notFound`, `unreadable`.
  package init?(path: String) throws {
    let file = try ByteFile(path)
    let header = try file.read(at: 0, count: 12)
    let form = header.text(at: 0, width: 4)
    guard ["RIFF", "RF64", "BW64"].contains(form), header.text(at: 8, width: 4) == "WAVE" else { return nil }
    try walk(file)
    return
  }

  private static let mostChunks = 4096
  private static let largestText = 4 << 20

  private mutating func walk(_ file: ByteFile) throws(MediaError) {
    var offset: Int64 = 12
    var longDataSize: UInt64?
    for _ in 0..<Self.mostChunks {
      let header = try file.read(at: offset, count: 8)
      guard header.count == 8 else { return }
      let name = String(decoding: header[0..<4], as: UTF8.self)
      var size = Int64(header.number(at: 4, width: 4))
      let body = offset + 8
      switch name {
      case "ds64":
        let bytes = try file.read(at: body, count: 24)
        if bytes.count == 24 { longDataSize = bytes.number(at: 8, width: 8) }
      case "fmt ": readFormat(try file.read(at: body, count: 40))
      case "bext": readBext(try file.read(at: body, count: Int(min(size, 602))))
      case "iXML": readXML(try file.read(at: body, count: Int(min(size, Int64(Self.largestText)))))
      case "data":
        if size == 0xffff_ffff, let longDataSize { size = Int64(clamping: longDataSize) }
        let present = max(0, file.byteCount - body)
        // 0 and all ones are what recorders write before they know.
        let isOpen = size == 0xffff_ffff || (size == 0 && present > 0)
        dataOffset = body
        isComplete = isOpen || size <= present
        if isOpen || size > present { size = present }
        sampleCount = blockSize > 0 ? size / Int64(blockSize) : 0
      default: break
      }
      let next = body.addingReportingOverflow(size + size % 2)
      guard !next.overflow, next.partialValue < file.byteCount else { return }
      offset = next.partialValue
    }
  }

  private mutating func readFormat(_ bytes: [UInt8]) {
    channels = Int(bytes.number(at: 2, width: 2))
    sampleRate = Int(bytes.number(at: 4, width: 4))
    blockSize = Int(bytes.number(at: 12, width: 2))
    bitDepth = Int(bytes.number(at: 14, width: 2))
  }

  private mutating func readBext(_ bytes: [UInt8]) {
    guard bytes.count >= 348 else { return }
    summary = bytes.text(at: 0, width: 256)
    originator = bytes.text(at: 256, width: 32)
    originatorReference = bytes.text(at: 288, width: 32)
    originationDate = bytes.text(at: 320, width: 10)
    originationTime = bytes.text(at: 330, width: 8)
    timeReference = Int64(clamping: bytes.number(at: 338, width: 8))
    version = Int(bytes.number(at: 346, width: 2))
  }

  private mutating func readXML(_ bytes: [UInt8]) {
    let values = SoundXML.values(bytes)
    project = values["PROJECT"]
    scene = values["SCENE"]
    take = values["TAKE"]
    tape = values["TAPE"]
    timecodeRate = values["SPEED/TIMECODE_RATE"]
    timecodeFlag = values["SPEED/TIMECODE_FLAG"]
  }
}
