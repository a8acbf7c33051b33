package import Diagnostics
import Glibc
import MediaTime

/// The editor's offline movie that a conform is proven against, as `timeline: reference:` names it.
package struct OfflineReference: Sendable {
  package var file: ScannedFile
  package var typed: String
  package var location: SourceLocation
  /// Timecode of its first frame; without it the file's own.
  package var start: String?
  /// x, y, width and height in pixels of the movie: left out of the comparison.
  package var masks: [[Int]]

  static let keys: [KeySpec] = [
    KeySpec("file", .path, isRequired: true, "the editor's offline movie, of any size and codec"),
    KeySpec(
      "start", .timecode, "timecode of its first frame; without it the movie's own, else the cut's start"),
    KeySpec(
      "masks", .texts,
      "parts of it that are not picture, as x,y,width,height in its pixels; burn-ins that stay in place are found"
    ),
  ]

  static func read(_ value: PipelineValue, findings: Findings) -> OfflineReference? {
    let reader = KeyReader(value, keys: keys, owner: "`reference`", findings: findings)
    var start = reader.text("start")
    if let text = start, TimecodeLabel(parsing: text) == nil, let value = reader["start"] {
      findings.add(
        value.error(
          "pipeline.badTimecode", "`\(text)` is not a timecode",
          remedy: "Write it in quotes as \"01:00:00:00\", or \"01:00:00;00\" for drop-frame."))
      start = nil
    }
    let masks = (reader["masks"]?.values ?? []).compactMap { value -> [Int]? in
      let numbers = (value.scalar ?? "").split(separator: ",").map { Int($0.filter { $0 != " " }) }
      if numbers.count == 4, numbers.allSatisfy({ (0...65_536).contains($0 ?? -1) }) {
        return numbers.compactMap { $0 }
      }
      findings.add(
        value.error(
          "pipeline.badMask", "`\(value.scalar ?? "")` is not a part of a picture",
          remedy: "Write it as x,y,width,height in pixels of the movie: 10,160,120,18"))
      return nil
    }
    guard let path = reader.paths("file").first else { return nil }
    var status = stat()
    guard let real = FilePaths.real(path.path), unsafe stat(real, &status) == 0,
      status.st_mode & S_IFMT == S_IFREG
    else {
      findings.add(
        path.error(
          "pipeline.noReference", "there is no offline movie `\(path.typed)`", family: .inputMissing,
          remedy: "Correct the path; it is relative to \(path.value.folder)."))
      return nil
    }
    let root = Pipeline.MediaRoot(path: FilePaths.folder(of: real), typed: path.typed)
    return OfflineReference(
      file: MediaScan.file(real, root: root, status: status), typed: path.typed,
      location: path.value.location,
      start: start, masks: masks)
  }
}
