package import Diagnostics
package import Digests
package import Editorial
package import MediaTime
package import TaskKinds

/// A run of numbered stills as media of a cut: each frame has an identity of its own, so that another file of one frame
/// is another picture there and nowhere else.
package struct StillRun: Sendable {
  package struct Frame: Sendable {
    package var location: MediaLocation
    package var identity: Digest
  }

  /// The number of frame 0.
  package var first: Int64
  /// By frame, from 0; nil where a number has no file.
  package var frames: [Frame?]
  /// What there is to say of the run, if the cut asks for it.
  package var notes: [Diagnostic] = []

  /// The numbers of the files that are missing.
  var gaps: [FrameRange] {
    var gaps: [FrameRange] = []
    for (index, frame) in frames.enumerated() where frame == nil {
      let number = first + Int64(index)
      if let last = gaps.last, last.end == number {
        gaps[gaps.count - 1] = FrameRange(start: last.start, count: last.count + 1)
      } else {
        gaps.append(FrameRange(start: number, count: 1))
      }
    }
    return gaps
  }

  /// `1004, 1007–1009`; of many the first.
  static func words(_ gaps: [FrameRange]) -> String {
    gaps.prefix(8).map { $0.count == 1 ? "\($0.start)" : "\($0.start)–\($0.end - 1)" }.joined(separator: ", ")
      + (gaps.count > 8 ? " and more" : "")
  }
}

/// A name that ends in a number before its extension.
struct NumberedName: Hashable, Sendable {
  private static let mostDigits = 10

  var prefix: String
  var digits: String
  var suffix: String

  /// - Returns: nil of a name without a number, with one of more than ten digits, or of another kind of file.
  init?(_ path: String) {
    guard MediaFacts.stillExtensions.contains(FilePaths.fileExtension(of: path)),
      let dot = path.utf8.lastIndex(of: UInt8(ascii: "."))
    else { return nil }
    let base = path[..<dot]
    let count = base.utf8.reversed().prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }.count
    guard (1...Self.mostDigits).contains(count) else { return nil }
    prefix = String(base.dropLast(count))
    digits = String(base.suffix(count))
    suffix = String(path[dot...])
  }
}

/// Puts probed stills together to runs.
package enum NumberedStills {
  /// More numbers in a row without a file begin another run.
  private static let widestGap: Int64 = 100
  /// The rate of stills whose headers say none, where the pipeline says none either.
  private static let usualRate = FrameRate(24)

  /// The files with runs in the place of their stills, by path.
  ///
  /// - Parameter rate: that of the timeline, for stills whose headers say none.
  package static func joined(_ files: [ProbedFile], rate: FrameRate?) -> [ProbedFile] {
    struct Key: Hashable {
      var prefix: String
      var suffix: String
      /// How many digits the numbers have: fixed where one of them begins with zero.
      var width: Int
    }
    struct Named {
      var file: ProbedFile
      var name: NumberedName
      var number: Int64
    }
    var others: [ProbedFile] = []
    var groups: [Key: [Named]] = [:]
    for file in files {
      guard file.facts.container == MediaFacts.still else {
        others.append(file)
        continue
      }
      // A still alone is no media of a cut.
      guard let name = NumberedName(file.location.path), let number = Int64(name.digits) else { continue }
      groups[Key(prefix: name.prefix, suffix: name.suffix, width: 0), default: []].append(
        Named(file: file, name: name, number: number))
    }
    for (key, named) in groups {
      let lengths = Set(named.map(\.name.digits.utf8.count))
      let padded = Set(
        named.filter { $0.name.digits.utf8.count > 1 && $0.name.digits.hasPrefix("0") }
          .map(\.name.digits.utf8.count))
      let isOne = padded.isEmpty || padded.count == 1 && lengths.min() == padded.first
      guard lengths.count > 1, !isOne else { continue }
      // `x.01.exr` and `x.001.exr` are of two runs.
      groups[key] = nil
      for length in lengths {
        groups[Key(prefix: key.prefix, suffix: key.suffix, width: length)] = named.filter {
          $0.name.digits.utf8.count == length
        }
      }
    }
    for (_, group) in groups {
      let width = group.map(\.name.digits.utf8.count).min() ?? 1
      var part: [(number: Int64, file: ProbedFile)] = []
      func close() {
        guard let name = group.first?.name, !part.isEmpty else { return }
        others.append(run(part, name: name, width: width, rate: rate))
        part = []
      }
      for named in group.sorted(by: { $0.number < $1.number }) {
        if let last = part.last, named.number - last.number > widestGap + 1 { close() }
        part.append((named.number, named.file))
      }
      close()
    }
    return others.sorted { $0.location.path < $1.location.path }
  }

  /// What there is to say of the runs that a cut shows, or would show if they had the frames that it asks for.
  ///
  /// Stills that nobody asks for, such as grabs beside the rushes, may be as they are.
  package static func notes(on events: [ConformedEvent], of files: [ProbedFile]) -> [Diagnostic] {
    let asked = Set(events.flatMap { event in event.media.map { [$0] } ?? event.candidates.map(\.media) })
    return asked.flatMap { files[$0].run?.notes ?? [] }.sorted { $0.message < $1.message }
  }

  private static func run(
    _ members: [(number: Int64, file: ProbedFile)], name: NumberedName, width: Int, rate: FrameRate?
  ) -> ProbedFile {
    let (first, last) = (members[0], members[members.count - 1])
    let title =
      "\(FilePaths.name(of: name.prefix + "x").dropLast())[\(first.number)-\(last.number)]\(name.suffix)"
    var notes: [Diagnostic] = []
    func note(_ code: String, _ message: String, _ remedy: String) {
      notes.append(
        Diagnostic(
          severity: .warning, family: .inputMissing, code: code, location: nil, message: message,
          remedy: remedy))
    }
    var frames = [StillRun.Frame?](repeating: nil, count: Int(last.number - first.number + 1))
    // A number without a file has a place of its own: frames are counted by their numbers.
    var listed = (first.number...last.number).map {
      StillSequence.Member(number: $0, byteCount: 0, modified: 0)
    }
    var unlike: [String] = []
    var byteCount: Int64 = 0
    let picture = first.file.facts.video
    var identity = CanonicalEncoder(domain: "interlock.still-run", version: 1)
    identity.append(last.number - first.number + 1)
    for (number, file) in members {
      let video = file.facts.video
      guard video?.width == picture?.width, video?.height == picture?.height,
        video?.pixelFormat == picture?.pixelFormat, video?.codec == picture?.codec
      else {
        unlike.append(FilePaths.name(of: file.location.path))
        continue
      }
      let index = Int(number - first.number)
      // Under one number and two paddings the first by name counts.
      guard frames[index] == nil else { continue }
      frames[index] = StillRun.Frame(location: file.location, identity: file.identity)
      listed[index] = StillSequence.Member(
        number: number, byteCount: file.location.byteCount, modified: file.location.modified)
      byteCount += file.location.byteCount
      identity.append(number - first.number)
      identity.append(file.identity)
    }
    if !unlike.isEmpty {
      let named = unlike.prefix(8).joined(separator: ", ") + (unlike.count > 8 ? " and more" : "")
      note(
        "media.unlikeStills",
        "\(title): \(named) \(unlike.count == 1 ? "is" : "are") of another size or format than the first frame",
        "Have them made again; a cut that shows them has no picture there.")
    }
    let sequence = StillSequence(
      prefix: name.prefix, suffix: name.suffix, digits: width, root: first.file.location.root,
      members: listed)
    var run = StillRun(first: first.number, frames: frames)
    let gaps = run.gaps
    if !gaps.isEmpty {
      note(
        "media.missingFrames", "\(title) lacks \(StillRun.words(gaps))",
        "Copy them again from their source; a cut that shows them has no picture there.")
    }
    var facts = first.file.facts
    let declared = facts.tags[MediaFacts.stillRate].flatMap { try? FrameRate(parsing: $0) }
    let counted = declared ?? rate ?? usualRate
    if declared == nil, rate == nil {
      note(
        "media.noStillRate", "\(title) says no rate, and is counted at \(usualRate)",
        "Give `timeline: rate:`.")
    }
    let digest = identity.digest()
    facts.identity = digest.hex
    facts.fileName = title
    facts.container = MediaFacts.run
    facts.byteCount = byteCount
    facts.video?.rate = counted
    facts.video?.frameCount = Int64(frames.count)
    facts.timecodeStart = facts.timecodeStart ?? numbered(first.number, rate: counted)
    facts.timecodeRate = nil
    run.notes = notes
    return ProbedFile(
      location: first.file.location, facts: facts, identity: digest, sequence: sequence, run: run)
  }

  /// A number as a timecode: that many frames since midnight; nil beyond a day.
  private static func numbered(_ number: Int64, rate: FrameRate) -> String? {
    guard number < Int64(rate.nominalBase) * 86_400 else { return nil }
    return Timecode(frame: number, rate: rate).description
  }
}
