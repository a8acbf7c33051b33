package import Digests
package import TaskGraph

/// One line of numbered versions: an asset or a deliverable of a programme.
package struct VersionLine: Hashable, Sendable, Codable {
  package enum Shelf: String, Hashable, Sendable, Codable {
    /// Media of a stage, under `Assets/`.
    case asset
    /// An ordered output, under `Deliverables/`.
    case deliverable
  }

  package var shelf: Shelf
  package var programme: String
  /// The asset or deliverable.
  package var name: String

  package init(_ shelf: Shelf, programme: String, name: String) {
    self.shelf = shelf
    self.programme = programme
    self.name = name
  }

  /// `Assets/<programme>/<asset>` or `Deliverables/<programme>/<deliverable>`.
  package func folder(in production: Production) -> String {
    let shelfFolder = shelf == .asset ? production.assetsFolder : production.deliverablesFolder
    return "\(shelfFolder)/\(programme)/\(name)"
  }

  /// `<programme>_<asset>_v003.<ext>`.
  package func fileName(version: Int, fileExtension: String) -> String {
    "\(programme)_\(name)_\(Self.folderName(version: version)).\(fileExtension)"
  }

  /// `v003`; at least three digits.
  package static func folderName(version: Int) -> String {
    "v" + padded(version, 3)
  }

  /// The number of a version folder, `nil` when a name is not one's.
  static func version(folderName name: String) -> Int? {
    guard name.hasPrefix("v"), let number = Int(name.dropFirst()), number > 0,
      folderName(version: number) == name
    else { return nil }
    return number
  }
}

/// A file to publish: an object and the extension of its name, e.g. `mov` or `en.srt`.
package struct PublishedFile: Hashable, Sendable {
  package var object: Digest
  package var fileExtension: String

  package init(object: Digest, fileExtension: String) {
    self.object = object
    self.fileExtension = fileExtension
  }
}

/// What `version.json` says: what a version is, what made it, and how it was checked.
package struct VersionRecord: Codable, Hashable, Sendable {
  package struct File: Codable, Hashable, Sendable {
    package enum Placement: String, Codable, Hashable, Sendable {
      /// Shares the blocks of the object, and stands alone when either is changed.
      case reflink
      /// Is the object, under a second name.
      case hardLink
      case copy
    }

    /// Name in the version's folder.
    package var name: String
    package var digest: Digest
    package var byteCount: Int64
    package var placement: Placement
  }

  package var schema: Int
  package var line: VersionLine
  /// From 1.
  package var version: Int
  /// ISO 8601, UTC.
  package var made: String
  /// The tasks whose results it shows.
  package var madeFrom: [TaskKey]
  package var files: [File]
  /// Probe facts of the published media.
  package var facts: JSONValue
  /// Which checks were done, with their evidence.
  package var verification: JSONValue
  package var tool: String
}

/// What is said of a version in few words: which it is, and its files.
package protocol PublishedVersion: Decodable, Sendable {
  var schema: Int { get }
  var line: VersionLine { get }
  var version: Int { get }
  var made: String { get }
  var files: [VersionRecord.File] { get }
}

extension PublishedVersion {
  /// The file that others, such as its chapters, go with: the only one there is, or the only one without a suffix;
  /// nil for a sequence.
  package var mainFile: VersionRecord.File? {
    if files.count == 1 { return files.first }
    let stem = line.fileName(version: version, fileExtension: "")
    let plain = files.filter { $0.name.hasPrefix(stem) && !$0.name.dropFirst(stem.count).contains(".") }
    return plain.count == 1 ? plain.first : nil
  }

  /// The path of one of its files.
  package func path(of file: VersionRecord.File, in production: Production) -> String {
    "\(line.folder(in: production))/\(VersionLine.folderName(version: version))/\(file.name)"
  }
}

extension VersionRecord: PublishedVersion {}

/// A version without its facts and evidence, which have a megabyte for a long programme: they are there, and are not
/// read.
package struct VersionHead: PublishedVersion {
  package var schema: Int
  package var line: VersionLine
  package var version: Int
  package var made: String
  package var files: [VersionRecord.File]

  private enum Key: String, CodingKey {
    case schema, line, version, made, files, madeFrom, tool, facts, verification
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    schema = try container.decode(Int.self, forKey: .schema)
    line = try container.decode(VersionLine.self, forKey: .line)
    version = try container.decode(Int.self, forKey: .version)
    made = try container.decode(String.self, forKey: .made)
    files = try container.decode([VersionRecord.File].self, forKey: .files)
    // A file without these is no version file.
    for key in [Key.madeFrom, .tool, .facts, .verification] where !container.contains(key) {
      throw DecodingError.keyNotFound(
        key, DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "it is missing"))
    }
  }
}

/// A version with the evidence of its checks, without its facts.
package struct CheckedVersion: PublishedVersion {
  package var schema: Int
  package var line: VersionLine
  package var version: Int
  package var made: String
  package var files: [VersionRecord.File]
  package var verification: JSONValue
  package var tool: String
}

/// The schema number of version files.
package let versionSchema = 1
