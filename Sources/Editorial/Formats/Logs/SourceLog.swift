package import Diagnostics
package import MediaTime

/// What a set or a laboratory wrote down about its sources: the rows of an ALE or a CSV file.
package struct SourceLog: Sendable, Hashable {
  /// A column and its text, as the file has them.
  package struct Column: Sendable, Hashable {
    package var name: String
    package var text: String

    package init(name: String, text: String) {
      self.name = name
      self.text = text
    }
  }

  /// One source, or a stretch of one.
  package struct Entry: Sendable, Hashable {
    package var name: String
    /// Tape or source reel.
    package var reel: String?
    package var sourceFile: String?
    /// Folder or whole path of the source.
    package var path: String?
    package var umid: String?
    package var scene: String?
    package var take: String?
    package var cameraRoll: String?
    package var soundRoll: String?
    package var span: Span?
    /// Rate at which the labels of `span` count; `nil` when the log does not say.
    package var rate: FrameRate?
    /// The grade of the set or the dailies, from `ASC_SOP` and `ASC_SAT` or `CDL`.
    package var grade: ColorDecision?
    /// Every other column that is not empty.
    package var others: [Column]
    package var location: SourceLocation

    package init(
      name: String, reel: String? = nil, sourceFile: String? = nil, path: String? = nil, umid: String? = nil,
      scene: String? = nil, take: String? = nil, cameraRoll: String? = nil, soundRoll: String? = nil,
      span: Span? = nil, rate: FrameRate? = nil, grade: ColorDecision? = nil, others: [Column] = [],
      location: SourceLocation
    ) {
      self.name = name
      self.reel = reel
      self.sourceFile = sourceFile
      self.path = path
      self.umid = umid
      self.scene = scene
      self.take = take
      self.cameraRoll = cameraRoll
      self.soundRoll = soundRoll
      self.span = span
      self.rate = rate
      self.grade = grade
      self.others = others
      self.location = location
    }
  }

  /// Source timecode as printed: a start, and an exclusive end or a duration where the row has one.
  package struct Span: Sendable, Hashable {
    package var start: TimecodeLabel
    package var end: TimecodeLabel?
    package var duration: TimecodeLabel?

    package init(start: TimecodeLabel, end: TimecodeLabel? = nil, duration: TimecodeLabel? = nil) {
      self.start = start
      self.end = end
      self.duration = duration
    }
  }

  /// As the user typed it.
  package var path: String
  /// The rate of the whole log; rows may have their own.
  package var rate: FrameRate?
  /// Keys before the rows, such as `VIDEO_FORMAT`.
  package var heading: [Column]
  /// In the order of the file.
  package var entries: [Entry]
  /// What could not be read: the row that an error names is not among the entries.
  package var faults: [Diagnostic]

  package init(
    path: String, rate: FrameRate? = nil, heading: [Column] = [], entries: [Entry] = [],
    faults: [Diagnostic] = []
  ) {
    self.path = path
    self.rate = rate
    self.heading = heading
    self.entries = entries
    self.faults = faults
  }

  /// Larger files are refused: no log comes near it.
  package static let largestFile = 16 << 20

  /// Reads a log: an ALE by its first word `Heading`, else a table with a line of column names.
  ///
  /// - Returns: what can be read; what cannot is in `faults`.
  /// - Throws: what leaves no log at all.
  package static func read(path: String, bytes: [UInt8]) throws(DiagnosticList) -> SourceLog {
    guard bytes.count <= largestFile else {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "log.tooLarge", location: SourceLocation(file: path),
          message:
            "the file has \(bytes.count) bytes; a log of more than \(largestFile >> 20) MiB is not read",
          remedy: "Check that this is the log and not a media file.")
      ])
    }
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw DiagnosticList([
        Diagnostic(
          family: .usage, code: "log.notUTF8", location: SourceLocation(file: path),
          message: "the file is UTF-16", remedy: "Save it as UTF-8.")
      ])
    }
    return ALEReader.isALE(path: path, bytes: bytes)
      ? try ALEReader.read(path: path, bytes: bytes) : try TableLogReader.read(path: path, bytes: bytes)
  }
}

extension SourceLog.Span {
  /// First frame since midnight and the number of frames, at a rate.
  ///
  /// - Returns: `count` `nil` when the row has neither end nor duration; nothing when the rate lacks a label.
  package func frames(at rate: FrameRate) -> (start: Int64, count: Int64?)? {
    let isDropFrame = start.isDropFrame && rate.allowsDropFrame
    guard let first = try? start.frame(rate: rate, isDropFrame: isDropFrame) else { return nil }
    if let end {
      guard let last = try? end.frame(rate: rate, isDropFrame: isDropFrame) else { return nil }
      return (first, last < first ? last - first + rate.framesPerDay(isDropFrame: isDropFrame) : last - first)
    }
    guard let duration else { return (first, nil) }
    // The label of a count from 0: with drop frame a minute has 1798 frames.
    guard let count = try? duration.frame(rate: rate, isDropFrame: isDropFrame) else { return nil }
    return (first, count)
  }
}
