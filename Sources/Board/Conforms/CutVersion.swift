package import Diagnostics
import Digests
import FoundationEssentials
package import ObjectStore

/// A cut that somebody gave to a programme through the board, in place of the one its pipeline file names: `cut.json`,
/// written last, beside the file. It never changes; the newest is in force.
package struct CutVersion: Codable, Hashable, Sendable {
  package var schema = 1
  package var programme: String
  /// From 1.
  package var version: Int
  /// Name of the file; nil where the pipeline file's own cut is in force again.
  package var file: String?
  /// SHA-256 of the file.
  package var digest: String?
  package var byteCount: Int64?
  package var frames: Int64?
  package var clips: Int?
  package var by: String
  /// ISO 8601, UTC.
  package var made: String

  package init(programme: String, version: Int, file: String?, by: String, made: String) {
    (self.programme, self.version, self.file) = (programme, version, file)
    (self.by, self.made) = (by, made)
  }

  /// `v002`.
  package var name: String { VersionLine.folderName(version: version) }
}

/// The cuts that were given to the programmes of a production: `Cuts/<programme>/v002/next.edl`.
package struct CutShelf: Sendable {
  private static let recordName = "cut.json"

  private let production: Production

  package init(_ production: Production) { self.production = production }

  private func folder(_ programme: String) -> String { "\(production.root)/Cuts/\(programme)" }

  private func folder(_ programme: String, _ version: Int) -> String {
    "\(folder(programme))/\(VersionLine.folderName(version: version))"
  }

  /// The newest first; what a killed upload left is none.
  package func versions(of programme: String) throws(Diagnostic) -> [CutVersion] {
    guard PortableName.isValid(programme) else { return [] }
    var versions: [CutVersion] = []
    for number in try numbers(of: programme).reversed() {
      let path = "\(folder(programme, number))/\(Self.recordName)"
      guard let (bytes, _) = try production.fileSystem.read(path),
        let version = try? JSONDecoder().decode(CutVersion.self, from: Data(bytes)),
        version.version == number, version.programme == programme,
        version.file.map(PortableName.isValid) ?? true
      else { continue }
      versions.append(version)
    }
    return versions
  }

  /// The cut that stands for the pipeline file's own; nil where that is in force.
  package func inForce(_ programme: String) throws(Diagnostic) -> CutVersion? {
    try versions(of: programme).first.flatMap { $0.file == nil ? nil : $0 }
  }

  /// Absolute path of the file of a cut.
  package func path(of version: CutVersion) -> String? {
    version.file.map { "\(folder(version.programme, version.version))/\($0)" }
  }

  /// The same as the user names the production, to be pasted.
  package func path(of version: CutVersion, typed: String) -> String? {
    version.file.map { "\(typed)/Cuts/\(version.programme)/\(version.name)/\($0)" }
  }

  /// Makes a cut the one in force.
  ///
  /// - Parameters:
  ///   - file: whole and durable, on the file system of the production; nil for the pipeline file's own cut.
  ///   - version: says what it is; gets its number here.
  package func publish(_ file: String?, as version: CutVersion) throws(Diagnostic) -> CutVersion {
    let files = production.fileSystem
    var version = version
    try files.createFolder(folder(version.programme))
    version.version = (try numbers(of: version.programme).last ?? 0) + 1
    // Somebody else may take the number at the same moment: a folder is made by one of them only.
    while try !files.createNewFolder(folder(version.programme, version.version)) { version.version += 1 }
    let folder = folder(version.programme, version.version)
    if let file, let name = version.file {
      guard try files.link(file, to: "\(folder)/\(name)") else {
        throw Diagnostic(
          family: .failed, code: "cut.sameName", message: "there is a file \(name) where the cut belongs")
      }
      try files.syncFolder(folder)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let bytes = try? encoder.encode(version),
      try files.publish(Array(bytes), at: "\(folder)/\(Self.recordName)", scratch: folder)
    else {
      throw Diagnostic(family: .failed, code: "cut.notRecorded", message: "the cut cannot be recorded")
    }
    return version
  }

  private func numbers(of programme: String) throws(Diagnostic) -> [Int] {
    try production.fileSystem.names(in: folder(programme)).compactMap { name in
      guard name.hasPrefix("v"), let number = Int(name.dropFirst()), number > 0,
        VersionLine.folderName(version: number) == name
      else { return nil }
      return number
    }.sorted()
  }
}
