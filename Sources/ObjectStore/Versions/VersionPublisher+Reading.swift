package import Diagnostics
import Digests
import FoundationEssentials
import Synchronization

/// What is published: whole records, their heads, and what cannot be read.
extension VersionPublisher {
  /// The versions of a line in order, and what is wrong with those that cannot be read.
  package func versions(
    of line: VersionLine
  ) throws(Diagnostic) -> (versions: [VersionRecord], findings: [Diagnostic]) {
    try checkNames(line)
    var versions: [VersionRecord] = []
    var findings: [Diagnostic] = []
    for number in try numbers(in: line.folder(in: production)) {
      switch try record(number, of: line) {
      case .none: continue
      case .good(let record): versions.append(record)
      case .bad(let finding): findings.append(finding)
      }
    }
    return (versions, findings)
  }

  /// Whether a line has any folder of a version.
  package func hasVersions(_ line: VersionLine) -> Bool {
    (try? numbers(in: line.folder(in: production)).isEmpty) == false
  }

  /// What is wrong with the versions of a line that cannot be read.
  package func findings(of line: VersionLine) throws(Diagnostic) -> [Diagnostic] {
    try checkNames(line)
    var findings: [Diagnostic] = []
    for number in try numbers(in: line.folder(in: production)) {
      if case .bad(let finding) = try head(number, of: line) { findings.append(finding) }
    }
    return findings
  }

  /// The newest version of a line that can be read and is what is looked for.
  package func newest(
    of line: VersionLine, where isWanted: (VersionHead) -> Bool = { _ in true }
  ) throws(Diagnostic) -> VersionHead? {
    try checkNames(line)
    for number in try numbers(in: line.folder(in: production)).reversed() {
      if case .good(let head) = try head(number, of: line), isWanted(head) { return head }
    }
    return nil
  }

  /// One version; `nil` when it cannot be read.
  package func version(_ number: Int, of line: VersionLine) throws(Diagnostic) -> VersionRecord? {
    if case .good(let record) = try record(number, of: line) { record } else { nil }
  }

  /// The numbers of a line that have a folder, in order.
  package func numbers(of line: VersionLine) throws(Diagnostic) -> [Int] {
    try checkNames(line)
    return try numbers(in: line.folder(in: production))
  }

  /// One version in few words; `nil` when it cannot be read.
  package func head(of number: Int, in line: VersionLine) throws(Diagnostic) -> VersionHead? {
    if case .good(let head) = try head(number, of: line) { head } else { nil }
  }

  /// One version with its evidence; `nil` when it cannot be read.
  package func checked(_ number: Int, of line: VersionLine) throws(Diagnostic) -> CheckedVersion? {
    let reading: Reading<CheckedVersion> = try read(number, of: line) { bytes throws(Diagnostic) in
      Self.decoded(bytes, as: CheckedVersion.self)
    }
    if case .good(let version) = reading { return version }
    return nil
  }

  /// The facts of a version as a type that encodes to them; nil where it has none such.
  ///
  /// Of the rest of its record nothing is decoded or kept: that of a long programme takes a hundred megabytes.
  package func facts<Facts: Decodable>(
    of version: some PublishedVersion, as type: Facts.Type
  ) throws(Diagnostic) -> Facts? {
    guard let (bytes, _) = try fileSystem.read("\(folder(of: version))/\(Self.recordName)") else {
      return nil
    }
    return Self.decoded(bytes, as: FactsOnly<Facts>.self)?.facts
  }

  private struct FactsOnly<Facts: Decodable>: Decodable { var facts: Facts }

  /// All lines that have a folder, in order of their names.
  package func lines() throws(Diagnostic) -> [VersionLine] {
    var lines: [VersionLine] = []
    for (shelf, folder) in [
      (VersionLine.Shelf.asset, production.assetsFolder), (.deliverable, production.deliverablesFolder),
    ] {
      for programme in try folders(in: folder) {
        for name in try folders(in: "\(folder)/\(programme)") {
          lines.append(VersionLine(shelf, programme: programme, name: name))
        }
      }
    }
    return lines
  }

  // MARK: Files

  static let recordName = "version.json"

  private struct Schema: Codable { var schema: Int }

  enum Reading<Version> {
    case none
    case good(Version)
    case bad(Diagnostic)
  }

  func record(_ number: Int, of line: VersionLine) throws(Diagnostic) -> Reading<VersionRecord> {
    try read(number, of: line) { bytes throws(Diagnostic) in
      let digest = Digest.sha256(bytes)
      if let known = RecordCache.record(of: digest) { return known }
      guard let record = Self.decoded(bytes, as: VersionRecord.self) else { return nil }
      RecordCache.keep(record, byteCount: bytes.count, of: digest)
      return record
    }
  }

  private func head(_ number: Int, of line: VersionLine) throws(Diagnostic) -> Reading<VersionHead> {
    try read(number, of: line) { bytes throws(Diagnostic) in Self.decoded(bytes, as: VersionHead.self) }
  }

  private static func decoded<Version: Decodable>(_ bytes: [UInt8], as type: Version.Type) -> Version? {
    try? JSONDecoder().decode(type, from: Data(bytes))
  }

  /// - Parameter decode: nil for bytes that are not a whole version file.
  private func read<Version: PublishedVersion>(
    _ number: Int, of line: VersionLine, _ decode: ([UInt8]) throws(Diagnostic) -> Version?
  ) throws(Diagnostic) -> Reading<Version> {
    let folder = "\(line.folder(in: production))/\(VersionLine.folderName(version: number))"
    let path = "\(folder)/\(Self.recordName)"
    guard let (bytes, _) = try fileSystem.read(path) else { return .none }
    func bad(_ message: String) -> Reading<Version> {
      .bad(
        Diagnostic(
          family: .verification, code: "version.unreadable",
          location: SourceLocation(file: fileSystem.relative(path)), message: message,
          remedy: "Restore the file from a backup; the number is not used again meanwhile."))
    }
    guard let version = try decode(bytes), version.schema <= versionSchema else {
      guard let schema = Self.decoded(bytes, as: Schema.self)?.schema else {
        return bad("this is not a version file")
      }
      guard schema <= versionSchema else {
        return bad("the version file has schema \(schema), this program reads up to \(versionSchema)")
      }
      return bad("this is not a complete version file")
    }
    guard version.version == number, version.line == line else {
      return bad("the file describes \(version.line.name) v\(padded(version.version, 3)), not this version")
    }
    return .good(version)
  }

  /// Version files never change and are asked for again and again: each is decoded once, as long as it is among those
  /// asked for lately.
  ///
  /// Two generations: what nobody asked for while one was filled goes with it.
  private struct RecordCache {
    private static let shared = Mutex(RecordCache())
    /// Bytes of version files in one generation; decoded they take some times as much.
    private static let largestGeneration = 8 << 20

    private var young: [Digest: (record: VersionRecord, byteCount: Int)] = [:]
    private var old: [Digest: (record: VersionRecord, byteCount: Int)] = [:]
    private var youngBytes = 0

    static func record(of digest: Digest) -> VersionRecord? {
      shared.withLock { cache in
        if let known = cache.young[digest] { return known.record }
        guard let known = cache.old.removeValue(forKey: digest) else { return nil }
        cache.keep(known, of: digest)
        return known.record
      }
    }

    static func keep(_ record: VersionRecord, byteCount: Int, of digest: Digest) {
      shared.withLock { $0.keep((record, byteCount), of: digest) }
    }

    private mutating func keep(_ entry: (record: VersionRecord, byteCount: Int), of digest: Digest) {
      if youngBytes + entry.byteCount > Self.largestGeneration, !young.isEmpty {
        (old, young, youngBytes) = (young, [:], 0)
      }
      if young.updateValue(entry, forKey: digest) == nil { youngBytes += entry.byteCount }
    }
  }

  func numbers(in folder: String) throws(Diagnostic) -> [Int] {
    try fileSystem.names(in: folder).compactMap { VersionLine.version(folderName: $0) }.sorted()
  }

  private func folders(in folder: String) throws(Diagnostic) -> [String] {
    var names: [String] = []
    for name in try fileSystem.names(in: folder) where PortableName.isValid(name) {
      if let facts = try fileSystem.facts("\(folder)/\(name)"), facts.isFolder { names.append(name) }
    }
    return names
  }
}
